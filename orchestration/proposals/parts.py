"""What is in a folder: files, sheets of workbooks and members of archives, each
with its header, as a Parquet file of texts in a folder that goes away again."""

from __future__ import annotations

import codecs
import csv
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path

import duckdb

from orchestration.errors import LeadFunnelError
from orchestration.proposals.proposal import shown
from orchestration.sources import trusted, workbooks
from orchestration.sources.headings import Headings, compared, unique_names
from orchestration.sources.landing import (
    ARCHIVE,
    FORMATS,
    WORKBOOK,
    WORKBOOKS,
    LandingFile,
    extension_of,
    files_below,
    members_of,
)
from orchestration.sources.lines import (
    DELIMITERS,
    LINES_SEARCHED,
    SEPARATOR,
    is_filled,
    records,
)
from orchestration.sources.readers import (
    Converter,
    OpenEncoding,
    encoding_of,
    opened,
)
from orchestration.sources.rules import ReadingRules
from orchestration.sources.tables import Needed, RawTable
from orchestration.sources.unpacking import DAMAGED, unpacked, unreadable
from orchestration.warehouse import literal, quoted

HEAD_BYTES = 1 << 18
NOT_YET = RawTable("folder", "as it came", "what is in the folder")
"""The table of what nobody has given a table yet."""
OUTLINE = 4
"""By how many of its headings a header is found again."""

COLUMNS_AT_ONCE = 20
"""Of 500 columns at once DuckDB counts the distinct values 40 times as long."""

Vocabulary = Callable[[str], bool]
"""Whether a heading is one that some table has."""


@dataclass(frozen=True)
class Profile:
    """What stands in one column."""

    filled: int
    distinct: int
    addresses: int
    instants: int

    @property
    def is_of_instants(self) -> bool:
        return self.filled > 0 and self.instants >= 0.8 * self.filled

    @property
    def is_of_addresses(self) -> bool:
        return self.filled > 0 and self.addresses >= 0.8 * self.filled


@dataclass
class Part:
    """One file, sheet or member, as it came."""

    file: LandingFile
    headings: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    """Its columns in `parquet`, in the order of the headings."""
    rows: int = 0
    left_out: str = ""
    encoding: str = ""
    """Blank where there is none, as in a workbook."""
    encodings: tuple[str, ...] = ()
    """What it may be in as well, where its text does not tell."""
    parquet: Path | None = None
    trouble: str = ""
    """Why it cannot be read, in a sentence."""
    profiles: dict[int, Profile] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return self.file.name

    @property
    def path_name(self) -> str:
        """The path below LANDING, without a sheet or member."""
        member = f"/{self.file.member}"
        return self.name.removesuffix(member) if self.file.member else self.name

    @property
    def relation(self) -> str:
        return f"read_parquet({literal(str(self.parquet))})"

    def column(self, place: int) -> str:
        return quoted(self.names[place])


# A text that is a day or an instant, roughly: what it says exactly is the models'.
INSTANT = (
    "^[(]?([0-9]{4}[-/.][0-9]{1,2}[-/.][0-9]{1,2}|[0-9]{1,2}[-/.][0-9]{1,2}[-/.]"
    "[0-9]{4}|[0-9]{4}年 ?[0-9]{1,2}月 ?[0-9]{1,2}日|(令和|平成|R|H)[0-9]{1,2}[年.]"
    "[0-9]{1,2}[月.][0-9]{1,2}日?|[A-Za-z]{3,9} [0-9]{1,2},? [0-9]{4}|"
    "[0-9]{1,2} [A-Za-z]{3,9},? [0-9]{4})([ T,].*)?$"
)


def find_parts(
    folder: Path, apart_from: Sequence[Path], most_unpacked: int = workbooks.ENOUGH
) -> tuple[list[Part], list[str]]:
    """What can be read below a folder, in a fixed order, and the files that cannot;
    folders that results go to are none of it."""
    found: list[Part] = []
    others: list[str] = []
    for path in files_below(folder, folder):
        if any(path.is_relative_to(each) for each in apart_from):
            continue
        name = path.relative_to(folder).as_posix()
        extension, is_gzipped = extension_of(path.name)
        holds_several = extension in (*WORKBOOKS, ARCHIVE) and not is_gzipped
        is_read = holds_several or extension in FORMATS
        reason = trusted.why_not(path, folder) if is_read else ""
        if reason:
            file = LandingFile(
                path, name, NOT_YET, FORMATS.get(extension, WORKBOOK), False
            )
            found.append(Part(file, trouble=f"it is not opened: {reason}"))
        elif holds_several:
            found += _parts_inside(path, name, extension, most_unpacked)
        elif extension in FORMATS:
            found.append(
                Part(LandingFile(path, name, NOT_YET, FORMATS[extension], is_gzipped))
            )
        else:
            others.append(name)
    return found, others


def _parts_inside(path: Path, name: str, extension: str, most: int) -> list[Part]:
    """The sheets or members of a file; one that cannot be opened is a trouble."""
    try:
        if extension == ARCHIVE:
            return _parts_of(path, name, list(_members(path, name, most)))
        sheets = workbooks.sheet_names(path, name, most)
        return _parts_of(path, name, [(sheet, WORKBOOK) for sheet in sheets])
    except LeadFunnelError as error:
        file = LandingFile(path, name, NOT_YET, WORKBOOK, False)
        return [Part(file, trouble=str(error))]


def _members(path: Path, name: str, most: int) -> Iterator[tuple[str, str]]:
    for item in members_of(path, name, most):
        extension, _ = extension_of(item.filename)
        if extension in FORMATS:
            yield item.filename, FORMATS[extension]


