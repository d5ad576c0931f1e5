"""Which heading of a part is which column of its table, and what the columns that it
lacks can be made of."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import duckdb

from orchestration.proposals.parts import Part, Profile
from orchestration.proposals.proposal import (
    GUESS,
    LIKELY,
    SURE,
    Proposal,
    counted,
    shown,
)
from orchestration.proposals.words import Meaning, Words
from orchestration.sources.headings import Headings, compared
from orchestration.sources.tables import RAW_TABLES, RawTable, columns_read

LEAD = "lead"
MOST_STATUSES = 60
"""More different values than this are no statuses."""
IDS_MADE_OF = (
    ("email",),
    ("company", "name"),
    ("company", "last_name", "first_name"),
    ("email", "company", "name"),
)
"""What a lead is told apart by where it has no id, without and with its first date."""


@dataclass
class Reading:
    """How a part is read as its table."""

    part: Part
    table: RawTable
    columns: dict[str, int] = field(default_factory=dict)
    """Columns and stages, by the place of their heading."""
    derived: set[str] = field(default_factory=set)
    proposals: list[Proposal] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    """What the table cannot do without and nobody knows."""

    @property
    def unread(self) -> list[str]:
        """The headings with values that no column is read from."""
        used = set(self.columns.values())
        return [
            heading
            for place, heading in enumerate(self.part.headings)
            if place not in used and self.profile(place).filled and heading.strip()
        ]

    def profile(self, place: int) -> Profile:
        return self.part.profiles.get(place, Profile(0, 0, 0, 0))

    def heading(self, column: str) -> str:
        return self.part.headings[self.columns[column]]

    def stages(self, order: Sequence[str]) -> list[str]:
        """The stages whose dates stand in a column, in their order."""
        return [stage for stage in order if stage in self.columns]

    def has(self, column: str) -> bool:
        return column in self.columns or column in self.derived


def read_as(
    part: Part,
    table: RawTable,
    headings: Headings,
    words: Words,
    stages: Sequence[str],
) -> Reading:
    """The columns that are known, and proposals for those that are not."""
    found = Reading(part, table)
    named = headings.named(table, part.headings)
    known = {compared(name): name for name in columns_read(table)}
    for place, name in enumerate(named.columns):
        column = headings.stage_of(name) or known.get(compared(name))
        if column:
            found.columns[column] = place
    for made in named.made:
        column = headings.stage_of(made.column) or made.column
        found.derived.add(column)
    has_dates = any(
        each.made_of == table.name for each in RAW_TABLES if each.system == table.system
    )
    _instead_of_blank_ones(found, headings, known.values())
    _by_words_and_values(found, words, known.values(), stages if has_dates else ())
    _likeliest(found, headings)
    return found


def _offer(
    found: Reading, place: int, column: str, reason: str, confidence: str
) -> None:
    heading = found.part.headings[place]
    found.columns[column] = place
    row = {
        "system": found.table.system,
        "table": found.table.name,
        "heading": heading,
        "column": column,
    }
    found.proposals.append(
        Proposal(
            "columns",
            (row,),
            f"column {shown(heading)} of {shown(found.part.name)}",
            column,
            reason,
            confidence,
            "column",
            tuple(sorted(columns_read(found.table))),
        )
    )


def _instead_of_blank_ones(
    found: Reading, headings: Headings, known: Collection[str]
) -> None:
    """Another heading of the same column, where the first has no value."""
    for column, place in list(found.columns.items()):
        if not found.part.rows or found.profile(place).filled:
            continue
        for other, heading in enumerate(found.part.headings):
            if other in found.columns.values() or not found.profile(other).filled:
                continue
            if headings.means(found.table, heading) == column:
                reason = f"{shown(found.part.headings[place])} has no value"
                _offer(found, other, column, reason, SURE)
                break


def _by_words_and_values(
    found: Reading, words: Words, known: Collection[str], stages: Sequence[str]
) -> None:
    for place, heading in enumerate(found.part.headings):
        profile = found.profile(place)
        if place in found.columns.values() or not profile.filled:
            continue
        said = words.meaning("heading", heading)
        if (
            said
            and said.means in known
            and not found.has(said.means)
            and _may_hold(found, profile, said.means)
            and not _is_of_the_row_itself(found, profile, said)
        ):
            confidence = LIKELY if not said.is_whole else SURE
            if not said.is_sure:
                confidence = GUESS
            _offer(found, place, said.means, said.reason, confidence)
            continue
        stage = words.meaning("status", heading) if profile.is_of_instants else None
        if stage and stage.means in stages and not found.has(stage.means):
            reason = f"its values are dates, and it {stage.reason}"
            _offer(found, place, stage.means, reason, LIKELY)
        elif profile.is_of_addresses and "email" in known and not found.has("email"):
            _offer(found, place, "email", "its values are e-mail addresses", SURE)


def _is_of_the_row_itself(found: Reading, profile: Profile, said: Meaning) -> bool:
    """Whether it is the id of a change or a touch, and not of the lead that it is of:
    a word such as `no` tells neither, but a lead has several."""
    return (
        said.means == "lead_id"
        and not said.is_sure
        and found.table.name != LEAD
        and profile.distinct == found.part.rows
    )


def _may_hold(found: Reading, profile: Profile, column: str) -> bool:
    """Whether what stands in a column may be what another column's name says."""
    rows = found.part.rows
    if column == "email":
        return profile.is_of_addresses
    if column.endswith("_at"):
        return profile.is_of_instants
    if profile.is_of_instants or (profile.is_of_addresses and column != "owner_id"):
        return False
    if column == "lead_id":
        is_key = found.table.name == LEAD
        return profile.filled == rows and (not is_key or profile.distinct == rows)
    if column == "status":
        return profile.distinct <= MOST_STATUSES
    return True


