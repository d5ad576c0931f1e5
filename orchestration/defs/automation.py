"""The whole job, and its daily schedule (off until someone turns it on)."""

import dagster as dg

JOB_NAME = "lead_funnel"

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

daily_job = dg.define_asset_job(
    f"{JOB_NAME}_daily",
    selection=dg.AssetSelection.all(),
    description="The same every day, with patience for what passes by itself.",
    executor_def=dg.in_process_executor,
    op_retry_policy=RETRIES,
)

daily = dg.ScheduleDefinition(
    name="daily",
    job=daily_job,
    cron_schedule="0 6 * * *",
    execution_timezone="Asia/Tokyo",
    default_status=dg.DefaultScheduleStatus.STOPPED,
)


@dg.definitions
def defs() -> dg.Definitions:
    return dg.Definitions(jobs=[job, daily_job], schedules=[daily])
