"""What there is to say of a run that failed."""

from __future__ import annotations

from collections.abc import Iterator

import dagster as dg

from orchestration.alerts import ways
from orchestration.alerts.alert import Alert, Trouble
from orchestration.project import Project
from orchestration.run.failures import sentence_of
from orchestration.run.report import title


def alert_of(context: dg.RunFailureSensorContext, project: Project) -> Alert:
    """The alert of the failed run that a sensor was told of: each step that failed
    with its sentence, each check, and where to look."""
    run = context.dagster_run
    troubles = [
        Trouble(title(event.step_key or ""), sentence_of(event)[0])
        for event in context.get_step_failure_events()
    ]
    if not troubles:
        # No step failed: the process was ended, or never began.
        troubles = [Trouble("The run", context.failure_event.message or "was ended")]
    checks = tuple(sorted(failed_checks(context.instance, run.run_id)))
    return Alert(
        f"Lead Funnel failed: {troubles[0].what}",
        tuple(troubles),
        checks,
        run.run_id,
        tuple(ways.places(project, run.run_id, checks=bool(checks))),
    )


def failed_checks(instance: dg.DagsterInstance, run_id: str) -> Iterator[str]:
    """`schema.table: check` of each check that failed in a run, but for warnings."""
    found = instance.get_records_for_run(
        run_id, of_type=dg.DagsterEventType.ASSET_CHECK_EVALUATION
    )
    for record in found.records:
        event = record.event_log_entry.dagster_event
        said = event.event_specific_data if event is not None else None
        if (
            isinstance(said, dg.AssetCheckEvaluation)
            and not said.passed
            and said.severity == dg.AssetCheckSeverity.ERROR
        ):
            yield f"{'.'.join(said.asset_key.path)}: {said.check_name}"
