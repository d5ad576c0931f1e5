"""§6: the rates, recomputed from the lifecycles row by row in plain Python.

The lifecycles themselves are held to the reference by
`test_against_reference.py`; here every count, rate, bound, percentile and
projection that is made of them is worked out a second time.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from math import isclose, sqrt
from pathlib import Path
from typing import Any

import pytest

from tests.lifecycle.conftest import Company
from tests.reference.compare import ROOT, rows_of

Z = 1.959963984540054
TOKYO = timedelta(hours=9)
OUTCOMES = ("accepted", "rejected", "ignored", "pending")
Row = dict[str, Any]

pytestmark = [pytest.mark.slow, pytest.mark.exhaustive]


@pytest.fixture(scope="module")
def published(company: Company) -> Path:
    return company.published


@pytest.fixture(scope="module")
def handoffs(published: Path) -> list[Row]:
    """Marketing's hand-offs: the only ones in a rate."""
    rows = rows_of(published, "marts.fct_lead_lifecycles")
    return [row for row in rows if row["origin"] == "marketing"]


def in_tokyo(instant: datetime) -> date:
    return (instant + TOKYO).date()


def period_start(period_type: str, day: date) -> date:
    """Months, and fiscal periods of a year that starts in April."""
    if period_type == "month":
        return day.replace(day=1)
    year = day.year - (day.month < 4)
    if period_type == "fiscal_year":
        return date(year, 4, 1)
    quarter = (day.month - 4) % 12 // 3
    month = 4 + 3 * quarter
    return date(year + (month > 12), (month - 1) % 12 + 1, 1)


def counts(rows: Iterable[Row]) -> Row:
    rows = list(rows)
    told: Row = {o: sum(r["outcome"] == o for r in rows) for o in OUTCOMES}
    kept = [r for r in rows if r["outcome"] != "withdrawn"]
    told["handed_off"] = len(kept)
    told["withdrawn"] = len(rows) - len(kept)
    told["accepted_late"] = sum(r["is_accepted_late"] for r in rows)
    told["was_ignored"] = sum(r["was_ignored"] for r in rows)
    told["sla_due"] = sum(r["sla_due_at"] <= r["as_of"] for r in kept)
    told["mql"] = sum(r["mql_at"] is not None for r in rows)
    told["sql"] = sum(r["sql_at"] is not None for r in rows)
    told["opportunity"] = sum(r["opportunity_at"] is not None for r in rows)
    told["won"] = sum(r["exit_stage"] == "won" for r in rows)
    return told


def wilson(successes: int, trials: int) -> tuple[float, float]:
    share = successes / trials
    centre = share + Z * Z / (2 * trials)
    half = Z * sqrt(share * (1 - share) / trials + Z * Z / (4 * trials**2))
    whole = 1 + Z * Z / trials
    return max(0.0, (centre - half) / whole), min(1.0, (centre + half) / whole)


def share(part: int, whole: int) -> float | None:
    """§6: a rate over nothing is null, never 0."""
    return part / whole if whole else None


def percentile(values: list[float], part: float) -> float | None:
    values = sorted(v for v in values if v is not None)
    if not values:
        return None
    place = part * (len(values) - 1)
    low = int(place)
    high = min(low + 1, len(values) - 1)
    return values[low] + (values[high] - values[low]) * (place - low)


def close(expected: float | None, got: Any) -> bool:
    if expected is None or got is None:
        return expected is None and got is None
    return isclose(expected, float(got), rel_tol=1e-9, abs_tol=1e-9)


def groups(handoffs: list[Row]) -> dict[tuple, list[Row]]:
    """Every row that mart_funnel_monthly must have, with its hand-offs."""
    found: dict[tuple, list[Row]] = defaultdict(list)
    for row in handoffs:
        values = {
            "all": "all",
            "channel": row["channel"],
            "campaign": row["last_campaign_id"],
            "team": row["team"],
            "owner": row["owner_id"],
            "definition_version": row["definition_version"],
        }
        for period_type in ("month", "fiscal_quarter", "fiscal_year"):
            start = period_start(period_type, in_tokyo(row["handed_off_at"]))
            for dimension, value in values.items():
                found[period_type, start, dimension, value].append(row)
    return found


def monthly_key(row: Row) -> tuple:
    return (
        row["period_type"],
        row["period_start_date"],
        row["dimension"],
        row["dimension_value"],
    )


@pytest.fixture(scope="module")
def monthly(published: Path) -> dict[tuple, Row]:
    rows = rows_of(published, "marts.mart_funnel_monthly")
    found = {monthly_key(row): row for row in rows}
    assert len(found) == len(rows)
    return found


def test_section_6_counts_at_every_grain(
    handoffs: list[Row], monthly: dict[tuple, Row]
) -> None:
    expected = {key: counts(rows) for key, rows in groups(handoffs).items()}
    assert expected.keys() == monthly.keys()
    for key, told in expected.items():
        got = {name: monthly[key][name] for name in told}
        assert got == told, key
        assert got["handed_off"] == sum(got[outcome] for outcome in OUTCOMES)


