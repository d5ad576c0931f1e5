"""The publications that are kept, as a table and as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from orchestration.commands.document import terminal
from orchestration.commands.document.blocks import Column, Table
from orchestration.errors import listed
from orchestration.printable import in_json
from orchestration.project import Project
from orchestration.publication import events, kept, manifest
from orchestration.publication.events import MARKED, UNMARKED, Event
from orchestration.publication.kept import Kept
from orchestration.screen import Screen


@dataclass(frozen=True)
class Listed:
    """A publication, and what was found of it."""

    kept: Kept
    faults: Sequence[str] | None = field(default=None)
    """What is not whole; none where nobody looked."""


def mark(
    project: Project, name: str, by: str, reason: str, *, is_good: bool
) -> Iterator[str]:
    """Mark a publication as good, or take the mark away."""
    found = kept.named(project, name)
    if found.is_good == is_good:
        yield f"{found.id} is {'marked' if is_good else 'not marked'} already."
        return
    what = MARKED if is_good else UNMARKED
    events.note(project, Event(what, found.id, by, reason))
    yield (
        f"{found.id} is marked as good: it is kept whatever comes after it."
        if is_good
        else f"{found.id} is no longer marked: it goes when it is old."
    )


def found(project: Project, *, check: bool = False) -> list[Listed]:
    """What is kept, the newest first; with `check` every file is read."""
    return [
        Listed(one, manifest.faults(one.folder) if check else None)
        for one in kept.publications(project)
    ]


def show(screen: Screen, project: Project, rows: Sequence[Listed]) -> None:
    if not rows:
        terminal.say(
            screen, f"Nothing is published in {project.published}: a run publishes."
        )
        return
    table = Table(
        "Publications that are kept",
        (
            Column("publication", min_width=23),
            Column("built (UTC)", min_width=16),
            Column("as of (UTC)", min_width=16),
            Column("definition"),
            Column("rows", is_right=True),
            Column("", spoken="state"),
        ),
    )
    for row in rows:
        said = row.kept.publication
        table.add(
            row.kept.id,
            said.built_at[:16].replace("T", " "),
            (said.as_of or "no event")[:16].replace("T", " "),
            said.funnel_version or said.definition_version or "–",
            f"{sum(said.rows.values()):,}",
            listed(_states(row)),
        )
    terminal.show_blocks(screen, [table])
    terminal.say(
        screen,
        f"The last {kept.wanted()} are kept. `lead-funnel diff A B` says how two "
        "differ, `lead-funnel rollback ID` goes back to one.",
    )


def _states(row: Listed) -> Iterator[str]:
    if row.kept.is_shown:
        yield "published"
    if row.kept.is_good:
        yield "good"
    if row.faults is not None:
        yield "whole" if not row.faults else f"not whole: {listed(row.faults, 3)}"
        if not row.kept.publication.files:
            yield "without checksums"


def as_json(rows: Sequence[Listed]) -> str:
    """One object for each, the newest first, with what is told of its making."""
    told = [
        {
            "id": row.kept.id,
            "folder": str(row.kept.folder),
            "built_at": said.built_at,
            "as_of": said.as_of,
            "run_id": said.run_id,
            "version": said.version,
            "code": said.code,
            "engine": said.engine,
            "definition": said.definition,
            "definition_version": said.definition_version,
            "definition_fingerprint": said.definition_fingerprint,
            "rows": dict(said.rows),
            "files": len(said.files),
            "bytes": sum(told["bytes"] for told in said.files.values()),
            "is_published": row.kept.is_shown,
            "is_good": row.kept.is_good,
            "faults": row.faults,
        }
        for row in rows
        for said in [row.kept.publication]
    ]
    return in_json(json.dumps(told, ensure_ascii=False, indent=2))
