"""A folder or bucket that somebody else fills with files, as a source."""

from __future__ import annotations

import csv
import io
import json
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from orchestration.errors import LeadFunnelError, listed
from orchestration.live.database.address import Address
from orchestration.live.database.text import of_arrow, of_rows
from orchestration.live.source import Finding, Page, PassingError, Source
from orchestration.sources.tables import RawTable, table_called, tables_of

if TYPE_CHECKING:
    import pyarrow as pa
    from fsspec import AbstractFileSystem

LINES = (".jsonl", ".ndjson", ".jsonl.gz", ".ndjson.gz")
"""Files with a JSON object a line."""
READ = (".parquet", ".csv", ".csv.gz", *LINES)
BATCH_ROWS = 20_000
DAMAGED = (ValueError, EOFError, zlib.error)
"""What a file that is none of its kind raises; Arrow's and Unicode's errors are the
first of these."""
CHANGED = ("ETag", "etag", "md5Hash", "contentMd5", "mtime", "LastModified", "created")
"""In which of its details a file system says that a file is another one."""


@dataclass(frozen=True)
class File:
    """A file of a raw table."""

    path: str
    name: str
    """Below the folder."""
    version: str
    modified: str


@dataclass
class Folder(Source):
    """The files of one system: `<table>.parquet` or `<table>/**.parquet`, or CSV, or
    JSON lines. One that is new or another one is loaded; one that is gone leaves its
    rows."""

    address: Address
    way: str = field(init=False, default="folder")

    def __post_init__(self) -> None:
        self.system = self.address.system

    @property
    def tables(self) -> tuple[str, ...]:
        return tuple(
            table.name for table in tables_of(self.system) if not table.made_of
        )

    @property
    def secrets(self) -> tuple[str, ...]:
        return self.address.secrets

    def pages(self, table: str, place: Mapping[str, Any]) -> Iterator[Page]:
        raw = next(each for each in tables_of(self.system) if each.name == table)
        known = dict(place.get("files", {}))
        with self._said():
            system = self._file_system()
            files, _ = self._files(system)
            if not files.get(table) and raw.is_required:
                raise LeadFunnelError(self._missing(raw))
            for file in files.get(table, ()):
                if known.get(file.name) == file.version:
                    continue
                parts = list(self._parts(system, file)) if raw.is_by_file else None
                for part in _joined(parts) if parts else self._parts(system, file):
                    yield Page(part, {"files": dict(known)}, is_file=raw.is_by_file)
                known[file.name] = file.version
                yield Page([], {"files": dict(known)})
            if files.get(table):
                yield Page([], {"files": dict(known)})

    def check(self) -> Iterator[Finding]:
        with self._said():
            files, others = self._files(self._file_system())
        yield Finding(f"{self.address.shown} can be listed.")
        absent = []
        for raw in tables_of(self.system):
            found = files.get(raw.name, ())
            if found:
                one = len(found) == 1
                yield Finding(
                    f"{raw.name}: {len(found)} file{'' if one else 's'}, the last of "
                    f"{max(each.modified for each in found) or 'unknown age'}."
                )
            elif raw.is_required:
                yield Finding(self._missing(raw), "error")
            elif not raw.made_of:
                absent.append(raw.name)
        if absent:
            yield Finding(
                f"Not there, and so taken as empty: {listed(absent, 40)}.", "warning"
            )
        if others:
            yield Finding(
                f"Not read, as they are called like no table, or are none of "
                f"{listed(READ)}: {listed(others)}.",
                "warning",
            )

    def _missing(self, raw: RawTable) -> str:
        return (
            f"{self.address.shown} has no table {raw.name!r}, which holds "
            f"{raw.purpose}: add {raw.name}.parquet, or a folder {raw.name} with such "
            "files."
        )

    # Files.

    def _file_system(self) -> AbstractFileSystem:
        import fsspec

        try:
            system, self._root = fsspec.core.url_to_fs(self.address.url)
        except ImportError as error:
            raise self.address.missing_driver(error) from None
        system.invalidate_cache()
        if not system.exists(self._root):
            raise LeadFunnelError(
                f"There is no folder {self.address.shown}, or it may not be listed: "
                f"correct {self.address.variable}."
            )
        return system

    def _files(
        self, system: AbstractFileSystem
    ) -> tuple[dict[str, list[File]], list[str]]:
        """The files of each table, the oldest first, and what is not read."""
        found: dict[str, list[File]] = {}
        others: list[str] = []
        root = self._root.rstrip("/") + "/"
        for path, info in sorted(system.find(self._root, detail=True).items()):
            name = path.removeprefix(root)
            first = name.split("/")[0]
            if any(part.startswith((".", "_")) for part in name.split("/")):
                continue
            raw = table_called(self.system, first if "/" in name else _stem(first))
            if raw is None or raw.made_of or not name.lower().endswith(READ):
                others.append(name)
                continue
            version = next((str(info[key]) for key in CHANGED if info.get(key)), "")
            version = f"{info.get('size')} {version}"
            found.setdefault(raw.name, []).append(
                File(path, name, version, _modified(info))
            )
        for files in found.values():
            files.sort(key=lambda file: (file.modified, file.name))
        return found, others

    def _parts(self, system: AbstractFileSystem, file: File) -> Iterator[pa.Table]:
        try:
            with system.open(file.path, "rb", compression="infer") as opened:
                if file.name.lower().endswith(".parquet"):
                    yield from _parquet(opened)
                elif file.name.lower().endswith(LINES):
                    yield from _json_lines(opened)
                else:
                    yield from _csv(opened)
        except DAMAGED as error:
            raise LeadFunnelError(
                f"The file {file.name} of {self.address.shown} cannot be read "
                f"({str(error).splitlines()[0]}): CSV has a line of headings, commas "
                "and UTF-8, JSON an object a line in UTF-8. Put others into LANDING, "
                "which reads more."
            ) from None

    @contextmanager
    def _said(self) -> Iterator[None]:
        """Errors of file systems, in a sentence."""
        try:
            yield
        except PermissionError as error:
            raise LeadFunnelError(
                f"{self.address.shown} may not be read: {error}. Let those who run "
                "this list it and get what is in it (docs/connecting-databases.md)."
            ) from None
        except OSError as error:
            raise PassingError(
                f"{self.address.shown} does not answer as it should: {error}."
            ) from None


