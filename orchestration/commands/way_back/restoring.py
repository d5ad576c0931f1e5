"""Bringing OUT back from a publication."""

from __future__ import annotations

import json
import re
import shlex
import shutil
from collections.abc import Generator, Iterator
from pathlib import Path

from orchestration.errors import LeadFunnelError, listed
from orchestration.project import Project
from orchestration.publication import backups, events, kept, manifest, publications
from orchestration.publication.disk import sync
from orchestration.publication.events import RESTORED, Event
from orchestration.publication.manifest import Publication
from orchestration.run import trouble
from orchestration.run.lock import locked


def restore(
    project: Project, source: str | None, by: str, reason: str
) -> Iterator[str]:
    """Bring back what is lost; yields what to tell. What is there stays as it is, so
    it may be done again: also after it was killed."""
    project.prepare_out()
    with locked(project), trouble.explained(project):
        publications.remove_leftovers(project)
        folder, is_whole = yield from _chosen(project, source)
        publication = manifest.of(folder)
        assert publication is not None
        closes = backups.restore(project, folder)
        yield from _told_of_closes(folder, publication, closes)
        if is_whole and publications.published(project) is None:
            events.note(project, Event(RESTORED, folder.name, by, reason))
            publications.point_to(project, folder)
            yield f"Readers see {folder.name} again."
        yield from _left_to_a_run(project, publication)


def _chosen(
    project: Project, source: str | None
) -> Generator[str, None, tuple[Path, bool]]:
    """The folder of the publication to restore from, below OUT, and whether all of it
    is whole; where none is, its backup of what was closed may be."""
    if source is not None:
        path = Path(source).expanduser()
        if path.is_dir() and path.resolve().parent != project.publications.resolve():
            return _taken_over(project, path.resolve()), True
        one = kept.named(project, path.name)
        _check(one.folder)
        return one.folder, True
    there = [one for one in kept.publications(project) if one.publication.files]
    for one in there:
        found = manifest.faults(one.folder)
        if not found:
            return one.folder, True
        yield f"{one.id} is passed over: {listed(found, 3)}."
    for one in there:
        if not manifest.faults(one.folder, backups.BELOW):
            yield f"What was closed is whole in {one.id}: that alone is restored."
            return one.folder, False
    raise LeadFunnelError(
        f"There is no whole publication in {project.publications} to restore from: "
        "name the folder of one in a backup, lead-funnel restore FOLDER."
    )


def _taken_over(project: Project, folder: Path) -> Path:
    """A copy of a publication from elsewhere, among those of OUT."""
    said = _check(folder)
    if not re.fullmatch(r"[0-9A-Za-z][0-9A-Za-z.]*", said.id):
        raise LeadFunnelError(f"{folder} has the id {said.id!r}, which is none.")
    final = project.publications / said.id
    if final.exists():
        _check(final)
        return final
    partial = project.publications / f"{said.id}.partial"
    shutil.copytree(folder, partial)
    _check(partial)
    for path in (*partial.rglob("*"), partial):
        sync(path)
    partial.rename(final)
    sync(project.publications)
    return final


def _check(folder: Path) -> Publication:
    said = manifest.of(folder)
    found = manifest.faults(folder)
    if said is None or found:
        why = listed(found) or "its publication.json is of another version"
        raise LeadFunnelError(
            f"{folder} is not a whole publication ({why}), so nothing is restored "
            "from it: name another."
        )
    return said


def _told_of_closes(
    folder: Path, publication: Publication, closes: list[str]
) -> Iterator[str]:
    if closes:
        yield f"Restored from {folder.name}: the closes {listed(closes, 20)}."
    elif any(name.startswith(backups.BELOW) for name in publication.files):
        yield f"All that {folder.name} knows to be closed is there."
    else:
        yield f"Nothing was closed as {folder.name} has it."


def _left_to_a_run(project: Project, publication: Publication) -> Iterator[str]:
    if project.warehouse.exists():
        yield "The warehouse is there: the next run builds what changed."
        return
    tables = [name for name, rows in publication.raw_rows.items() if rows]
    rows = sum(publication.raw_rows.values())
    yield (
        f"The warehouse is gone: the next run loads all of {publication.landing} "
        f"again ({len(tables)} tables, {rows:,} rows when this was published) and "
        "builds everything."
    )
    yield f"Run it as it was run: {_as_it_was_run(project, publication)}"


def _as_it_was_run(project: Project, publication: Publication) -> str:
    """The command, as it may be typed."""
    words = ["lead-funnel", "run", "--landing", publication.landing]
    words += ["--out", str(project.out)]
    if publication.definition:
        words += ["--definition", publication.definition]
    if publication.vars:
        words += ["--vars", json.dumps(dict(publication.vars), ensure_ascii=False)]
    if publication.engine != "duckdb":
        words += ["--engine", publication.engine]
    return shlex.join(words)
