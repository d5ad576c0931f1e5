"""Which column of a raw table a heading of an export stands for.

Rows of the definition's `columns` (system, table, heading, column) say it: the
shipped ones know what CRMs and advertising platforms call the columns of what
people export by hand, a company's own come before them. A heading that is a
column's own name needs no row. Where the column is a stage, the heading's values
are when a lead reached it. Rows of `derived_columns` make a column that a file
does not have of those that it has.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from orchestration.errors import LeadFunnelError, listed, meant
from orchestration.project import DAY_ORDERS
from orchestration.sources.tables import (
    LOADED_SYSTEMS,
    RawTable,
    columns_read,
    plain,
    table_called,
    tables_of,
)

ENTERED = "entered_"
"""What the column of a raw table begins with that holds a stage's instant."""

CURRENCY = re.compile(r"\s*[(（]\s*([A-Z]{3})\s*[)）]\s*$")
CURRENCIES = {"currency", "currencycode", "currencyisocode"}
AMOUNTS = {"spend", "amount", "actual_cost"}
"""Columns that a currency may stand beside in a heading: `Amount spent (JPY)`."""

RECORD_IDS = ("lead_id", "id")

LIKE = 0.6
"""How alike a heading and a column are, of 1, for one to be meant by the other."""


@dataclass(frozen=True)
class Mapped:
    """One row of `columns`."""

    system: str
    table: str
    heading: str
    column: str
    day_order: str = ""
    """How the days under the heading are written, where that is always so."""
    is_own: bool = False
    """From a company's own definition."""


@dataclass(frozen=True)
class Derived:
    """One row of `derived_columns`: a column that is made of others."""

    system: str
    table: str
    column: str
    made_of: tuple[str, ...]
    where_heading: str = ""
    where_value: str = ""

    @property
    def told(self) -> tuple[str, ...]:
        return (self.column, *self.made_of, self.where_heading, self.where_value)


@dataclass(frozen=True)
class Made:
    """A derived column of one file, by the places of the file's columns."""

    column: str
    places: tuple[int, ...]
    where_place: int | None = None
    where_value: str = ""

    @property
    def is_id(self) -> bool:
        """Whether it tells rows apart, so that it is a digest of what it is made of."""
        return self.column in RECORD_IDS


@dataclass(frozen=True)
class Named:
    """A file's columns, in the order of its headings."""

    columns: tuple[str, ...]
    constants: tuple[tuple[str, str], ...] = ()
    """Columns that the headings tell by themselves, with their value."""
    day_orders: tuple[tuple[str, str], ...] = ()
    """Columns of days whose heading tells the order of day and month."""
    made: tuple[Made, ...] = ()
    """Columns that are made of these; they fill what is blank where there is such a
    column already."""

    @property
    def all(self) -> tuple[str, ...]:
        """The columns with those that are made of them."""
        return tuple(
            dict.fromkeys((*self.columns, *(each.column for each in self.made)))
        )

    def places_of(self, names: Collection[str]) -> list[int]:
        """Where the values of a column stand that is called by one of these names."""
        wanted = set(map(plain, names))
        places = [
            place for place, name in enumerate(self.columns) if plain(name) in wanted
        ]
        for made in self.made:
            if plain(made.column) in wanted:
                places.extend(made.places)
        return places


@lru_cache(maxsize=65536)
def compared(heading: str) -> str:
    """A heading as it is compared: without case, width, blanks and signs."""
    return plain(unicodedata.normalize("NFKC", heading))


