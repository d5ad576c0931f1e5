"""Answers to compare: what was counted, by the values of what it is grouped by."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

Row = dict[str, Any]
Cells = dict[tuple, Row]

DIMENSIONS = {
    "all": None,
    "channel": "channel",
    "campaign": "campaign_id",
    "team": "team",
    "owner": "owner_id",
    "definition_version": "definition_version",
}
"""What to group by, as metrics and mart_funnel_monthly call it, and the column
behind it in the other marts."""


def asked_by(dimension: str, *more: str) -> list[str]:
    return [*more, *([] if dimension == "all" else [dimension])]


def by(dimension: str, *more: str) -> Callable[[Row], tuple]:
    column = DIMENSIONS.get(dimension, dimension)
    columns = [*more, *([] if column is None else [column])]
    return lambda row: tuple(row[name] for name in columns)


def grouped(
    rows: list[Row], by: Callable[[Row], tuple], columns: Iterable[str]
) -> Cells:
    """The sums of the columns; None counts nothing."""
    cells: Cells = {}
    for row in rows:
        cell = cells.setdefault(by(row), dict.fromkeys(columns, 0.0))
        for column in columns:
            cell[column] += float(row[column] or 0)
    return cells


def assert_same(got: Cells, expected: Cells) -> None:
    """Counts are equal, rates within 1e-12 and sums of hours within their last
    digits; null is no 0."""
    assert got.keys() == expected.keys()
    different = [
        (key, name, value, got[key][name])
        for key, cell in expected.items()
        for name, value in cell.items()
        if not _equal(got[key][name], value)
    ]
    assert not different, different[:5]


def _equal(got: float | None, expected: float | None) -> bool:
    if got is None or expected is None:
        return got is expected
    return abs(got - expected) <= 1e-12 * max(1, abs(expected))


def with_ratios(cells: Cells, ratios: dict[str, tuple[str, str]]) -> Cells:
    for cell in cells.values():
        for name, (top, bottom) in ratios.items():
            cell[name] = cell[top] / cell[bottom] if cell[bottom] else None
    return cells


def renamed(cells: Cells, columns: dict[str, str]) -> Cells:
    return {
        key: {name: cell[column] for name, column in columns.items()}
        for key, cell in cells.items()
    }
