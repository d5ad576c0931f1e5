"""One file of exports as a Parquet file in which every column is text.

DuckDB reads and writes, so memory stays bounded and no row becomes a Python
object. Only CSV that DuckDB refuses (another encoding, short rows, mixed line
ends) is first rewritten through Python's reader, row by row.
"""

from __future__ import annotations

import codecs
import csv
import gzip
import hashlib
import io
import json
import re
import shutil
import sys
import unicodedata
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import duckdb

from orchestration import warehouse
from orchestration.errors import LeadFunnelError, listed
from orchestration.publication.disk import sync
from orchestration.sources.landing import LandingFile
from orchestration.warehouse import literal, quoted

FILE_COLUMNS = ("_file", "_file_sha256", "_loaded_at")
HEAD_BYTES = 1 << 20
LONGEST_LINE = 1 << 26
BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
DELIMITERS = ",\t;"
QUOTED = re.compile(r'(?:^|(?<=[,\t;\r\n]))"[^"]*(?:""[^"]*)*"')
"""A quoted value: elsewhere than at its beginning a quote is a character."""
CODECS = {"UNCOMPRESSED", "SNAPPY", "LZ4_RAW", "ZSTD"}
"""Compression of Parquet that costs a reader little, and that Spark knows too."""


Read = tuple[tuple[str, ...], int]
"""The columns of a file and how many rows it has."""


@dataclass(frozen=True)
class Converted:
    """A file of exports made into Parquet."""

    parquet: Path
    """Not there where the file has no columns."""
    columns: tuple[str, ...]
    rows: int