def test_section_6_rates_and_wilson_bounds(
    handoffs: list[Row], monthly: dict[tuple, Row]
) -> None:
    for key, rows in groups(handoffs).items():
        told, got = counts(rows), monthly[key]
        resolved = told["handed_off"] - told["pending"]
        for rate, part, whole in (
            ("sal_rate", told["accepted"], told["handed_off"]),
            ("ignore_rate", told["ignored"], told["handed_off"]),
            ("rejection_rate", told["rejected"], told["handed_off"]),
            ("pending_rate", told["pending"], told["handed_off"]),
            ("resolved_sal_rate", told["accepted"], resolved),
            ("sla_breach_rate", told["was_ignored"], told["sla_due"]),
        ):
            assert close(share(part, whole), got[rate]), (key, rate)
            lower, upper = wilson(part, whole) if whole else (None, None)
            assert close(lower, got[f"{rate}_lower"]), (key, rate)
            assert close(upper, got[f"{rate}_upper"]), (key, rate)
        assert got["is_mature"] == (told["pending"] == 0)


def test_section_6_rates_along_the_funnel(
    handoffs: list[Row], monthly: dict[tuple, Row]
) -> None:
    def number(rows: list[Row], *reached: str) -> int:
        return sum(all(r[name] is not None for name in reached) for r in rows)

    for key, rows in groups(handoffs).items():
        accepted = [r for r in rows if r["outcome"] == "accepted"]
        mql = [r for r in rows if r["mql_at"] is not None]
        won = [r for r in rows if r["exit_stage"] == "won"]
        got = monthly[key]
        for rate, part, whole in (
            ("mql_to_sal_rate", number(accepted, "mql_at"), len(mql)),
            ("sal_to_sql_rate", number(accepted, "sql_at"), len(accepted)),
            (
                "sql_to_opportunity_rate",
                number(rows, "sql_at", "opportunity_at"),
                number(rows, "sql_at"),
            ),
            (
                "win_rate",
                number(won, "opportunity_at"),
                number(rows, "opportunity_at"),
            ),
        ):
            assert close(share(part, whole), got[rate]), (key, rate)


def test_section_6_medians_and_90th_percentiles(
    handoffs: list[Row], monthly: dict[tuple, Row]
) -> None:
    for key, rows in groups(handoffs).items():
        for name in (
            "response_hours",
            "response_business_hours",
            "accept_hours",
            "accept_business_hours",
        ):
            values = [row[name] for row in rows]
            for suffix, part in (("median", 0.5), ("p90", 0.9)):
                got = monthly[key][f"{name}_{suffix}"]
                assert close(percentile(values, part), got), (key, name)


def test_section_6_cohort_and_period_bases_are_never_mixed(
    published: Path, handoffs: list[Row]
) -> None:
    """A cohort is dated by its hand-off, a period count by its own event."""
    cohorts: dict[date, int] = defaultdict(int)
    for row in rows_of(published, "marts.mart_funnel_cohort"):
        cohorts[row["handed_off_date"]] += row["accepted"]
    expected: dict[date, int] = defaultdict(int)
    for row in handoffs:
        day = in_tokyo(row["handed_off_at"])
        expected[day] += row["outcome"] == "accepted"
    assert dict(cohorts) == dict(expected)

    lifecycles = rows_of(published, "marts.fct_lead_lifecycles")
    names = {
        "inquiry": "inquiry_at",
        "mql": "mql_at",
        "handed_off": "handed_off_at",
        "tal": "tal_at",
        "accepted": "accepted_at",
        "sql": "sql_at",
        "opportunity": "opportunity_at",
    }
    wanted: dict[tuple, int] = defaultdict(int)
    for row in lifecycles:
        for stage, column in names.items():
            if row[column] is not None:
                wanted[in_tokyo(row[column]), stage] += 1
        if row["exit_stage"]:
            wanted[in_tokyo(row["exited_at"]), row["exit_stage"]] += 1
    got: dict[tuple, int] = defaultdict(int)
    exits = ("won", "lost", "rejected", "recycled", "disqualified")
    for row in rows_of(published, "marts.mart_funnel_period"):
        for stage in (*names, *exits):
            if row[stage]:
                got[row["entered_date"], stage] += row[stage]
    assert dict(got) == dict(wanted)


def open_days() -> list[datetime]:
    """Openings of the shipped calendar, 09:00 in Tokyo, in UTC."""
    with (ROOT / "seeds" / "holidays.csv").open(encoding="utf-8") as lines:
        closed = {row["holiday_date"] for row in csv.DictReader(lines)}
    day, openings = datetime(2010, 1, 1), []
    while day.year < 2030:
        if day.weekday() < 5 and day.date().isoformat() not in closed:
            openings.append(day + timedelta(hours=9) - TOKYO)
        day += timedelta(days=1)
    return openings


