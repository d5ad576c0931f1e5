"""What Dagster serves, loaded as its server loads it."""

import subprocess
import sys
import warnings

import dagster as dg
import pytest

from orchestration.checks import SUITES
from orchestration.definitions import of_this_process
from orchestration.defs import gates, transform
from orchestration.defs.automation import JOB_NAME
from orchestration.project import ROOT, Project
from orchestration.run import phases
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


def test_a_run_goes_through_every_asset(loaded):
    project = Project.from_environment()
    loads, builds = phases.loads(project), phases.builds(project)
    assert sorted([*loads.assets, *builds.assets]) == sorted(keys(loaded))
    assert dg.AssetKey(["settings", "run"]) in loads.assets
    assert [*phases.publication(project).assets] == [dg.AssetKey("publication")]


WITHOUT_MODELS = """
import sys
from orchestration.project import Project
from orchestration.run import phases
project = Project.from_environment()
phases.loads(project), phases.publication(project)
assert "dagster_dbt" not in sys.modules, "dagster_dbt was imported"
"""


def test_a_run_that_builds_nothing_does_without_dagster_dbt(loaded):
    """It imports all of dbt, which is two seconds of the ten that such a run takes."""
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_MODELS],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr


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
        ("build_facts", "check_raw"),
        ("score_acceptance", "check_core"),
        ("build_marts", "check_core"),
        ("build_marts", "score_acceptance"),
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


SHOWS_NO_LEADS = {
    "mart_period_close": "It shows what a close has written down, and counts nothing.",
    "mart_restated_lines": "It sets lines of spend against those of a close.",
}
"""The gate of the facts looks at leads; what is published waits for all gates."""


def marts_that_wait_for_no_gate(manifest):
    """Marts that read no table that the gate of the facts has checked."""
    last = len(transform.LAYERS) - 1
    return {
        manifest["nodes"][unique_id]["name"]
        for unique_id, position in transform.positions(manifest).items()
        if manifest["nodes"][unique_id]["name"].startswith("mart_") and position < last
    } - set(SHOWS_NO_LEADS)


def test_every_mart_reads_what_the_gate_has_checked(loaded, manifest):
    assert marts_that_wait_for_no_gate(manifest) == set()
    graph = loaded.resolve_asset_graph()
    facts, marts = transform.LAYERS[-2:]
    checked = {gates.asset_key(table) for table in facts.checked()}
    for key in checked:
        assert any(
            graph.get_check_spec(check).blocking
            for check in graph.asset_check_keys
            if check.asset_key == key
        ), key
    for node in transform.nodes_of(manifest, marts).values():
        key = transform.asset_key(node)
        assert checked & set(graph.get_ancestor_asset_keys(key)), node["name"]


@pytest.mark.parametrize(
    ("read", "found"),
    [("int_lifecycles", {"mart_planted"}), ("fct_lead_lifecycles", set())],
)
def test_a_mart_that_reads_nothing_checked_is_found(manifest, read, found):
    planted = node(
        name="mart_planted",
        original_file_path="models/marts/funnel/mart_planted.sql",
        depends_on={"nodes": [f"model.lead_funnel.{read}"]},
    )
    nodes = {**manifest["nodes"], "model.lead_funnel.mart_planted": planted}
    assert marts_that_wait_for_no_gate({**manifest, "nodes": nodes}) == found


def test_whose_rows_are_a_persons_is_built_before_the_marts(manifest):
    """A run after a change builds these for some people, and the marts of all."""
    marts = transform.nodes_of(manifest, transform.LAYERS[-1])
    assert not [
        node["name"] for node in marts.values() if node["config"]["meta"].get("rows_of")
    ]


def test_schedules_are_off_until_someone_turns_them_on(loaded):
    for schedule in loaded.schedules:
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
    learned = node(
        resource_type="source",
        schema="whatif_v2__scoring",
        identifier="acceptance_quality",
        source_name="scoring",
    )
    assert transform.asset_key(learned) == dg.AssetKey(
        ["scoring", "acceptance_quality"]
    )


def test_groups_are_folders():
    assert transform.group(node()) == "core"
    staging = node(original_file_path="models/staging/generic/stg_generic__leads.sql")
    assert transform.group(staging) == "staging"
    assert transform.group(node(resource_type="seed")) == "seeds"


def test_an_asset_says_what_dbt_knows_of_it(manifest):
    """As dagster-dbt says it, under our names."""
    spec = transform.TRANSLATOR.get_asset_spec(
        manifest, "model.lead_funnel.fct_handoffs", None
    )
    assert spec.key == dg.AssetKey(["marts", "fct_handoffs"])
    assert (spec.group_name, spec.kinds) == ("core", {"dbt", "duckdb"})
    assert spec.owners == ["team:revenue-operations"]
    assert {dep.asset_key for dep in spec.deps} >= {
        dg.AssetKey(["intermediate", "int_passes__outcomes"])
    }
    columns = spec.metadata["dagster/column_schema"].columns
    assert "handoff_id" in {column.name for column in columns}


def test_what_reads_a_checked_table_waits_for_its_gate():
    def model(name, folder, *read, rows_of=None):
        return node(
            config={"schema": "marts", "meta": {"rows_of": rows_of}},
            name=name,
            original_file_path=f"models/{folder}/{name}.sql",
            depends_on={
                "nodes": [
                    other if "." in other else f"model.p.{other}" for other in read
                ]
            },
        )

    nodes = [
        model("stg_x", "staging"),
        # Looked up by all, it comes with the input layer.
        model("int_calendar", "intermediate", "stg_x"),
        model("int_x", "intermediate", "stg_x", "int_calendar", rows_of="person"),
        model("fct_lead_lifecycles", "marts/core", "int_x"),
        model("int_counted", "intermediate", "fct_lead_lifecycles"),
        model("mart_x", "marts/funnel", "int_x", "int_counted"),
        model("dim_x", "marts/core", "int_x"),
        # What was learned is learned from facts.
        model("mart_y", "marts/funnel", "source.lead_funnel.scoring.learned"),
    ]
    found = transform.positions(
        {"nodes": {f"model.p.{each['name']}": each for each in nodes}}
    )
    assert [found[f"model.p.{each['name']}"] for each in nodes] == [
        *(0, 0, 1, 1, 2, 2, 1, 2)
    ]
