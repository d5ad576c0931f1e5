"""What Dagster serves, loaded as its server loads it."""

import warnings

import dagster as dg
import pytest

from orchestration.checks import SUITES
from orchestration.definitions import of_this_process
from orchestration.defs import gates, transform
from orchestration.defs.automation import JOB_NAME
from orchestration.project import Project
from orchestration.sources.tables import RAW_TABLES
from orchestration.transformation import dbt_runner


@pytest.fixture(scope="module")
def loaded(tmp_path_factory):
    """The definitions, found through pyproject.toml as `dg` finds them."""
    with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        patch.setenv("LEAD_FUNNEL_OUT", str(tmp_path_factory.mktemp("out")))
        from orchestration.definitions import defs

        definitions = defs()
        dg.Definitions.validate_loadable(definitions)
        yield definitions


@pytest.fixture(scope="module")
def manifest(tmp_path_factory):
    out = tmp_path_factory.mktemp("manifest")
    return dbt_runner.manifest_json(Project.from_environment({}, out=out))


def keys(definitions):
    return {key for asset in definitions.assets or () for key in asset.keys}


def test_a_run_in_this_process_has_the_same_assets_and_checks(loaded):
    """It does not find them as `dg` does."""
    mine = of_this_process()
    assert keys(mine) == keys(loaded)

    def names(definitions):
        graph = definitions.resolve_asset_graph()
        return sorted(key.to_user_string() for key in graph.asset_check_keys)

    assert names(mine) == names(loaded)
    assert names(mine)


def test_every_raw_table_and_model_is_an_asset(loaded, manifest):
    found = keys(loaded)
    for table in RAW_TABLES:
        assert dg.AssetKey([f"raw_{table.system}", table.name]) in found
    for node in manifest["nodes"].values():
        if node["resource_type"] in {"model", "seed"}:
            assert transform.asset_key(node) in found, node["name"]
    assert dg.AssetKey("publication") in found


def test_lineage_reaches_from_raw_to_the_publication(loaded):
    graph = loaded.resolve_asset_graph()
    raw = dg.AssetKey(["raw_generic", "lead"])
    above = graph.get_ancestor_asset_keys(dg.AssetKey("publication"))
    assert {raw, dg.AssetKey(["marts", "fct_lead_lifecycles"])} <= set(above)
    assert dg.AssetKey(["settings", "run"]) in above


def test_every_expectation_is_a_check_and_blocks(loaded):
    graph = loaded.resolve_asset_graph()
    for suite in SUITES.values():
        for check in suite.checks:
            key = dg.AssetCheckKey(gates.asset_key(check.table), check.name)
            assert graph.get_check_spec(key).blocking == check.is_blocking


def test_every_data_test_is_a_check(loaded, manifest):
    names = {key.name for key in loaded.resolve_asset_graph().asset_check_keys}
    tests = {
        node["name"]
        for node in manifest["nodes"].values()
        if node["resource_type"] == "test"
        and any(
            parent.split(".")[0] in {"model", "seed"}
            for parent in node["depends_on"]["nodes"]
        )
    }
    assert tests <= names


@pytest.mark.parametrize(
    ("later", "gate"),
    [
        ("build_input_layer", "check_raw"),
        ("build_funnel", "check_core"),
        ("publication", "check_funnel"),
        ("publication", "check_core"),
    ],
)
def test_each_gate_stands_before_what_follows(loaded, later, gate):
    """Dagster makes only readers of a checked table wait: nothing may slip by."""
    job = loaded.resolve_job_def(JOB_NAME)
    before = set()
    todo = [later]
    while todo:
        for (
            upstream
        ) in job.graph.dependency_structure.input_to_upstream_outputs_for_node(
            todo.pop()
        ).values():
            for output in upstream:
                if output.node_name not in before:
                    before.add(output.node_name)
                    todo.append(output.node_name)
    assert gate in before


def test_the_schedule_is_off_until_someone_turns_it_on(loaded):
    schedule = loaded.resolve_schedule_def("daily")
    assert schedule.default_status == dg.DefaultScheduleStatus.STOPPED


# The helpers.


def node(**values):
    plain = {
        "resource_type": "model",
        "name": "fct_x",
        "schema": "whatif_v2__marts",
        "original_file_path": "models/marts/core/fct_x.sql",
        "config": {"schema": "marts", "materialized": "table", "meta": {}},
        "depends_on": {"nodes": []},
        "tags": [],
    }
    return {**plain, **values}


def test_a_what_if_has_the_same_assets():
    """The prefix of a named version's schemas is no part of an asset's name."""
    assert transform.asset_key(node()) == dg.AssetKey(["marts", "fct_x"])


def test_sources_are_the_loaded_tables():
    source = node(
        resource_type="source",
        schema="raw_generic",
        identifier="lead",
        source_name="raw_generic",
    )
    assert transform.asset_key(source) == dg.AssetKey(["raw_generic", "lead"])
    settings = node(
        resource_type="source",
        schema="whatif_v2__settings",
        identifier="run",
        source_name="settings",
    )
    assert transform.asset_key(settings) == dg.AssetKey(["settings", "run"])


def test_groups_are_folders():
    assert transform.group(node()) == "core"
    staging = node(original_file_path="models/staging/generic/stg_generic__leads.sql")
    assert transform.group(staging) == "staging"
    assert transform.group(node(resource_type="seed")) == "seeds"


def test_tags_kinds_and_owners():
    described = node(
        tags=["daily"],
        config={"schema": "marts", "materialized": "view", "meta": {"owner": "ops"}},
    )
    assert transform.tags(described) == {"dbt/daily": ""}
    assert transform.kinds(described) == {"dbt", "duckdb", "view"}
    assert transform.owners(described) == ["team:ops"]


def test_a_model_that_reads_a_later_layer_waits_for_it():
    fact = node(unique_id="model.p.fct_x")
    helper = node(
        name="int_helper",
        original_file_path="models/intermediate/int_helper.sql",
        depends_on={"nodes": ["model.p.fct_x"]},
    )
    found = transform.positions(
        {"nodes": {"model.p.fct_x": fact, "model.p.int_helper": helper}}
    )
    assert found == {"model.p.fct_x": 2, "model.p.int_helper": 2}
