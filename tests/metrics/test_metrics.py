"""What MetricFlow says of the metrics is what the marts say: on every basis, by
every dimension and at every grain."""

from __future__ import annotations

import re
from collections import Counter
from datetime import date, timedelta
from typing import Any

import pytest

from tests.metrics.cells import (
    DIMENSIONS,
    Row,
    asked_by,
    assert_same,
    by,
    grouped,
    renamed,
    with_ratios,
)
from tests.metrics.conftest import Metrics, program
from tests.reference.compare import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.exhaustive]

GRAINS = ("month", "fiscal_quarter", "fiscal_year")

ONLY_IN_THE_MARTS = {
    "projected_sal_rate": "is made of older months",
    "sal_rate_target": "is agreed, not counted",
    "sal_rate_gap": "reads the target",
    "is_mature": "is a flag; pending is a metric",
}
"""Columns of mart_funnel_monthly that no metric can be, beside bounds and
percentiles."""

MEANS = {
    "mean_response_hours": ("response_hours", "responded"),
    "mean_response_business_hours": ("response_business_hours", "responded"),
    "mean_accept_hours": ("accept_hours", "accepted"),
    "mean_accept_business_hours": ("accept_business_hours", "accepted"),
}
"""Ratios of what mart_funnel_cohort counts and no mart shows."""

LIMITS = {
    "5_minutes": timedelta(minutes=5),
    "15_minutes": timedelta(minutes=15),
    "1_hour": timedelta(hours=1),
    "4_hours": timedelta(hours=4),
    "24_hours": timedelta(hours=24),
}

LISTED_SHORTER = {
    "accept_hours",
    "accept_business_hours",
    "response_business_hours",
    "mean_accept_business_hours",
    "mean_response_business_hours",
}
"""The page says `…_business_hours`, and `cohort_response_hours …`."""

STOCK = {"stock_open_handoffs", "stock_overdue_handoffs"}


def column_of(metric: str) -> str:
    """Counts are called after their basis and their column in its mart, rates after
    the column of the mart that shows them."""
    for basis in ("cohort_", "period_", "stock_"):
        metric = metric.removeprefix(basis)
    return metric


def monthly_columns(metrics: Metrics) -> set[str]:
    return set(columns_of(metrics, "mart_funnel_monthly"))


def columns_of(metrics: Metrics, model: str) -> dict[str, Any]:
    return metrics.manifest["nodes"][f"model.lead_funnel.{model}"]["columns"]


def of_the_cohort(metrics: Metrics) -> set[str]:
    return {name for name in metrics.names if name.startswith("cohort_")}


def of_the_month(metrics: Metrics) -> set[str]:
    columns = monthly_columns(metrics)
    counts = {name for name in of_the_cohort(metrics) if column_of(name) in columns}
    return counts | (metrics.names & columns)


def of_the_period(metrics: Metrics) -> set[str]:
    return {name for name in metrics.names if name.startswith("period_")}


def of_the_response() -> set[str]:
    return {
        name
        for limit in LIMITS
        for name in (
            f"old_enough_for_{limit}",
            f"reached_within_{limit}",
            f"reached_within_{limit}_rate",
        )
    }


def with_periods(metrics: Metrics, sql: str, day: str) -> list[Row]:
    return metrics.rows(
        f"select *, date_trunc('month', {day})::date as month, "
        "fiscal_quarter_start_date as fiscal_quarter, "
        "fiscal_year_start_date as fiscal_year "
        f"from ({sql}) join marts.dim_dates on {day} = date_day"
    )


def test_every_column_of_the_monthly_mart_is_a_metric_or_says_why_not(
    metrics: Metrics,
) -> None:
    keys = {"funnel_monthly_id", "period_type", "period_start_date"}
    keys |= {"dimension", "dimension_value"}
    left_out = {
        name
        for name in monthly_columns(metrics)
        if name.endswith(("_lower", "_upper", "_median", "_p90"))
    }
    expected = monthly_columns(metrics) - keys - left_out - ONLY_IN_THE_MARTS.keys()
    assert {column_of(name) for name in of_the_month(metrics)} == expected