class Headings:
    """The rows of `columns`, looked up by table."""

    def __init__(
        self,
        rows: Iterable[Mapped] = (),
        stages: Collection[str] = (),
        derived: Iterable[Derived] = (),
    ) -> None:
        self.stages = frozenset(stages)
        self._derived: dict[tuple[str, str], list[Derived]] = {}
        for each in derived:
            self._derived.setdefault((each.system, each.table), []).append(each)
        self._by_table: dict[tuple[str, str], dict[str, tuple[int, int, str, str]]] = {}
        for place, row in enumerate(rows):
            of_table = self._by_table.setdefault((row.system, row.table), {})
            key, rank = compared(row.heading), 0 if row.is_own else 2
            if key not in of_table or rank < of_table[key][0]:
                of_table[key] = (rank, place, row.column, row.day_order)

    def named(self, table: RawTable, given: Sequence[str]) -> Named:
        """The columns of a file with these headings. Of several headings that stand
        for one column one is it: a company's own mapping, else the column's own
        name, else the shipped mapping that comes first; the others keep their names."""
        of_table = self._by_table.get((table.system, table.name), {})
        found: dict[str, tuple[tuple[int, int, int], int]] = {}
        currencies: dict[int, str] = {}
        for place, heading in enumerate(given):
            choice = of_table.get(compared(heading))
            stated = CURRENCY.search(unicodedata.normalize("NFKC", heading))
            if choice is None and stated:
                base = compared(
                    CURRENCY.sub("", unicodedata.normalize("NFKC", heading))
                )
                choice = of_table.get(base)
                if choice is None and base in AMOUNTS:
                    choice = (1, 0, base, "")
                if choice and choice[2] in AMOUNTS:
                    currencies[place] = stated[1]
                else:
                    choice = None
            if choice is not None:
                rank, order, column, _ = choice
                if column in self.stages:
                    column = f"{ENTERED}{column}"
                _offer(found, column, (rank, order, place), place)
        targets = {compared(column): column for column in found}
        for place, heading in enumerate(given):
            same = targets.get(compared(snake_case(heading)))
            if same is not None and heading.strip():
                _offer(found, same, (1, 0, place), place)
        chosen = {place: column for column, (_, place) in found.items()}
        names = unique_names(
            [chosen.get(place, heading) for place, heading in enumerate(given)],
            first=chosen,
        )
        made = self._made(table, given)
        orders = tuple(
            (names[place], mapped[3])
            for place in chosen
            if (mapped := of_table.get(compared(given[place]))) and mapped[3]
        )
        told = {currencies[place] for place in chosen if place in currencies}
        if len(told) != 1 or CURRENCIES & {compared(name) for name in names}:
            return Named(names, day_orders=orders, made=made)
        return Named(names, (("currency", told.pop()),), orders, made)

    def _made(self, table: RawTable, given: Sequence[str]) -> tuple[Made, ...]:
        """The derived columns of a file that has all of the headings they need."""
        rows = self._derived.get((table.system, table.name))
        if not rows:
            return ()
        places: dict[str, int] = {}
        for place, heading in enumerate(given):
            places.setdefault(compared(heading), place)
        found = []
        for row in rows:
            wanted = [places.get(compared(heading)) for heading in row.made_of]
            where = places.get(compared(row.where_heading))
            if None in wanted or (row.where_heading and where is None):
                continue
            column = (
                f"{ENTERED}{row.column}" if row.column in self.stages else row.column
            )
            found.append(
                Made(
                    column,
                    tuple(place for place in wanted if place is not None),
                    where if row.where_heading else None,
                    row.where_value,
                )
            )
        return tuple(found)

    def stage_of(self, column: str) -> str | None:
        """The stage whose dates a column of a raw table holds, if it does."""
        stage = column.removeprefix(ENTERED)
        return stage if column != stage and stage in self.stages else None

    def means(self, table: RawTable, heading: str) -> str | None:
        """The column or stage that a heading stands for, were it the only one."""
        choice = self._by_table.get((table.system, table.name), {}).get(
            compared(heading)
        )
        if choice:
            return choice[2]
        own = {compared(column): column for column in columns_read(table)}
        return own.get(compared(heading))

    def known(self, table: RawTable, heading: str) -> bool:
        """Whether a heading is one that is read, or mapped to one."""
        key = compared(heading)
        return key in self._by_table.get((table.system, table.name), {}) or key in (
            compared(column) for column in columns_read(table)
        )

    def likeliest(
        self, table: RawTable, names: Collection[str], given: Sequence[str]
    ) -> str | None:
        """The heading of a file that most likely stands for a column of that name."""
        wanted = {
            *map(compared, names),
            *(
                key
                for (_, _), of_table in self._by_table.items()
                for key, (_, _, column, _) in of_table.items()
                if compared(column) in set(map(compared, names))
            ),
        }
        best, best_share = None, LIKE
        for heading in given:
            key = compared(heading)
            for want in wanted:
                share = difflib.SequenceMatcher(None, key, want).ratio()
                if min(len(key), len(want)) > 1 and (want in key or key in want):
                    share = max(share, 0.75)
                if share > best_share:
                    best, best_share = heading, share
        return best


