"""What a check is: one expectation, with a name and what it protects.

Suites are lists of these, readable without Great Expectations (whose import
takes seconds): Dagster needs the names when it starts, the runner everything.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

PREFIXED_SCHEMAS = (
    "definition",
    "staging",
    "input_layer",
    "intermediate",
    "marts",
    "quality",
    "settings",
)
"""Schemas that a named funnel version has for itself."""

Catalog = Mapping[str, Sequence[str]]
"""The tables that are there, as `<schema>.<table>`, with their columns."""

Part = Literal["each_person", "across_people"]
"""Checks that hold of all rows when they hold of each person's rows alone, so that
they can be asked of some people; and the others, which need everybody."""


@dataclass(frozen=True)
class Check:
    """One expectation on one table."""

    name: str
    """Unique among the checks of its table."""
    table: str
    """As `<schema>.<table>`."""
    protects: str
    """What would be wrong in front of a reader without this check."""
    expects: str
    """The expectation's class in Great Expectations."""
    arguments: Mapping[str, Any] = field(default_factory=dict)
    query: str | None = None
    """What is expected of is the rows of this query, where there is one, else those
    of the table. In braces it names the table and the schemas."""
    part: Part = "across_people"
    is_blocking: bool = True
    """A check that does not block warns."""
    fills: Mapping[str, Callable[[Catalog], str | None]] = field(
        default_factory=dict, repr=False, compare=False
    )
    """What stands in braces in its query and only the database can tell. Where it
    tells nothing, the check has nothing to look at."""

    @property
    def key(self) -> tuple[str, str]:
        return self.table, self.name


def of_each_person(*checks: Check) -> tuple[Check, ...]:
    """Checks that hold of all rows when they hold of each person's."""
    return tuple(replace(check, part="each_person") for check in checks)


OF_MODELS = (
    "No export can break this: build everything anew (FULL_REFRESH=1), and report it "
    "with the rows of its page where it stays."
)
"""What to do where what the models promise of each other does not hold."""


@dataclass(frozen=True)
class Suite:
    """The checks of one layer, run at one gate."""

    name: str
    title: str
    checks: tuple[Check, ...]
    what_to_do: str
    """Where one of them fails."""

    def only(self, part: Part | None) -> tuple[Check, ...]:
        """The checks of this part, or all of them."""
        return tuple(check for check in self.checks if part in (None, check.part))


@dataclass(frozen=True)
class CheckResult:
    """What a check came to."""

    suite: str
    name: str
    table: str
    passed: bool
    is_blocking: bool
    count: int
    """Rows, or values, that should not be there."""
    message: str
    """A sentence: the check, the count, where to look."""
    protects: str
    page: str
    """The page in the Data Docs."""
    was_run: bool = True
    what_to_do: str = ""

    @property
    def key(self) -> tuple[str, str]:
        return self.table, self.name


def no_rows(
    name: str,
    table: str,
    query: str,
    protects: str,
    *,
    is_blocking: bool = True,
    **fills: Callable[[Catalog], str | None],
) -> Check:
    """The query, which reads `{table}`, must find nothing.

    Its rows are counted once. Great Expectations' UnexpectedRowsExpectation would
    run it a second time to fetch some of them, which no page shows.
    """
    return Check(
        name,
        table,
        protects,
        "ExpectTableRowCountToEqual",
        {"value": 0},
        query,
        is_blocking=is_blocking,
        fills=fills,
    )


def has_rows(name: str, table: str, protects: str) -> Check:
    return Check(
        name,
        table,
        protects,
        "ExpectTableRowCountToBeBetween",
        {"min_value": 1},
    )


def one_value(name: str, table: str, column: str, protects: str) -> Check:
    """No two rows differ in the column."""
    return Check(
        name,
        table,
        protects,
        "ExpectColumnUniqueValueCountToBeBetween",
        {"column": column, "max_value": 1},
    )


def seldom(
    name: str, table: str, column: str, value: str, share: float, protects: str
) -> Check:
    """Of the rows no larger share has this value; where more have it, that warns."""
    return Check(
        name,
        table,
        protects,
        "ExpectColumnValuesToNotBeInSet",
        {"column": column, "value_set": [value], "mostly": 1 - share},
        is_blocking=False,
    )
