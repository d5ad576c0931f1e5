"""Many small files of the landed store made into one.

Each load adds a file to every table that has news, and a run opens all of them. So a
run that has read the files of a table, and finds more than MOST_FILES small ones,
writes their rows, in their order, into one file. When a row was first seen is a part
of it: the column FIRST_LOADED_AT keeps the instant at which a run first loaded it.

The new file counts once a note beside it says which files it takes the place of, and
from then on those do not: the note is replaced in one step, so whatever is killed, each
row is there once. What a file has taken the place of is removed by the next run, since
somebody may still be reading it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from orchestration.project import Project
from orchestration.publication.disk import sync
from orchestration.run import progress
from orchestration.sources.tables import table_called

if TYPE_CHECKING:
    import pyarrow as pa

MOST_FILES = 100
"""Of so many small files of a table, none is rewritten."""
SMALL = 64 << 20
"""Bytes below which a file is one of many small ones."""
MOST_AT_ONCE = 256 << 20
"""Bytes that are rewritten at once."""

FIRST_LOADED_AT = "_first_loaded_at"
"""When a run first loaded a row: the macro `stage` knows it."""
NOTE = "_compacted.json"
COMPACTED = ".compacted.parquet"
UNFINISHED = ".new"
BATCH_ROWS = 20_000


def in_place_of(folder: Path) -> dict[str, list[str]]:
    """By the name of a compacted file of a table, those that it takes the place of."""
    try:
        return json.loads((folder / NOTE).read_text())
    except FileNotFoundError:
        return {}


def compact(
    project: Project, system: str, loaded_at: Mapping[Path, datetime]
) -> list[Path]:
    """Make one file of each table's many small ones, of those that a run has loaded at
    the instants that are given; the new files. A disk that is full leaves all as it
    was."""
    made: list[Path] = []
    for folder in sorted((project.landed / system).glob("[!._]*")):
        table = table_called(system, folder.name)
        # Of some tables the later file counts: there a file is not only its rows.
        if table is None or table.is_by_file:
            continue
        try:
            _tidy(folder)
            files = _chosen(folder, loaded_at)
            if files:
                made.append(_compacted(folder, files, loaded_at))
        except OSError as error:
            _forget_unfinished(folder)
            progress.note(
                f"The files of {system}.{table.name} in OUT/landed were not made into "
                f"one ({error.strerror}): they are read as they are."
            )
    return made


def _tidy(folder: Path) -> None:
    """Remove what a compacted file has taken the place of, and what a killed
    compaction left."""
    note = in_place_of(folder)
    gone = {name for names in note.values() for name in names}
    for name in gone:
        (folder / name).unlink(missing_ok=True)
    standing = {name: [] for name in note if name not in gone}
    if standing != note:
        _write_note(folder, standing)
    for path in folder.glob(f"*{COMPACTED}"):
        if path.name not in standing:
            path.unlink()
    _forget_unfinished(folder)


def _forget_unfinished(folder: Path) -> None:
    for path in folder.glob(f"*{UNFINISHED}"):
        with suppress(OSError):
            path.unlink()


def _chosen(folder: Path, loaded_at: Mapping[Path, datetime]) -> list[Path]:
    small = [
        path
        for path in sorted(folder.glob("*.parquet"))
        if path in loaded_at and path.stat().st_size < SMALL
    ]
    if len(small) <= MOST_FILES:
        return []
    chosen, size = [], 0
    for path in small:
        size += path.stat().st_size
        if size > MOST_AT_ONCE:
            break
        chosen.append(path)
    return chosen


def _compacted(
    folder: Path, files: Sequence[Path], loaded_at: Mapping[Path, datetime]
) -> Path:
    names = [path.name for path in files]
    digest = hashlib.blake2b("/".join(names).encode(), digest_size=6).hexdigest()
    # The name begins like that of the first, so the order of names stays.
    target = folder / f"{'.'.join(names[0].split('.')[:2])}.{digest}{COMPACTED}"
    fresh = target.with_name(target.name + UNFINISHED)
    _write(fresh, files, loaded_at)
    sync(fresh)
    fresh.replace(target)
    _write_note(folder, {**in_place_of(folder), target.name: names})
    return target


def _write(
    target: Path, files: Sequence[Path], loaded_at: Mapping[Path, datetime]
) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    schemas = [pq.read_schema(path) for path in files]
    schema = pa.unify_schemas(schemas, promote_options="permissive")
    schema = schema.remove_metadata()
    if FIRST_LOADED_AT not in schema.names:
        schema = schema.append(pa.field(FIRST_LOADED_AT, pa.string()))
    with pq.ParquetWriter(target, schema, compression="zstd") as writer:
        waiting: list[pa.RecordBatch] = []
        for path in files:
            for batch in _batches(path, schema, loaded_at[path]):
                waiting.append(batch)
                if sum(each.num_rows for each in waiting) >= BATCH_ROWS:
                    writer.write_table(pa.Table.from_batches(waiting))
                    waiting = []
        if waiting:
            writer.write_table(pa.Table.from_batches(waiting))


def _batches(
    path: Path, schema: pa.Schema, loaded_at: datetime
) -> Iterator[pa.RecordBatch]:
    """A file's rows in the columns of all of them."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    first = pa.scalar(loaded_at.isoformat(" "), pa.string())
    with pq.ParquetFile(path) as opened:
        for batch in opened.iter_batches(BATCH_ROWS):
            columns = []
            for field in schema:
                if field.name in batch.schema.names:
                    columns.append(batch.column(field.name).cast(field.type))
                elif field.name == FIRST_LOADED_AT:
                    columns.append(pa.repeat(first, batch.num_rows))
                else:
                    columns.append(pa.nulls(batch.num_rows, field.type))
            yield pa.record_batch(columns, schema=schema)


def _write_note(folder: Path, note: Mapping[str, Iterable[str]]) -> None:
    fresh = folder / f"{NOTE}{UNFINISHED}"
    fresh.write_text(json.dumps({name: list(each) for name, each in note.items()}))
    sync(fresh)
    fresh.replace(folder / NOTE)
    sync(folder)