def test_every_rate_is_a_column_of_a_mart(metrics: Metrics) -> None:
    shown = monthly_columns(metrics) | set(columns_of(metrics, "mart_response_heatmap"))
    rates = {
        metric["name"]
        for metric in metrics.manifest["metrics"].values()
        if metric["type"] == "ratio" and metric["name"].endswith("_rate")
    }
    assert rates - shown == set()


def test_every_metric_is_held_by_a_test_below(metrics: Metrics) -> None:
    held = of_the_month(metrics) | of_the_cohort(metrics) | MEANS.keys()
    held |= of_the_period(metrics) | STOCK | of_the_response()
    assert metrics.names == held


def test_every_metric_is_a_sum_or_a_ratio_and_says_what_it_is(
    metrics: Metrics,
) -> None:
    for metric in metrics.manifest["metrics"].values():
        name = metric["name"]
        assert metric["type"] in ("simple", "ratio"), name
        assert metric["label"] and metric["label"] != name, name
        assert metric["description"].endswith("."), name
        assert metric["config"]["meta"]["label_ja"], name
    aggregations = {
        measure["agg"]
        for model in metrics.manifest["semantic_models"].values()
        for measure in model["measures"]
    }
    assert aggregations == {"sum"}
    labels = Counter(m["label"] for m in metrics.manifest["metrics"].values())
    assert [label for label, times in labels.items() if times > 1] == []


def test_metrics_and_marts_have_one_japanese_term(metrics: Metrics) -> None:
    told = {
        m["name"]: m["config"]["meta"]["label_ja"]
        for m in metrics.manifest["metrics"].values()
    }
    columns = columns_of(metrics, "mart_funnel_monthly")
    for name in of_the_month(metrics):
        column = columns[column_of(name)]
        assert told[name] == column["config"]["meta"]["label_ja"], name
    columns = columns_of(metrics, "mart_response_heatmap")
    for name in of_the_response():
        assert told[name] == columns[name]["config"]["meta"]["label_ja"], name


def test_no_metric_is_called_like_a_column_of_its_table(metrics: Metrics) -> None:
    """Lightdash takes the column then, and rates of it are gone."""
    for model in metrics.manifest["semantic_models"].values():
        table = model["node_relation"]["alias"]
        measures = {measure["name"] for measure in model["measures"]}
        assert measures & set(columns_of(metrics, table)) == set(), table
    in_cohorts = columns_of(metrics, "mart_funnel_cohort")
    assert metrics.names & set(in_cohorts) == set()


def test_cohorts_are_the_monthly_mart(metrics: Metrics) -> None:
    """Every count and rate x dimension x grain; a rate over nothing is null."""
    asked = of_the_month(metrics)
    columns = {name: column_of(name) for name in asked}
    pairs = [(grain, dimension) for grain in GRAINS for dimension in DIMENSIONS]
    answers = metrics.ask(
        *(
            (asked, asked_by(dimension, f"metric_time__{grain}"))
            for grain, dimension in pairs
        )
    )
    rows = metrics.rows("select * from marts.mart_funnel_monthly")
    assert {row["period_type"] for row in rows} == set(GRAINS)
    assert {row["dimension"] for row in rows} == DIMENSIONS.keys()
    assert len({row["period_start_date"] for row in rows}) > 20
    assert any(row["win_rate"] is None for row in rows)
    for (grain, dimension), got in zip(pairs, answers, strict=True):
        value = () if dimension == "all" else ("dimension_value",)
        expected = {
            (row["period_start_date"], *(row[name] for name in value)): {
                name: None if row[column] is None else float(row[column])
                for name, column in columns.items()
            }
            for row in rows
            if (row["period_type"], row["dimension"]) == (grain, dimension)
        }
        assert_same(got, expected)


