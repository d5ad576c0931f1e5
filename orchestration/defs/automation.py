"""The whole job, the loads of each source, and when they run: what the environment
schedules is on, and everything else off until someone turns it on."""

from __future__ import annotations

import dagster as dg

from orchestration.automation.following import LOADED_GROUPS
from orchestration.automation.schedules import Schedules
from orchestration.defs.live import landed_keys
from orchestration.defs.load import raw_key
from orchestration.live.configured import loaded_by_runs
from orchestration.project import Project
from orchestration.run.failures import without_retries
from orchestration.sources.tables import LOADED_SYSTEMS, tables_of

JOB_NAME = "lead_funnel"
SENSOR_NAME = "build_after_loads"

USUAL = "0 6 * * *"
"""When the whole job runs where someone turns its schedule on without naming one."""

# Loading reads other people's disks and networks. What a user has to mend is
# not tried again: those errors forbid it.
RETRIES = dg.RetryPolicy(max_retries=2, delay=30, backoff=dg.Backoff.EXPONENTIAL)

job = dg.define_asset_job(
    JOB_NAME,
    selection=dg.AssetSelection.all(),
    description="Load, transform, check and publish.",
    # DuckDB has one writer process, so the steps share one.
    executor_def=dg.in_process_executor,
)

scheduled_job = dg.define_asset_job(
    f"{JOB_NAME}_scheduled",
    selection=dg.AssetSelection.all(),
    description="The same on a schedule, with patience for what passes by itself.",
    executor_def=dg.in_process_executor,
    op_retry_policy=RETRIES,
)


def load_job(system: str) -> dg.UnresolvedAssetJobDefinition:
    """What is loaded of one system: from itself, where the environment has its
    credentials, and from LANDING."""
    landed = [
        key
        for source in loaded_by_runs()
        if source.system == system
        for key in landed_keys(source)
    ]
    raw = [raw_key(system, table.name) for table in tables_of(system)]
    return dg.define_asset_job(
        f"load_from_{system}",
        selection=dg.AssetSelection.assets(*landed, *raw).without_checks(),
        description=f"Load what is new of {system}; what is built of it follows.",
        executor_def=dg.in_process_executor,
        op_retry_policy=RETRIES,
    )


def schedule(
    job: dg.UnresolvedAssetJobDefinition, cron: str | None, timezone: str
) -> dg.ScheduleDefinition:
    """On where the environment names a cron line."""
    return dg.ScheduleDefinition(
        name=f"{job.name}_schedule",
        job=job,
        cron_schedule=cron or USUAL,
        execution_timezone=timezone,
        default_status=(
            dg.DefaultScheduleStatus.RUNNING
            if cron
            else dg.DefaultScheduleStatus.STOPPED
        ),
    )


def follower(is_on: bool) -> dg.AutomationConditionSensorDefinition:
    """What asks whether anything is to be built after a load."""
    return dg.AutomationConditionSensorDefinition(
        SENSOR_NAME,
        target=dg.AssetSelection.all()
        - dg.AssetSelection.groups(*LOADED_GROUPS).without_checks(),
        description="Builds, checks and publishes when a source was loaded.",
        default_status=(
            dg.DefaultSensorStatus.RUNNING if is_on else dg.DefaultSensorStatus.STOPPED
        ),
    )


@dg.definitions
def defs() -> dg.Definitions:
    with without_retries():
        timezone = Project.from_environment().vars.reporting_timezone
        schedules = Schedules.from_environment(timezone)
    loads = {system: load_job(system) for system in LOADED_SYSTEMS}
    return dg.Definitions(
        jobs=[job, scheduled_job, *loads.values()],
        schedules=[
            schedule(scheduled_job, schedules.whole, timezone),
            *(
                schedule(load, schedules.by_system.get(system), timezone)
                for system, load in loads.items()
            ),
        ],
        sensors=[follower(bool(schedules.by_system))],
    )
