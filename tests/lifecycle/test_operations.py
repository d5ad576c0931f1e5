"""What both departments work with, recomputed lead by lead in plain Python.

The lifecycles and events themselves are held to the reference by
`test_against_reference.py`; here all that the marts of operations say of them is
worked out a second time. An SLA that was never in force is judged on the
reference's own clock.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Callable
from datetime import date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tests.lifecycle.conftest import Company
from tests.lifecycle.test_rates import TOKYO, close, in_tokyo, percentile, share
from tests.reference.clock import BusinessCalendar
from tests.reference.compare import ROOT, SEEDS, rows_of
from tests.reference.definition import EXITS, RANK, Definition
from tests.reference.parsing import same_text

Row = dict[str, Any]

pytestmark = [pytest.mark.slow, pytest.mark.exhaustive]


@pytest.fixture(scope="module")
def published(company: Company) -> Path:
    return company.published


@pytest.fixture(scope="module")
def handoffs(published: Path) -> list[Row]:
    """Marketing's hand-offs."""
    rows = rows_of(published, "marts.fct_lead_lifecycles")
    return [row for row in rows if row["origin"] == "marketing"]


@pytest.fixture(scope="module")
def calendar() -> BusinessCalendar:
    """The calendar of the version that ships."""
    definition = Definition(SEEDS)
    return definition.policy(definition.version("v1"), None, None).calendar


def by_key(published: Path, table: str, *key: str) -> dict[tuple, Row]:
    rows = rows_of(published, f"marts.{table}")
    found = {tuple(row[name] for name in key): row for row in rows}
    assert len(found) == len(rows)
    return found


def grouped(rows: list[Row], key: Callable[[Row], tuple]) -> dict[tuple, list[Row]]:
    found: dict[tuple, list[Row]] = defaultdict(list)
    for row in rows:
        found[key(row)].append(row)
    return found


def month(day: date) -> date:
    return day.replace(day=1)


def seed(name: str) -> list[dict[str, str]]:
    with (ROOT / "seeds" / f"{name}.csv").open(encoding="utf-8") as lines:
        return list(csv.DictReader(lines))


def test_section_6_why_sales_rejects(published: Path, handoffs: list[Row]) -> None:
    told = {same_text(row["reason"]): row for row in seed("rejection_reasons")}

    def key(row: Row) -> tuple:
        text = same_text(row["rejection_reason"])
        return month(in_tokyo(row["handed_off_at"])), row["channel"], text

    rejected = [row for row in handoffs if row["outcome"] == "rejected"]
    expected = {}
    channels: dict[tuple, int] = defaultdict(int)
    for (start, channel, text), rows in grouped(rejected, key).items():
        reason = told.get(text, {})
        written = min((r["rejection_reason"] for r in rows if text), default=None)
        channels[start, channel] += len(rows)
        name = start, reason.get("category"), reason.get("reason", written), channel
        expected[name] = len(rows), reason.get("owner_department")
    got = by_key(
        published,
        "mart_rejection_reasons",
        "cohort_month_date",
        "rejection_category",
        "rejection_reason",
        "channel",
    )
    assert got.keys() == expected.keys()
    for name, (count, department) in expected.items():
        row = got[name]
        assert (row["rejected"], row["owner_department"]) == (count, department)
        assert close(count / channels[name[0], name[3]], row["rejected_share"])
    # Nobody gave a reason of marketing here; one reason is in no seed.
    assert {department for _, department in expected.values()} == {"sales", None}


def under(sla: int, row: Row, calendar: BusinessCalendar) -> tuple[str, bool, bool]:
    """§5 with another SLA: the outcome, whether it was ignored, whether due."""
    due = calendar.due(row["handed_off_at"], sla)
    acts = [row["accepted_at"], row["exited_at"], row["first_response_at"]]
    is_due = row["as_of"] >= due
    was_ignored = is_due and not any(at is not None and at <= due for at in acts)
    if row["outcome"] in ("accepted", "rejected"):
        return row["outcome"], was_ignored, is_due
    limit = row["handed_off_at"] + timedelta(days=30)
    expired = row["as_of"] >= limit and not (
        row["exited_at"] and row["exited_at"] <= limit
    )
    if was_ignored or expired:
        return "ignored", was_ignored, is_due
    return "withdrawn" if row["exited_at"] else "pending", was_ignored, is_due


def test_section_5_what_another_sla_would_have_given(
    published: Path, handoffs: list[Row], calendar: BusinessCalendar
) -> None:
    got = by_key(
        published,
        "mart_sla_sensitivity",
        "cohort_month_date",
        "team",
        "sla_business_hours",
    )
    wanted = grouped(
        handoffs, lambda row: (month(in_tokyo(row["handed_off_at"])), row["team"])
    )
    assert got.keys() == {(*place, hours) for place in wanted for hours in range(1, 81)}
    for (*place, sla), row in got.items():
        judged = [under(sla, lead, calendar) for lead in wanted[*place]]
        kept = [each for each in judged if each[0] != "withdrawn"]
        counts = {
            "handed_off": len(kept),
            "ignored": sum(outcome == "ignored" for outcome, _, _ in judged),
            "was_ignored": sum(ignored for _, ignored, _ in judged),
            "sla_due": sum(is_due for _, _, is_due in kept),
        }
        assert {name: row[name] for name in counts} == counts, (place, sla)
        for rate, part, whole in (
            ("ignore_rate", "ignored", "handed_off"),
            ("sla_breach_rate", "was_ignored", "sla_due"),
        ):
            assert close(share(counts[part], counts[whole]), row[rate])


