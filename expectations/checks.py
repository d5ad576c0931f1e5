"""What a check is: one expectation, with a name and what it protects.

Suites are lists of these, readable without Great Expectations (whose import
takes seconds): Dagster needs the names when it starts, the runner everything.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

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
    """The expectation's class in Great Expectations, or ours in no_rows."""
    arguments: Mapping[str, Any] = field(default_factory=dict)
    is_blocking: bool = True
    """A check that does not block warns."""
    is_of_each_person: bool = False
    """Whether it holds of all rows when it holds of each person's rows alone. In a
    run that replaced the rows of some people it then looks at theirs: the others
    have the rows that passed before."""

    @property
    def key(self) -> tuple[str, str]:
        return self.table, self.name

    def warning(self) -> Check:
        return replace(self, is_blocking=False)


def of_each_person(*checks: Check) -> tuple[Check, ...]:
    """Blocking checks that hold of all rows when they hold of each person's."""
    return tuple(replace(check, is_of_each_person=True) for check in checks)


@dataclass(frozen=True)
class Suite:
    """The checks of one layer, run at one gate."""

    name: str
    title: str
    checks: tuple[Check, ...]


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

    @property
    def key(self) -> tuple[str, str]:
        return self.table, self.name


def no_rows(name: str, table: str, query: str, protects: str) -> Check:
    """The query, which reads `{batch}`, must find nothing."""
    return Check(
        name,
        table,
        protects,
        "NoRowsExpectation",
        {"unexpected_rows_query": query},
    )


def never(name: str, table: str, condition: str, protects: str) -> Check:
    """No row may meet the condition."""
    return no_rows(name, table, f"select * from {{batch}} where {condition}", protects)


def one_of(
    name: str, table: str, column: str, values: Sequence[str], protects: str
) -> Check:
    """Every value of the column that is not null is one of these."""
    return Check(
        name,
        table,
        protects,
        "ExpectColumnValuesToBeInSet",
        {"column": column, "value_set": list(values)},
    )


def unique_together(
    name: str, table: str, columns: Sequence[str], protects: str
) -> Check:
    return Check(
        name,
        table,
        protects,
        "ExpectCompoundColumnsToBeUnique",
        {"column_list": list(columns)},
    )


def in_order(name: str, table: str, earlier: str, later: str, protects: str) -> Check:
    """`later` is never before `earlier`; rows where either is null do not count."""
    return Check(
        name,
        table,
        protects,
        "ExpectColumnPairValuesAToBeGreaterThanB",
        {
            "column_A": later,
            "column_B": earlier,
            "or_equal": True,
            "ignore_row_if": "either_value_is_missing",
        },
    )


def between(
    name: str, table: str, column: str, low: float, high: float | None, protects: str
) -> Check:
    return Check(
        name,
        table,
        protects,
        "ExpectColumnValuesToBeBetween",
        {"column": column, "min_value": low, "max_value": high},
    )


def has_column(name: str, table: str, column: str, protects: str) -> Check:
    return Check(name, table, protects, "ExpectColumnToExist", {"column": column})


def has_rows(name: str, table: str, protects: str) -> Check:
    return Check(
        name,
        table,
        protects,
        "ExpectTableRowCountToBeBetween",
        {"min_value": 1},
    )
