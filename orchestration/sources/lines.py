"""Which lines of an exported table are rows, and which only stand around them.

What people export by hand has a title above its header, totals and a footer below
its rows, a line `sep=;` for Excel, and lines of nothing but delimiters. Each is left
out where it can be nothing else, and said with its number: the header is the first
line that names what the table cannot do without; a row of totals begins with a word
for one and lacks what a row must have; a footer is what stands alone in its line
below the last row and begins with words that a report ends in, or stands below a
blank line, without a delimiter, and is no id. The words are rows of the seed
`report_lines`.
"""

from __future__ import annotations

import csv
import io
import re
import sys
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import islice

from orchestration.errors import listed
from orchestration.sources.headings import Headings, Named
from orchestration.sources.tables import RawTable

DELIMITERS = ",\t;|"
QUOTED = re.compile(r'(?:^|(?<=[,\t;|\r\n]))"[^"]*(?:""[^"]*)*"')
"""A quoted value: elsewhere than at its beginning a quote is a character."""
SEPARATOR = re.compile(r'\A(?:[ \t]*\r?\n)*"?sep=(.)"?[ \t]*(?:\r\n|\r|\n|\Z)', re.I)
"""What Excel is told the delimiter by, which Excel itself never shows."""
LINES_SEARCHED = 60
"""How far down a header is looked for."""
IDENTIFIER = re.compile(r"[A-Za-z0-9_.@+\-]+")
PLAIN_NUMBER = re.compile(r"-?[0-9]+([.][0-9]+)?")
AFTER_TOTAL = re.compile(r"\s*[:(\-–—0-9]")
REPORTED = ("campaign_id", "campaign_name", "utm_campaign", "ad_group_id", "ad_id")
"""What a row of an ad report is of; a total is of none."""
NOTHING = {"", "-", "--", "—", "–", " --"}

TITLE = "above the header"
SEP = "says the delimiter"
BLANK = "only delimiters"
TOTAL = "a total"
FOOTER = "a report's footer"
AGAIN = "the header again"

Record = tuple[int, list[str]]
"""The last line of a record, and its values."""


@dataclass(frozen=True)
class Words:
    """What lines that are no rows begin with, as they are compared."""

    totals: tuple[str, ...] = ()
    footers: tuple[str, ...] = ()

    @property
    def all(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys((*self.totals, *self.footers)))


@dataclass(frozen=True)
class Layout:
    """Where the rows of a file begin."""

    delimiter: str
    before: int
    """How many records that are not blank stand above the header."""
    names: tuple[str, ...]
    has_separator: bool = False

    @property
    def is_plain(self) -> bool:
        return not self.before and not self.has_separator


@dataclass
class LeftOut:
    """Lines that are no rows, by what they are."""

    lines: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))

    def add(self, kind: str, line: int) -> None:
        self.lines[kind].append(line)

    @property
    def sentence(self) -> str:
        """Such as `line 1 (above the header) and lines 5–8 (a report's footer)`."""
        return listed(
            f"line{'s' if len(found) > 1 else ''} {_numbers(found)} ({kind})"
            for kind, found in sorted(self.lines.items(), key=lambda item: item[1])
        )


def _numbers(lines: Sequence[int]) -> str:
    spans: list[list[int]] = []
    for line in sorted(lines):
        if spans and line == spans[-1][1] + 1:
            spans[-1][1] = line
        else:
            spans.append([line, line])
    return listed((f"{a}" if a == b else f"{a}–{b}" for a, b in spans), limit=10)


def folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).strip().lower()


def records(text: Iterable[str], delimiter: str) -> Iterator[Record]:
    csv.field_size_limit(sys.maxsize)
    reader = csv.reader(text, delimiter=delimiter)
    for row in reader:
        yield reader.line_num, row


def is_filled(row: Sequence[str]) -> bool:
    return any(value.strip() for value in row)


