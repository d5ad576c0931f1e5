"""Live sources in a run: an asset for each raw table, before anything is built."""

import dagster as dg
import pytest

from orchestration.defs import live, load
from orchestration.live.source import PassingError
from orchestration.project import Project
from orchestration.sources.raw import landing_of
from tests.live.made_up import SECRET, MadeUp, lead, page


@pytest.fixture
def made_up(monkeypatch):
    """Makes the made-up source the one that the environment has credentials for."""

    def give(**tables):
        monkeypatch.setattr(load, "LOADED_SYSTEMS", ("salesforce",))
        source = MadeUp(given=tables)
        for module in (live, load):
            monkeypatch.setattr(module, "loaded_by_runs", lambda: (source,))
        monkeypatch.setattr(live, "of_system", lambda _: (source,))
        return source

    return give


@pytest.fixture
def materialize(monkeypatch, tmp_path):
    project = Project.from_environment(
        {"LEAD_FUNNEL_LANDING": str(tmp_path / "out" / "landed")}, out=tmp_path / "out"
    )

    def run(retries=0):
        for name, value in project.environment().items():
            monkeypatch.setenv(name, value)
        definitions = dg.Definitions.merge(live.defs(), load.defs())
        job = dg.define_asset_job(
            "patient", op_retry_policy=dg.RetryPolicy(max_retries=retries)
        )
        definitions = dg.Definitions.merge(definitions, dg.Definitions(jobs=[job]))
        return definitions.resolve_job_def("patient").execute_in_process(
            raise_on_error=False
        )

    return project, run


def steps(result):
    return [event.step_key for event in result.all_events if event.is_step_start]


def test_a_run_loads_from_the_systems_before_it_reads(made_up, materialize):
    made_up(lead=[page(lead("L1"))])
    project, run = materialize
    result = run()
    assert result.success
    assert steps(result)[0] == "land_salesforce_api"
    assert steps(result)[-1] == "settings__run"
    [lead_rows] = [
        event.metadata["dagster/row_count"].value
        for event in result.asset_materializations_for_node("load_salesforce")
        if event.asset_key.path == ["raw_salesforce", "lead"]
    ]
    assert lead_rows == 1
    keys = {event.asset_key for event in result.get_asset_materialization_events()}
    assert {
        dg.AssetKey(["landed_salesforce_api", table])
        for table in ("lead", "lead_history", "user")
    } <= keys
    assert len(landing_of(project).files) == 1


@pytest.mark.parametrize("tries", [0, 1])
def test_nothing_is_built_where_a_system_cannot_be_loaded_from(
    made_up, materialize, tries
):
    """What passes by itself is tried again where the job does so."""
    source = made_up(lead=[page(lead("L1")), PassingError(f"{SECRET}: later.")])
    _, run = materialize
    result = run(tries)
    assert not result.success
    assert "settings__run" not in steps(result)
    assert [table for table, _ in source.asked] == ["lead"] * (tries + 1)
    assert SECRET not in "".join(map(str, result.all_events))


def test_without_credentials_there_is_no_asset():
    assert not live.defs().assets
