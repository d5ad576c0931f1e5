"""What people did with the publications: who went back to which, when and why.

OUT/publications.jsonl has a line for each, and is only ever added to. A line that
says that OUT/published was moved is written before that is done, so what it says
holds where the publication that it names is the one that is shown.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from orchestration.project import Project
from orchestration.publication.disk import sync

ROLLED_BACK, RELEASED, RESTORED = "rolled back", "released", "restored"
MARKED, UNMARKED = "marked as good", "no longer marked"
ERASED = "all before it removed"
"""With its reason it says why, and nobody's name."""

MOVES = (ROLLED_BACK, RELEASED, RESTORED)


@dataclass(frozen=True)
class Event:
    what: str
    publication: str
    """The id of the one that it was done with."""
    by: str
    reason: str = ""
    before: str | None = None
    """What was shown until then."""
    is_held: bool = False
    """Whether runs leave it shown until it is released."""
    at: str = ""
    """UTC, to the second."""


def path(project: Project) -> Path:
    return project.out / "publications.jsonl"


def happened(project: Project) -> list[Event]:
    """All of it, in order; a line that was cut off is none."""
    return list(_read(project))


def _read(project: Project) -> Iterator[Event]:
    try:
        text = path(project).read_text(encoding="utf-8")
    except FileNotFoundError:
        return
    for line in text.splitlines():
        try:
            yield Event(**json.loads(line))
        except (ValueError, TypeError):
            continue


def note(project: Project, event: Event) -> Event:
    """Write down what is done, now; on the disk when this returns."""
    now = datetime.now(UTC).replace(tzinfo=None).isoformat(timespec="seconds")
    written = Event(**{**asdict(event), "at": now})
    line = json.dumps(asdict(written))
    with path(project).open("a+b") as file:
        if file.tell():
            file.seek(-1, 2)
            if file.read(1) != b"\n":
                # The line before was cut off.
                file.write(b"\n")
        file.write(f"{line}\n".encode())
    sync(path(project))
    sync(project.out)
    return written


def good(project: Project) -> set[str]:
    """The ids of the publications that are marked as good."""
    found: set[str] = set()
    for event in happened(project):
        if event.what == MARKED:
            found.add(event.publication)
        elif event.what == UNMARKED:
            found.discard(event.publication)
    return found


def rolled_back(project: Project) -> Event | None:
    """By what it came that readers see an earlier publication, where they do."""
    moves = [event for event in happened(project) if event.what in MOVES]
    last = moves[-1] if moves else None
    if last is None or last.what != ROLLED_BACK:
        return None
    return last if last.publication == project.published.resolve().name else None


def held(project: Project) -> Event | None:
    """The same where runs are not to show what they publish."""
    found = rolled_back(project)
    return found if found is not None and found.is_held else None
