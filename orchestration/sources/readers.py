"""One file of exports as a Parquet file in which every column is text.

DuckDB reads and writes, so memory stays bounded and no row becomes a Python
object. Only what DuckDB cannot read as it stands (another encoding, short rows,
lines that are no rows, a workbook's sheet) is first rewritten through Python,
row by row.
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
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import BinaryIO, TextIO

import duckdb

from orchestration import warehouse
from orchestration.errors import LeadFunnelError, listed
from orchestration.publication.disk import move
from orchestration.sources import encodings, nested, workbooks
from orchestration.sources.headings import (
    ENTERED,
    FILE_COLUMNS,
    Named,
    snake_case,
    unique_names,
)
from orchestration.sources.landing import LandingFile
from orchestration.sources.lines import (
    LINES_SEARCHED,
    REPORTED,
    SEP,
    TITLE,
    Layout,
    LeftOut,
    Rows,
    find_layout,
    folded,
    header_place,
    is_filled,
    likeliest_header,
)
from orchestration.sources.rules import ReadingRules
from orchestration.sources.tables import RawTable, table_called
from orchestration.sources.unpacking import (
    DAMAGED,
    check_gzipped,
    check_parquet,
    copy_within,
    unpacked,
    unreadable,
)
from orchestration.warehouse import literal, quoted

__all__ = ("FILE_COLUMNS", "Converted", "Converter", "snake_case", "unique_names")

HEAD_BYTES = 1 << 20
LONGEST_LINE = 1 << 26
LAST_BYTES = 1 << 24
BETWEEN_OBJECTS = re.compile(r"\s*")
MOST_COLUMNS = 2_000
"""DuckDB takes longer by the square of them; no CRM has so many."""
LONGEST_HEADING = 1_000
DEEPEST_TYPE = 12
"""Lists and objects in each other in Parquet: DuckDB takes twice as long for each."""
MOST_SAMPLED = 1 << 17
"""How many bytes of lines that are no ASCII an encoding is told by."""
UTF8 = ("utf-8", "utf-8-sig")
CODECS = {"UNCOMPRESSED", "SNAPPY", "LZ4_RAW", "ZSTD"}
"""Compression of Parquet that costs a reader little, and that Spark knows too."""
MAY_BEGIN_NO_ROW = r"[\s\pZＡ-Ｚａ-ｚ]"
"""Blanks, and letters as wide as a kanji: the words of the seed `report_lines` may be
written in them."""
LISTS = ("records", "result", "results", "data", "value", "items", "rows")
"""What APIs call the list of rows in what they answer."""
MODIFIED_AT = "_file_modified_at"
"""When a file was changed last, where that decides which of several counts."""
HAS_STAGE_DATES = "has_stage_dates"
"""Says of a row whether a stage's date stands in it."""
DIGITS_OF_IDS = 16
"""How long an id is that is made of other columns."""
INSIDE = ("_airbyte_data",)
"""Columns that hold the whole of a row, as a JSON object."""


Read = tuple[tuple[str, ...], int]
"""The columns of a file and how many rows it has."""


@dataclass(frozen=True)
class Converted:
    """A file of exports made into Parquet."""

    parquet: Path
    """Not there where the file has no columns."""
    columns: tuple[str, ...]
    rows: int
    left_out: str = ""
    """Which of its lines are no rows, in words."""


@dataclass(frozen=True)
class Missing:
    """A column that a file lacks, and what to do about it."""

    file: str
    sentence: str


class MissingColumns(LeadFunnelError):
    """A file lacks columns that its table cannot do without."""

    def __init__(self, missing: Sequence[Missing]) -> None:
        super().__init__(" ".join(each.sentence for each in missing))
        self.missing = tuple(missing)


class OpenEncoding(LeadFunnelError):
    """A file's text does not tell which of several encodings it is in."""

    def __init__(self, sentence: str, candidates: Sequence[str]) -> None:
        super().__init__(sentence)
        self.candidates = tuple(candidates)