class Converter:
    """Turns files of exports into Parquet files; what it needs meanwhile is in a
    folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.count = 0
        folder.mkdir(parents=True, exist_ok=True)
        self.connection = duckdb.connect()
        warehouse.configure(self.connection, folder / "spill")

    def __enter__(self) -> Converter:
        return self

    def __exit__(self, *_: object) -> None:
        self.connection.close()

    def convert(self, file: LandingFile, target: Path) -> Converted:
        """Convert one file; each thing that can be wrong with it is a sentence.

        The Parquet file is at its target as a whole, forced to disk, or not at all.
        """
        # DuckDB remembers what it read from a path, so no path serves two files.
        self.count += 1
        scratch = self.folder / f"{self.count}"
        scratch.mkdir(parents=True, exist_ok=True)
        try:
            if file.path.stat().st_size == 0:
                return Converted(target, (), 0)
            read = {"csv": self._csv, "json": self._json, "parquet": self._parquet}
            columns, rows = read[file.format](file, scratch, target)
            return Converted(target, columns, rows)
        except (OSError, EOFError, zlib.error, UnicodeError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise _unreadable(file, reason) from error
        finally:
            shutil.rmtree(scratch, ignore_errors=True)

    # CSV

    def _csv(self, file: LandingFile, scratch: Path, target: Path) -> Read:
        encoding = _encoding(file)
        with opened(file) as stream:
            head = stream.read(HEAD_BYTES)
        source = file.path
        if encoding in ("utf-8", "utf-8-sig"):
            try:
                return self._plain_csv(file, scratch, target, source, head, encoding)
            except duckdb.Error:
                pass  # Read it row by row: that mends it or names the line.
        source = scratch / "mended.csv"
        delimiter = _mend(file, source)
        with source.open("rb") as stream:
            head = stream.read(HEAD_BYTES)
        try:
            return self._plain_csv(
                file, scratch, target, source, head, "utf-8", delimiter
            )
        except duckdb.Error as error:
            raise _unreadable(file, _first_line(error)) from error

    def _plain_csv(
        self,
        file: LandingFile,
        scratch: Path,
        target: Path,
        source: Path,
        head: bytes,
        encoding: str,
        delimiter: str | None = None,
    ) -> Read:
        """CSV in UTF-8 with all rows of one length, as fast as DuckDB reads it."""
        text = codecs.getincrementaldecoder(encoding)().decode(head)
        blank = re.match(r"(?:[ \t]*\r?\n)*", text)
        skipped = blank.group().count("\n") if blank else 0
        delimiter, names = _header(text, delimiter)
        if not names:
            return (), 0
        columns = unique_names(names)
        _check_columns(file, columns)
        declared = ", ".join(f"'c{index}': 'VARCHAR'" for index in range(len(columns)))
        options = [
            f"columns = {{{declared}}}",
            "auto_detect = false",
            "header = true",
            f"skip = {skipped}",
            f"delim = {literal(delimiter)}",
            "quote = '\"'",
            "escape = '\"'",
            "nullstr = ''",
        ]
        if source != file.path:
            options.append(f"max_line_size = {LONGEST_LINE}")
        elif file.is_gzipped:
            options.append("compression = 'gzip'")
        else:
            options.append("compression = 'none'")
        path = literal(str(_safe_path(source, scratch)))
        relation = f"read_csv({path}, {', '.join(options)})"
        values = [f"c{index}" for index in range(len(columns))]
        # Of a single column, a blank line cannot be told from a blank value.
        where = "where trim(c0) <> ''" if len(columns) == 1 else ""
        return self._write(target, columns, values, relation, where)

    # JSON

    def _json(self, file: LandingFile, scratch: Path, target: Path) -> Read:
        with opened(file) as stream:
            head = stream.read(HEAD_BYTES)
        encoding = _encoding(file)
        source = file.path
        is_gzipped = file.is_gzipped
        if encoding != "utf-8":
            source = scratch / "mended.jsonl"
            with opened(file) as stream, source.open("w", encoding="utf-8") as copy:
                shutil.copyfileobj(io.TextIOWrapper(stream, encoding, newline=""), copy)
            is_gzipped = False
        starts_as_list = head.decode(encoding, "replace").lstrip()[:1] == "["
        layout = "array" if starts_as_list else "newline_delimited"
        path = literal(str(_safe_path(source, scratch)))
        relation = (
            f"read_json_objects({path}, format = '{layout}', "
            f"compression = '{'gzip' if is_gzipped else 'none'}')"
        )
        try:
            stray, keys = self.connection.execute(
                "select count(*) filter (where json_type(json) <> 'OBJECT'), "
                "list_distinct(flatten(list(distinct json_keys(json)))) "
                f"from {relation}"
            ).fetchone()
        except duckdb.Error as error:
            _name_the_line(file, encoding)
            raise _unreadable(file, _first_line(error)) from error
        if stray:
            raise _unreadable(
                file, f"{stray} of its rows are not JSON objects with a key a column"
            )
        if not keys:
            return (), 0
        keys = sorted(keys)
        columns = unique_names(keys)
        _check_columns(file, columns)
        pointers = ", ".join(literal(_pointer(key)) for key in keys)
        relation = (
            f"(select json_extract_string(json, [{pointers}]) as found from {relation})"
        )
        values = [f"found[{index + 1}]" for index in range(len(columns))]
        return self._write(target, columns, values, relation)

    # Parquet

    def _parquet(self, file: LandingFile, scratch: Path, target: Path) -> Read:
        # A landed file may be written over while it is read, so a copy is read.
        source = scratch / "landed.parquet"
        with opened(file) as stream, source.open("wb") as copy:
            shutil.copyfileobj(stream, copy, HEAD_BYTES)
        path = literal(str(_safe_path(source, scratch)))
        relation = f"read_parquet({path}, binary_as_string = true)"
        try:
            described = self.connection.execute(
                f"describe select * from {relation}"
            ).fetchall()
            names = [row[0] for row in described]
            columns = unique_names(names)
            _check_columns(file, columns)
            kinds = {row[1] for row in described}
            if (
                tuple(names) == columns
                and kinds == {"VARCHAR"}
                and self._is_text(source, path)
            ):
                rows, blanks = self._rows_and_blanks(columns, path)
                if not blanks:
                    _put(source, target)
                    return columns, rows
            values = [_as_text(quoted(row[0]), row[1]) for row in described]
            return self._write(target, columns, values, relation)
        except duckdb.Error as error:
            raise _unreadable(file, _first_line(error)) from error

    def _is_text(self, source: Path, path: str) -> bool:
        """Whether a Parquet file is one that we could have written ourselves, to
        every engine: then it need not be written again."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        try:
            kinds = {field.type for field in pq.read_schema(source)}
        except pa.ArrowException:
            return False
        found = self.connection.execute(
            f"select distinct compression from parquet_metadata({path})"
        ).fetchall()
        return kinds == {pa.string()} and {codec for (codec,) in found} <= CODECS

    def _rows_and_blanks(self, columns: Sequence[str], path: str) -> tuple[int, int]:
        """Counts that read a Parquet file to its end: what is damaged further on
        must not become a raw table."""
        is_blank = " or ".join(f"{quoted(name)} = ''" for name in columns)
        return self.connection.execute(
            f"select count(*), count(*) filter ({is_blank}) from read_parquet({path})"
        ).fetchone()

    def _write(
        self,
        target: Path,
        columns: Sequence[str],
        values: Sequence[str],
        relation: str,
        where: str = "",
    ) -> Read:
        unfinished = _unfinished(target)
        selected = [
            f"nullif(cast({value} as varchar), '') as {quoted(column)}"
            for column, value in zip(columns, values, strict=True)
        ]
        query = f"select {', '.join(selected)} from {relation} {where}"
        rows = warehouse.write_parquet(self.connection, query, unfinished)
        _put(unfinished, target)
        return tuple(columns), rows


