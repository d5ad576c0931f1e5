"""Scorecard, pacing and calibration, recomputed from the lifecycles row by row."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

import pytest

from tests.kpis.conftest import Built
from tests.lifecycle.test_rates import close, counts, share
from tests.reference import kpis as reference
from tests.reference.compare import rows_of

pytestmark = [pytest.mark.slow, pytest.mark.exhaustive]

Row = dict[str, Any]


def rate(metric: str, cohort: list[Row]) -> float | None:
    """§6, of the hand-offs of a cohort."""
    told = counts(cohort)
    if metric == "win_rate":
        reached = [r for r in cohort if r["opportunity_at"] is not None]
        return share(sum(r["exit_stage"] == "won" for r in reached), len(reached))
    part = {"sal_rate": "accepted", "ignore_rate": "ignored"}[metric]
    return share(told[part], told["handed_off"])


def same(expected: Any, got: Any) -> bool:
    if isinstance(expected, (float, Fraction)):
        return close(float(expected), got)
    return bool(expected == got)


def differences(expected: dict, got: dict) -> list[tuple]:
    return [
        (key, column, value, got[key][column])
        for key, row in expected.items()
        for column, value in row.items()
        if not same(value, got[key][column])
    ]


def test_scorecard(built: Built) -> None:
    expected = reference.scorecard(built.expected, rate)
    got = {
        (r["month_start_date"], r["metric"], r["dimension"], r["dimension_value"]): r
        for r in rows_of(built.published, "marts.mart_kpi_scorecard")
    }
    assert got.keys() == expected.keys()
    assert not (found := differences(expected, got)), found[:5]
    for row in got.values():
        if row["actual"] is None:
            assert row["gap"] is None and row["is_met"] is None
            continue
        assert close(row["actual"] - float(row["target"]), row["gap"])
        is_above = row["actual"] >= float(row["target"])
        is_below = row["actual"] <= float(row["target"])
        assert row["is_met"] == (
            is_below if row["metric"] == "ignore_rate" else is_above
        )
    # The company has something of everything that is worked out.
    assert {r["is_met"] for r in got.values()} == {True, False, None}
    assert {r["missing_handoffs"] for r in got.values()} > {None, 0}
    assert max(key[0] for key in got) == date(2026, 3, 1)


def test_scorecard_has_the_bounds_of_the_rate(built: Built) -> None:
    for row in rows_of(built.published, "marts.mart_kpi_scorecard"):
        if row["metric"] == "sal_rate" and row["actual"] is not None:
            cohort = [
                r
                for r in built.expected.handoffs()
                if reference.month_of(r) == row["month_start_date"]
            ]
            told = counts(cohort)
            lower, upper = reference.wilson(told["accepted"], told["handed_off"])
            assert close(lower, row["actual_lower"])
            assert close(upper, row["actual_upper"])


@pytest.mark.parametrize("period_type", ["fiscal_period", "fiscal_quarter"])
def test_pacing(built: Built, period_type: str) -> None:
    company = built.expected
    got: dict[date, dict[tuple, Row]] = defaultdict(dict)
    for row in rows_of(built.published, "marts.mart_pacing"):
        if row["period_type"] == period_type:
            key = (row["metric"], row["dimension"], row["dimension_value"])
            got[row["date_day"]][key] = row
            assert row["is_today"] == (row["date_day"] == company.today)
    start, end = reference.period_of(company, period_type, company.today)
    assert sorted(got) == list(reference.days(start, end))
    asked = {start, end, company.today, company.today + timedelta(days=2)}
    asked |= {day for day in (date(2026, 1, 1), date(2026, 1, 12)) if start <= day}
    for day in asked:
        expected = reference.pacing(company, period_type, day)
        wanted = {
            key: row
            for key, row in expected.items()
            if row.pop("ever") or key[1] == "all"
        }
        never = {key for key, row in got[day].items() if key not in wanted}
        # A target of what never was, and no more.
        assert never == {("won", "channel", "nobody ever came this way")}
        assert not (found := differences(wanted, got[day])), (day, found[:5])
        [row] = [got[day][key] for key in never]
        assert row["actual"] == (0 if day <= company.today else None)
        # January's target has not begun in December.
        assert row["previous"] == 0
        assert (row["target_to_date"] is None) == (day.year == 2025)


def test_calibration(built: Built) -> None:
    company = built.expected
    got = rows_of(built.published, "marts.mart_score_calibration")
    rows = {(r["month_start_date"], r["score_band"]): r for r in got}
    in_force = {
        key[0]: target
        for key, target in reference.targets_in_force(company).items()
        if key[1:] == ("sal_rate", "all", "all")
    }
    of_target = {
        target: reference.calibration(company, target)
        for target in {found.target for found in in_force.values()}
    }
    for month in {key[0] for key in rows}:
        by_band, by_month = of_target[in_force[month].target]
        mine = {key: row for key, row in by_band.items() if key[0] == month}
        assert mine.keys() == {key for key in rows if key[0] == month}
        assert not (found := differences(mine, rows)), found[:5]
        if month in by_month:
            for key in mine:
                assert not (
                    found := differences({key: by_month[month]}, {key: rows[key]})
                ), found[:5]
    names = {r["score_band"] for r in got}
    assert names == {"low", "middle", "high", "top", "no score", "merged scores"}
    assert any(r["threshold_lost_handoffs"] for r in got)
    assert any(r["auc"] is not None and r["auc"] != 0.5 for r in got)


def test_auc_by_hand() -> None:
    """Scores 1, 2, 2 and 3, the last two accepted: of four pairs three are in
    order and one is a tie."""
    leads = [(1.0, False), (2.0, False), (2.0, True), (3.0, True)]
    assert reference.auc(leads) == 3.5 / 4
    assert reference.auc([(1.0, True)]) is None


def test_best_threshold_by_hand() -> None:
    """From 20 on two of three are accepted, from 10 on two of five."""
    leads = [(10.0, False), (10.0, False), (20.0, True), (30.0, False), (40.0, True)]
    assert reference.best_threshold(leads, Fraction(6, 10)) == (20.0, 2, 0)
    assert reference.best_threshold(leads, Fraction(4, 10)) == (10.0, 0, 0)
    assert reference.best_threshold(leads[:2], Fraction(1, 10)) is None


def test_working_days_by_hand(built: Built) -> None:
    """Monday, 9 February 2026 is the eleventh working day of the period that began
    on 26 January; the 11th is a holiday, so its entries count with the 12th."""
    company = built.expected
    span = (date(2026, 1, 26), date(2026, 2, 22))
    assert reference.period_of(company, "fiscal_period", date(2026, 2, 9)) == span
    assert sum(map(company.is_working, reference.days(span[0], date(2026, 2, 9)))) == 11
    entered = {date(2026, 2, 10): 1, date(2026, 2, 11): 10, date(2026, 2, 22): 100}
    assert reference.by_working_day(company, span, 12, entered) == 1
    assert reference.by_working_day(company, span, 13, entered) == 11
    assert reference.by_working_day(company, span, 18, entered) == 11
    assert reference.by_working_day(company, span, 19, entered) == 111