def test_section_5_at_its_own_hours_it_is_what_was(
    published: Path, handoffs: list[Row]
) -> None:
    """The version that ships gives 18 hours."""
    told = rows_of(published, "marts.mart_sla_sensitivity")
    own = [row for row in told if row["sla_business_hours"] == 18]
    assert sum(row["was_ignored"] for row in own) == sum(
        row["was_ignored"] for row in handoffs
    )
    assert sum(row["ignored"] for row in own) == sum(
        row["outcome"] == "ignored" for row in handoffs
    )
    assert any(row["was_ignored"] for row in own)


LIMITS = {
    "5_minutes": timedelta(minutes=5),
    "15_minutes": timedelta(minutes=15),
    "1_hour": timedelta(hours=1),
    "4_hours": timedelta(hours=4),
    "24_hours": timedelta(hours=24),
}


def test_section_6_reached_within_by_the_hour_of_the_week(
    published: Path, handoffs: list[Row]
) -> None:
    def key(row: Row) -> tuple:
        local: datetime = row["handed_off_at"] + TOKYO
        return local.isoweekday(), local.hour, row["team"]

    kept = [row for row in handoffs if row["outcome"] != "withdrawn"]
    wanted = grouped(kept, key)
    got = by_key(
        published, "mart_response_heatmap", "iso_weekday", "hour_of_day", "team"
    )
    assert got.keys() == wanted.keys()
    for place, rows in wanted.items():
        row = got[place]
        ignored = sum(each["outcome"] == "ignored" for each in rows)
        assert (row["handed_off"], row["ignored"]) == (len(rows), ignored)
        assert close(ignored / len(rows), row["ignore_rate"])
        hours = [
            (each["first_response_at"] - each["handed_off_at"]).total_seconds() / 3600
            for each in rows
            if each["first_response_at"]
        ]
        assert row["responded"] == len(hours)
        assert abs(row["response_hours"] - sum(hours)) < 1e-6
        for name, limit in LIMITS.items():
            old = [
                each for each in rows if each["handed_off_at"] + limit <= each["as_of"]
            ]
            reached = sum(
                bool(
                    each["first_response_at"]
                    and each["first_response_at"] <= each["handed_off_at"] + limit
                )
                for each in old
            )
            assert row[f"old_enough_for_{name}"] == len(old)
            assert row[f"reached_within_{name}"] == reached
            rate = row[f"reached_within_{name}_rate"]
            assert close(share(reached, len(old)), rate)


def became_of(stage: str, following: str | None, expected: set[tuple]) -> str:
    if following is None:
        return "still_there"
    if following in EXITS and following != "won":
        return "left"
    if RANK[following] < RANK[stage]:
        return "moved_back"
    return "advanced" if (stage, following) in expected else "skipped_on"


def test_section_7_what_became_of_those_who_entered_a_stage(published: Path) -> None:
    allowed = {
        (row["from_stage"], row["to_stage"])
        for row in seed("stage_transitions")
        if row["verdict"] == "expected"
    }
    as_of = rows_of(published, "marts.fct_lead_lifecycles")[0]["as_of"]
    lives = grouped(
        sorted(
            rows_of(published, "marts.fct_stage_events"),
            key=lambda row: (row["person_id"], row["event_no"]),
        ),
        lambda row: (row["person_id"], row["lifecycle_no"]),
    )
    days: dict[tuple, list[float]] = defaultdict(list)
    for events in lives.values():
        stays = events[:1] + [
            after
            for before, after in pairwise(events)
            if before["stage"] != after["stage"]
        ]
        ends = [*stays[1:], {"stage": None, "occurred_at": as_of}]
        for stay, end in zip(stays, ends, strict=True):
            if stay["stage"] in EXITS:
                continue
            became = became_of(stay["stage"], end["stage"], allowed)
            elapsed = end["occurred_at"] - stay["occurred_at"]
            start = month(in_tokyo(stay["occurred_at"]))
            days[start, stay["stage"], became].append(elapsed / timedelta(days=1))
    got = by_key(published, "mart_stage_flow", "entered_month_date", "stage", "became")
    assert got.keys() == days.keys()
    entries: dict[tuple, int] = defaultdict(int)
    for (start, stage, _), values in days.items():
        entries[start, stage] += len(values)
    for place, values in days.items():
        row = got[place]
        assert row["entries"] == len(values)
        assert close(len(values) / entries[place[:2]], row["entries_share"])
        assert close(percentile(values, 0.5), row["days_median"]), place
        assert close(percentile(values, 0.9), row["days_p90"]), place
    assert {place[2] for place in days} == {
        "advanced", "skipped_on", "moved_back", "left", "still_there",
    }  # fmt: skip
