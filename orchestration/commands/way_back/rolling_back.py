"""Going back to an earlier publication, and forward again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from orchestration.errors import LeadFunnelError, listed
from orchestration.project import Project
from orchestration.publication import events, kept, manifest, publications
from orchestration.publication.events import RELEASED, ROLLED_BACK, Event
from orchestration.publication.kept import Kept
from orchestration.publication.postgres import address
from orchestration.run.lock import locked


@dataclass(frozen=True)
class Asked:
    """What somebody asked for."""

    to: str | None
    by: str
    reason: str = ""
    hold: bool = False
    release: bool = False


def roll_back(project: Project, asked: Asked) -> Iterator[str]:
    """Move OUT/published; yields what to tell. Killed at any moment it leaves the one
    publication shown or the other."""
    if asked.release and (asked.to or asked.hold):
        raise LeadFunnelError(
            "--release shows the newest publication: leave ID and --hold away."
        )
    if not project.publications.is_dir():
        raise LeadFunnelError(
            f"Nothing is published in {project.published}: `lead-funnel run` publishes."
        )
    with locked(project):
        target = _target(project, asked)
        before = _shown(project)
        unverified = _verified(target)
        event = Event(
            what=RELEASED if asked.release else ROLLED_BACK,
            publication=target.id,
            by=asked.by,
            reason=asked.reason,
            before=before,
            is_held=asked.hold,
        )
        events.note(project, event)
        publications.point_to(project, target.folder)
        yield from _told(project, target, event)
        if unverified:
            yield unverified
        yield from _in_postgres(project, target, event)


def _target(project: Project, asked: Asked) -> Kept:
    """The publication to show; an error where there is none, or it is shown."""
    there = kept.publications(project)
    if asked.release:
        return _newest(project, there)
    if asked.to is not None:
        found = kept.named(project, asked.to)
        if found.is_shown and not asked.hold and not _is_repeated(project):
            raise LeadFunnelError(f"{found.id} is what is published already.")
        return found
    shown = next((n for n, one in enumerate(there) if one.is_shown), None)
    if shown is None:
        raise LeadFunnelError(
            f"{project.published} shows no publication that is kept: name one of "
            f"{listed(one.id for one in there)}, or `lead-funnel restore`."
        )
    if shown + 1 == len(there):
        raise LeadFunnelError(
            f"There is no publication before {there[shown].id} to go back to."
        )
    return there[shown + 1]


def _is_repeated(project: Project) -> bool:
    """Whether somebody may go back once more, as Postgres did not go along."""
    gone_back = events.rolled_back(project)
    return address.is_wanted() and gone_back is not None and not gone_back.is_held


def _newest(project: Project, there: list[Kept]) -> Kept:
    if not there:
        raise LeadFunnelError("No publication is kept that could be shown.")
    if there[0].is_shown and events.held(project) is None:
        raise LeadFunnelError(
            f"{there[0].id} is the newest publication, and it is published already: "
            "the next run that succeeds publishes its own."
        )
    return there[0]


def _shown(project: Project) -> str | None:
    done = publications.published(project)
    return done.id if done is not None else None


def _verified(target: Kept) -> str | None:
    """What has to be told of a publication that nobody can verify; an error where it
    is not what was published."""
    found = manifest.faults(target.folder)
    if found:
        raise LeadFunnelError(
            f"The publication {target.id} is not what was published "
            f"({listed(found)}), so nothing is done: choose another one of "
            "`lead-funnel publications --check`."
        )
    if target.publication.files:
        return None
    return (
        "Its files could not be verified: it was published by an earlier version of "
        "this program, which kept no checksums."
    )


def _told(project: Project, target: Kept, event: Event) -> Iterator[str]:
    said = target.publication
    came = f" ({event.reason})" if event.reason else ""
    yield (
        f"Readers see {target.id}, as of {said.as_of or 'no event'}, built "
        f"{said.built_at}; until now they saw {event.before or 'nothing'}. "
        f"{event.by}{came}"
    )
    if event.what == RELEASED:
        yield "Runs publish for readers again."
    elif event.is_held:
        yield (
            "It stays: runs publish beside it, and `lead-funnel rollback --release` "
            "shows the newest."
        )
    else:
        yield (
            "The next run that succeeds publishes forward again: mend first what was "
            "wrong, or --hold this one."
        )


def _in_postgres(project: Project, target: Kept, event: Event) -> Iterator[str]:
    """The same for those who read the copy in Postgres, where one is named."""
    if not address.is_wanted():
        return
    # Seconds, which only this needs.
    from orchestration.publication.postgres import copy
    from orchestration.transformation import dbt_runner

    tables = [
        table
        for table in publications.public_tables(dbt_runner.manifest_json(project))
        if table.name in target.publication.rows
    ]
    try:
        done = copy.copy(project, tables, address.from_environment())
    except LeadFunnelError as error:
        again = f"rollback {target.id}{' --hold' if event.is_held else ''}"
        yield (
            f"Postgres still shows what it showed. {error} When that is mended, "
            f"`lead-funnel {'run' if event.what == RELEASED else again}` brings it "
            "there, too."
        )
        return
    yield f"Postgres at {done.place} shows it, too."
