"""`lead-funnel plan`: against a search over the lifecycles, by hand, and typed."""

from __future__ import annotations

import json
from datetime import date, timedelta
from math import ceil, sqrt
from typing import Any

import pytest

from orchestration.commands.plan import forecast
from orchestration.commands.plan.history import Age
from orchestration.intervals import Interval
from tests.end_to_end import command
from tests.kpis.conftest import Built
from tests.lifecycle.test_rates import ages, close, kaplan_meier
from tests.reference import kpis as reference

BY = date(2026, 3, 31)
Z = reference.Z


def planned(built: Built, *arguments: str) -> dict[str, Any]:
    done = command.in_process(
        "plan", "--json", "--by", BY.isoformat(), *arguments,
        out=built.published.parent.parent,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def said(built: Built, *arguments: str) -> tuple[str, str]:
    done = command.in_process("plan", *arguments, out=built.published.parent.parent)
    return " ".join(done.stdout.split()), " ".join(done.stderr.split())


@pytest.mark.slow
@pytest.mark.exhaustive
@pytest.mark.parametrize("since", [None, date(2026, 1, 1)])
def test_a_plan_is_what_a_search_finds(built: Built, since: date | None) -> None:
    """§6's rates and curve, taken lead by lead; the number is searched for."""
    sals = 90
    got = planned(
        built, "--sals", str(sals), *(["--since", since.isoformat()] if since else [])
    )
    company = built.expected
    today, month = company.today, company.today.replace(day=1)
    handoffs = company.handoffs()
    first = since or today + timedelta(days=1)
    already = sum(
        first <= reference.in_tokyo(r["accepted_at"]) <= today
        for r in handoffs
        if r["accepted_at"]
    )
    assert got["sals_already"] == already and (already > 0) == (since is not None)

    aged = ages(handoffs)
    steps = kaplan_meier(
        [(a, o) for m, a, o, _ in aged if reference.months_back(month, 12) <= m < month]
    )

    def accepted(age: int) -> float:
        return max([share for step, _, _, share in steps if step <= age], default=0.0)

    def still_open(age: int) -> float:
        return min([left for step, _, left, _ in steps if step <= age], default=1.0)

    left = [
        d for d in reference.days(today + reference.DAY, BY) if company.is_working(d)
    ]
    chances = [
        min(1.0, (accepted(a + len(left)) - accepted(a)) / still_open(a))
        for _, a, o, _ in aged
        if o == "pending" and still_open(a) > 1e-12
    ]
    assert close(sum(chances), got["open_sals"])

    timely = [accepted(len(left) - n) / steps[-1][3] for n in range(1, len(left) + 1)]
    recent = [
        r for r in handoffs
        if r["outcome"] != "withdrawn"
        and reference.month_of(r) >= reference.months_back(month, 3)
    ]  # fmt: skip
    past = [
        r for r in handoffs
        if reference.months_back(month, 12) <= reference.month_of(r) < month
        and r["outcome"] not in ("withdrawn", "pending")
    ]  # fmt: skip
    chance = error = 0.0
    for channel in {r["channel"] for r in recent}:
        share = sum(r["channel"] == channel for r in recent) / len(recent)
        known = [r["outcome"] for r in past if r["channel"] == channel]
        lower, upper = reference.wilson(known.count("accepted"), len(known))
        chance += share * known.count("accepted") / len(known)
        error += (share * (upper - lower) / (2 * Z)) ** 2
    chance *= sum(timely) / len(timely)
    error = sqrt(error) * sum(timely) / len(timely)
    missing = sals - already - sum(chances)
    assert close(missing, got["missing"])
    assert close(missing / chance, got["handoffs"]["value"])
    open_variance = sum(c * (1 - c) for c in chances)

    def margin(number: float) -> float:
        by_chance = number * chance * (1 - chance)
        return Z * sqrt(by_chance + (number * error) ** 2 + open_variance)

    def searched(side: int) -> float:
        """Where the number is at an end of the interval of what so many give."""
        low, high = (0.0, missing / chance) if side > 0 else (missing / chance, 1e6)
        for _ in range(200):
            middle = (low + high) / 2
            if middle * chance + side * margin(middle) < missing:
                low = middle
            else:
                high = middle
        return low

    assert close(searched(1), got["handoffs"]["lower"])
    assert close(searched(-1), got["handoffs"]["upper"])

    pace_days = sum(
        map(
            company.is_working,
            reference.days(reference.months_back(month, 3), today),
        )
    )
    coming = len(recent) / pace_days * len(left)
    assert close(len(recent) / pace_days, got["pace"])
    assert close(already + sum(chances) + coming * chance, got["at_pace"]["value"])
    assert sum(c["handoffs"] for c in got["channels"]) == ceil(missing / chance)
    assert got["milestones"][-1] == {
        "by": left[-1].isoformat(),
        "handoffs": ceil(missing / chance),
    }


@pytest.mark.slow
@pytest.mark.exhaustive
def test_it_says_how_many_from_where_and_by_when(built: Built) -> None:
    text, _ = said(built, "--sals", "90", "--by", BY.isoformat())
    assert text.startswith("90 SALs from 2026-02-13 to 2026-03-31, as of 2026-02-12")
    assert "hand-offs (" in text and "At the pace of late" in text
    assert "trade_show" in text and "At an even pace:" in text
    enough, _ = said(
        built, "--sals", "1", "--by", BY.isoformat(), "--since", "2025-10-01"
    )
    assert "no further hand-off is needed" in enough


@pytest.mark.slow
@pytest.mark.exhaustive
def test_what_was_never_seen_is_said(built: Built) -> None:
    text, _ = said(built, "--sals", "90000", "--by", BY.isoformat())
    assert "were never seen: the most was" in text
    text, _ = said(built, "--sals", "9", "--by", "2026-02-16")
    assert "Only 2 working days are left" in text


@pytest.mark.slow
@pytest.mark.exhaustive
@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--by", "soon"], "--by is 'soon', which is no day: write it as 2026-12-31."),
        (["--by", "2026-02-12"], "the data reaches 2026-02-12 already"),
        (["--by", "2031-01-01"], "the calendar that is published ends on 2027-12-31"),
        (
            ["--by", "2026-03-31", "--since", "2026-03-01"],
            "what is handed over between the two would count for neither",
        ),
        (
            ["--by", "2026-03-31", "--since", "2026-04-01"],
            "--since is 2026-04-01, which is after --by",
        ),
        (
            ["--by", "2026-03-31", "--channel", "trade show"],
            "the channel 'trade show' (did you mean 'trade_show'?), so nobody knows",
        ),
    ],
)
def test_what_cannot_be_planned_is_a_sentence(
    built: Built, arguments: list[str], sentence: str
) -> None:
    _, error = said(built, "--sals", "9", *arguments)
    assert sentence in error


