"""Closing a fiscal period, and opening it again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import duckdb

from orchestration import warehouse
from orchestration.commands.finance.published import known_period, opened
from orchestration.errors import LeadFunnelError
from orchestration.increment import state
from orchestration.project import Project, RunVars
from orchestration.publication import (
    backups,
    closings,
    events,
    pages,
    publications,
    versions,
)
from orchestration.run import runner
from orchestration.run.report import last_report
from orchestration.transformation import dbt_runner

READERS_OF_CLOSES = "source:closings+"
"""What dbt selects by this: the models that read what was closed, and their tests."""


def close(project: Project, period: str, by: str, note: str) -> Iterator[str]:
    """Freeze the period as it is published; refused with every reason."""
    with runner.locked(project):
        project = _as_published(project)
        with opened(project) as connection:
            known_period(connection, period)
            reasons = list(_reasons(project, connection, period))
        if reasons:
            raise LeadFunnelError(
                f"The period {period} cannot be closed: " + " ".join(reasons)
            )
        before = [c for c in closings.closes(project) if c.fiscal_period_id == period]
        done = publications.published(project)
        connection = warehouse.connect(project, read_only=True)
        try:
            leads, spend = closings.laid_in_fingerprints(project, connection)
            new = closings.Close(
                fiscal_period_id=period,
                close_no=len(before) + 1,
                closed_at=_now().isoformat(timespec="seconds"),
                closed_by=by,
                note=note,
                as_of=done.as_of.removesuffix("Z") if done and done.as_of else None,
                leads_fingerprint=leads,
                spend_fingerprint=spend,
            )
            closings.freeze(project, connection, new)
        finally:
            connection.close()
        _publish_again(project)
    yield f"Closed {period} (close {new.close_no}) by {by}, at {new.closed_at} UTC."
    yield "What changes from now on is in marts.mart_restatement, with its cause."


def reopen(project: Project, period: str, by: str, note: str) -> Iterator[str]:
    with runner.locked(project):
        project = _as_published(project)
        closed = closings.in_force(project, period)
        if closed is None:
            raise LeadFunnelError(
                f"The period {period} is not closed: there is nothing to reopen."
            )
        reopened = closings.reopen(project, closed, _now(), by, note)
        _publish_again(project)
    yield (
        f"Reopened {period} (close {closed.close_no}) by {by}, at "
        f"{reopened.reopened_at} UTC. What was reported then stays in "
        "marts.mart_period_close."
    )


def _now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)


def _as_published(project: Project) -> Project:
    """The project with the folders and vars that the publication was made with."""
    done = publications.published(project)
    if done is None:
        raise LeadFunnelError(
            f"Nothing is published in {project.published}: `lead-funnel run` publishes."
        )
    if done.engine != "duckdb":
        raise LeadFunnelError(
            f"What is published was built on {done.engine.capitalize()}, but a period "
            "is closed and reopened on DuckDB's tables: `lead-funnel run` without "
            "--engine builds them."
        )
    gone_back = events.rolled_back(project)
    if gone_back is not None:
        raise LeadFunnelError(
            f"What readers see is the earlier publication {done.id}, to which "
            f"{gone_back.by} went back, and not what the warehouse holds: "
            + (
                "`lead-funnel rollback --release` shows what runs published since."
                if gone_back.is_held
                else "`lead-funnel run` publishes again."
            )
        )
    backups.check(project)
    like_it = Project.from_environment(
        {}, landing=done.landing, out=project.out, definition=done.definition
    )
    # The definition may keep other vars by now.
    return replace(like_it, vars=RunVars.parse(dict(done.vars)))


def _reasons(
    project: Project, connection: duckdb.DuckDBPyConnection, period: str
) -> Iterator[str]:
    """Everything that speaks against a close; the one list of it."""
    closed = closings.in_force(project, period)
    if closed is not None:
        yield (
            f"it was closed at {closed.closed_at} UTC by {closed.closed_by} "
            "(`lead-funnel reopen` opens it again)."
        )
    report = last_report(project)
    if report is None or not report.succeeded:
        said = f" ({report.sentence})" if report and report.sentence else ""
        yield (
            f"the last run did not succeed{said}: a blocking check or a missing "
            "rate has to be mended, then run again."
        )
    elif state.owed(project) != frozenset():
        yield (
            "a later run was interrupted, and what it built is not published: run "
            "again, then close."
        )
    if project.vars.funnel_version is not None:
        yield "what is published is a what-if of a version, not the actual reading."
    yield from _too_early(connection, project, period)
    yield from _too_much_pending(connection, project, period)


def _too_early(
    connection: duckdb.DuckDBPyConnection, project: Project, period: str
) -> Iterator[str]:
    [(ends, as_of)] = connection.execute(
        "select (select max(period_end_date) from marts.dim_fiscal_periods "
        "where fiscal_period_id = ?), (select timezone(?, timezone('UTC', max(as_of))) "
        "from marts.fct_lead_lifecycles)",
        [period, project.vars.reporting_timezone],
    ).fetchall()
    # A day's grace: the last event of a month is a little before its end.
    if as_of is None or as_of.date() + timedelta(days=1) <= ends:
        yield (
            f"it ends on {ends}, and the data is as of {as_of:%Y-%m-%d %H:%M} only."
            if as_of
            else "there is no lead in it."
        )


def _too_much_pending(
    connection: duckdb.DuckDBPyConnection, project: Project, period: str
) -> Iterator[str]:
    [(pending, handed_off)] = connection.execute(
        "select count(*) filter (where outcome = 'pending'), count(*) "
        "filter (where outcome <> 'withdrawn') from marts.fct_lead_lifecycles "
        "inner join marts.dim_fiscal_periods on handed_off_date "
        "between period_start_date and period_end_date "
        "where origin = 'marketing' and fiscal_period_id = ?",
        [period],
    ).fetchall()
    most = _rule(project, "max_pending_share", Decimal(0))
    if pending > most * handed_off:
        yield (
            f"{pending:,} of its {handed_off:,} hand-offs are still pending, more "
            f"than {percent(most)} (max_pending_share in the seed closing_rules)."
        )


def percent(share: Decimal) -> str:
    """A share as it is spoken of: 0.0500 is 5 %."""
    return f"{(share * 100).normalize():f} %"


def _rule(project: Project, name: str, default: Decimal) -> Decimal:
    connection = warehouse.connect(project, read_only=True)
    try:
        found: Any = connection.execute(
            f"select value from {project.schema_prefix}definition.def_closing_rules "
            "where rule = ?",
            [name],
        ).fetchone()
    finally:
        connection.close()
    return found[0] if found else default


def _publish_again(project: Project) -> None:
    """What readers see of closes, without loading or reading anything anew."""
    connection = warehouse.connect(project)
    try:
        closings.lay_in_books(project, connection)
    finally:
        connection.close()
    failure = dbt_runner.failure_sentence(
        dbt_runner.build(project, [READERS_OF_CLOSES])
    )
    if failure:
        raise LeadFunnelError(failure)
    manifest = dbt_runner.manifest_json(project)
    publications.publish(
        project,
        publications.public_tables(manifest),
        made_with=versions.as_before(publications.published(project)),
        beside=pages.beside(project, manifest),
    )
