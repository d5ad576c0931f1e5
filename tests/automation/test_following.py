"""What runs by itself, as Dagster's server reads it."""

import warnings
from datetime import timedelta

import dagster as dg
import pytest

from orchestration.automation.following import SETTINGS_KEY, asked_of, raw_key
from orchestration.defs.automation import JOB_NAME, SENSOR_NAME
from orchestration.sources.tables import LOADED_SYSTEMS, RAW_TABLES

SALESFORCE = {
    "LEAD_FUNNEL_SALESFORCE_URL": "https://acme.my.salesforce.com",
    "LEAD_FUNNEL_SALESFORCE_CLIENT_ID": "id",
    "LEAD_FUNNEL_SALESFORCE_CLIENT_SECRET": "a secret",
}
SCHEDULED = {
    "LEAD_FUNNEL_SCHEDULE_SALESFORCE": "0 * * * *",
    "LEAD_FUNNEL_VARS": '{"reporting_timezone": "Europe/Berlin"}',
}


@pytest.fixture(scope="module")
def loaded(tmp_path_factory):
    """The definitions with Salesforce loaded every hour from itself."""
    with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        patch.setenv("LEAD_FUNNEL_OUT", str(tmp_path_factory.mktemp("out")))
        for name, value in (SALESFORCE | SCHEDULED).items():
            patch.setenv(name, value)
        from orchestration.definitions import defs

        definitions = defs()
        dg.Definitions.validate_loadable(definitions)
        yield definitions


@pytest.fixture(scope="module")
def graph(loaded):
    return loaded.resolve_asset_graph()


def test_what_the_environment_schedules_is_on_and_the_rest_is_off(loaded):
    found = {schedule.job_name: schedule for schedule in loaded.schedules}
    assert found.keys() == {
        "lead_funnel_scheduled",
        *(f"load_from_{system}" for system in LOADED_SYSTEMS),
    }
    on = {
        name: (schedule.cron_schedule, schedule.execution_timezone)
        for name, schedule in found.items()
        if schedule.default_status == dg.DefaultScheduleStatus.RUNNING
    }
    assert on == {"load_from_salesforce": ("0 * * * *", "Europe/Berlin")}
    sensor = loaded.resolve_sensor_def(SENSOR_NAME)
    assert sensor.default_status == dg.DefaultSensorStatus.RUNNING


def test_nothing_is_on_where_nothing_is_scheduled(monkeypatch, tmp_path):
    monkeypatch.setenv("LEAD_FUNNEL_OUT", str(tmp_path / "out"))
    from orchestration.defs import alerts, automation

    assert not alerts.defs().sensors
    found = automation.defs()
    assert {
        each.default_status.value for each in [*found.schedules, *found.sensors]
    } == {"STOPPED"}


def ups_of(job, name):
    structure = job.graph.dependency_structure
    return {
        output.node_name
        for outputs in structure.input_to_upstream_outputs_for_node(name).values()
        for output in outputs
    }


def test_a_load_reads_a_source_only_when_it_was_landed(loaded):
    """Else yesterday's rows would be built as today's where it cannot be landed."""
    job = loaded.resolve_job_def("load_from_salesforce")
    assert set(job.graph.node_names()) == {"land_salesforce_api", "load_salesforce"}
    assert ups_of(job, "load_salesforce") == {"land_salesforce_api"}
    other = loaded.resolve_job_def("load_from_generic")
    assert set(other.graph.node_names()) == {"load_generic"}


def test_scheduled_jobs_are_patient_and_others_are_not(loaded):
    for name in ("lead_funnel_scheduled", "load_from_salesforce"):
        policy = loaded.resolve_job_def(name).op_retry_policy
        assert (policy.max_retries, policy.backoff) == (2, dg.Backoff.EXPONENTIAL)
    assert loaded.resolve_job_def(JOB_NAME).op_retry_policy is None


def test_what_writes_to_the_warehouse_is_in_one_pool(loaded):
    pools = {
        node.name: node.definition.pool
        for node in loaded.resolve_job_def(JOB_NAME).graph.nodes
    }
    # A gate reads what is there.
    of_gates = {name for name in pools if name.startswith("check_")}
    assert {pools[name] for name in of_gates} == {None}
    others = {name: pool for name, pool in pools.items() if name not in of_gates}
    assert others.pop("land_salesforce_api") == "landed_writer"
    assert set(others.values()) == {"duckdb_writer"}


def test_of_every_raw_table_it_is_known_how_old_it_may_get(graph):
    windows = {
        table: graph.get(raw_key(table.system, table.name)).freshness_policy.fail_window
        for table in RAW_TABLES
    }
    for table, window in windows.items():
        hours = 2 if table.system == "salesforce" else 48
        assert window.to_timedelta() == timedelta(hours=hours), table
    # What is built has none: it follows.
    assert graph.get(SETTINGS_KEY).freshness_policy is None


class Asked:
    """Dagster's own evaluation, one tick after the other."""

    def __init__(self, loaded, instance):
        self.loaded, self.instance, self.cursor = loaded, instance, None

    def tick(self):
        found = dg.evaluate_automation_conditions(
            defs=self.loaded,
            instance=self.instance,
            asset_selection=self.loaded.resolve_sensor_def(SENSOR_NAME).asset_selection,
            cursor=self.cursor,
        )
        self.cursor = found.cursor
        return {each.key for each in found.results if each.true_subset.size}


def test_everything_is_built_once_after_a_load(loaded, graph):
    with dg.DagsterInstance.ephemeral() as instance:
        asked = Asked(loaded, instance)
        assert asked.tick() == set()
        read = dg.AssetMaterialization(asked_of("salesforce"))
        instance.report_runless_asset_event(read)
        # Another source is still being loaded: it is waited for.
        loading = loaded.resolve_job_def("load_from_generic")
        run = instance.create_run_for_job(loading, status=dg.DagsterRunStatus.STARTED)
        assert asked.tick() == set()
        instance.report_run_canceled(run)
        requested = asked.tick()
        assets = {key for key in requested if isinstance(key, dg.AssetKey)}
        assert assets == {
            key
            for key in graph.get_all_asset_keys()
            if not key.path[0].startswith(("raw_", "landed_"))
        }
        # The gate of what was loaded is asked in the same run.
        assert requested - assets == {
            key
            for key in graph.asset_check_keys
            if key.asset_key.path[0].startswith("raw_")
        }
        assert asked.tick() == set()
