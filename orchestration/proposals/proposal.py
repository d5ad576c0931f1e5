"""A row of the definition that is proposed, why, and how sure that is."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from orchestration.sources.lines import folded

SURE, LIKELY, GUESS = "sure", "likely", "a guess"

ANSWERED = "your answer"
"""The reason for what a person said."""

VARS = "vars"
"""The seed of a proposal that is a var: its row has the name, system and value."""

LONGEST = 60
"""How many characters of a text from a file are shown."""


@dataclass(frozen=True)
class Proposal:
    """Rows for one file of the definition that stand or fall together."""

    seed: str
    rows: tuple[dict[str, str], ...]
    about: str
    """What it is about, for a person: `status 'MQL' (12 rows)`."""
    means: str
    """What is proposed, for a person: `mql`. Blank where nothing can be."""
    reason: str
    confidence: str = SURE
    answer: str = ""
    """The column that another answer is put into; blank where it is yes or no."""
    choices: tuple[str, ...] = ()
    replaces: bool = False
    """Whether the rows take the place of the seed's."""

    @property
    def is_sure(self) -> bool:
        return self.confidence == SURE

    def answered(self, answer: str) -> Proposal:
        """The same with another answer, which a person is sure of."""
        rows = tuple({**row, self.answer: answer} for row in self.rows)
        return replace(self, rows=rows, means=answer, reason=ANSWERED, confidence=SURE)


@dataclass(frozen=True)
class Unknown:
    """What cannot be known from the files, and the row that would say it."""

    what: str
    file: str
    """The file of DEFINITION to edit."""
    row: str


@dataclass
class Found:
    """All that is proposed, what was found in words, and what stays open."""

    settled: list[Proposal] = field(default_factory=list)
    not_sure: list[Proposal] = field(default_factory=list)
    """Those of `settled` that nobody was asked about."""
    unknown: list[Unknown] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def shown(text: str) -> str:
    """A text from a file as a terminal may show it: in one line, without characters
    that do something there, and not too long."""
    clean = "".join(
        char
        if char == " " or unicodedata.category(char)[0] not in "CZ"
        else (" " if char.isspace() else "\N{REPLACEMENT CHARACTER}")
        for char in text
    )
    return clean if len(clean) <= LONGEST else f"{clean[: LONGEST - 1]}…"


def masked(text: str, shared: Sequence[str] = ()) -> str:
    """The same of what may be an address: of a person's only the first letter."""
    local, at, domain = text.strip().partition("@")
    if not at or "." not in domain or folded(local) in shared:
        return shown(text)
    return shown(f"{local[:1]}***@{domain}")


def counted(number: int, thing: str) -> str:
    return f"{number:,} {thing}{'' if number == 1 else 's'}"
