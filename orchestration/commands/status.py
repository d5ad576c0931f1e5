"""What `lead-funnel status` says: ten lines that somebody reads each morning. It reads
files, so that it is quick; Postgres it asks only where one is named."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import duckdb

from orchestration.errors import LeadFunnelError, listed
from orchestration.personal import requests
from orchestration.project import Project
from orchestration.publication import events, publications
from orchestration.publication.postgres import address, books
from orchestration.publication.postgres.session import session
from orchestration.publication.publications import Publication
from orchestration.run.report import Report, is_running, last_report, was_killed

MOST_FAILING = 4
"""Failing rules that are named: with what is published and the last run ten lines."""
MOST_CHARACTERS = 300
HOURS_OF_A_DAY = 24


def lines(project: Project) -> Iterator[str]:
    done = publications.published(project)
    yield from _published(project, done)
    if address.is_wanted():
        yield _in_postgres(project)
    waiting = requests.waiting(project)
    if waiting:
        yield f"Erasure    {waiting}"
    report = last_report(project)
    if report is None:
        yield (
            "Dagster started what ran: its page says what the last run came to."
            if done
            else f"No run has been made on {project.out} yet: `make run` makes one."
        )
        return
    yield _last_run(project, report)
    if report.interrupted_at:
        yield (
            f"  A run that began {report.interrupted_at} was interrupted: what is "
            "published stays as it was."
        )
    if report.checks:
        yield f"  {_checks(report)}"
    left = publications.leftovers(project)
    if left and not is_running(project):
        yield (
            f"  It left {', '.join(left)} half-written, which no reader sees; the "
            "next run takes it away."
        )


def _published(project: Project, done: Publication | None) -> Iterator[str]:
    if done is None:
        yield f"Nothing is published in {project.published}."
        return
    version = f", funnel version {done.funnel_version}" if done.funnel_version else ""
    yield (
        f"Published  {project.published_database}: {len(done.rows)} tables, "
        f"{sum(done.rows.values()):,} rows"
    )
    yield (
        f"  as of {done.as_of or 'no event'}{version}, built {done.built_at} from "
        f"{done.landing}"
    )
    yield from _gone_back(project)
    if done.latest:
        yield f"  Latest events: {_freshness(done)}"
    yield from _failing(project, done)


def _gone_back(project: Project) -> Iterator[str]:
    """Whether this is what somebody went back to, and for how long."""
    event = events.rolled_back(project)
    if event is None:
        return
    why = f" ({event.reason})" if event.reason else ""
    until = (
        "It stays until `lead-funnel rollback --release`."
        if event.is_held
        else "The next run that succeeds publishes forward again."
    )
    yield f"  ! {event.by} went back to this at {event.at} UTC{why}. {until}"


def _freshness(done: Publication) -> str:
    """Of each system the latest event, and how long that is before as_of."""
    said = []
    for source, text in sorted(done.latest.items()):
        latest = datetime.fromisoformat(text)
        age = ""
        if done.as_of:
            as_of = datetime.fromisoformat(done.as_of.removesuffix("Z"))
            hours = (as_of - latest).total_seconds() / 3600
            if hours >= HOURS_OF_A_DAY:
                age = f" ({hours / HOURS_OF_A_DAY:.0f} days before)"
        said.append(f"{source} {latest:%Y-%m-%d %H:%M}{age}")
    return listed(said, limit=6)


# What fails.


def _failing(project: Project, done: Publication) -> Iterator[str]:
    """What fails since when, and who has to do what: the oldest first."""
    rules = _failing_rules(project, done)
    checks = [
        check
        for check in done.checks
        # Those of mart_data_quality are named rule by rule.
        if not check["passed"] and check["suite"] != "quality"
    ]
    total = len(rules) + len(checks)
    if not total:
        yield "  Nothing fails."
        return
    count = "One thing fails" if total == 1 else f"{total} things fail"
    rest = "" if total <= MOST_FAILING else " (all: marts.mart_data_quality)"
    yield f"  {count}{rest}:"
    told = [
        *(_of_check(check) for check in checks),
        *(_of_rule(rule) for rule in rules),
    ]
    for text in told[:MOST_FAILING]:
        yield "  " + textwrap.shorten(f"- {text}", MOST_CHARACTERS, placeholder=" …")


def _failing_rules(project: Project, done: Publication) -> list[tuple[Any, ...]]:
    path = project.published / "mart_data_quality.parquet"
    if "mart_data_quality" not in done.rows or not path.is_file():
        return []
    with duckdb.connect() as connection:
        return connection.execute(
            "select rule, source, rows_failed, failing_since, detail, owner, "
            "what_to_do from read_parquet(?) where is_last_run and state = 'failed' "
            "order by failing_since, rows_failed desc, rule, source",
            [str(path)],
        ).fetchall()


def _of_rule(row: tuple[Any, ...]) -> str:
    rule, source, rows, since, detail, owner, what_to_do = row
    count = "1 row" if rows == 1 else f"{rows:,} rows"
    worst = f" ({detail})" if detail else ""
    return (
        f"{rule} in {source}: {count}{worst}, fails since {since:%a %Y-%m-%d}. "
        f"{owner or 'Nobody'}: {what_to_do or 'nothing is said of it.'}"
    )


def _of_check(check: Any) -> str:
    return (
        f"{check['name']} on {check['table']}: {check['count']:,} rows, fails since "
        f"{check['failing_since']}. {check['owner']}: {check.get('what_to_do', '')}"
    )


def _checks(report: Report) -> str:
    """What the checks of the last run came to, on one line."""
    return "; ".join(
        f"{kind}: {counts['passed']:,} of {counts['run']:,} passed"
        + (f", {counts['warned']:,} warned" if counts["warned"] else "")
        + (f", {counts['failed']:,} failed" if counts["failed"] else "")
        for kind, counts in sorted(report.checks.items())
    )


def _in_postgres(project: Project) -> str:
    try:
        place = address.from_environment()
        with session(place) as asked:
            shown = books.shown(asked)
    except LeadFunnelError as error:
        return f"Postgres   nobody knows what it shows. {error}"
    where = f"Postgres   {place.place}, schema {place.schema},"
    if shown is None:
        return f"{where} shows nothing yet: `make run` publishes there, too."
    done = publications.published(project)
    if done is not None and done.id == shown.publication_id:
        return f"{where} shows the same."
    return (
        f"{where} shows another publication ({shown.publication_id}), as of "
        f"{shown.as_of or 'no event'}: `make run` brings it up to date."
    )


def _last_run(project: Project, report: Report) -> str:
    began = f"The last run began {report.started_at}"
    current = report.steps[-1].title if report.steps else "preparing"
    if was_killed(project, report):
        return f"{began} and was killed during: {current}. Run again to mend it."
    if report.state == "running":
        return f"{began} and is at: {current} (process {report.pid})."
    if report.succeeded:
        return f"{began} and succeeded after {report.seconds:.0f} s."
    return f"{began} and failed: {report.sentence} The log is {report.log}."
