"""Which table a part of a folder is: the one that knows most of its headings and has
what it needs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from orchestration.proposals.parts import Part
from orchestration.proposals.proposal import (
    ANSWERED,
    GUESS,
    LIKELY,
    SURE,
    Proposal,
    shown,
)
from orchestration.proposals.words import Words
from orchestration.sources.headings import Headings, compared
from orchestration.sources.landing import OWN_LAYOUTS
from orchestration.sources.named_files import ALONE, NamedFile
from orchestration.sources.tables import RAW_TABLES, RawTable, columns_read

LEAST_KNOWN = 2
"""How many headings a table must know to be proposed."""
AHEAD = 1.5
"""How much better than the next a table must fit to be the one."""
ONE_OF_MANY = "campaign_report"
"""The one table of `ads` in a layout of this project."""
DATED = re.compile(
    r"(?<![0-9])(?:19|20)[0-9]{2}[-_. ]?[0-9]{2}(?:[-_. ]?[0-9]{2})?(?![0-9])"
)
"""A month or a day in a file's name: next month's file has another one."""


@dataclass(frozen=True)
class Fit:
    """How well a part fits a table."""

    table: RawTable
    known: int
    missing: tuple[str, ...]
    """What the table needs and the part does not have."""
    score: float


class Vocabulary:
    """Which tables know which headings."""

    def __init__(self, headings: Headings, words: Words) -> None:
        self.headings = headings
        self.words = words
        self._own = {
            table: {compared(name) for name in columns_read(table)}
            for table in RAW_TABLES
        }

    def knows(self, heading: str) -> bool:
        return bool(compared(heading)) and (
            any(self.headings.known(table, heading) for table in _of_people())
            or self.words.is_word("heading", heading)
        )

    def fits(self, part: Part, vendors: Sequence[str]) -> list[Fit]:
        """The tables that a part may be, the best first."""
        found = []
        for table in RAW_TABLES:
            if table.made_of or not self._may_be(table, part, vendors):
                continue
            named = self.headings.named(table, part.headings)
            own = self._own[table]
            columns = {
                name
                for name in named.all
                if self.headings.stage_of(name) or compared(name) in own
            }
            missing = tuple(
                need.names[0] for need in table.needed if not need.found_in(named.all)
            )
            share = 1 - len(missing) / len(table.needed) if table.needed else 0
            score = len(columns) + 2 * share + self._by_name(part, table)
            found.append(Fit(table, len(columns), missing, score))
        # The list's own order decides between equals.
        return sorted(found, key=lambda fit: -fit.score)

    def _may_be(self, table: RawTable, part: Part, vendors: Sequence[str]) -> bool:
        if table.system in OWN_LAYOUTS and table.system != "ads":
            return True
        if table.name == ONE_OF_MANY:
            return True
        names = [compared(heading) for heading in part.headings]
        has_needed = bool(table.needed) and all(
            need.found_in(names) for need in table.needed
        )
        return has_needed and (table.system in vendors or table.system == "ads")

    def _by_name(self, part: Part, table: RawTable) -> float:
        said = self.words.meaning("file", re.sub(r"[-_.]", " ", part.name))
        return 0.5 if said and said.means == table.name else 0

    def vendors(self, parts: Iterable[Part]) -> list[str]:
        """Systems whose own columns stand in the folder, as only their API calls
        them; what their pages export is read as `generic`."""
        marks = {
            compared(word): system for word, system in self.words.of_part("vendor")
        }
        given = {compared(heading) for part in parts for heading in part.headings}
        return sorted({marks[heading] for heading in given & marks.keys()})


def _of_people() -> list[RawTable]:
    return [
        table for table in RAW_TABLES if table.system in (*OWN_LAYOUTS, "salesforce")
    ]


def propose(
    part: Part,
    fits: Sequence[Fit],
    lacking: Sequence[Fit],
    parts: Sequence[Part],
    tables: Sequence[str],
) -> Proposal:
    """The row of `files` for a part, of the tables that it fits; those of which it
    lacks something that they need only tell why it is left alone."""
    if part.trouble:
        return _left_alone(part, part.trouble, tables, GUESS)
    best = fits[0] if fits else None
    if best is None or best.known < LEAST_KNOWN or not part.headings:
        return _left_alone(part, _why_none(part, best, lacking), tables, GUESS)
    ahead = best.score - (fits[1].score if len(fits) > 1 else 0)
    reason = (
        f"{best.known} of its {len(part.headings)} headings are columns of "
        f"{best.table.name}"
    )
    if best.missing:
        reason += f"; no {' and no '.join(best.missing)}"
    confidence = GUESS
    if best.known >= 3:
        confidence = SURE if not best.missing and ahead >= AHEAD else LIKELY
    return _row(part, parts, best.table, reason, confidence, tables)


def _why_none(part: Part, best: Fit | None, lacking: Sequence[Fit]) -> str:
    nearest = max(lacking, key=lambda fit: fit.known, default=None)
    of = f"of its {len(part.headings)} headings are"
    known = best.known if best else 0
    if nearest is None or nearest.known < LEAST_KNOWN or nearest.known <= known:
        return f"only {known} {of} known"
    return (
        f"{nearest.known} {of} columns of {nearest.table.name}, but there is no "
        f"{' and no '.join(nearest.missing)}"
    )


def _row(
    part: Part,
    parts: Sequence[Part],
    table: RawTable,
    reason: str,
    confidence: str,
    tables: Sequence[str],
) -> Proposal:
    name, note = _pattern(part, parts)
    row = {
        "file": name,
        "system": table.system,
        "table": table.name,
        "sheet": part.file.member,
        "note": note,
    }
    return Proposal(
        "files",
        (row,),
        f"file {shown(part.name)}",
        f"{table.system}.{table.name}",
        reason,
        confidence,
        "table",
        tuple(tables),
    )


def _left_alone(
    part: Part, reason: str, tables: Sequence[str], confidence: str
) -> Proposal:
    row = {
        "file": part.path_name,
        "system": "",
        "table": ALONE,
        "sheet": part.file.member,
        "note": "",
    }
    return Proposal(
        "files",
        (row,),
        f"file {shown(part.name)}",
        ALONE,
        reason,
        confidence,
        "table",
        tuple(tables),
    )


def answered(proposal: Proposal, answer: str) -> Proposal:
    """The table that a person chose, as `generic.lead`."""
    system, _, table = answer.partition(".")
    if answer == ALONE:
        system, table = "", ALONE
    [row] = proposal.rows
    return Proposal(
        "files",
        ({**row, "system": system, "table": table},),
        proposal.about,
        answer,
        ANSWERED,
        SURE,
    )


def _pattern(part: Part, parts: Sequence[Part]) -> tuple[str, str]:
    """The name of a part's file; with a month or day in it, a pattern that fits the
    next one too, unless it fits a file of other headings."""
    name = part.path_name
    pattern = DATED.sub("*", name)
    if pattern == name:
        return name, ""
    row = NamedFile(pattern, None)
    for other in parts:
        if row.fits(other.path_name) and other.headings != part.headings:
            return name, ""
    return pattern, "Later months' files, too."