def _parts_of(path: Path, name: str, inside: Sequence[tuple[str, str]]) -> list[Part]:
    return [
        Part(
            LandingFile(
                path,
                f"{name}/{member}",
                NOT_YET,
                kind,
                kind != WORKBOOK and extension_of(member)[1],
                member,
            )
        )
        for member, kind in inside
    ]


def read(part: Part, rules: ReadingRules, scratch: Path, known: Vocabulary) -> None:
    """Find the header of a part and read what stands below it; what is wrong with it
    is its trouble."""
    if part.trouble:
        return
    scratch.mkdir(parents=True, exist_ok=True)
    try:
        file = _opened_up(part, scratch, rules)
        encodings = dict(rules.encodings)
        if file.format in ("csv", "json") and file.path.stat().st_size:
            part.encoding, part.encodings = _encodings(file)
            encodings[NOT_YET.system] = part.encoding
        headings = _header(file, part.encoding, known, scratch, rules.most_unpacked)
        table = replace(NOT_YET, needed=_outline(headings))
        bare = replace(rules, headings=Headings(), encodings=encodings)
        target = scratch / "rows.parquet"
        with Converter(scratch / "reading", bare) as converter:
            converted = converter.convert(replace(file, table=table), target)
        part.names = tuple(converted.columns)
        part.headings = headings or part.names
        part.rows, part.left_out = converted.rows, converted.left_out
        part.parquet = target if part.names else None
        _look_at_values(part)
    except LeadFunnelError as error:
        part.trouble = str(error)
    except DAMAGED as error:
        part.trouble = str(unreadable(part.file, str(error)))


def _opened_up(part: Part, scratch: Path, rules: ReadingRules) -> LandingFile:
    if not part.file.member or part.file.format == WORKBOOK:
        return part.file
    return unpacked(part.file, scratch, rules.most_unpacked)


def _encodings(file: LandingFile) -> tuple[str, tuple[str, ...]]:
    try:
        return encoding_of(file), ()
    except OpenEncoding as error:
        return error.candidates[0], error.candidates


def _outline(headings: Sequence[str]) -> tuple[Needed, ...]:
    names = [name for name in unique_names(headings) if compared(name)]
    return tuple(Needed((name,), "to find the header") for name in names[:OUTLINE])


def _header(
    file: LandingFile, encoding: str, known: Vocabulary, scratch: Path, most: int
) -> tuple[str, ...]:
    """The headings of a CSV file or a sheet; other formats have no header."""
    if file.format == WORKBOOK:
        sheet = workbooks.read_sheet(file.path, file.name, file.member, scratch, most)
        rows = [row for _, row in sheet if is_filled(row)]
        place = _place(rows[:LINES_SEARCHED], known)
        return _trimmed(rows[place]) if rows else ()
    if file.format != "csv":
        return ()
    with opened(file) as stream:
        head = stream.read(HEAD_BYTES)
    text = codecs.getincrementaldecoder(encoding or "utf-8")("replace").decode(head)
    separator = SEPARATOR.match(text)
    body = text[separator.end() :] if separator else text
    best: tuple[tuple[int, int], tuple[str, ...]] = ((0, 0), ())
    for delimiter in separator[1] if separator else DELIMITERS:
        lines = iter(body.splitlines(keepends=True))
        try:
            rows = [
                row
                for _, row in islice(records(lines, delimiter), LINES_SEARCHED)
                if is_filled(row)
            ]
        except csv.Error:  # Another delimiter may do.
            continue
        if rows:
            row = rows[_place(rows, known)]
            rank = (sum(map(known, row)), len(row))
            if rank > best[0]:
                best = (rank, tuple(row))
    return best[1]


def _place(rows: Sequence[Sequence[str]], known: Vocabulary) -> int:
    """Which row is the header: the one with most headings that are known, if these are
    two at least; else the first that is about as wide as the widest, and all words."""
    if not rows:
        return 0
    counts = [sum(map(known, row)) for row in rows]
    if max(counts) >= 2:
        return counts.index(max(counts))
    width = max(sum(bool(value.strip()) for value in row) for row in rows)
    for place, row in enumerate(rows):
        if sum(bool(value.strip()) for value in row) >= max(1, 0.6 * width):
            return place
    return 0


def _trimmed(row: Sequence[str]) -> tuple[str, ...]:
    names = list(row)
    while names and not names[-1].strip():
        names.pop()
    return tuple(names)


def _look_at_values(part: Part) -> None:
    if part.parquet is None:
        return
    with duckdb.connect() as connection:
        for first in range(0, len(part.headings), COLUMNS_AT_ONCE):
            places = range(first, min(first + COLUMNS_AT_ONCE, len(part.headings)))
            asked = ", ".join(each for place in places for each in _asked(part, place))
            counts = connection.execute(
                f"select {asked} from {part.relation}"
            ).fetchone()
            for number, place in enumerate(places):
                part.profiles[place] = Profile(*counts[4 * number : 4 * number + 4])


def _asked(part: Part, place: int) -> tuple[str, str, str, str]:
    """A column's Profile in SQL."""
    name = part.column(place)
    text = f"trim({name}, ' \t\u3000')"
    return (
        f"count(nullif({text}, ''))",
        f"count(distinct nullif({text}, ''))",
        f"count(*) filter (regexp_full_match({text}, '[^@ ]+@[^@ ]+[.][^@ ]+'))",
        f"count(*) filter (regexp_matches({text}, {literal(INSTANT)}))",
    )


def described(part: Part) -> str:
    """Such as `212 rows, cp932; left out line 1 (above the header)`."""
    words = [f"{part.rows:,} row{'' if part.rows == 1 else 's'}"]
    if part.encoding:
        words.append(part.encoding.replace("utf-8-sig", "utf-8"))
    said = ", ".join(words)
    return f"{said}; left out {shown(part.left_out)}" if part.left_out else said
