"""Sensors that tell people: of a run that failed, and of a source that is not read any
more. There are none where the environment names nobody to tell."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import dagster as dg

from orchestration.alerts import failed_run, late_sources
from orchestration.alerts.ways import Way, send, ways
from orchestration.automation.lateness import Limits
from orchestration.automation.schedules import Schedules
from orchestration.project import Project
from orchestration.run.failures import without_retries

EVERY = 600
"""Seconds between two looks for late sources."""


def failure_sensor(way: Way) -> dg.SensorDefinition:
    name = f"failed_runs_by_{way.name}"

    @dg.run_failure_sensor(
        name=name,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description=f"Tells {way.place} what failed in a run, and where to look.",
    )
    def tell(context: dg.RunFailureSensorContext) -> None:
        project = Project.from_environment()
        send(_now_named(way), failed_run.alert_of(context, project))

    return tell


def late_sensor(way: Way) -> dg.SensorDefinition:
    name = f"late_sources_by_{way.name}"

    @dg.sensor(
        name=name,
        minimum_interval_seconds=EVERY,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description=f"Tells {way.place} once of each source that is read too late.",
    )
    def tell(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        project = Project.from_environment()
        zone = project.vars.reporting_timezone
        limits = Limits.of(project, Schedules.from_environment(zone))
        late = late_sources.late_systems(context.instance, limits, datetime.now(UTC))
        known = json.loads(context.cursor) if context.cursor else []
        alert = late_sources.alert_of(late, known, limits, project)
        if alert is not None:
            send(_now_named(way), alert)
        return dg.SensorResult(
            skip_reason=f"Late: {', '.join(late)}." if late else "No source is late.",
            # What is read again may be late again, and is told again.
            cursor=json.dumps(sorted(late)),
        )

    return tell


def _now_named(way: Way) -> Way:
    """The way as the environment has it now; what a definition holds is no secret."""
    [found] = [each for each in ways() if each.name == way.name]
    return found


@dg.definitions
def defs() -> dg.Definitions:
    with without_retries():
        named = ways()
    return dg.Definitions(
        sensors=[make(way) for way in named for make in (failure_sensor, late_sensor)]
    )