def _offer(
    found: dict[str, tuple[tuple[int, int, int], int]],
    column: str,
    rank: tuple[int, int, int],
    place: int,
) -> None:
    if column not in found or rank < found[column][0]:
        found[column] = (rank, place)


def checked(rows: Iterable[Mapped], stages: Collection[str]) -> list[Mapped]:
    """A company's own rows, under the tables' canonical names; each thing that can
    be wrong with one is a sentence."""
    found = []
    for row in rows:
        said = f"columns of DEFINITION maps {row.heading!r}"
        table = known_table(said, row.system, row.table)
        if not row.heading.strip() or not row.column.strip():
            raise LeadFunnelError(
                f"{said} to {row.column!r}: a row needs a heading and a column."
            )
        column = _known_column(f"{said} to {row.column!r}", table, row.column, stages)
        if row.day_order not in ("", *DAY_ORDERS):
            raise LeadFunnelError(
                f"{said} with the day_order {row.day_order!r}: it is "
                f"{listed(DAY_ORDERS)}, or blank where it is not always the same."
            )
        found.append(
            Mapped(
                row.system,
                table.name,
                row.heading,
                column,
                row.day_order,
                is_own=True,
            )
        )
    return found


def checked_derived(
    rows: Iterable[Mapping[str, str]], stages: Collection[str]
) -> list[Derived]:
    """The rows of `derived_columns`, checked in the same way."""
    found = []
    for row in rows:
        said = f"derived_columns of DEFINITION makes {row['column']!r}"
        table = known_table(said, row["system"], row["table"])
        made_of = tuple(part.strip() for part in row["made_of"].split(" + "))
        if not all(made_of):
            raise LeadFunnelError(
                f"{said} of {row['made_of']!r}: name a heading of the file, or several "
                "with ` + ` between them, such as Company + Name."
            )
        if bool(row["where_heading"]) != bool(row["where_value"]):
            raise LeadFunnelError(
                f"{said} where {row['where_heading']!r} is {row['where_value']!r}: "
                "fill both where_heading and where_value, or neither."
            )
        column = _known_column(said, table, row["column"], stages)
        found.append(
            Derived(
                row["system"],
                table.name,
                column,
                made_of,
                row["where_heading"],
                row["where_value"],
            )
        )
    return found


def known_table(said: str, system: str, name: str) -> RawTable:
    """The table of a row of the definition; one that nobody knows is an error."""
    if system not in LOADED_SYSTEMS:
        raise LeadFunnelError(
            f"{said} of the unknown system {system!r}{meant(system, LOADED_SYSTEMS)}. "
            f"Known are {listed(LOADED_SYSTEMS)}."
        )
    table = table_called(system, name)
    if table is None:
        names = [table.name for table in tables_of(system)]
        raise LeadFunnelError(
            f"{said} of the unknown table {name!r} of {system}{meant(name, names)}. "
            f"It has {listed(names, limit=30)}."
        )
    return table


def _known_column(
    said: str, table: RawTable, given: str, stages: Collection[str]
) -> str:
    known = {compared(name): name for name in (*columns_read(table), *stages)}
    column = known.get(compared(given))
    if column is None:
        raise LeadFunnelError(
            f"{said}, which is no column of {table.system}.{table.name} that is read, "
            f"and no stage{meant(given, known.values())}. It has "
            f"{listed(sorted(columns_read(table)), limit=40)}."
        )
    return column


FILE_COLUMNS = ("_file", "_file_sha256", "_loaded_at")


def unique_names(
    given: Sequence[str], first: Mapping[int, str] | None = None
) -> tuple[str, ...]:
    """Column names in snake case, no two alike, none of them ours; those that are
    named `first` (by place) keep their names."""
    kept = dict(first or {})
    taken: set[str] = {*FILE_COLUMNS, *kept.values()}
    names = []
    for place, text in enumerate(given):
        if place in kept:
            names.append(kept[place])
            continue
        name = snake_case(text) or f"column_{place + 1}"
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