def ages(handoffs: list[Row]) -> list[tuple[date, int, str, Row]]:
    """Cohort month, business days until it ended, and how, of each hand-off."""
    openings = open_days()

    def open_day_no(instant: datetime) -> int:
        low, high = 0, len(openings)
        while low < high:
            middle = (low + high) // 2
            if openings[middle] <= instant:
                low = middle + 1
            else:
                high = middle
        return low

    found = []
    for row in handoffs:
        if row["outcome"] == "accepted":
            end = row["accepted_at"]
        elif row["outcome"] in ("rejected", "withdrawn"):
            end = row["exited_at"]
        elif row["outcome"] == "pending":
            end = row["as_of"]
        elif row["was_ignored"]:
            end = row["sla_due_at"]
        else:
            end = row["handed_off_at"] + timedelta(days=30)
        age = max(open_day_no(end) - open_day_no(row["handed_off_at"]), 0)
        month = in_tokyo(row["handed_off_at"]).replace(day=1)
        found.append((month, age, row["outcome"], row))
    return found


def kaplan_meier(sample: list[tuple[int, str]]) -> list[tuple[int, int, float, float]]:
    """(age, at risk, share still open, share accepted), pending censored."""
    steps, still_open, accepted = [], 1.0, 0.0
    for age in sorted({age for age, _ in sample}):
        at_risk = sum(a >= age for a, _ in sample)
        here = [outcome for a, outcome in sample if a == age]
        accepted += still_open * here.count("accepted") / at_risk
        settled = len(here) - here.count("pending")
        still_open *= 1 - settled / at_risk
        steps.append((age, at_risk, still_open, accepted))
    return steps


def test_section_6_acceptance_curve(published: Path, handoffs: list[Row]) -> None:
    by_month: dict[date, list[tuple[int, str]]] = defaultdict(list)
    for month, age, outcome, _ in ages(handoffs):
        by_month[month].append((age, outcome))
    got = {
        (row["cohort_month_date"], row["business_days"]): row
        for row in rows_of(published, "marts.mart_acceptance_curve")
    }
    seen = 0
    for month, sample in by_month.items():
        for age, at_risk, _, accepted in kaplan_meier(sample):
            row = got[month, age]
            seen += 1
            assert row["at_risk"] == at_risk
            assert close(accepted, row["cumulative_accepted_share"])
            for name, outcome in (
                ("accepted", "accepted"),
                ("rejected", "rejected"),
                ("censored", "pending"),
            ):
                assert row[name] == sum(a == age and o == outcome for a, o in sample)
    assert seen == len(got)


def test_section_6_projected_rate_and_its_interval(
    handoffs: list[Row], monthly: dict[tuple, Row]
) -> None:
    """Pending ones count with what older months' curve gives after their age."""
    aged = ages(handoffs)
    chances: dict[str, tuple[float, int] | None] = {}
    for month, age, outcome, row in aged:
        if outcome != "pending":
            continue
        curve = kaplan_meier([(a, o) for m, a, o, _ in aged if m < month])
        if not curve:
            chances[row["lifecycle_id"]] = None
            continue
        finally_accepted = curve[-1][3]
        before = [step for step in curve if step[0] <= age]
        at_risk, still_open, accepted = (
            before[-1][1:] if before else (curve[0][1], 1.0, 0.0)
        )
        chance = (
            0.0
            if still_open <= 1e-12
            else min(1.0, max(0.0, (finally_accepted - accepted) / still_open))
        )
        chances[row["lifecycle_id"]] = (chance, at_risk)
    assert chances, "the company must have open hand-offs"

    for key, rows in groups(handoffs).items():
        told, got = counts(rows), monthly[key]
        if not told["handed_off"]:
            assert got["projected_sal_rate"] is None
            continue
        pending = [
            chances[r["lifecycle_id"]] for r in rows if r["outcome"] == "pending"
        ]
        if None in pending:
            assert got["projected_sal_rate"] is None, key
            continue
        expected = told["accepted"] + sum(chance for chance, _ in pending)
        variance = sum(chance * (1 - chance) for chance, _ in pending)
        error = sum(sqrt(c * (1 - c) / n) for c, n in pending)
        margin = Z * sqrt(variance + error * error)
        lower = max(told["accepted"], expected - margin)
        upper = min(told["accepted"] + told["pending"], expected + margin)
        assert close(expected / told["handed_off"], got["projected_sal_rate"])
        assert close(lower / told["handed_off"], got["projected_sal_rate_lower"])
        assert close(upper / told["handed_off"], got["projected_sal_rate_upper"])


def test_kaplan_meier_by_hand() -> None:
    """Ten hand-offs: 2 accepted on day 1, 1 rejected on day 2, 2 pending at 2,
    1 accepted on day 3, the rest rejected on day 5."""
    sample = (
        [(1, "accepted")] * 2
        + [(2, "rejected")]
        + [(2, "pending")] * 2
        + [(3, "accepted")]
        + [(5, "rejected")] * 4
    )
    steps = kaplan_meier(sample)
    # Day 1: 10 at risk. Day 2: 8. Day 3: 5. Open: .8, .8·7/8 = .7, .7·4/5 = .56.
    assert [(a, n) for a, n, _, _ in steps] == [(1, 10), (2, 8), (3, 5), (5, 4)]
    assert [round(s, 6) for _, _, s, _ in steps] == [0.8, 0.7, 0.56, 0.0]
    assert [round(c, 6) for _, _, _, c in steps] == [0.2, 0.2, 0.34, 0.34]
