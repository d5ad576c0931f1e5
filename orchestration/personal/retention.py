"""How long what is kept: the rows of the seed `retention_periods`, which each run
applies before it loads. What no row names is kept.

    logs            the logs of runs
    history         the runs in Dagster's history
    people          who they are: whoever nothing happened to for so long is erased, as
                    if they had asked
    <system>.<table>  the texts of a raw table that no model reads, such as the subject
                    and the body of a task, so many days after they were loaded

None of it moves a number, so a run after a change still equals a full refresh.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb

from orchestration import warehouse
from orchestration.errors import LeadFunnelError, meant
from orchestration.personal import erased, erasing, requests
from orchestration.personal.columns import is_of_a_loader, staged
from orchestration.project import Project
from orchestration.publication.disk import sync
from orchestration.settings.definition_files import rows_in_force
from orchestration.sources.tables import LOADED_SYSTEMS, RAW_TABLES
from orchestration.transformation import dbt_runner
from orchestration.warehouse import literal, quoted

SEED = "retention_periods"
LOGS, HISTORY, PEOPLE = "logs", "history", "people"


@dataclass(frozen=True)
class Period:
    """How many days something is kept, and why."""

    days: int
    reason: str


def periods(project: Project) -> dict[str, Period]:
    """The periods in force, by what is kept; one without days is none."""
    known = {LOGS, HISTORY, PEOPLE} | {
        f"{table.system}.{table.name}" for table in RAW_TABLES
    }
    found = {}
    for row in rows_in_force(project, SEED):
        kept, days = row["kept"], row["keep_days"]
        if kept not in known:
            raise LeadFunnelError(
                f"{SEED}.csv gives a period for {kept!r}{meant(kept, known)}, which is "
                f"nothing that is kept: name {LOGS}, {HISTORY}, {PEOPLE} or a raw "
                "table, such as salesforce.task."
            )
        if not days:
            continue
        if not days.isdecimal():
            raise LeadFunnelError(
                f"{SEED}.csv keeps {kept} for {days!r} days: write a whole number, or "
                "nothing to keep it."
            )
        found[kept] = Period(int(days), row["reason"])
    return found


def apply(project: Project, log: Path, now: datetime | None = None) -> dict[str, int]:
    """Remove what was kept for long enough, but for the log of this run; how many
    files or people of each kind. Runs in the history are removed where they are
    written down (orchestration/run/history.py)."""
    now = now or datetime.now(UTC).replace(tzinfo=None)
    done: dict[str, int] = {}
    for kept, period in periods(project).items():
        until = now - timedelta(days=period.days)
        if kept == LOGS:
            count = _remove_logs(project, log, until)
        elif kept == PEOPLE:
            count = _ask_for_people(project, period)
        elif kept == HISTORY:
            continue
        else:
            count = _empty_texts(project, *kept.split("."), until)
        if count:
            done[kept] = count
    return done


def oldest_run(project: Project) -> datetime | None:
    """Since when runs stay in Dagster's history, UTC; none where all stay."""
    period = periods(project).get(HISTORY)
    return None if period is None else datetime.now(UTC) - timedelta(days=period.days)


def _remove_logs(project: Project, own: Path, until: datetime) -> int:
    old = [
        path
        for path in project.logs.glob("run-*.log")
        if path != own
        and datetime.fromtimestamp(path.stat().st_mtime, UTC).replace(tzinfo=None)
        < until
    ]
    for path in old:
        path.unlink()
    return len(old)


def _ask_for_people(project: Project, period: Period) -> int:
    people = quiet_people(project, period.days)
    if people:
        requests.ask_for(
            project,
            tuple(hash_ for hashes in people.values() for hash_ in hashes),
            f"retention: {period.reason}",
        )
    return len(people)


def quiet_people(project: Project, days: int) -> Mapping[int, list[str]]:
    """Those to whom nothing happened for so many days before the last run's as_of, and
    who were not erased yet: the hashes of their records, by key."""
    if not project.built.is_file():
        return {}
    dbt_runner.close_connections()
    known = erased.prepared(project)
    with duckdb.connect() as connection:
        warehouse.configure(connection)
        connection.execute(f"attach {literal(str(project.built))} as built (read_only)")
        if not erasing.has_people(connection, project):
            return {}
        connection.execute("use built")
        known.lay_in(connection)
        return _quiet_people(connection, known, project.schema_prefix, days)


def _quiet_people(
    connection: duckdb.DuckDBPyConnection,
    known: erased.Erased,
    prefix: str,
    days: int,
) -> Mapping[int, list[str]]:
    by_system = " ".join(
        f"when {literal(system)} then {known.of_record_sql(system, 'record_id')}"
        for system in LOADED_SYSTEMS
    )
    rows = connection.execute(
        f"""
        with happened as (
            select record_key, created_at as at
            from {prefix}input_layer.input_layer__records
            union all
            select record_key, observed_at
            from {prefix}input_layer.input_layer__observations
            union all
            select record_key, occurred_at
            from {prefix}input_layer.input_layer__activities
            union all
            select record_key, touched_at
            from {prefix}input_layer.input_layer__touches
        ),
        as_of as (
            select max(as_of) as as_of from {prefix}settings.last_run
        ),
        quiet as (
            select keys.person_key
            from happened
            inner join {prefix}intermediate.int_people__keys as keys
                using (record_key)
            cross join as_of
            where happened.at <= as_of.as_of
            group by keys.person_key, as_of.as_of
            having max(happened.at) < as_of.as_of - interval {days} day
        )
        select
            keys.person_key,
            list(distinct case source {by_system} end) as hashes
        from {prefix}input_layer.input_layer__records as records
        inner join {prefix}intermediate.int_people__keys as keys using (record_key)
        inner join quiet on keys.person_key = quiet.person_key
        where not records.is_key_missing
        group by keys.person_key
        """
    ).fetchall()
    return {key: hashes for key, hashes in rows if not known.hashes.issuperset(hashes)}


def _empty_texts(project: Project, system: str, table: str, until: datetime) -> int:
    """Empty the columns that no model reads, in the raw files that were loaded before;
    how many files had any."""
    connection = warehouse.connect(project)
    try:
        if not warehouse.has_table(connection, "loads", "files"):
            return 0
        count = 0
        for name, path in erasing.places_of_table(connection, project, system, table):
            [(loaded_at,)] = connection.execute(
                "select loaded_at from loads.files where file = ?", [name]
            ).fetchall()
            if loaded_at < until and _empty_file(connection, system, table, path):
                erasing.write_down(project, connection, name, path)
                count += 1
        return count
    finally:
        connection.close()


def _empty_file(
    connection: duckdb.DuckDBPyConnection, system: str, table: str, path: Path
) -> bool:
    rows = f"read_parquet({literal(str(path))}, hive_partitioning = false)"
    [raw_table] = [
        each for each in RAW_TABLES if (each.system, each.name) == (system, table)
    ]
    read = staged(raw_table)
    unread = [
        name
        for name, *_ in connection.execute(f"describe from {rows}").fetchall()
        if not read.of(name) and not is_of_a_loader(name)
    ]
    if not unread:
        return False
    filled = " + ".join(f"count(nullif({quoted(name)}, ''))" for name in unread)
    if connection.execute(f"select {filled} from {rows}").fetchall() == [(0,)]:
        return False
    emptied = ", ".join(f"cast(null as varchar) as {quoted(name)}" for name in unread)
    fresh = path.with_name(f".{path.name}")
    warehouse.write_parquet(
        connection, f"select * replace ({emptied}) from {rows}", fresh
    )
    sync(fresh)
    fresh.replace(path)
    sync(path.parent)
    return True
