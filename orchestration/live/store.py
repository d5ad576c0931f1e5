"""The landed store: what was loaded from the systems, as the loader reads it.

`OUT/landed/<system>/<raw table>/<load>.<file>.parquet`, every value text, as dlt's
destination `filesystem` writes them. Loads add files and take none away, so what a
vendor returns no longer stays. A file counts once dlt has written down that its
load is complete (`_dlt_loads`), so what an interrupted load left is not read. Many
small files of a table become one (compaction.py).
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Collection, Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from orchestration.live.compaction import in_place_of
from orchestration.live.source import Source
from orchestration.project import Project
from orchestration.publication.disk import sync
from orchestration.sources.landing import LandingFile
from orchestration.sources.tables import LOADED_SYSTEMS, table_called

LOADS = "_dlt_loads"
ASKED = "_asked_"
"""What the names of the notes begin with that say when a vendor was asked."""
PREFIX = "_landed"
"""What the names of the store's files begin with. No file of LANDING is called so:
what begins with an underscore is not read there."""


def landed_files(project: Project) -> tuple[LandingFile, ...]:
    """The files of all complete loads, by their names."""
    found: list[LandingFile] = []
    for system in LOADED_SYSTEMS:
        folder = project.landed / system
        complete = _complete(folder)
        if not complete:
            continue
        for of_table in sorted(folder.glob("[!._]*")):
            table = table_called(system, of_table.name)
            for path in _counting(of_table, complete) if table is not None else ():
                name = f"{PREFIX}/{path.relative_to(project.landed).as_posix()}"
                found.append(LandingFile(path, name, table, "parquet", False))
    return tuple(found)


def _counting(folder: Path, complete: Collection[str]) -> Iterator[Path]:
    """The files of a table whose rows are there: those of complete loads, and one in
    place of many."""
    compacted = in_place_of(folder)
    replaced = {name for names in compacted.values() for name in names}
    for path in sorted(folder.glob("*.parquet")):
        counts = path.name in compacted or _load_of(path) in complete
        if counts and path.name not in replaced:
            yield path


def has_loads(project: Project) -> bool:
    return any(
        next((project.landed / system / LOADS).glob("*.jsonl"), None)
        for system in LOADED_SYSTEMS
    )


def note_loaded(project: Project, source: Source, tables: Iterable[str]) -> None:
    """Write down that a vendor was asked for all of these tables now: of one that had
    nothing new there is no file to tell it."""
    path = project.landed / source.system / f"{ASKED}{source.name}.json"
    known = json.loads(path.read_text()) if path.is_file() else {}
    now = datetime.now(UTC).replace(tzinfo=None).isoformat(timespec="seconds")
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(".new")
    fresh.write_text(json.dumps(known | dict.fromkeys(tables, now)))
    fresh.replace(path)


def last_loads(project: Project) -> dict[tuple[str, str], datetime]:
    """When vendors were asked last, by system and raw table."""
    found: dict[tuple[str, str], datetime] = {}
    for system in LOADED_SYSTEMS:
        for path in (project.landed / system).glob(f"{ASKED}*.json"):
            for table, at in json.loads(path.read_text()).items():
                known = found.get((system, table), datetime.min)
                found[system, table] = max(known, datetime.fromisoformat(at))
    return found


def exchange(file: LandingFile, rows: Path) -> None:
    """Put the rows of another Parquet file in the place of a file of the store."""
    fresh = file.path.with_name(f".{file.path.name}")
    shutil.copyfile(rows, fresh)
    sync(fresh)
    fresh.replace(file.path)
    sync(file.path.parent)


def _load_of(path: Path) -> str:
    """The load that wrote a file, by the file's name."""
    return path.name.rsplit(".", 2)[0]


def _complete(folder: Path) -> set[str]:
    return {
        load["load_id"]
        for path in (folder / LOADS).glob("*.jsonl")
        for load in map(json.loads, path.read_text().splitlines())
        if load["status"] == 0
    }
