"""The figures of the pages, worked out from the sample by the reference."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from statistics import median

import pytest

from sample import company
from sample.clock import TOKYO, seconds_text
from sample.generate import ROOT
from tests.reference.reference import Result, compute

SAMPLE = ROOT / "sample"
PAGE = " ".join((ROOT / "docs" / "sample.md").read_text(encoding="utf-8").split())
QUESTIONS = (ROOT / "docs" / "questions.md").read_text(encoding="utf-8")
LOADED_AT = datetime(2026, 11, 1)
APRIL = datetime.fromisoformat(seconds_text(company.SLA_CHANGE))
MAY = datetime.fromisoformat(seconds_text(company.FASTER_FROM))

pytestmark = [pytest.mark.slow, pytest.mark.exhaustive]


@pytest.fixture(scope="module")
def shipped() -> Result:
    return compute(SAMPLE / "landing", ROOT / "seeds", loaded_at=LOADED_AT)


@pytest.fixture(scope="module")
def with_v2() -> Result:
    return compute(
        SAMPLE / "landing",
        ROOT / "seeds",
        definition=SAMPLE / "definition",
        loaded_at=LOADED_AT,
    )


def handed_over(result: Result) -> list[dict]:
    return [
        row
        for row in result.lifecycles
        if row["origin"] == "marketing" and row["outcome"] != "withdrawn"
    ]


def rates(rows: list[dict]) -> dict[str, float]:
    counts = Counter(row["outcome"] for row in rows)
    return {outcome: count / len(rows) for outcome, count in counts.items()}


def percent(rate: float) -> str:
    return f"{rate * 100:.0f} %"


def month(row: dict) -> str:
    instant = int((row["handed_off_at"] - datetime(1970, 1, 1)).total_seconds())
    return seconds_text(instant + TOKYO)[:7]


def test_the_company_has_plausible_rates(shipped: Result) -> None:
    found = rates(handed_over(shipped))
    assert 0.45 < found["accepted"] < 0.55
    assert 0.08 < found["ignored"] < 0.15
    assert found["pending"] > 0


def test_the_refused_campaign(shipped: Result) -> None:
    campaign = company.BY_KEY[company.REFUSED_CAMPAIGN].id
    rows = [r for r in handed_over(shipped) if r["last_campaign_id"] == campaign]
    found = rates(rows)
    assert f"(`{campaign}`, November 2025" in PAGE
    assert f"accepts {percent(found['accepted'])} of {len(rows):,}" in PAGE
    assert f"rejects {percent(found['rejected'])}" in PAGE


def test_the_team_that_lets_leads_lie(shipped: Result) -> None:
    rows = handed_over(shipped)
    found = {
        team: rates([row for row in rows if row["team"] == team])["ignored"]
        for team in company.SALES_TEAMS
    }
    west = found.pop("Inside Sales West")
    low, high = min(found.values()) * 100, max(found.values())
    told = f"ignores {percent(west)} of what it gets, the others"
    assert f"{told} {low:.0f} to {percent(high)}" in PAGE


def test_the_batch_of_business_cards(shipped: Result) -> None:
    june = [row for row in handed_over(shipped) if month(row) == "2025-06"]
    told = percent(rates(june)["ignored"])
    assert f"June 2025 has an ignore rate of {told}" in PAGE


def test_the_change_of_the_sla(shipped: Result, with_v2: Result) -> None:
    def breached(result: Result, when: str) -> tuple[int, int]:
        rows = [row for row in handed_over(result) if month(row) == when]
        return sum(row["was_ignored"] for row in rows), len(rows)

    late, all_of = breached(with_v2, "2026-04")
    assert f"{late} of April's {all_of} hand-offs" in PAGE
    late, all_of = breached(shipped, "2026-04")
    assert f"(with `v1` {late} of {all_of})" in PAGE
    late, all_of = breached(with_v2, "2026-05")
    assert f"in May {late} of {all_of}" in PAGE

    def hours(since: datetime, until: datetime) -> float:
        return median(
            row["response_business_hours"]
            for row in handed_over(shipped)
            if since <= row["handed_off_at"] < until
            and row["response_business_hours"] is not None
        )

    before, after = hours(datetime(2025, 1, 1), APRIL), hours(MAY, LOADED_AT)
    assert f"falls from {before:.1f} to {after:.1f}" in PAGE

    def before_april(result: Result) -> list[tuple]:
        return sorted(
            (row["person_id"], row["handed_off_at"], row["outcome"])
            for row in handed_over(result)
            if row["handed_off_at"] < APRIL
        )

    assert before_april(shipped) == before_april(with_v2)


def test_merges_keep_what_the_loser_lived_through(shipped: Result) -> None:
    # A merge past the threshold would otherwise be an MQL of its own.
    merge_rows = [
        row
        for row in shipped.stage_events
        if row["source_table"] == "activity_merge_leads"
    ]
    assert not merge_rows
    assert max(person["record_count"] for person in shipped.people) >= 4


def test_each_kind_of_broken_row_is_in_quarantine(shipped: Result) -> None:
    rules = Counter(row["rule"] for row in shipped.quarantine)
    assert rules["unparsable_timestamp"] == 6
    assert rules["future_timestamp"] == 5
    assert rules["before_first_record"] == 7
    assert rules["unmapped_status"] == 14
    assert rules["missing_key"] == 6
    assert rules["unknown_person"] == 35
    assert rules["oversized_identity_group"] == 57
    assert rules["exit_without_lifecycle"] > 90


def test_the_questions_name_the_campaigns_that_marketing_hands_over_most(
    shipped: Result,
) -> None:
    campaigns = Counter(
        row["last_campaign_id"]
        for row in handed_over(shipped)
        if row["last_campaign_id"]
    )
    for campaign, _ in campaigns.most_common(5):
        name = next(each.name for each in company.CAMPAIGNS if each.id == campaign)
        rows = [r for r in handed_over(shipped) if r["last_campaign_id"] == campaign]
        accepted = sum(row["outcome"] == "accepted" for row in rows)
        rate = f"{accepted / len(rows):.3f}"
        assert f"| {name} | {len(rows):,} | {accepted} | {rate} |" in QUESTIONS


def test_the_questions_name_the_reps_who_let_leads_lie(shipped: Result) -> None:
    august = [row for row in handed_over(shipped) if month(row) == "2026-08"]
    team = {row["owner_id"]: row["team"] for row in august}
    found = []
    for owner in team:
        outcomes = [row["outcome"] for row in august if row["owner_id"] == owner]
        ignored = outcomes.count("ignored")
        if len(outcomes) >= 10:
            found.append((ignored / len(outcomes), len(outcomes), ignored, team[owner]))
    for rate, handed_off, ignored, name in sorted(found, reverse=True)[:3]:
        told = f"| {name} | {handed_off} | {ignored} | {rate:.3f}".rstrip("0")
        assert f"{told} |" in QUESTIONS


def test_the_questions_tell_the_medians_and_the_sla_of_may(shipped: Result) -> None:
    for when in ("2026-03", "2026-05", "2026-06"):
        rows = [row for row in handed_over(shipped) if month(row) == when]
        hours = median(
            row["response_business_hours"]
            for row in rows
            if row["response_business_hours"] is not None
        )
        assert f"| {when}-01 | {len(rows)} | {hours:.1f} |" in QUESTIONS
    may = [row for row in handed_over(shipped) if month(row) == "2026-05"]
    ignored = sum(row["outcome"] == "ignored" for row in may)
    [line] = [each for each in QUESTIONS.splitlines() if each.startswith("| (all) |")]
    assert line.split(" | ")[3] == str(ignored)