def _unfinished(target: Path) -> Path:
    """Where a file is written until it is whole: beside its target, under a name
    that no engine reads."""
    target.parent.mkdir(parents=True, exist_ok=True)
    return target.with_name(f".{target.name}")


def _put(written: Path, target: Path) -> None:
    sync(written)
    target.parent.mkdir(parents=True, exist_ok=True)
    written.replace(target)


def digest(path: Path) -> str:
    """The SHA-256 of a file."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def unique_names(given: Sequence[str]) -> tuple[str, ...]:
    """Column names in snake case, no two alike, none of them ours."""
    taken: set[str] = set(FILE_COLUMNS)
    names = []
    for position, text in enumerate(given, start=1):
        name = snake_case(text) or f"column_{position}"
        unique, number = name, 2
        while unique in taken:
            unique, number = f"{name}_{number}", number + 1
        taken.add(unique)
        names.append(unique)
    return tuple(names)


def snake_case(text: str) -> str:
    """`IsDeleted` and `Is Deleted` as `is_deleted`; a leading underscore stays."""
    text = unicodedata.normalize("NFKC", text).strip()
    text = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", text)
    return re.sub(r"[\W_]+", "_", text).rstrip("_").lower()


@contextmanager
def opened(file: LandingFile) -> Iterator[BinaryIO]:
    """The file's bytes, unpacked."""
    with gzip.open(file.path) if file.is_gzipped else file.path.open("rb") as stream:
        yield stream  # type: ignore[misc]


