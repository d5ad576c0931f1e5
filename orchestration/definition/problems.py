"""What is wrong with a definition, said of the row of a file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from orchestration.errors import LeadFunnelError

OWN = "in DEFINITION"
"""What the name of a company's own file ends in."""
MOST_SHOWN = 40
"""Problems that an error names one by one."""
MOST_FOUND = 1_000
LONGEST = 120
"""Characters of a row, or a value, that are shown."""


@dataclass(frozen=True)
class Row:
    """One row of a file of the definition."""

    seed: str
    file: str
    """As a person finds it: `seeds/x.csv`, or `x.add.csv in DEFINITION`."""
    line: int
    """In the file, counted from 1; the names of the columns are on the first."""
    text: str
    values: dict[str, str]
    """By the seed's columns, without space around; blank where nothing is."""
    is_own: bool
    """Whether a company's own file says it."""

    def __getitem__(self, column: str) -> str:
        return self.values.get(column, "")

    @property
    def place(self) -> str:
        return f"{self.file}, line {self.line}"


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong, and what to do about it."""

    place: str
    text: str
    """The row as it is written; blank where it is the file."""
    sentence: str
    is_error: bool = True

    def __str__(self) -> str:
        row = f" ({shortened(self.text)})" if self.text else ""
        return f"{self.place}{row}: {self.sentence}"


class TooMany(Exception):
    """Nobody reads further, so nothing more is looked at."""


@dataclass
class Problems:
    """Collects what is found."""

    found: dict[Problem, None] = field(default_factory=dict)

    def error(self, row: Row, sentence: str) -> None:
        self._add(Problem(row.place, row.text, sentence))

    def odd(self, row: Row, sentence: str) -> None:
        """Legal, and perhaps meant."""
        self._add(Problem(row.place, row.text, sentence, is_error=False))

    def of_file(self, file: str, sentence: str, *, is_error: bool = True) -> None:
        self._add(Problem(file, "", sentence, is_error))

    def _add(self, problem: Problem) -> None:
        self.found[problem] = None
        if len(self.found) >= MOST_FOUND:
            raise TooMany

    @property
    def errors(self) -> list[Problem]:
        return [problem for problem in self.found if problem.is_error]

    @property
    def oddities(self) -> list[Problem]:
        return [problem for problem in self.found if not problem.is_error]


def error_of(problems: Sequence[Problem]) -> LeadFunnelError:
    """All of them in one error, a line each: those of whole files first, then those of
    a company's own rows."""
    count = "1 problem" if len(problems) == 1 else f"{len(problems):,} problems"
    problems = sorted(problems, key=_order)
    lines = [f"- {problem}" for problem in problems[:MOST_SHOWN]]
    if len(problems) > MOST_SHOWN:
        lines.append(f"- And {len(problems) - MOST_SHOWN:,} more.")
    return LeadFunnelError(
        f"The definition has {count}, so nothing was built:\n" + "\n".join(lines)
    )


def _order(problem: Problem) -> tuple[bool, bool]:
    return bool(problem.text), OWN not in problem.place


def shortened(text: str) -> str:
    """On one line, without what a terminal would obey, and short."""
    shown = "".join(char if char.isprintable() else " " for char in text)
    return shown if len(shown) <= LONGEST else f"{shown[:LONGEST]}…"


def quote(value: str) -> str:
    return f'"{shortened(value)}"' if value else "blank"
