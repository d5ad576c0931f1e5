"""OUT/closings, the only copy of what was closed, in each publication once more.

A backup is a copy of its own, and not a further name of the same file: what breaks
one leaves the other. Publications share what did not change between them.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from orchestration.errors import LeadFunnelError, listed
from orchestration.project import Project
from orchestration.publication import kept, manifest
from orchestration.publication.closings import closings_folder
from orchestration.publication.disk import sync

FOLDER = "closings"
BELOW = f"{FOLDER}/"
CLOSE = "close.json"
"""What says that a close is whole, so it is written last."""
REOPENING = ("reopened_at", "reopened_by", "reopened_note")


def back_up(project: Project, folder: Path, before: Path | None) -> None:
    """Copy every close into the folder of a publication that is being written;
    `before` is that of the one before it."""
    for path in _files(closings_folder(project)):
        name = path.relative_to(closings_folder(project))
        target = folder / FOLDER / name
        target.parent.mkdir(parents=True, exist_ok=True)
        last = before / FOLDER / name if before is not None else None
        if last is None or not _unchanged(path, last) or not _linked(last, target):
            shutil.copy2(path, target)


def check(project: Project) -> None:
    """An error where a close is missing that was published: a run would publish that
    it never was."""
    lost = sorted({Path(name).parent.as_posix() for name in _lost(project)})
    if lost:
        raise LeadFunnelError(
            f"{closings_folder(project)} has no longer all that was closed "
            f"({listed(lost)}): `lead-funnel restore` brings it back from the last "
            "publication."
        )


def _lost(project: Project) -> Iterator[str]:
    newest = next(iter(kept.publications(project)), None)
    if newest is None:
        return
    for name in manifest.files(newest.folder):
        inner = name.removeprefix(BELOW)
        if inner != name and not (closings_folder(project) / inner).is_file():
            yield inner


def restore(project: Project, folder: Path) -> list[str]:
    """Bring back what OUT/closings lacks from the publication in a folder, which is
    whole; returns the closes that it was, as <period>/<number>. What is there stays
    as it is: where it says something else nothing is done."""
    backup = folder / FOLDER
    names = [path.relative_to(backup) for path in _files(backup)]
    lost = [name for name in names if not (closings_folder(project) / name).exists()]
    differing = [
        name.as_posix()
        for name in names
        if name not in lost and _differ(closings_folder(project) / name, backup / name)
    ]
    if differing:
        raise LeadFunnelError(
            f"{closings_folder(project)} says something else than the backup in "
            f"{backup} ({listed(differing)}), and what was closed is never written "
            "over. Find out which of the two is right; to take the backup, move these "
            "files away and restore again."
        )
    for name in sorted(lost, key=lambda name: (name.parent, name.name == CLOSE)):
        _put(backup / name, closings_folder(project) / name)
    if lost:
        sync(project.out)
    return sorted({name.parent.as_posix() for name in lost})


def _put(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(f".{target.name}.partial")
    shutil.copy2(source, partial)
    sync(partial)
    partial.replace(target)
    for folder in (target.parent, target.parent.parent, target.parent.parent.parent):
        sync(folder)


def _files(folder: Path) -> list[Path]:
    """The files of whole closes below a folder of them."""
    return [
        path
        for close in sorted(folder.glob(f"*/*/{CLOSE}"))
        if close.parent.name.isdigit()
        for path in sorted(close.parent.iterdir())
        if path.is_file() and path.suffix in (".parquet", ".json")
    ]


def _unchanged(path: Path, last: Path) -> bool:
    """Whether a file was copied and not written since; its time goes along."""
    try:
        now, then = path.stat(), last.stat()
    except OSError:
        return False
    return (now.st_size, now.st_mtime_ns) == (then.st_size, then.st_mtime_ns)


def _linked(path: Path, target: Path) -> bool:
    try:
        os.link(path, target)
    except OSError:
        return False
    return True


def _differ(there: Path, backup: Path) -> bool:
    """Whether they say something else; that a close was reopened since is none."""
    if manifest.sha256(there) == manifest.sha256(backup):
        return False
    if there.name != CLOSE:
        return True
    try:
        now, then = (json.loads(path.read_text("utf-8")) for path in (there, backup))
        is_reopened = any(then.get(name) for name in REOPENING)
        closed = [
            {name: value for name, value in said.items() if name not in REOPENING}
            for said in (now, then)
        ]
    except (ValueError, AttributeError):
        return True
    return is_reopened or closed[0] != closed[1]