class Converter:
    """Turns files of exports into Parquet files; what it needs meanwhile is in a
    folder of its own."""

    def __init__(self, folder: Path, rules: ReadingRules | None = None) -> None:
        self.folder = folder
        self.rules = rules or ReadingRules()
        self.file: LandingFile | None = None
        self.left_out = LeftOut()
        self.added: tuple[tuple[str, str], ...] = ()
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
        self.file, self.left_out = file, LeftOut()
        self.added = (
            ((MODIFIED_AT, _modified_at(file)),) if file.table.is_by_file else ()
        )
        try:
            if file.member and file.format != "xlsx":
                file = unpacked(file, scratch, self.rules.most_unpacked)
            check_gzipped(file, self.rules.most_unpacked)
            if file.path.stat().st_size == 0:
                return Converted(target, (), 0)
            read = {
                "csv": self._csv,
                "json": self._json,
                "parquet": self._parquet,
                "xlsx": self._sheet,
            }
            columns, rows = read[file.format](file, scratch, target)
            columns, rows = self._opened_up(file, scratch, target, columns, rows)
            columns, rows = self._objects_opened(file.table, target, columns, rows)
            self._check_columns(file, columns)
            return Converted(target, columns, rows, self.left_out.sentence)
        except DAMAGED as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise unreadable(file, reason) from error
        finally:
            shutil.rmtree(scratch, ignore_errors=True)

    @property
    def _stage_columns(self) -> set[str]:
        return {f"{ENTERED}{stage}" for stage in self.rules.headings.stages}

    def parts(
        self, table: RawTable, found: Converted, part: RawTable, target: Path
    ) -> Converted | None:
        """The rows of another table that stand in columns of a converted file: its
        stages' dates, or its lists; none where it has no such rows."""
        given = self._parquet_of(str(found.parquet), found.columns)
        if part.made_of == table.name:
            made = nested.dates(table, given, part, self._stage_columns)
        else:
            [inside] = [each for each in part.inside if each.holder == table.name]
            made = nested.rows_inside(table, given, inside, part)
        if made is None:
            return None
        written, count = self._write_columns(target, made)
        if part.made_of is None:
            written, count = self._objects_opened(part, target, written, count)
        return Converted(target, written, count)

    def _objects_opened(
        self, table: RawTable, target: Path, columns: tuple[str, ...], rows: int
    ) -> Read:
        """Where a column holds an object of columns, these beside the others."""
        if not columns or not table.opened:
            return columns, rows
        whole = target.with_name(f".packed-{target.name}")
        given = self._parquet_of(str(target), columns)
        if not given.called(table.opened):
            return columns, rows
        target.replace(whole)
        try:
            given = self._parquet_of(str(whole), columns)
            made = nested.opened(table, given)
            if made is None:
                _put(whole, target)
                return columns, rows
            return self._write_columns(target, made)
        finally:
            whole.unlink(missing_ok=True)

    def _parquet_of(self, path: str, columns: Sequence[str]) -> nested.Parquet:
        return nested.Parquet(self.connection, path, columns, self._check_keys)

    def _check_keys(self, count: int) -> None:
        """Objects in a column may have keys without end."""
        if self.file is not None and count > MOST_COLUMNS:
            raise unreadable(
                self.file,
                f"the objects in one of its columns have {count:,} keys, more than the "
                f"{MOST_COLUMNS:,} columns that are read: export those that you need",
            )

    def _write_columns(self, target: Path, made: nested.Columns) -> Read:
        return self._write(
            target, Named(tuple(made.values)), list(made.values.values()), made.relation
        )

    # CSV

    def _csv(self, file: LandingFile, scratch: Path, target: Path) -> Read:
        encoding = self._encoding(file)
        with opened(file) as stream:
            head = stream.read(HEAD_BYTES)
        text = codecs.getincrementaldecoder(encoding)("replace").decode(head)
        layout = find_layout(text, file.table, self.rules.headings)
        if not layout.names:
            return (), 0
        _check_names(file, layout.names)
        if encoding in UTF8 and layout.is_plain:
            try:
                read = self._plain_csv(file, scratch, target, text, layout)
                if not self._may_hold_other_lines(file, target, read[0], layout):
                    return read
            except duckdb.Error:
                pass  # Read it row by row: that mends it or names the line.
        source = scratch / "mended.csv"
        named = self.rules.headings.named(file.table, layout.names)
        self._mend(file, source, layout, named, self._encoding(file, whole=True))
        return self._mended_csv(file, source, target, named)

    def _plain_csv(
        self, file: LandingFile, scratch: Path, target: Path, text: str, layout: Layout
    ) -> Read:
        """CSV in UTF-8 with all rows of one length, as fast as DuckDB reads it."""
        if not file.is_gzipped and _ends_in_long_line(file.path):
            raise duckdb.InvalidInputException("Its last line is too long")
        blank = re.match(r"(?:[ \t]*\r?\n)*", text)
        skipped = blank.group().count("\n") if blank else 0
        named = self.rules.headings.named(file.table, layout.names)
        options = [
            f"skip = {skipped}",
            f"delim = {literal(layout.delimiter)}",
            f"compression = '{'gzip' if file.is_gzipped else 'none'}'",
        ]
        if file.is_gzipped:
            options.append(f"max_line_size = {LONGEST_LINE}")
        return self._read_csv(_safe_path(file.path, scratch), target, named, options)

    def _mended_csv(
        self, file: LandingFile, source: Path, target: Path, named: Named
    ) -> Read:
        options = ["delim = ','", f"max_line_size = {LONGEST_LINE}"]
        try:
            return self._read_csv(source, target, named, options)
        except duckdb.Error as error:
            raise unreadable(file, _first_line(error)) from error

    def _read_csv(
        self, source: Path, target: Path, named: Named, options: Sequence[str]
    ) -> Read:
        columns = named.columns
        declared = ", ".join(f"'c{index}': 'VARCHAR'" for index in range(len(columns)))
        options = [
            f"columns = {{{declared}}}",
            "auto_detect = false",
            "header = true",
            "quote = '\"'",
            "escape = '\"'",
            "nullstr = ''",
            *options,
        ]
        relation = f"read_csv({literal(str(source))}, {', '.join(options)})"
        values = [f"c{index}" for index in range(len(columns))]
        # Of a single column, a blank line cannot be told from a blank value.
        where = "where trim(c0) <> ''" if len(columns) == 1 else ""
        return self._write(target, named, values, relation, where)

    def _may_hold_other_lines(
        self, file: LandingFile, target: Path, columns: Sequence[str], layout: Layout
    ) -> bool:
        """Whether some of what was read may be no row: cheap to ask for, so that the
        others need not be read row by row."""
        if len(columns) < 2:
            return False
        given = [quoted(name) for name in columns[: len(layout.names)]]
        others = ", ".join(given[1:])
        begins = "|".join([MAY_BEGIN_NO_ROW, *map(re.escape, self.rules.words.all)])
        conditions = [
            "_first is null",
            f"regexp_matches(_first, {literal(f'^(?i:{begins})')})",
            f"{given[0]} = {literal(layout.names[0])}",
            f"({given[0]} is not null and _rest is null "
            "and regexp_matches(_first, '[^A-Za-z0-9_.@+-]'))",
        ]
        things = [quoted(name) for name in REPORTED if name in columns]
        if file.table.is_by_file and things:
            conditions.append(f"coalesce({', '.join(things)}) is null")
        [(found,)] = self.connection.execute(
            "select exists (from (select *, "
            f"coalesce({', '.join(given)}) as _first, coalesce({others}) as _rest "
            f"from read_parquet({literal(str(target))})) "
            f"where {' or '.join(conditions)})"
        ).fetchall()
        return found

    def _mend(
        self,
        file: LandingFile,
        target: Path,
        layout: Layout,
        named: Named,
        encoding: str,
    ) -> None:
        """Rewrite a CSV file as UTF-8 with commas, with all rows of one length, and
        nothing but its rows."""
        csv.field_size_limit(LONGEST_LINE)
        line = 0
        try:
            with opened(file) as stream:
                text = io.TextIOWrapper(stream, encoding, newline="")
                found = _noting_lines(_lines_of(file, text), layout)
                line = self._leave_out_what_is_above(found, layout)
                with _writer(target) as write:
                    write(layout.names)
                    for line, row in self._rows(file, layout, named).of(found):
                        write(_of_one_length(file, row, len(layout.names), line))
        except csv.Error as error:
            raise unreadable(
                file, f"after line {line}: {error}; check its quotes"
            ) from error
        except UnicodeDecodeError as error:
            raise unreadable(
                file,
                f"its text is {encoding} at the beginning, but not to its end: save it "
                "as UTF-8",
            ) from error

    def _leave_out_what_is_above(
        self, found: Iterator[tuple[int, list[str]]], layout: Layout
    ) -> int:
        """Go on to the header and note the lines above it; the header's last line."""
        line, above = 0, 0
        if layout.has_separator:
            line, _ = next(each for each in found if is_filled(each[1]))
            self.left_out.add(SEP, line)
        for line, row in found:
            if not is_filled(row):
                continue
            if above == layout.before:
                break
            above += 1
            self.left_out.add(TITLE, line)
        return line

    def _rows(self, file: LandingFile, layout: Layout, named: Named) -> Rows:
        return Rows(file.table, layout.names, named, self.rules.words, self.left_out)

    # Workbooks

    def _sheet(self, file: LandingFile, scratch: Path, target: Path) -> Read:
        """A sheet, as the CSV that it would be saved as."""
        found = workbooks.read_sheet(
            file.path, file.name, file.member, scratch, self.rules.most_unpacked
        )
        filled = list(islice(_filled(found), LINES_SEARCHED))
        place = header_place(filled, file.table, self.rules.headings)
        if place is None:
            place = likeliest_header(filled, file.table, self.rules.headings)
        if not filled:
            return (), 0
        names = list(filled[place][1])
        while names and not names[-1].strip():
            names.pop()
        _check_names(file, names)
        layout = Layout(",", place, tuple(names))
        named = self.rules.headings.named(file.table, layout.names)
        body = iter(found)
        self._leave_out_what_is_above(body, layout)
        source = scratch / "sheet.csv"
        with _writer(source) as write:
            write(layout.names)
            for line, row in self._rows(file, layout, named).of(body):
                write(_of_one_length(file, row, len(layout.names), line))
        return self._mended_csv(file, source, target, named)

    # What is wrong with a file

    def _encoding(self, file: LandingFile, *, whole: bool = False) -> str:
        return self.rules.encodings.get(file.table.system) or encoding_of(
            file, whole=whole
        )

    def _check_columns(self, file: LandingFile, columns: Sequence[str]) -> None:
        """All columns that are missing, with the headings that are likely them."""
        if not columns:
            return
        missing = [need for need in file.table.needed if not need.found_in(columns)]
        if not missing:
            return
        table = file.table
        sentences = []
        for need in missing:
            likely = self.rules.headings.likeliest(table, need.names, columns)
            said = (
                f"no column {' or '.join(need.names)}, which is needed {need.purpose}"
            )
            if likely:
                said += (
                    f" (if it is {likely!r}, say so in columns.add.csv of DEFINITION: "
                    f"{table.system},{table.name},{likely},{need.names[0]})"
                )
            sentences.append(said)
        raise MissingColumns(
            [
                Missing(
                    file.name,
                    f"The file {file.name} (table {table.system}.{table.name}) has "
                    f"{'; and '.join(sentences)}. Its columns are "
                    f"{listed(columns, limit=12)}.",
                )
            ]
        )

    # JSON

    def _json(self, file: LandingFile, scratch: Path, target: Path) -> Read:
        with opened(file) as stream:
            head = stream.read(HEAD_BYTES)
        encoding = self._encoding(file)
        source = file.path
        is_gzipped = file.is_gzipped
        if encoding != "utf-8":
            source = scratch / "mended.jsonl"
            with opened(file) as stream, source.open("w", encoding="utf-8") as copy:
                shutil.copyfileobj(io.TextIOWrapper(stream, encoding, newline=""), copy)
            is_gzipped = False
        starts_as_list = head.decode(encoding, "replace").lstrip()[:1] == "["
        path = literal(str(_safe_path(source, scratch)))
        compression = "gzip" if is_gzipped else "none"

        def objects(layout: str, options: str = "") -> str:
            return (
                f"read_json_objects({path}, format = '{layout}', "
                f"compression = '{compression}'{options})"
            )

        relation = objects("array" if starts_as_list else "newline_delimited")
        try:
            stray, keys = self._json_keys(relation)
        except duckdb.Error as error:
            if starts_as_list or not _is_one_object(file, encoding):
                _name_the_line(file, encoding)
                raise unreadable(file, _first_line(error)) from error
            size = max(_size_of(file), 1 << 24)
            relation = objects("unstructured", f", maximum_object_size = {size}")
            stray, keys = self._json_keys(relation)
        around = [key for key in LISTS if key in keys] if not stray else []
        # Some answers call the list as the table is called.
        around += [key for key in keys if self._is_called(file.table, key)]
        if around and not starts_as_list:
            listing = f"json_extract(json, {literal(_pointer(around[0]))})"
            [(is_list,)] = self.connection.execute(
                f"select bool_and(json_type({listing}) = 'ARRAY') from {relation}"
            ).fetchall()
            if is_list and not self._has_needed(file.table, keys):
                relation = (
                    f"(select unnest(json_extract({listing}, '$[*]')) as json "
                    f"from {relation})"
                )
                stray, keys = self._json_keys(relation)
        if stray:
            raise unreadable(
                file, f"{stray} of its rows are not JSON objects with a key a column"
            )
        if not keys:
            return (), 0
        keys = sorted(keys)
        _check_names(file, keys)
        named = self.rules.headings.named(file.table, keys)
        pointers = ", ".join(literal(_pointer(key)) for key in keys)
        relation = (
            f"(select json_extract(json, [{pointers}]) as given, "
            f"json_extract_string(json, [{pointers}]) as found from {relation})"
        )
        values = [_json_text(index + 1) for index in range(len(keys))]
        return self._write(target, named, values, relation)

    def _json_keys(self, relation: str) -> tuple[int, list[str]]:
        stray, keys = self.connection.execute(
            "select count(*) filter (where json_type(json) <> 'OBJECT'), "
            "list_distinct(flatten(list(distinct json_keys(json)))) "
            f"from {relation}"
        ).fetchone()
        return stray, keys or []

    def _is_called(self, table: RawTable, name: str) -> bool:
        return table_called(table.system, name) == table

    def _has_needed(self, table: RawTable, names: Sequence[str]) -> bool:
        columns = self.rules.headings.named(table, names).all
        return bool(table.needed) and all(
            need.found_in(columns) for need in table.needed
        )

    def _opened_up(
        self,
        file: LandingFile,
        scratch: Path,
        target: Path,
        columns: tuple[str, ...],
        rows: int,
    ) -> Read:
        """Where a loader put the whole of each row into one column, as a JSON object,
        that object's keys are the columns."""
        packed = next((name for name in INSIDE if name in columns), None)
        if packed is None or self._has_needed(file.table, columns):
            return columns, rows
        whole = scratch / "packed.parquet"
        move(target, whole)
        relation = f"read_parquet({literal(str(whole))})"
        given = f"try_cast({quoted(packed)} as json)"
        [(stray, keys)] = self.connection.execute(
            f"select count(*) filter (where json_type({given}) is distinct from "
            f"'OBJECT'), list_distinct(flatten(list(distinct json_keys({given})))) "
            f"from {relation}"
        ).fetchall()
        if stray:
            raise unreadable(
                file, f"{stray} of its rows have no JSON object in the column {packed}"
            )
        keys = sorted(keys or [])
        beside = [name for name in columns if name != packed]
        _check_names(file, [*beside, *keys])
        named = self.rules.headings.named(file.table, [*beside, *keys])
        pointers = ", ".join(literal(_pointer(key)) for key in keys)
        kept = "".join(
            f"{quoted(name)} as b{place}, " for place, name in enumerate(beside)
        )
        relation = (
            f"(select {kept}json_extract({given}, [{pointers}]) as given, "
            f"json_extract_string({given}, [{pointers}]) as found from {relation})"
        )
        values = [f"b{place}" for place in range(len(beside))]
        values += [_json_text(index + 1) for index in range(len(keys))]
        return self._write(target, named, values, relation)

    # Parquet

    def _parquet(self, file: LandingFile, scratch: Path, target: Path) -> Read:
        # A landed file may be written over while it is read, so a copy is read.
        source = scratch / "landed.parquet"
        with opened(file) as stream, source.open("wb") as copy:
            size = file.path.stat().st_size
            copy_within(file, stream, copy, max(self.rules.most_unpacked, size))
        path = literal(str(_safe_path(source, scratch)))
        relation = f"read_parquet({path}, binary_as_string = true)"
        try:
            described = self.connection.execute(
                f"describe select * from {relation}"
            ).fetchall()
            chunks = self.connection.execute(
                "select total_uncompressed_size, num_values "
                f"from parquet_metadata({path})"
            ).fetchall()
            check_parquet(file, chunks, max(self.rules.most_unpacked, size))
            names = [row[0] for row in described]
            _check_names(file, names)
            if any(_depth(row[1]) > DEEPEST_TYPE for row in described):
                raise unreadable(
                    file,
                    "one of its columns has lists or objects in each other, more than "
                    f"{DEEPEST_TYPE} deep: export it as text",
                )
            named = self.rules.headings.named(file.table, names)
            columns = named.columns
            kinds = {row[1] for row in described}
            if (
                tuple(names) == columns
                and not (named.constants or named.made or self.added)
                and kinds == {"VARCHAR"}
                and self._is_text(source, path)
            ):
                rows, blanks = self._rows_and_blanks(columns, path)
                if not blanks:
                    _put(source, target)
                    return columns, rows
            values = [_as_text(quoted(row[0]), row[1]) for row in described]
            return self._write(target, named, values, relation)
        except duckdb.Error as error:
            raise unreadable(file, _first_line(error)) from error

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
        named: Named,
        values: Sequence[str],
        relation: str,
        where: str = "",
    ) -> Read:
        unfinished = _unfinished(target)
        columns, values = self._with_made(named, values, relation)
        constants = named.constants
        orders = dict(named.day_orders)
        values = [
            _year_first(value, orders[column]) if column in orders else value
            for column, value in zip(columns, values, strict=True)
        ]
        selected = [
            f"nullif(cast({value} as varchar), '') as {quoted(column)}"
            for column, value in zip(columns, values, strict=True)
        ]
        constants = [
            *constants,
            *(each for each in self.added if each[0] not in columns),
        ]
        selected += [f"{literal(value)} as {quoted(name)}" for name, value in constants]
        columns = [*columns, *(name for name, _ in constants)]
        dated = [
            f"nullif(trim(cast({value} as varchar)), '')"
            for column, value in zip(columns, values, strict=False)
            if column in self._stage_columns
        ]
        if dated and HAS_STAGE_DATES not in columns:
            selected.append(
                f"case when coalesce({', '.join(dated)}) is null then 'false' "
                f"else 'true' end as {HAS_STAGE_DATES}"
            )
            columns.append(HAS_STAGE_DATES)
        query = f"select {', '.join(selected)} from {relation} {where}"
        rows = warehouse.write_parquet(self.connection, query, unfinished)
        _put(unfinished, target)
        return tuple(columns), rows

    def _with_made(
        self, named: Named, values: Sequence[str], relation: str
    ) -> tuple[list[str], list[str]]:
        """The columns with those that are made of them, and what each is in SQL."""
        found = dict(zip(named.columns, values, strict=True))
        for made in named.made:
            parts = [f"nullif(trim({_text(values[at])}), '')" for at in made.places]
            value = parts[0] if len(parts) == 1 else _one_after_another(parts)
            if made.is_id:
                # What people are called by is no id that every table may show.
                value = f"left(md5(lower({value})), {DIGITS_OF_IDS})"
            if made.where_place is not None:
                given = _text(values[made.where_place])
                same = self._same_text(given, made.where_value, relation)
                value = f"case when {given} in ({same}) then {value} end"
            if made.column in found:
                value = (
                    f"coalesce(nullif(trim({_text(found[made.column])}), ''), {value})"
                )
            found[made.column] = value
        return list(found), list(found.values())

    def _same_text(self, given: str, wanted: str, relation: str) -> str:
        """The texts of a relation that are the same as a wanted one, for SQL."""
        texts = self.connection.execute(
            f"select distinct {given} from {relation} where {given} is not null"
        ).fetchall()
        same = sorted(text for (text,) in texts if folded(text) == folded(wanted))
        return ", ".join(map(literal, same)) or "null"


