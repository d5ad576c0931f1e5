"""Which publications are kept, and for how long."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from orchestration.errors import LeadFunnelError, listed, meant, shorter
from orchestration.project import Project
from orchestration.publication import events, manifest
from orchestration.publication.manifest import Publication

VARIABLE = "LEAD_FUNNEL_KEEP_PUBLICATIONS"
DEFAULT = 5
FEWEST = 2
"""What is shown, and what readers may still have open."""


@dataclass(frozen=True)
class Kept:
    """A publication that can be gone back to."""

    folder: Path
    publication: Publication
    is_shown: bool = False
    is_good: bool = False
    """Somebody marked it as good: it stays whatever comes after it."""

    @property
    def id(self) -> str:
        return self.folder.name


def wanted(environ: Mapping[str, str] | None = None) -> int:
    """How many publications are kept, the one that is shown among them."""
    said = (os.environ if environ is None else environ).get(VARIABLE, "").strip()
    if not said:
        return DEFAULT
    if not re.fullmatch("[0-9]{1,6}", said) or int(said) < FEWEST:
        raise LeadFunnelError(
            f"{VARIABLE} is {shorter(said)!r}, but must be a whole number of {FEWEST} "
            "or more: what is shown, and what readers may still have open."
        )
    return int(said)


def publications(project: Project) -> list[Kept]:
    """Those that are there, the newest first."""
    good = events.good(project)
    shown = project.published.resolve()
    found = []
    for folder in sorted(_folders(project), reverse=True):
        publication = manifest.of(folder)
        if publication is not None:
            is_shown = folder.resolve() == shown
            found.append(Kept(folder, publication, is_shown, folder.name in good))
    return found


def named(project: Project, name: str) -> Kept:
    """The publication of this id, or the only one whose id begins so."""
    there = publications(project)
    found = [one for one in there if one.id == name] or [
        one for one in there if name and one.id.startswith(name)
    ]
    if len(found) == 1:
        return found[0]
    names = [one.id for one in there]
    if found:
        raise LeadFunnelError(
            f"{name!r} may be {listed(one.id for one in found)}: name one of them."
        )
    raise LeadFunnelError(
        f"There is no publication {name!r}{meant(name, names)}. "
        + (f"There are {listed(names)}." if names else "None is kept.")
    )


def remove_old(project: Project, always: Collection[Path]) -> None:
    """Keep the newest, what is marked as good, and those that are named: what is
    shown, and what was. What no manifest tells of was never whole."""
    there = publications(project)
    staying = {path.resolve() for path in always}
    staying |= {one.folder.resolve() for one in there[: wanted()]}
    staying |= {one.folder.resolve() for one in there if one.is_good}
    remove_all_but(project, staying)


def remove_all_but(project: Project, staying: Collection[Path]) -> None:
    """Remove every publication but those in these folders, which are resolved."""
    for folder in _folders(project):
        if folder.resolve() not in staying:
            shutil.rmtree(folder, ignore_errors=True)


def _folders(project: Project) -> list[Path]:
    if not project.publications.is_dir():
        return []
    return [path for path in project.publications.iterdir() if path.is_dir()]
