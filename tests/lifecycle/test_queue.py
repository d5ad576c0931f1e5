"""§6: the stock, the reps' scorecards and the queue, worked out a second time.

Facts are held to the reference by `test_against_reference.py`. What the marts of
operations make of them is counted here in plain Python: midnights, opening hours
(walked opening by opening), age bands, shares and the order of the queue.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.lifecycle.conftest import Company
from tests.lifecycle.test_rates import close, percentile, share
from tests.reference.compare import ROOT, SEEDS, rows_of
from tests.reference.definition import Definition

TOKYO = timedelta(hours=9)
DAY = timedelta(days=1)
Row = dict[str, Any]
Hours = Callable[[str, datetime, datetime], float]

pytestmark = [pytest.mark.slow, pytest.mark.exhaustive]


@pytest.fixture(scope="module")
def published(company: Company) -> Path:
    return company.published


@pytest.fixture(scope="module")
def lifecycles(published: Path) -> dict[str, Row]:
    rows = rows_of(published, "marts.fct_lead_lifecycles")
    return {row["lifecycle_id"]: row for row in rows}


@pytest.fixture(scope="module")
def passes(published: Path) -> list[Row]:
    return rows_of(published, "marts.fct_handoffs")


@pytest.fixture(scope="module")
def as_of(lifecycles: dict[str, Row]) -> datetime:
    [instant] = {row["as_of"] for row in lifecycles.values()}
    return instant


@pytest.fixture(scope="module")
def hours() -> Hours:
    """Opening hours of a calendar between two instants."""
    calendars = Definition(SEEDS).calendars

    @cache
    def between(calendar: str, since: datetime, until: datetime) -> float:
        return calendars[calendar].hours_between(since, until)

    return between


def test_section_6_the_stock_is_what_was_open_at_midnight(
    published: Path,
    lifecycles: dict[str, Row],
    passes: list[Row],
    as_of: datetime,
    hours: Hours,
) -> None:
    bands = [
        (float(row["from_business_hours"]), row["age_band"])
        for row in seed("age_bands")
    ]
    calendar_of = {
        row["lifecycle_id"]: row["sla_calendar_id"]
        for row in passes
        if row["pass_no"] == 1
    }
    expected: dict[tuple, list[tuple[bool, float]]] = defaultdict(list)
    for lifecycle_id, row in lifecycles.items():
        if row["origin"] != "marketing":
            continue
        for day in snapshot_days(row["handed_off_at"], as_of):
            midnight = datetime.combine(day + DAY, datetime.min.time()) - TOKYO
            left = [row["accepted_at"], row["exited_at"]]
            if any(at is not None and at < midnight for at in left):
                continue
            age = hours(calendar_of[lifecycle_id], row["handed_off_at"], midnight)
            band = max(band for band in bands if band[0] <= age)[1]
            answered = row["first_response_at"]
            due = row["sla_due_at"]
            overdue = due <= midnight and not (answered and answered <= due)
            key = (day, row["channel"], row["team"], row["owner_id"], band)
            expected[key].append((overdue, age))
    found = {
        (
            row["snapshot_date"],
            row["channel"],
            row["team"],
            row["owner_id"],
            row["age_band"],
        ): row
        for row in rows_of(published, "marts.mart_funnel_snapshot")
    }
    assert found.keys() == expected.keys()
    assert len({key[-1] for key in found}) == len(bands)
    for key, leads in expected.items():
        row = found[key]
        assert row["open_handoffs"] == len(leads), key
        assert row["overdue_handoffs"] == sum(overdue for overdue, _ in leads), key
        assert close(max(age for _, age in leads), row["oldest_age_business_hours"])


def snapshot_days(since: datetime, as_of: datetime) -> list[date]:
    """The last 90 days that are over, and each month's last before them."""
    last = (as_of + TOKYO).date() - DAY
    day = (since + TOKYO).date()
    days = [day + n * DAY for n in range((last - day).days + 1)]
    return [d for d in days if (last - d).days < 90 or (d + DAY).day == 1]


def test_section_6_the_scorecards_of_the_reps(
    published: Path,
    lifecycles: dict[str, Row],
    passes: list[Row],
    as_of: datetime,
    hours: Hours,
) -> None:
    groups: dict[tuple, list[Row]] = defaultdict(list)
    for row in passes:
        month = (row["passed_at"] + TOKYO).date().replace(day=1)
        row["lifecycle"] = lifecycles[row["lifecycle_id"]]
        row["in_hand"] = hours(
            row["sla_calendar_id"], row["passed_at"], row["ended_at"] or as_of
        )
        groups[row["owner_id"], row["team"], month].append(row)
    found = {
        (row["owner_id"], row["team"], row["month_start_date"]): row
        for row in rows_of(published, "marts.mart_rep_scorecard")
    }
    assert found.keys() == groups.keys()
    assert any(row["tals_accepted"] for row in found.values())
    assert any(row["routing_hours_p90"] for row in found.values())
    for key, rows in groups.items():
        team = [
            row
            for (_, of_team, month), others in groups.items()
            for row in others
            if (of_team, month) == key[1:]
        ]
        for column, value in scorecard(rows, team, as_of).items():
            assert close(value, found[key][column]), (key, column)


