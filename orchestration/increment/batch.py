"""The batch: the records of everybody whom a change touches.

Touched is whose row changed, whose clock ran out and whose event `as_of` now
includes; and with them everybody who is or was one person with them, so that
the batch holds whole people, as they were and as they are.
"""

from __future__ import annotations

import duckdb

from orchestration.increment import state
from orchestration.project import Project

NOBODY = 0
"""Stands for the record of rows that name none."""

DATED = (
    ("records", "created_at"),
    ("observations", "observed_at"),
    ("activities", "occurred_at"),
    ("touches", "touched_at"),
    ("opportunities", "created_at"),
    ("opportunities", "case when is_closed then closed_at end"),
)
"""Tables of the input layer and the instants of theirs that may lie ahead."""


def batch_query(project: Project, last: state.LastRun, now: state.LastRun) -> str:
    """A query for the `record_key` of each record of the batch, where the input
    layer and the clock are up to date and the tables of people are not."""
    prefix = project.schema_prefix
    inputs, settings = f"{prefix}input_layer.input_layer__", f"{prefix}settings"
    built = f"{prefix}intermediate."
    seen = f"timestamp '{last.as_of}'"
    as_of = f"timestamp '{now.as_of}'"
    zone = f"(select reporting_timezone from {settings}.run)"
    has_moved = now.as_of > last.as_of
    # What was or will be after `as_of` is only looked at when that moves.
    ahead = " union ".join(
        f"select record_key from {inputs}{table} "
        f"where {has_moved} and {instant} > {seen}"
        for table, instant in DATED
    )
    return f"""
with changed as (
    select record_key from {settings}.touched_records
),

-- What had not happened yet when the last run looked. Times that lie in the
-- future are in quarantine, and looked at as long as they do.
come as ({ahead}),

-- What still waited then.
waiting as (
    select person_key as record_key from {built}int_passes__outcomes
    where
        {has_moved}
        and (final_outcome = 'pending' or due_at is null or due_at > {seen})
),

-- An open opportunity is worth what the rate of as_of makes of it.
repriced as (
    select opportunities.record_key
    from {inputs}opportunities as opportunities
    inner join {settings}.sources as sources
        on opportunities.source = sources.source
    inner join {built}int_fx_rates__in_force as rates
        on coalesce(opportunities.currency, sources.currency) = rates.currency
        and rates.valid_from > {_day(seen, zone)}
        and rates.valid_from <= {_day(as_of, zone)}
    where
        {has_moved}
        and not coalesce(
            opportunities.is_closed and opportunities.closed_at <= {as_of}, false
        )
),

touched as (
    select coalesce(record_key, {NOBODY}) as record_key
    from (
        from changed
        union from come
        union from waiting
        union from repriced
    )
),

-- A new address makes a record one person with all others that have it.
addresses as (
    select distinct email_match from {inputs}records
    where email_match is not null and record_key in (from touched)
),

reached as (
    from touched
    union
    select record_key from {inputs}records
    where record_key is not null and email_match in (from addresses)
),

-- As they were: the components of the last run.
groups as (
    select distinct component_key from {built}int_identity__components
    where node_key in (from reached)
)

from reached
union
select node_key as record_key from {built}int_identity__components
where component_key in (from groups)
"""


def _day(instant: str, zone: str) -> str:
    return f"cast(timezone({zone}, timezone('UTC', {instant})) as date)"


def write_batch(
    connection: duckdb.DuckDBPyConnection,
    project: Project,
    last: state.LastRun,
    now: state.LastRun,
) -> tuple[int, int]:
    """Write the batch to a temporary table `batch`; returns how many records it
    has, and how many there are. `last` and `now` say what the tables of people
    hold and what they are to hold."""
    connection.execute(
        f"create or replace temp table batch as {batch_query(project, last, now)}"
    )
    [(records, among)] = connection.execute(
        "select (select count(*) from batch), (select count(*) "
        f"from {project.schema_prefix}input_layer.input_layer__records)"
    ).fetchall()
    return records, among