def _encoding(file: LandingFile, *, whole: bool = False) -> str:
    """The encoding that a file's beginning, or the whole of it, tells."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    with opened(file) as stream:
        piece = stream.read(HEAD_BYTES)
        for mark, encoding in BOMS:
            if piece.startswith(mark):
                return encoding
        try:
            decoder.decode(piece)
            while whole and (piece := stream.read(HEAD_BYTES)):
                decoder.decode(piece)
            # A beginning may end inside a character, a file may not.
            decoder.decode(b"", final=whole)
        except UnicodeDecodeError:
            # Japanese text of Windows is hardly ever UTF-8 by chance, so text
            # that nearly is was UTF-8 before something broke it.
            text = piece.decode("utf-8", "replace")
            broken = text.count("\ufffd")
            if sum(char > "\x7f" for char in text) > 5 * broken:
                raise _unreadable(
                    file, f"it is UTF-8 but for {broken} broken characters"
                ) from None
            return "cp932"
    return "utf-8"


def _header(text: str, delimiter: str | None = None) -> tuple[str, list[str]]:
    """The delimiter, told by the first line that is not blank unless it is known,
    and the names of that line."""
    if delimiter is None:
        # Names in quotes may hold any delimiter and line ends: they do not count.
        lines = re.split(r"\r\n|\r|\n", QUOTED.sub("_", text))
        first = next((line for line in lines if line.strip()), "")
        delimiter = max(DELIMITERS, key=first.count)
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    return delimiter, next((row for row in rows if "".join(row).strip()), [])


def _mend(file: LandingFile, target: Path) -> str:
    """Rewrite a CSV file as UTF-8 with all rows of one length; its delimiter, which
    the new header, with quotes only where they are needed, may not tell."""
    csv.field_size_limit(sys.maxsize)
    encoding = _encoding(file, whole=True)
    line = 0
    try:
        with opened(file) as stream:
            text = io.TextIOWrapper(stream, encoding, newline="")
            delimiter, names = _header(text.read(HEAD_BYTES))
        with (
            opened(file) as stream,
            target.open("w", encoding="utf-8", newline="") as output,
        ):
            text = io.TextIOWrapper(stream, encoding, newline="")
            rows = csv.reader(text, delimiter=delimiter, strict=True)
            writer = csv.writer(output, delimiter=delimiter, lineterminator="\n")
            for row in rows:
                line = rows.line_num
                is_blank = len(row) < 2 and not "".join(row).strip()
                if not is_blank:
                    writer.writerow(_of_one_length(file, row, len(names), line))
    except csv.Error as error:
        raise _unreadable(
            file, f"after line {line}: {error}; check its quotes"
        ) from error
    except UnicodeDecodeError as error:
        raise _unreadable(
            file, "it is neither UTF-8 nor Japanese Windows text (cp932)"
        ) from error
    return delimiter


def _of_one_length(
    file: LandingFile, row: list[str], length: int, line: int
) -> list[str]:
    """A short row with blanks after it; a row with more values is an error."""
    if any(row[length:]):
        raise LeadFunnelError(
            f"The file {file.name} has {len(row)} values on line {line}, but its "
            f"header names {length} columns: put values that contain the delimiter "
            "into quotes."
        )
    return row[:length] + [""] * (length - len(row))


def _name_the_line(file: LandingFile, encoding: str) -> None:
    """Raise with the number of the first line that is not JSON, if one is."""
    with opened(file) as stream:
        for number, line in enumerate(stream, start=1):
            try:
                if line.strip():
                    json.loads(line.decode(encoding if number == 1 else "utf-8"))
            except ValueError as error:
                reason = error.msg if isinstance(error, json.JSONDecodeError) else error
                raise _unreadable(
                    file, f"line {number} is not a JSON object ({reason})"
                ) from error


def _check_columns(file: LandingFile, columns: Sequence[str]) -> None:
    missing = [need for need in file.table.needed if not need.found_in(columns)]
    if missing:
        raise LeadFunnelError(
            f"The file {file.name} (table {file.table.system}.{file.table.name}) has "
            f"no column {' or '.join(missing[0].names)}, which is needed "
            f"{missing[0].purpose}. Its columns are {listed(columns, limit=12)}."
        )


def _as_text(value: str, kind: str) -> str:
    """A typed value as the text an export would hold."""
    if kind == "TIMESTAMP WITH TIME ZONE":
        return f"cast({value} at time zone 'UTC' as varchar) || '+00:00'"
    if kind == "TIMESTAMP_NS":
        return f"cast({value} as timestamp)"
    if kind in ("FLOAT", "DOUBLE"):
        # Other tools store whole numbers with gaps, such as ids, as floats.
        return (
            f"case when isnan({value}) then null "
            f"when {value} = trunc({value}) and abs({value}) < 9007199254740992 "
            f"then cast(cast({value} as bigint) as varchar) "
            f"else cast({value} as varchar) end"
        )
    if kind.startswith(("STRUCT", "MAP")) or kind.endswith("]"):
        return f"cast(to_json({value}) as varchar)"
    return value


def _safe_path(source: Path, scratch: Path) -> Path:
    """A path that DuckDB does not take for a pattern."""
    if not re.search(r"[*?\[\]{}]", str(source)):
        return source
    link = scratch / f"source{''.join(source.suffixes[-2:])}"
    link.unlink(missing_ok=True)
    link.symlink_to(source)
    return link


def _pointer(key: str) -> str:
    return "/" + key.replace("~", "~0").replace("/", "~1")


def _first_line(error: Exception) -> str:
    """DuckDB's reason without the row itself, which may be long or private."""
    lines = str(error).strip().splitlines() or [type(error).__name__]
    reason = re.sub(r"^[A-Za-z ]+ Error: ", "", lines[0])
    if len(lines) > 2 and lines[1].startswith("Original Line"):
        reason += f" ({lines[2]})"
    return reason[:300].rstrip(". ")


def _unreadable(file: LandingFile, reason: str) -> LeadFunnelError:
    return LeadFunnelError(
        f"The file {file.name} cannot be read as "
        f"{file.format.upper() if file.format != 'parquet' else 'Parquet'}"
        f"{' (gzipped)' if file.is_gzipped else ''}: {reason}."
    )
