"""What the sensors tell of a failed run and of a source that is not read any more."""

from datetime import UTC, datetime, timedelta

import dagster as dg
import pytest

from orchestration.alerts import late_sources, webhook
from orchestration.alerts.late_sources import late_systems
from orchestration.automation.following import asked_of, raw_key
from orchestration.automation.lateness import Limits
from orchestration.automation.schedules import Schedules
from orchestration.defs import alerts
from orchestration.errors import LeadFunnelError
from orchestration.project import Project
from orchestration.run.failures import failed
from tests.alerts import servers

PAGE = "https://funnel.example.com"


@pytest.fixture
def hook(monkeypatch, tmp_path):
    with servers.webhook() as started:
        monkeypatch.setenv(webhook.URL, started.url)
        monkeypatch.setenv("LEAD_FUNNEL_DAGSTER_URL", PAGE)
        monkeypatch.setenv("LEAD_FUNNEL_OUT", str(tmp_path / "out"))
        yield started


@pytest.fixture
def sensors(hook):
    return {sensor.name: sensor for sensor in alerts.defs().sensors}


def test_the_sensors_are_on_where_somebody_is_to_be_told(sensors):
    assert {name: sensor.default_status.value for name, sensor in sensors.items()} == {
        "failed_runs_by_webhook": "RUNNING",
        "late_sources_by_webhook": "RUNNING",
    }
    assert "s3cret" not in str([each.description for each in sensors.values()])


# A gate that fails, as `gates.py` and the loads do it, on assets of the test's own.


@dg.asset(key=["marts", "mart_x"])
def mart_x():
    return dg.MaterializeResult()


@dg.multi_asset_check(
    name="check_funnel",
    specs=[
        dg.AssetCheckSpec("keys_are_unique", asset=["marts", "mart_x"], blocking=True),
        dg.AssetCheckSpec("rates_are_usual", asset=["marts", "mart_x"]),
        dg.AssetCheckSpec("sums_add_up", asset=["marts", "mart_x"]),
    ],
)
def check_funnel():
    for name, passed, severity in (
        ("keys_are_unique", False, dg.AssetCheckSeverity.ERROR),
        ("rates_are_usual", False, dg.AssetCheckSeverity.WARN),
        ("sums_add_up", True, dg.AssetCheckSeverity.ERROR),
    ):
        yield dg.AssetCheckResult(
            asset_key=["marts", "mart_x"],
            check_name=name,
            passed=passed,
            severity=severity,
        )
    raise failed("The suite funnel failed: 3 keys of mart_x stand twice.")


@dg.asset(key=["raw_generic", "lead"])
def load_generic():
    raise LeadFunnelError("lead.csv has no column lead_id: add it.")


def failed_run(instance, *assets, checks=()):
    definitions = dg.Definitions(
        assets=assets,
        asset_checks=checks,
        executor=dg.in_process_executor,
        jobs=[dg.define_asset_job("lead_funnel_scheduled")],
    )
    result = definitions.resolve_job_def("lead_funnel_scheduled").execute_in_process(
        instance=instance, raise_on_error=False
    )
    assert not result.success
    [event] = [
        event
        for event in result.all_events
        if event.event_type == dg.DagsterEventType.RUN_FAILURE
    ]
    return dg.build_run_status_sensor_context(
        "failed_runs_by_webhook", event, instance, result.dagster_run
    ).for_run_failure()


def test_a_failed_gate_is_told_with_its_checks(sensors, hook, tmp_path):
    with dg.DagsterInstance.ephemeral() as instance:
        context = failed_run(instance, mart_x, checks=[check_funnel])
        sensors["failed_runs_by_webhook"](context)
    [said] = hook.posted
    run_id = context.dagster_run.run_id
    assert said["title"] == "Lead Funnel failed: Check the marts"
    assert said["troubles"] == [
        {
            "what": "Check the marts",
            "sentence": "The suite funnel failed: 3 keys of mart_x stand twice.",
        }
    ]
    # A warning is no failure, nor is what passed.
    assert said["checks"] == ["marts.mart_x: keys_are_unique"]
    assert said["run_id"] == run_id
    out = tmp_path / "out"
    assert said["look"][0] == f"{PAGE}/runs/{run_id}"
    assert said["look"][1].startswith(f"{out}/logs on ")
    assert f"{out}/data_docs/index.html" in said["look"]


def test_a_load_that_failed_says_its_sentence(sensors, hook):
    with dg.DagsterInstance.ephemeral() as instance:
        sensors["failed_runs_by_webhook"](failed_run(instance, load_generic))
    [said] = hook.posted
    [trouble] = said["troubles"]
    assert trouble["sentence"] == "lead.csv has no column lead_id: add it."
    assert said["checks"] == []


# Sources that are late.


def read(instance, key, files):
    instance.report_runless_asset_event(
        dg.AssetMaterialization(key, metadata={"files": files})
    )


@pytest.fixture
def limits(tmp_path):
    project = Project.from_environment({}, out=tmp_path / "out")
    schedules = Schedules("UTC", by_system={"generic": "0 * * * *"})
    return Limits.of(project, schedules)


def test_a_source_is_late_when_it_is_in_use_and_was_not_read_in_time(limits):
    now = datetime.now(UTC)
    with dg.DagsterInstance.ephemeral() as instance:
        # Of generic one table has a file; of hubspot none has; nobody reads marketo.
        read(instance, asked_of("generic"), 0)
        read(instance, raw_key("generic", "lead"), 1)
        read(instance, asked_of("hubspot"), 0)
        hours = {
            hours: set(late_systems(instance, limits, now + timedelta(hours=hours)))
            for hours in (1.9, 2.1, 50)
        }
        assert hours == {1.9: set(), 2.1: {"generic"}, 50: {"generic"}}
        read(instance, asked_of("salesforce"), 3)
        later = late_systems(instance, limits, now + timedelta(hours=50))
        assert set(later) == {"generic", "salesforce"}


def test_a_late_source_is_told_once(sensors, hook, monkeypatch):
    late = {"generic": datetime(2026, 4, 1, 6, tzinfo=UTC)}
    monkeypatch.setattr(late_sources, "late_systems", lambda *_: late)
    sensor = sensors["late_sources_by_webhook"]
    cursor = None
    told = []
    with dg.DagsterInstance.ephemeral() as instance:
        for now_late in ("generic", "generic", "", "generic"):
            found = {now_late: late["generic"]} if now_late else {}
            monkeypatch.setattr(
                late_sources, "late_systems", lambda *_, found=found: found
            )
            context = dg.build_sensor_context(instance=instance, cursor=cursor)
            cursor = sensor(context).cursor
            told.append(len(hook.posted))
    # Again only when it was read in between.
    assert told == [1, 1, 1, 2]
    sentence = hook.posted[0]["troubles"][0]["sentence"]
    assert sentence.startswith("it was read last at 2026-04-01 06:00 UTC")
    assert "every 2 days" in sentence


def test_who_was_not_told_is_told_at_the_next_tick(sensors, hook, monkeypatch):
    late = {"generic": datetime(2026, 4, 1, 6, tzinfo=UTC)}
    monkeypatch.setattr(late_sources, "late_systems", lambda *_: late)
    hook.statuses = [404]
    with (
        dg.DagsterInstance.ephemeral() as instance,
        dg.build_sensor_context(instance=instance) as context,
        pytest.raises(LeadFunnelError, match="HTTP 404"),
    ):
        sensors["late_sources_by_webhook"](context)
