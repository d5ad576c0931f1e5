"""What a chapter, a figure, a chart and a column of the report are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    import altair

Kind = Literal[
    "text", "count", "rate", "interval", "money", "hours", "number", "month", "day"
]

ROWS = "rows"
"""The name of a chart's data, which the page fills in."""


@dataclass(frozen=True)
class Column:
    """A column of a figure's table."""

    name: str
    """The field of a row; of an interval, the field whose bounds it shows."""
    kind: Kind = "count"
    word: str = ""
    """What the column is called, as a key of words.yml; its name by default."""

    def as_json(self) -> dict[str, str]:
        return {"name": self.name, "kind": self.kind, "word": self.word or self.name}


@dataclass(frozen=True)
class Chart:
    """A chart of a figure's rows."""

    name: str
    draw: Callable[[], altair.TopLevelMixin]
    """Made when it is wanted, as importing Altair takes a second."""
    word: str = ""
    """A heading, where the figure has several charts."""

    def spec(self) -> dict[str, Any]:
        """The chart in Vega-Lite. A text in it that begins with `w:` stands for a
        word of the page, one with `c:` for a colour."""
        return self.draw().to_dict()


@dataclass(frozen=True)
class Figure:
    """A sentence, its charts and its table, all of the same rows."""

    name: str
    columns: tuple[Column, ...]
    charts: tuple[Chart, ...] = ()
    blind_to: tuple[str, ...] = ()
    """The filters that its table cannot know."""
    chooses: str = ""
    """The filter that a click on one of its marks sets."""


@dataclass(frozen=True)
class Chapter:
    name: str
    figures: tuple[Figure, ...]