def test_a_curve_by_hand() -> None:
    """Ten: 2 accepted on day 1, 1 otherwise and 2 open ones on day 2, 1 accepted on
    day 3, 4 otherwise on day 5: 0.2, then 0.7 still open x 1/5 = 0.14 more."""
    curve = forecast.curve_of(
        [Age(1, 2, 2, 2), Age(2, 0, 1, 3), Age(3, 1, 1, 1), Age(5, 0, 4, 4)]
    )
    assert close(0.34, curve.final)
    assert curve.accepted(0) == 0 and curve.open(0) == 1
    assert close(0.7, curve.open(2)) and close(0.56, curve.open(4))
    assert close(0.2 / 0.34, curve.timely(2))
    assert (curve.age_of(0.5), curve.age_of(0.9)) == (1, 3)
    # Open on day 2: the 0.14 of day 3 are a fifth of the 0.7 that are open.
    assert close(0.2, curve.later(2, 1)) and curve.later(3, 9) == 0


def test_a_number_of_hand_offs_by_hand() -> None:
    """Half of them accepted, no other error: N/2 - z sqrt(N)/2 = 50 at N = 121.6,
    N/2 + z sqrt(N)/2 = 50 at N = 82.2."""
    needed = forecast.handoffs_for(50, 0.5, 0.0, 0.0)
    assert needed.value == 100
    assert round(needed.lower, 1) == 82.2 and round(needed.upper or 0, 1) == 121.6
    assert forecast.handoffs_for(-1, 0.5, 0.0, 0.0) == Interval(0, 0, 0)
    # A rate that may as well be none needs any number.
    assert forecast.handoffs_for(50, 0.1, 0.1, 0.0).upper is None


def test_parts_are_whole_and_add_up() -> None:
    assert forecast.parted(10, [0.55, 0.25, 0.2]) == [6, 2, 2]
    assert forecast.parted(3, [0.5, 0.5]) == [2, 1]
    days = [date(2026, 3, 30), date(2026, 3, 31), date(2026, 4, 1)]
    assert forecast.milestones(days, 10) == (
        (date(2026, 3, 31), 7),
        (date(2026, 4, 1), 10),
    )