def test_cohorts_of_a_day_are_the_cohort_mart(metrics: Metrics) -> None:
    asked = of_the_cohort(metrics) | MEANS.keys()
    columns = {name: column_of(name) for name in asked}
    answers = metrics.ask(
        *((asked, asked_by(dimension, "metric_time__day")) for dimension in DIMENSIONS)
    )
    rows = metrics.rows(
        "select *, handed_off - pending as resolved from marts.mart_funnel_cohort"
    )
    counts = columns.values() - MEANS.keys()
    for dimension, got in zip(DIMENSIONS, answers, strict=True):
        cells = grouped(rows, by(dimension, "handed_off_date"), counts)
        assert_same(got, renamed(with_ratios(cells, MEANS), columns))


def test_entries_are_the_period_mart(metrics: Metrics) -> None:
    asked = of_the_period(metrics)
    columns = {name: column_of(name) for name in asked}
    dimensions = [*DIMENSIONS, "origin"]
    pairs = [("month", dimension) for dimension in dimensions]
    pairs += [(grain, "all") for grain in ("fiscal_quarter", "fiscal_year")]
    answers = metrics.ask(
        *(
            (
                asked,
                [
                    name.replace("origin", "entry__origin")
                    for name in asked_by(dimension, f"metric_time__{grain}")
                ],
            )
            for grain, dimension in pairs
        )
    )
    rows = with_periods(
        metrics, "select * from marts.mart_funnel_period", "entered_date"
    )
    for (grain, dimension), got in zip(pairs, answers, strict=True):
        cells = grouped(rows, by(dimension, grain), columns.values())
        assert_same(got, renamed(cells, columns))


def test_the_stock_adds_up_over_everything_but_days(metrics: Metrics) -> None:
    """A month's stock is its last day's; without a day it is the last day's of all."""
    rows = with_periods(
        metrics, "select * from marts.mart_funnel_snapshot", "snapshot_date"
    )
    dimensions = ["all", "channel", "team", "owner", "age_band"]
    names = {"age_band": "stock_row__age_band"}

    def group_by(dimension: str, *more: str) -> list[str]:
        return asked_by(names.get(dimension, dimension), *more)

    by_day = [group_by(dimension, "metric_time__day") for dimension in dimensions]
    by_month = [group_by(dimension, "metric_time__month") for dimension in dimensions]
    at_the_end = [group_by(dimension) for dimension in dimensions]
    answers = metrics.ask(*((STOCK, asked) for asked in by_day + by_month + at_the_end))

    last_day = max(row["snapshot_date"] for row in rows)
    last_days = {
        month: max(row["snapshot_date"] for row in rows if row["month"] == month)
        for month in {row["month"] for row in rows}
    }
    at_months_ends = [r for r in rows if r["snapshot_date"] == last_days[r["month"]]]
    at_last = [row for row in rows if row["snapshot_date"] == last_day]
    columns = {name: column_of(name) for name in STOCK}
    counts = columns.values()
    expected = [
        *(grouped(rows, by(d, "snapshot_date"), counts) for d in dimensions),
        *(grouped(at_months_ends, by(d, "month"), counts) for d in dimensions),
        *(grouped(at_last, by(d), counts) for d in dimensions),
    ]
    for got, cells in zip(answers, expected, strict=True):
        assert_same(got, renamed(cells, columns))