def _joined(parts: list[pa.Table]) -> list[pa.Table]:
    import pyarrow as pa

    return [pa.concat_tables(parts, promote_options="permissive")]


def _parquet(opened: Any) -> Iterator[pa.Table]:
    import pyarrow.parquet as pq

    for batch in pq.ParquetFile(opened).iter_batches(BATCH_ROWS):
        yield of_arrow(batch)


def _csv(opened: Any) -> Iterator[pa.Table]:
    """A loader's CSV: headings, commas, UTF-8."""
    import pyarrow as pa
    from pyarrow import csv as arrow_csv

    first = opened.readline()
    text = first.decode("utf-8-sig")
    if not text.strip():
        return
    [names] = csv.reader(io.StringIO(text))
    reader = arrow_csv.open_csv(
        opened,
        read_options=arrow_csv.ReadOptions(column_names=names),
        parse_options=arrow_csv.ParseOptions(newlines_in_values=True),
        convert_options=arrow_csv.ConvertOptions(
            column_types={name: pa.string() for name in names},
            null_values=[""],
            strings_can_be_null=True,
        ),
    )
    for batch in reader:
        yield of_arrow(batch)


def _json_lines(opened: Any) -> Iterator[pa.Table]:
    """An object a line: its keys are columns, and what is nested stays JSON."""
    rows: list[dict[str, Any]] = []
    for number, line in enumerate(opened, start=1):
        text = line.decode("utf-8-sig" if number == 1 else "utf-8").strip()
        if not text:
            continue
        try:
            # `1.10` stays what the file says.
            row = json.loads(text, parse_float=Decimal)
        except ValueError as error:
            raise ValueError(f"line {number}: {error}") from None
        if not isinstance(row, dict):
            raise ValueError(f"line {number} is no object")
        rows.append(row)
        if len(rows) == BATCH_ROWS:
            yield _of_objects(rows)
            rows = []
    if rows:
        yield _of_objects(rows)


def _of_objects(rows: Sequence[Mapping[str, Any]]) -> pa.Table:
    columns = list(dict.fromkeys(name for row in rows for name in row))
    return of_rows([dict.fromkeys(columns) | row for row in rows], columns)


def _stem(name: str) -> str:
    lowered = name.lower()
    for ending in READ:
        if lowered.endswith(ending):
            return name[: -len(ending)]
    return name


def _modified(info: Mapping[str, Any]) -> str:
    """When a file was changed last, as text that sorts; blank where nothing says it."""
    for key in ("mtime", "LastModified", "updated", "last_modified", "created"):
        value = info.get(key)
        if isinstance(value, int | float):
            value = datetime.fromtimestamp(value, UTC)
        if isinstance(value, datetime):
            return value.astimezone(UTC).isoformat(timespec="seconds")
        if value:
            return str(value)
    return ""