def scorecard(rows: list[Row], team: list[Row], as_of: datetime) -> Row:
    due = [r for r in rows if r["due_at"] <= as_of and r["outcome"] != "withdrawn"]
    answered = [r for r in rows if r["rep_hours"] is not None]
    in_hand = sum(r["in_hand"] for r in rows)
    mqls = {
        r["lifecycle_id"]
        for r in rows
        if r["lifecycle"]["mql_at"] and r["lifecycle"]["mql_at"] <= r["passed_at"]
    }
    tals = {
        r["lifecycle_id"]
        for r in rows
        if r["owner_id"] and r["lifecycle"]["adr_id"] == r["owner_id"]
    }
    accepted = {
        r["lifecycle_id"] for r in rows if r["lifecycle"]["outcome"] == "accepted"
    }
    outcomes = (
        "accepted", "rejected", "ignored", "pending", "withdrawn", "reassigned",
    )  # fmt: skip
    breached = sum(r["was_ignored"] for r in due)
    return {
        "passes": len(rows),
        **{o: sum(r["outcome"] == o for r in rows) for o in outcomes},
        "sla_due": len(due),
        "was_ignored": breached,
        "sla_breach_rate": share(breached, len(due)),
        "answered": len(answered),
        "routing_hours_median": percentile([r["routing_hours"] for r in rows], 0.5),
        "routing_hours_p90": percentile([r["routing_hours"] for r in rows], 0.9),
        "rep_hours_median": percentile([r["rep_hours"] for r in rows], 0.5),
        "rep_hours_p90": percentile([r["rep_hours"] for r in rows], 0.9),
        "open_business_hours": in_hand,
        "team_handoff_share": share(len(rows), len(team)),
        "team_open_time_share": share(in_hand, sum(r["in_hand"] for r in team)),
        "mqls": len(mqls),
        "tals": len(tals),
        "mql_tals": len(mqls & tals),
        "tals_accepted": len(tals & accepted),
        "mql_to_tal_rate": share(len(mqls & tals), len(mqls)),
        "tal_to_sal_rate": share(len(tals & accepted), len(tals)),
    }


def test_the_queue_has_every_open_hand_off_once(
    published: Path,
    lifecycles: dict[str, Row],
    passes: list[Row],
    as_of: datetime,
    hours: Hours,
) -> None:
    queue = {
        row["handoff_id"]: row for row in rows_of(published, "marts.mart_handoff_queue")
    }
    open_ones = {
        lifecycle_id
        for lifecycle_id, row in lifecycles.items()
        if row["outcome"] in ("pending", "ignored")
        and row["accepted_at"] is None
        and row["exited_at"] is None
    }
    last: dict[str, Row] = {}
    for row in sorted(passes, key=lambda r: r["pass_no"]):
        last[row["lifecycle_id"]] = row
    assert queue.keys() == {last[each]["handoff_id"] for each in open_ones}
    assert queue
    for row in (last[each] for each in open_ones):
        got = queue[row["handoff_id"]]
        waited = hours(row["sla_calendar_id"], row["passed_at"], as_of)
        runs = row["first_response_at"] is None or not row["touches_stop_clock"]
        left = row["sla_business_hours"] - waited if runs else None
        assert close(waited, got["open_business_hours"])
        assert close(left, got["business_hours_left"])
        assert got["is_overdue"] == row["was_ignored"]
        assert got["next_step"] == ("decide" if row["first_response_at"] else "respond")
        points, reasons = priority(got)
        assert got["priority_points"] == points, got
        assert got["priority_reasons"] == "; ".join(reasons), got
    ranked = sorted(queue.values(), key=lambda r: r["priority_rank"])
    assert [r["priority_rank"] for r in ranked] == list(range(1, len(ranked) + 1))
    order = [(-r["priority_points"], r["due_at"], r["handoff_id"]) for r in ranked]
    assert order == sorted(order)


def priority(row: Row) -> tuple[int, list[str]]:
    """Points and the first three reasons, from the rows of the seed."""
    left, overdue = row["business_hours_left"], row["is_overdue"]
    wait = (row["pending_until"] - row["as_of"]) / DAY
    chance = row["acceptance_probability"]
    measures = {
        "hours_overdue": max(-left, 0) if overdue and left is not None else None,
        "hours_left": None if overdue else left,
        "days_until_ignored": wait if row["outcome"] == "pending" else None,
        "score": row["score_at_handoff"],
        "acceptance_percent": None if chance is None else chance * 100,
        "passes": row["pass_no"],
        "hours_open": row["open_business_hours"],
    }
    met = []
    for measure, value in measures.items():
        rules = [
            (abs(value - float(rule["threshold"])), rule["priority_rule"], rule)
            for rule in seed("queue_priorities")
            if value is not None
            and rule["measure"] == measure
            and (
                value >= float(rule["threshold"])
                if rule["comparison"] == "at_least"
                else value <= float(rule["threshold"])
            )
        ]
        if rules:
            met.append((min(rules, key=lambda r: r[:2])[2], value))
    met.sort(key=lambda m: (-int(m[0]["points"]), m[0]["priority_rule"]))
    reasons = [
        rule["reason_en"].replace("{value}", in_words(value)) for rule, value in met[:3]
    ]
    return sum(int(rule["points"]) for rule, _ in met), reasons


def in_words(value: float) -> str:
    """Whole numbers as such, others with one decimal, halves away from zero."""
    if value == int(value):
        return str(int(value))
    # 0.5145 * 100 is 51.449999999999996 in binary, and 51.45 to whoever reads it.
    told = Decimal(repr(float(value))).quantize(Decimal("1e-9"), ROUND_HALF_UP)
    return str(told.quantize(Decimal("0.1"), ROUND_HALF_UP))


@cache
def seed(name: str) -> list[dict[str, str]]:
    with (ROOT / "seeds" / f"{name}.csv").open(encoding="utf-8") as stream:
        return list(csv.DictReader(stream))
