"""What `lead-funnel status` says. It reads files, so that it is quick; Postgres it
asks only where one is named."""

from __future__ import annotations

from collections.abc import Iterator

from orchestration.errors import LeadFunnelError
from orchestration.project import Project
from orchestration.publication import publications
from orchestration.publication.postgres import address, books
from orchestration.publication.postgres.session import session
from orchestration.run.report import Report, is_running, last_report, was_killed


def lines(project: Project) -> Iterator[str]:
    yield from _published(project)
    if address.is_wanted():
        yield _in_postgres(project)
    report = last_report(project)
    if report is None:
        yield f"No run has been made on {project.out} yet: `make run` makes one."
        return
    yield _last_run(project, report)
    if report.interrupted_at:
        yield (
            f"  A run that began {report.interrupted_at} was interrupted: what is "
            "published stays as it was."
        )
    for kind, counts in sorted(report.checks.items()):
        yield (
            f"  {kind}: {counts['passed']:,} of {counts['run']:,} passed, "
            f"{counts['warned']:,} warned, {counts['failed']:,} failed"
        )
    left = publications.leftovers(project)
    if left and not is_running(project):
        yield (
            f"  It left {', '.join(left)} half-written, which no reader sees; the "
            "next run takes it away."
        )


def _published(project: Project) -> Iterator[str]:
    done = publications.published(project)
    if done is None:
        yield f"Nothing is published in {project.published}."
        return
    yield f"Published  {project.published_database}"
    yield f"  built {done.built_at} from {done.landing}"
    version = f", funnel version {done.funnel_version}" if done.funnel_version else ""
    yield f"  as of {done.as_of or 'no event'}{version}"
    width = max(map(len, done.rows), default=0)
    for name, rows in done.rows.items():
        yield f"  {name:<{width}}  {rows:>12,} rows"


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