def test_the_shares_that_were_reached_are_the_heatmaps(metrics: Metrics) -> None:
    """The heatmap knows teams and no months: those are counted lead by lead."""
    asked = of_the_response()
    counts = {name for name in asked if not name.endswith("_rate")}
    ratios = {
        f"reached_within_{limit}_rate": (
            f"reached_within_{limit}",
            f"old_enough_for_{limit}",
        )
        for limit in LIMITS
    }
    in_all, by_team, by_month = metrics.ask(
        (asked, []),
        (asked, ["team"]),
        (asked, ["metric_time__month", "channel"]),
    )
    heatmap = metrics.rows("select * from marts.mart_response_heatmap")
    assert_same(in_all, with_ratios(grouped(heatmap, by("all"), counts), ratios))
    assert_same(by_team, with_ratios(grouped(heatmap, by("team"), counts), ratios))

    handoffs = metrics.rows(
        "select * from marts.fct_lead_lifecycles "
        "where origin = 'marketing' and outcome <> 'withdrawn'"
    )
    for row in handoffs:
        row["month"] = row["handed_off_date"].replace(day=1)
        for limit, time in LIMITS.items():
            due = row["handed_off_at"] + time
            is_old = row["as_of"] >= due
            response = row["first_response_at"]
            row[f"old_enough_for_{limit}"] = is_old
            row[f"reached_within_{limit}"] = (
                is_old and response is not None and response <= due
            )
    assert_same(
        by_month, with_ratios(grouped(handoffs, by("channel", "month"), counts), ratios)
    )


@pytest.mark.parametrize(
    ("name", "table", "key", "column"),
    [
        ("channel__channel_label_ja", "dim_channels", "channel", "label_ja"),
        ("campaign__campaign_name", "dim_campaigns", "campaign_id", "campaign_name"),
        ("owner__rep_name", "dim_sales_reps", "owner_id", "rep_name"),
        ("owner__latest_team", "dim_sales_reps", "owner_id", "team"),
    ],
)
def test_names_multiply_nothing(
    metrics: Metrics, name: str, table: str, key: str, column: str
) -> None:
    names = {
        row[key]: row[column] for row in metrics.rows(f"select * from marts.{table}")
    }
    rows = metrics.rows("select * from marts.mart_funnel_cohort")
    columns = {"cohort_handed_off": "handed_off", "sal_rate": "sal_rate"}
    (got,) = metrics.ask((columns, [name]))
    cells = grouped(
        rows, lambda row: (names.get(row[key]),), ["handed_off", "accepted"]
    )
    with_ratios(cells, {"sal_rate": ("accepted", "handed_off")})
    assert_same(got, renamed(cells, columns))


def test_bases_stand_side_by_side_and_are_not_mixed(metrics: Metrics) -> None:
    """One question about two bases: each counts by its own day."""
    (got,) = metrics.ask(
        ({"cohort_accepted", "period_accepted"}, ["metric_time__month"])
    )
    (told,) = metrics.rows(
        "select (select sum(accepted) from marts.mart_funnel_cohort) as cohort, "
        "(select sum(accepted) from marts.mart_funnel_period) as period"
    )
    assert sum(c["cohort_accepted"] or 0 for c in got.values()) == told["cohort"]
    assert sum(c["period_accepted"] or 0 for c in got.values()) == told["period"]
    april = got[(date(2026, 4, 1),)]
    assert april["cohort_accepted"] != april["period_accepted"]


def test_the_page_names_every_metric(metrics: Metrics) -> None:
    page = (ROOT / "docs" / "metrics.md").read_text(encoding="utf-8")
    named = set(re.findall(r"[a-z_0-9]+", page))
    of_limits = of_the_response()
    told = {column_of(name) for name in metrics.names - of_limits} - LISTED_SHORTER
    named |= {column_of(name) for name in named}
    assert told | (LIMITS.keys() - {"5_minutes"}) <= named
    assert "reached_within_5_minutes_rate" in named


def test_mf_answers_what_the_page_shows(metrics: Metrics) -> None:
    """The months are those before the second version, which the sample as it ships
    does not have."""
    page = (ROOT / "docs" / "metrics.md").read_text(encoding="utf-8")
    command = page.split("$ .venv/bin/mf ", 1)[1].split("```", 1)[0]
    asked, shown = command.split("\n\n", 1)
    arguments = asked.replace("\\\n", " ").split()
    said = metrics.run([program("mf"), *arguments])
    for line in shown.strip().splitlines():
        assert " ".join(line.split()) in [
            " ".join(found.split()) for found in said.splitlines()
        ]