def _likeliest(found: Reading, headings: Headings) -> None:
    """A heading that looks like one of what the table cannot do without."""
    for need in found.table.needed:
        if any(found.has(name) for name in need.names):
            continue
        free = {
            heading: place
            for place, heading in enumerate(found.part.headings)
            if place not in found.columns.values()
            and found.profile(place).filled
            and _may_hold(found, found.profile(place), need.names[0])
        }
        likely = headings.likeliest(found.table, need.names, list(free))
        if likely:
            reason = f"it looks like {need.names[0]}, which is needed {need.purpose}"
            _offer(found, free[likely], need.names[0], reason, GUESS)


# What is made of other columns


def make_what_is_missing(
    found: Reading, order: Sequence[str], ids: Mapping[str, tuple[str, ...]]
) -> tuple[str, ...]:
    """Propose derived columns for an id and a creation that a part lacks; the headings
    that the id is made of. `ids` are those that others of the system are made of."""
    used: tuple[str, ...] = ()
    dates = [found.heading(stage) for stage in found.stages(order)]
    if _needs(found, "created_at") and dates:
        rows = tuple(_derived(found, "created_at", heading) for heading in dates)
        found.derived.add("created_at")
        found.proposals.append(
            Proposal(
                "derived_columns",
                rows,
                f"created_at of {shown(found.part.name)}",
                " or else ".join(map(shown, dates)),
                "it has no date of creation: a lead's first date counts",
                LIKELY,
            )
        )
    if _needs(found, "lead_id"):
        used = _make_id(found, dates, ids.get(found.table.system, ()))
    found.missing = [
        need.names[0] for need in found.table.needed if _needs(found, *need.names)
    ]
    return used


def _needs(found: Reading, *names: str) -> bool:
    is_needed = any(set(names) & set(need.names) for need in found.table.needed)
    return is_needed and not any(found.has(name) for name in names)


def _make_id(
    found: Reading, dates: Sequence[str], given: tuple[str, ...]
) -> tuple[str, ...]:
    if given and found.table.name != LEAD:
        if not set(given) <= set(found.part.headings):
            return ()
        reason, confidence = "the leads' ids are made of the same", SURE
        chosen = given
    else:
        tried = list(_id_headings(found, dates))
        if not tried:
            return ()
        chosen, equal = min(
            ((each, _equal_rows(found, each)) for each in tried),
            key=lambda item: item[1],
        )
        reason = "it has no id, and these tell its rows apart"
        confidence = LIKELY
        if equal:
            confidence = GUESS
            reason = (
                f"it has no id; {counted(equal, 'row')} "
                f"{'is' if equal == 1 else 'are'} like another in all of these, and "
                f"{'counts' if equal == 1 else 'count'} once"
            )
    found.derived.add("lead_id")
    found.proposals.append(
        Proposal(
            "derived_columns",
            (_derived(found, "lead_id", " + ".join(chosen)),),
            f"lead_id of {shown(found.part.name)}",
            " + ".join(map(shown, chosen)),
            reason,
            confidence,
        )
    )
    return chosen


def _id_headings(found: Reading, dates: Sequence[str]) -> Iterator[tuple[str, ...]]:
    for columns in IDS_MADE_OF:
        if all(column in found.columns for column in columns):
            headings = tuple(found.heading(column) for column in columns)
            yield headings
            if dates:
                yield (*headings, dates[0])


def _equal_rows(found: Reading, headings: Sequence[str]) -> int:
    """How many rows are like another one in these, or have nothing in the first."""
    places = [found.part.headings.index(heading) for heading in headings]
    texts = [f"coalesce(trim({found.part.column(place)}), '')" for place in places]
    with duckdb.connect() as connection:
        [(equal,)] = connection.execute(
            f"select count(*) - count(distinct ({', '.join(texts)})) "
            f"filter ({texts[0]} <> '') from {found.part.relation}"
        ).fetchall()
    return equal


def _derived(found: Reading, column: str, made_of: str) -> dict[str, str]:
    return {
        "system": found.table.system,
        "table": found.table.name,
        "column": column,
        "made_of": made_of,
        "where_heading": "",
        "where_value": "",
    }