def find_layout(head: str, table: RawTable, headings: Headings) -> Layout:
    """The delimiter and the header, told by a file's beginning."""
    separator = SEPARATOR.match(head)
    body = head[separator.end() :] if separator else head
    offered = separator[1] if separator else DELIMITERS
    tried = []
    for delimiter in offered:
        found = _beginning(body, delimiter)
        fit = header_place(found, table, headings)
        if fit is not None:
            tried.append((delimiter, fit, found[fit][1]))
    if tried:
        # A delimiter that fits in several ways is the one that tells most columns.
        delimiter, place, names = max(tried, key=lambda each: len(each[2]))
        return Layout(delimiter, place, tuple(names), separator is not None)
    delimiter = separator[1] if separator else _most_frequent(body)
    # Below a title, which has no delimiter, it is the one that shows known columns.
    for other in offered:
        if _known_columns(_beginning(body, other), table, headings) > max(
            1, _known_columns(_beginning(body, delimiter), table, headings)
        ):
            delimiter = other
    found = _beginning(body, delimiter)
    place = likeliest_header(found, table, headings)
    names = tuple(found[place][1]) if found else ()
    return Layout(delimiter, place, names, separator is not None)


def _known_columns(found: Sequence[Record], table: RawTable, headings: Headings) -> int:
    """How many columns that are read the likeliest header names."""
    return max(
        (sum(headings.known(table, name) for name in row) for _, row in found),
        default=0,
    )


def _beginning(text: str, delimiter: str) -> list[Record]:
    """The first records that are not blank."""
    found = records(io.StringIO(text, newline=""), delimiter)
    try:
        filled = ((line, row) for line, row in found if is_filled(row))
        return list(islice(filled, LINES_SEARCHED))
    except csv.Error:
        return []


def _most_frequent(text: str) -> str:
    # Names in quotes may hold any delimiter and line ends: they do not count.
    lines = re.split(r"\r\n|\r|\n", QUOTED.sub("_", text))
    first = next((line for line in lines if line.strip()), "")
    return max(DELIMITERS, key=first.count)


def header_place(
    found: Sequence[Record], table: RawTable, headings: Headings
) -> int | None:
    """Which record names all that the table cannot do without."""
    if not table.needed:
        return None
    for place, (_, row) in enumerate(found):
        if len(row) < len(table.needed):
            continue
        columns = headings.named(table, row).all
        if all(need.found_in(columns) for need in table.needed):
            return place
    return None


def likeliest_header(
    found: Sequence[Record], table: RawTable, headings: Headings
) -> int:
    """Which record is the header where none has all that is needed: the one with
    most of the columns that are read, if that is two at least, else the first."""
    known = [sum(headings.known(table, name) for name in row) for _, row in found]
    if known and max(known) >= 2:
        return known.index(max(known))
    return 0


