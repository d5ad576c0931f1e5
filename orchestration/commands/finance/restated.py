"""What changed in a fiscal period since it was closed."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import duckdb

from orchestration.commands.finance.published import rows
from orchestration.project import Project
from orchestration.publication import closings

LAST_CLOSE = """
select distinct
    close_no, is_in_force, closed_at, closed_by, reopened_at, reopened_by
from marts.mart_period_close
where fiscal_period_id = ?
order by close_no desc
limit 1
"""

LINES = """
select
    source_key, account, campaign_id, cause, reported_value, current_value, change
from marts.mart_restated_lines
where fiscal_period_id = ?
order by abs(change) desc, source_key, campaign_id
"""

NUMBERS = """
select
    attribution_model, campaign_id, cost_kind, metric, cause, reported_value,
    current_value, change, items, example
from marts.mart_restatement
where fiscal_period_id = ? and list_contains(?, attribution_model)
order by
    attribution_model, list_position(?, metric), abs(change) desc, campaign_id,
    cost_kind, cause
"""

REPORTED = """
select metric, sum(value) as value
from marts.mart_period_close
where fiscal_period_id = ? and is_in_force and attribution_model = ?
group by metric
"""

METRICS = (
    "spend_reporting",
    "attributed_sals",
    *(
        metric
        for metric in closings.METRICS
        if metric not in ("spend_reporting", "attributed_sals")
    ),
)
"""In the order in which they are told: what the report is about comes first."""


def last_close(
    project: Project, connection: duckdb.DuckDBPyConnection, period: str
) -> dict[str, Any] | None:
    """The last close of the period, reopened or not, with its note."""
    found = rows(connection, LAST_CLOSE, period)
    if not found:
        return None
    [close] = found
    # The published tables do not have the notes: the books do.
    for book in closings.closes(project):
        if (book.fiscal_period_id, book.close_no) == (period, close["close_no"]):
            note = book.note if close["is_in_force"] else book.reopened_note
            return {**close, "note": note or ""}
    return {**close, "note": ""}


def lines(connection: duckdb.DuckDBPyConnection, period: str) -> list[dict[str, Any]]:
    """The spend lines that came, went or are another amount."""
    return rows(connection, LINES, period)


def numbers(
    connection: duckdb.DuckDBPyConnection, period: str, models: Sequence[str]
) -> list[dict[str, Any]]:
    """The campaigns' numbers, each as often as it has causes."""
    return rows(connection, NUMBERS, period, list(models), list(METRICS))


def totals(
    connection: duckdb.DuckDBPyConnection, period: str, model: str
) -> dict[str, tuple[Decimal, Decimal]]:
    """Of each metric what the whole period was reported with, and what it is now."""
    sums = ", ".join(f"coalesce(sum({metric}), 0) as {metric}" for metric in METRICS)
    [now] = rows(
        connection,
        f"select {sums} from marts.mart_spend_per_sal "
        "where fiscal_period_id = ? and attribution_model = ?",
        period,
        model,
    )
    reported = {
        row["metric"]: row["value"] for row in rows(connection, REPORTED, period, model)
    }
    return {
        metric: (reported.get(metric, Decimal(0)), now[metric]) for metric in METRICS
    }
