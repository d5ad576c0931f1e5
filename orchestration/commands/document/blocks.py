"""The blocks of a document."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum

SHORT = 24
"""Characters that a column of a page can always hold side by side."""


class Tone(Enum):
    """What a text says beside its words; each medium has its own colours."""

    PLAIN = ""
    STRONG = "strong"
    WARNING = "warning"
    ADDED = "added"
    REMOVED = "removed"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    IGNORED = "ignored"
    WITHDRAWN = "withdrawn"
    PENDING = "pending"


OUTCOMES = {
    tone.value: tone
    for tone in (
        Tone.ACCEPTED,
        Tone.REJECTED,
        Tone.IGNORED,
        Tone.WITHDRAWN,
        Tone.PENDING,
    )
}


@dataclass(frozen=True)
class Heading:
    text: str
    tone: Tone = Tone.PLAIN
    level: int = 2
    """2 for a part, 3 for a part of a part."""


@dataclass(frozen=True)
class Sentence:
    text: str
    tone: Tone = Tone.PLAIN
    is_strong: bool = False


@dataclass(frozen=True)
class Cell:
    """What a cell says, in one line or several."""

    lines: tuple[str, ...]
    is_repeated: bool = False
    """It says what the cell above says; a terminal leaves it blank."""

    @property
    def is_short(self) -> bool:
        """Its lines are dates, ids or numbers, which read badly in two."""
        return all(len(line) <= SHORT for line in self.lines)

    @classmethod
    def of(cls, said: CellText) -> Cell:
        if isinstance(said, Cell):
            return said
        return cls((said,) if isinstance(said, str) else tuple(said))


CellText = str | Sequence[str] | Cell
"""A line, several lines, or a cell."""


@dataclass(frozen=True)
class Column:
    title: str
    is_right: bool = False
    min_width: int | None = None
    """Characters that a terminal leaves to it at least."""
    spoken: str = ""
    """What a column without a title is about, for who does not see the rest."""


@dataclass(frozen=True)
class Row:
    cells: tuple[Cell, ...]
    starts_section: bool = False


@dataclass
class Table:
    """Rows of text below columns; the caption is for who does not see the rest."""

    caption: str
    columns: tuple[Column, ...]
    rows: list[Row] = field(default_factory=list)
    names_rows: bool = True
    """The first column says what its row is about."""

    def add(self, *said: CellText, starts_section: bool = False) -> None:
        if len(said) != len(self.columns):
            raise ValueError(f"{len(said)} cells for {len(self.columns)} columns")
        self.rows.append(Row(tuple(map(Cell.of, said)), starts_section))


@dataclass(frozen=True)
class Picture:
    """A drawing, as SVG of ours, and what it shows in words."""

    svg: str
    alt: str


@dataclass(frozen=True)
class Details:
    """What is folded away below its summary."""

    summary: str
    blocks: tuple[Block, ...]


Block = Heading | Sentence | Table | Picture | Details


@dataclass(frozen=True)
class Document:
    title: str
    blocks: tuple[Block, ...]