class Rows:
    """The rows below a header; what else stands there is noted."""

    def __init__(
        self,
        table: RawTable,
        names: Sequence[str],
        named: Named,
        words: Words,
        left_out: LeftOut,
    ) -> None:
        self.header = [name.strip() for name in names]
        self.words = words
        self.left_out = left_out
        self.needed = [named.places_of(need.names) for need in table.needed]
        places = {name: place for place, name in enumerate(named.columns)}
        self.things = [places[name] for name in REPORTED if name in places]
        self.amount = places.get("spend") if table.is_by_file and self.things else None
        self.sum = Decimal(0)
        """What the rows of an ad report cost that name what they are of."""
        self.nameless: list[Record] = []
        self.waiting: list[tuple[int, list[str], bool]] = []
        """What may be a footer, and whether a blank line stands above it."""
        self.was_blank = False

    def of(self, found: Iterable[Record]) -> Iterator[Record]:
        for line, row in self._told_apart(found):
            if self.amount is not None:
                if not is_filled(_at(row, *self.things)):
                    self.nameless.append((line, row))
                    continue
                self.sum += self._amount(row) or 0
            yield line, row
        # Meta's total is called nothing: it is the sum of all rows that are.
        for line, row in self.nameless:
            if len(self.nameless) == 1 and self.sum and self._amount(row) == self.sum:
                self.left_out.add(TOTAL, line)
            else:
                yield line, row

    def _amount(self, row: Sequence[str]) -> Decimal | None:
        text = "".join(_at(row, self.amount)).replace(",", "").strip()
        return Decimal(text) if PLAIN_NUMBER.fullmatch(text) else None

    def _told_apart(self, found: Iterable[Record]) -> Iterator[Record]:
        for line, row in found:
            if not is_filled(row):
                self.was_blank = True
                if len(row) > 1:
                    self.left_out.add(BLANK, line)
                continue
            if len(self.header) > 1 and [value.strip() for value in row] == self.header:
                yield from self._settled()
                self.left_out.add(AGAIN, line)
            elif self._may_be_footer(row):
                self.waiting.append((line, row, self.was_blank))
            elif self._is_total(row):
                self.left_out.add(TOTAL, line)
            else:
                yield from ((at, waiting) for at, waiting, _ in self.waiting)
                self.waiting.clear()
                yield line, row
            self.was_blank = False
        yield from self._settled()

    def _settled(self) -> Iterator[Record]:
        """What waits is below the last row: from the first line on that must be a
        footer's, all is one."""
        start = len(self.waiting)
        for place, (_, row, is_below_blank) in enumerate(self.waiting):
            rest = [each for _, each, _ in self.waiting[place:]]
            if self._is_footers(row) or (
                is_below_blank
                and (
                    any(self._is_footers(each) for each in rest)
                    or all(_is_prose(each) for each in rest)
                )
            ):
                start = place
                break
        for place, (line, row, _) in enumerate(self.waiting):
            if place < start:
                yield line, row
            else:
                self.left_out.add(FOOTER, line)
        self.waiting.clear()

    def _may_be_footer(self, row: Sequence[str]) -> bool:
        if len(self.header) < 2:
            return False
        filled = [place for place, value in enumerate(row) if value.strip()]
        if len(filled) == 1:
            return filled[0] == 0 or self._is_footers(row)
        # A comma of its text may stand there without quotes.
        is_one_text = len(row) < len(self.header) and all(
            value.startswith(" ") for value in row[1:]
        )
        return (
            self._is_footers(row)
            and not self._begins_with(row, self.words.totals)
            and (is_one_text or (len(filled) <= 3 and not self._has_all_needed(row)))
        )

    def _is_footers(self, row: Sequence[str]) -> bool:
        return folded(_first(row)).startswith(self.words.footers)

    def _is_total(self, row: Sequence[str]) -> bool:
        if len(self.header) < 2 or not self._begins_with(row, self.words.totals):
            return False
        if self.needed:
            return not self._has_all_needed(row)
        return all(
            folded(value) in NOTHING or not any(char.isalpha() for char in value)
            for value in row
            if value != _first(row)
        )

    def _begins_with(self, row: Sequence[str], words: Sequence[str]) -> bool:
        text = folded(_first(row))
        return any(
            text == word
            or (text.startswith(word) and AFTER_TOTAL.match(text[len(word) :]))
            for word in words
        )

    def _has_all_needed(self, row: Sequence[str]) -> bool:
        """Whether every column that is needed has a value that may be one."""
        for places in self.needed:
            values = _at(row, *places)
            if not any(
                value.strip() not in NOTHING
                and not self._begins_with([value], self.words.totals)
                for value in values
            ):
                return False
        return bool(self.needed)


def _at(row: Sequence[str], *places: int) -> list[str]:
    """The values at these places of a row, which may be short."""
    return [row[place] for place in places if place < len(row)]


def _first(row: Sequence[str]) -> str:
    return next((value for value in row if value.strip()), "")


def _is_prose(row: Sequence[str]) -> bool:
    """Whether a line has one value and not even delimiters, and it is no id."""
    return len(row) == 1 and not IDENTIFIER.fullmatch(row[0].strip())