def _text(value: str) -> str:
    return f"cast({value} as varchar)"


def _one_after_another(parts: Sequence[str]) -> str:
    """All values as one text; nothing where all are blank."""
    filled = " or ".join(f"{part} is not null" for part in parts)
    whole = ", ' / ', ".join(f"coalesce({part}, '')" for part in parts)
    return f"case when {filled} then concat({whole}) end"


def _unfinished(target: Path) -> Path:
    """Where a file is written until it is whole: beside its target, under a name
    that no engine reads."""
    target.parent.mkdir(parents=True, exist_ok=True)
    return target.with_name(f".{target.name}")


def _year_first(value: str, day_order: str) -> str:
    """A day whose heading tells the order of day and month, in the one that has no
    second reading; anything else as it is."""
    of_heading = r"\3/\1/\2" if day_order == "month_first" else r"\3/\2/\1"
    day = r"^\s*(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})\b"
    return f"regexp_replace(cast({value} as varchar), '{day}', '{of_heading}')"


def _put(written: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    move(written, target)


def digest(path: Path) -> str:
    """The SHA-256 of a file."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


@contextmanager
def opened(file: LandingFile) -> Iterator[BinaryIO]:
    """The file's bytes, unpacked."""
    with gzip.open(file.path) if file.is_gzipped else file.path.open("rb") as stream:
        yield stream  # type: ignore[misc]


def encoding_of(file: LandingFile, *, whole: bool = False) -> str:
    """The encoding that a file's beginning, or the whole of it, tells; where it stays
    open, an OpenEncoding."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    with opened(file) as stream:
        piece = stream.read(HEAD_BYTES)
        told = encodings.marked(piece)
        if told:
            return told
        if piece and not piece.strip(b"\0"):
            raise unreadable(
                file,
                "it is nothing but NUL bytes: it was never written; export it again",
            )
        try:
            decoder.decode(piece)
            while whole and (piece := stream.read(HEAD_BYTES)):
                decoder.decode(piece)
            # A beginning may end inside a character, a file may not.
            decoder.decode(b"", final=whole)
        except UnicodeDecodeError:
            # Text of other encodings is hardly ever UTF-8 by chance, so text
            # that nearly is was UTF-8 before something broke it.
            text = piece.decode("utf-8", "replace")
            broken = text.count("\ufffd")
            if sum(char > "\x7f" for char in text) > 5 * broken:
                raise unreadable(
                    file, f"it is UTF-8 but for {broken} broken characters"
                ) from None
            return _told_by_text(file)
    return "utf-8"


def _told_by_text(file: LandingFile) -> str:
    sample = bytearray()
    with opened(file) as stream:
        while line := stream.readline(HEAD_BYTES):
            if not line.isascii():
                sample += line
            if len(sample) > MOST_SAMPLED:
                break
    told = encodings.told_by(bytes(sample))
    if len(told) == 1:
        return told[0]
    system = file.table.system
    example = (
        f'VARS=\'{{"source_encodings": {{"{system}": "{(told or ("cp932",))[0]}"}}}}\''
    )
    if told:
        said = unreadable(
            file,
            f"its encoding may be {listed(told).replace(' and ', ' or ')}, and its "
            f"text does not tell which: name it with {example}, or save it as UTF-8",
        )
        raise OpenEncoding(str(said), told)
    raise unreadable(
        file,
        "its text is neither UTF-8 nor UTF-16 nor Japanese Windows text (cp932), nor "
        f"any other encoding that is known: name it with {example}, or save it as "
        "UTF-8",
    )


@contextmanager
def _writer(target: Path) -> Iterator[Callable[[Sequence[str]], object]]:
    with target.open("w", encoding="utf-8", newline="") as output:
        yield csv.writer(output, lineterminator="\n").writerow


def _lines_of(file: LandingFile, text: TextIO) -> Iterator[str]:
    """The lines of a text; one that would fill the memory is an error."""
    number = 0
    while line := text.readline(LONGEST_LINE + 1):
        number += 1
        if len(line) > LONGEST_LINE:
            raise unreadable(
                file,
                f"line {number} is longer than {LONGEST_LINE >> 20} MB: end each row "
                "with a line break",
            )
        yield line


def _ends_in_long_line(path: Path) -> bool:
    """Whether the last line may be longer than DuckDB's buffer: it would leave out
    such a row and say nothing."""
    if path.stat().st_size <= LAST_BYTES:
        return False
    with path.open("rb") as stream:
        stream.seek(-LAST_BYTES, io.SEEK_END)
        return not any(mark in stream.read().rstrip() for mark in (b"\n", b"\r"))


def _check_names(file: LandingFile, names: Sequence[str]) -> None:
    if len(names) > MOST_COLUMNS:
        raise unreadable(
            file,
            f"it has {len(names):,} columns, more than the {MOST_COLUMNS:,} that are "
            "read: export the columns that you need",
        )
    longest = max(map(len, names), default=0)
    if longest > LONGEST_HEADING:
        raise unreadable(
            file,
            f"one of its columns has a name of {longest:,} characters, more than the "
            f"{LONGEST_HEADING:,} that are read: give the columns their names",
        )


def _noting_lines(
    text: Iterable[str], layout: Layout
) -> Iterator[tuple[int, list[str]]]:
    """The records of a file; quotes are only as strict as its rows are, for titles
    are typed by hand."""
    reader = csv.reader(text, delimiter=layout.delimiter, strict=layout.is_plain)
    for row in reader:
        yield reader.line_num, row


def _filled(found: Iterable[tuple[int, list[str]]]) -> Iterator[tuple[int, list[str]]]:
    return (each for each in found if is_filled(each[1]))


def _modified_at(file: LandingFile) -> str:
    if file.member and file.format != "xlsx":
        with zipfile.ZipFile(file.path) as archive, suppress(ValueError):
            return datetime(*archive.getinfo(file.member).date_time).isoformat(" ")
        # It has the month 0, as tools write it that know of no time.
    with suppress(ValueError, OverflowError):
        changed = datetime.fromtimestamp(file.path.stat().st_mtime, UTC)
        return changed.strftime("%Y-%m-%d %H:%M:%S")
    return datetime.min.isoformat(" ")


def _is_one_object(file: LandingFile, encoding: str) -> bool:
    """Whether a file may be one JSON object over several lines, or one long line."""
    with opened(file) as stream:
        head = stream.read(HEAD_BYTES).decode(encoding, "replace").lstrip()
    if not head.startswith("{"):
        return False
    try:
        json.loads(head.splitlines()[0])
    except RecursionError:
        return False
    except ValueError:
        inside = head[1:].lstrip()
        if not inside.startswith('"') or "\n" not in head.strip():
            return len(head) > 1 << 16
        with opened(file) as stream:
            text = stream.read().decode(encoding, "replace").strip()
        try:
            found, at = json.JSONDecoder(), 0
            while at < len(text):
                _, end = found.raw_decode(text, at)
                at = BETWEEN_OBJECTS.match(text, end).end()
        except (ValueError, RecursionError):
            return False
        return True
    return len(head.splitlines()[0]) > 1 << 16


def _size_of(file: LandingFile) -> int:
    size = 0
    with opened(file) as stream:
        while piece := stream.read(HEAD_BYTES):
            size += len(piece)
    return size


def _json_text(place: int) -> str:
    """A value of JSON as text. Of kintone's {"type": …, "value": …} it is the value."""
    given = f"given[{place}]"
    return (
        f"case when json_type({given}) = 'OBJECT' "
        f"and list_sort(json_keys({given})) = ['type', 'value'] "
        f"then json_extract_string({given}, '$.value') else found[{place}] end"
    )


def _of_one_length(
    file: LandingFile, row: list[str], length: int, line: int
) -> list[str]:
    """A short row with blanks after it; a row with more values is an error."""
    if any(value.strip() for value in row[length:]):
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
            except (ValueError, RecursionError) as error:
                reason = error.msg if isinstance(error, json.JSONDecodeError) else error
                raise unreadable(
                    file, f"line {number} is not a JSON object ({reason})"
                ) from error


def _depth(kind: str) -> int:
    """How deep the lists and objects of a type of DuckDB lie in each other."""
    deepest = depth = 0
    for sign in re.sub(r'"(?:[^"]|"")*"', "", kind):
        depth += (sign == "(") - (sign == ")")
        deepest = max(deepest, depth)
    return deepest + kind.count("[]")


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
