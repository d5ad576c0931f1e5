"""The raw tables as Dagster assets: known before anything is there to load."""

import logging

import dagster as dg

from orchestration import warehouse
from orchestration.defs.load import SETTINGS_KEY, raw_assets, raw_key, run_settings
from orchestration.run import run_log
from orchestration.sources.tables import LOADED_SYSTEMS, RAW_TABLES


def materialize(monkeypatch, project, *assets):
    for name, value in project.environment().items():
        monkeypatch.setenv(name, value)
    return dg.materialize(
        list(assets), instance=dg.DagsterInstance.ephemeral(), raise_on_error=False
    )


def run_job(monkeypatch, project, assets):
    """The assets in a job that tries again, with the log that a run listens to."""
    for name, value in project.environment().items():
        monkeypatch.setenv(name, value)
    patient = dg.RetryPolicy(max_retries=1)
    definitions = dg.Definitions(
        assets=assets,
        jobs=[dg.define_asset_job("patient", op_retry_policy=patient)],
        loggers={"run_log": run_log.run_log},
    )
    return definitions.resolve_job_def("patient").execute_in_process(
        run_config={"loggers": {"run_log": {}}}, raise_on_error=False
    )


def test_each_raw_table_is_an_asset_without_a_landing_folder(monkeypatch, tmp_path):
    monkeypatch.setenv("LEAD_FUNNEL_LANDING", str(tmp_path / "none"))
    keys = {
        key
        for system in {table.system for table in RAW_TABLES}
        for key in raw_assets(system).keys
    }
    assert keys == {raw_key(table.system, table.name) for table in RAW_TABLES}
    assert not (tmp_path / "none").exists()


def test_a_run_loads_and_says_how_many_rows_and_files(monkeypatch, project, put):
    put("generic/lead.csv", "lead_id,created_at\n1,2026-01-01\n2,2026-01-01\n")
    put("ledger/cost.csv", "cost_id,cost_date,amount\n1,2026-01-01,5\n")
    assets = [raw_assets("generic"), raw_assets("ledger"), run_settings]
    for files_read in (1, 0):
        result = materialize(monkeypatch, project, *assets)
        assert result.success
        metadata = result.asset_materializations_for_node("load_generic")
        [lead] = [
            event.metadata
            for event in metadata
            if event.asset_key == raw_key("generic", "lead")
        ]
        assert lead["dagster/row_count"].value == 2
        assert lead["files"].value == 1
        assert lead["files_read"].value == files_read
        keys = {e.asset_key for e in result.get_asset_materialization_events()}
        assert SETTINGS_KEY in keys
        assert raw_key("generic", "user") in keys


def test_all_that_a_run_loads_has_one_instant(monkeypatch, project, put):
    put("generic/lead.csv", "lead_id,created_at\n1,2026-01-01\n")
    put("ledger/cost.csv", "cost_id,cost_date,amount\n1,2026-01-01,5\n")
    materialize(monkeypatch, project, raw_assets("generic"), raw_assets("ledger"))
    with warehouse.connect(project, read_only=True) as connection:
        found = connection.execute(
            "select _loaded_at from raw_generic.lead "
            "union select _loaded_at from raw_ledger.cost"
        ).fetchall()
    assert len(found) == 1


def test_a_fault_of_the_folder_fails_the_run_with_its_sentence(monkeypatch, project):
    result = materialize(monkeypatch, project, raw_assets("generic"))
    assert not result.success
    [failure] = [event for event in result.all_node_events if event.is_step_failure]
    assert "no system that can be read" in str(failure.event_specific_data.error)


def test_a_fault_of_the_folder_is_not_tried_again(monkeypatch, project):
    """Not even by the schedule, which has patience with disks and networks."""
    result = run_job(monkeypatch, project, [raw_assets("generic")])
    assert not result.success
    assert not [event for event in result.all_events if event.is_step_up_for_retry]


def test_what_is_strange_about_the_folder_is_said_once(monkeypatch, project, put):
    put("generic/lead.csv", "lead_id,created_at\n1,2026-01-01\n")
    put("pipedrive/contact.csv", "id\n1\n")
    heard = []
    with run_log.listening(heard.append):
        run_job(monkeypatch, project, [*map(raw_assets, LOADED_SYSTEMS)])
    warnings = [said for said in heard if said.level == logging.WARNING]
    assert ["pipedrive" in said.text for said in warnings] == [True]
