"""The reference against cases worked out by hand from the text.

Days are 2025; Tokyo is UTC+9. 2025-06-02 is a Monday without a holiday near.
"""

from __future__ import annotations

import csv
import json
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from tests.reference.clock import BusinessCalendar
from tests.reference.compare import SEEDS
from tests.reference.parsing import (
    match_id,
    parse_flag,
    parse_instant,
    parse_number,
    same_text,
)
from tests.reference.reference import Result, compute

LOADED_AT = datetime(2026, 11, 1)
MONDAY = datetime(2025, 6, 2, 1)  # 10:00 in Tokyo
DUE = datetime(2025, 6, 4, 1)  # 8 + 9 + 1 hours later
SECOND = timedelta(seconds=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def text(at: datetime) -> str:
    return at.strftime("%Y-%m-%d %H:%M:%S")


def write(folder: Path, tables: dict[str, list[dict]]) -> Path:
    for name, rows in tables.items():
        path = folder / f"{name}.csv"
        path.parent.mkdir(parents=True, exist_ok=True)
        columns = list(dict.fromkeys(c for row in rows for c in row))
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, columns)
            writer.writeheader()
            writer.writerows(rows)
    return folder


USERS = [
    {"user_id": "rep", "role": "inside_sales", "team": "East"},
    {"user_id": "rep2", "role": "field_sales", "team": "West"},
    {"user_id": "adr", "role": "adr", "team": "ADR"},
    {"user_id": "mark", "role": "marketing", "team": "Marketing"},
]


class Case:
    """One generic lead, written step by step."""

    def __init__(self, folder: Path, first: str = "mql") -> None:
        self.folder = folder
        self.lead = {
            "lead_id": "L1",
            "owner_id": "rep",
            "status": first,
            "created_at": text(MONDAY - 3 * DAY),
        }
        self.status = first
        self.history: list[dict] = []
        self.activities: list[dict] = []
        self.more: dict[str, list[dict]] = {}
        self.definition: Path | None = None

    def to(self, status: str, at: datetime, by: str = "rep") -> Case:
        self.change("status", self.status, status, at, by)
        self.status = self.lead["status"] = status
        return self

    def change(
        self, name: str, old: str, new: str, at: datetime, by: str = "rep"
    ) -> Case:
        self.history.append(
            {
                "lead_id": "L1",
                "changed_at": text(at),
                "field": name,
                "old_value": old,
                "new_value": new,
                "changed_by": by,
            }
        )
        return self

    def call(
        self, at: datetime, by: str = "rep", kind: str = "call", done: str = ""
    ) -> Case:
        self.activities.append(
            {
                "activity_id": f"A{len(self.activities)}",
                "lead_id": "L1",
                "user_id": by,
                "occurred_at": text(at),
                "type": kind,
                "is_completed": done,
            }
        )
        return self

    def define(self, seed: str, *lines: str) -> Case:
        self.definition = self.folder / "definition"
        self.definition.mkdir(exist_ok=True)
        path = self.definition / f"{seed}.add.csv"
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return self

    def result(self, as_of: datetime, **settings: object) -> Result:
        landing = write(
            self.folder / "landing",
            {
                "generic/lead": [self.lead],
                "generic/user": USERS,
                **(
                    {"generic/lead_status_history": self.history}
                    if self.history
                    else {}
                ),
                **(
                    {"generic/sales_activity": self.activities}
                    if self.activities
                    else {}
                ),
                **self.more,
            },
        )
        return compute(
            landing,
            SEEDS,
            self.definition,
            {"as_of": text(as_of), **settings},
            LOADED_AT,
        )

    def lifecycle(self, as_of: datetime, **settings: object) -> dict:
        (row,) = self.result(as_of, **settings).lifecycles
        return row


@pytest.fixture
def case(tmp_path: Path) -> Case:
    return Case(tmp_path)


@pytest.fixture
def handed(case: Case) -> Case:
    return case.to("handed_off", MONDAY, "mark")


# Text to values --------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("2026-04-01T09:00:00Z", datetime(2026, 4, 1, 9)),
        ("2026-04-01T09:00:00+0000", datetime(2026, 4, 1, 9)),
        ("2026-04-01 09:00:00.25+09:00", datetime(2026, 4, 1, 0, 0, 0, 250000)),
        ("2026-04-01 09:00:00 UTC", datetime(2026, 4, 1, 9)),
        ("2026/04/01", datetime(2026, 4, 1)),
        ("2021/01/18 0:00", datetime(2021, 1, 18)),
        ("4/1/2026 9:05", datetime(2026, 4, 1, 9, 5)),
        ("２０２６/０４/０１", datetime(2026, 4, 1)),
        ("2026年4月1日", datetime(2026, 4, 1)),
        ("1775034300000", datetime(2026, 4, 1, 9, 5)),
        ("20260401", datetime(2026, 4, 1)),
        ("2026-02-30", None),
        ("soon", None),
        ("", None),
    ],
)
def test_instants(written: str, expected: datetime | None) -> None:
    assert parse_instant(written) == expected


def test_instants_without_offset_are_in_the_source_time_zone() -> None:
    """Preamble, Time."""
    in_tokyo = parse_instant("2026-04-01 09:00", "Asia/Tokyo")
    assert in_tokyo == datetime(2026, 4, 1)
    with_offset = parse_instant("2026-04-01 09:00Z", "Asia/Tokyo")
    assert with_offset == datetime(2026, 4, 1, 9)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("1,234", "1234"),
        ("¥1,234", "1234"),
        ("1.234,56", "1234.56"),
        ("1,234.56", "1234.56"),
        ("12,5", "12.5"),
        ("-3", "-3"),
        ("１００", "100"),
        ("n/a", None),
    ],
)
def test_numbers(written: str, expected: str | None) -> None:
    wanted = None if expected is None else Decimal(expected)
    assert parse_number(written) == wanted


def test_same_text_and_ids() -> None:
    assert same_text("\u3000ＭＱＬ ") == "mql"
    assert same_text(" ") is None
    assert parse_flag("はい") is True
    assert match_id("salesforce", "00Q1G00000nDnM5UAK") == "00Q1G00000nDnM5"
    assert match_id("generic", "00Q1G00000nDnM5UAK") == "00Q1G00000nDnM5UAK"


# §5: the clock ---------------------------------------------------------


def weekdays(opens: float, closes: float) -> list:
    return [
        (day, timedelta(hours=opens), timedelta(hours=closes)) for day in range(1, 6)
    ]


GOLDEN_WEEK = {date(2025, 5, day) for day in (3, 4, 5, 6)}
JAPAN = BusinessCalendar("Asia/Tokyo", weekdays(9, 18), GOLDEN_WEEK)


def test_clock_skips_weekend_and_holidays() -> None:
    """Friday 17:00 leaves one hour; 3-6 May are closed; 9 + 8 follow."""
    friday = datetime(2025, 5, 2, 8)
    assert JAPAN.due(friday, 18) == datetime(2025, 5, 8, 8)


def test_due_may_be_a_closing_time() -> None:
    """Nine hours from the opening end at the closing, not next morning."""
    opening = datetime(2025, 6, 2, 0)
    assert JAPAN.due(opening, 9) == datetime(2025, 6, 2, 9)


def test_closing_time_is_not_open() -> None:
    closing = datetime(2025, 6, 2, 9)
    assert JAPAN.due(closing, 9) == datetime(2025, 6, 3, 9)
    assert JAPAN.due(closing - SECOND, 9) == datetime(2025, 6, 3, 9) - SECOND
    assert JAPAN.hours_between(closing, datetime(2025, 6, 3, 0)) == 0


def test_no_hours_are_due_at_once() -> None:
    night = datetime(2025, 6, 2, 20)
    assert JAPAN.due(night, 0) == night


def test_clock_with_a_lunch_break() -> None:
    """11:30 + 1 h = 12:00 (½ h), 13:00-13:30, in New York summer time."""
    calendar = BusinessCalendar(
        "America/New_York", weekdays(9, 12) + weekdays(13, 17.5), set()
    )
    start = datetime(2025, 3, 10, 15, 30)
    assert calendar.due(start, 1) == datetime(2025, 3, 10, 17, 30)


def test_clock_on_the_day_it_is_put_forward() -> None:
    """9 March 2025 has 23 hours in New York; ten of them end at 11:00."""
    all_sunday = [(7, timedelta(0), timedelta(hours=24))]
    calendar = BusinessCalendar("America/New_York", all_sunday, set())
    midnight = datetime(2025, 3, 9, 5)
    assert calendar.due(midnight, 10) == datetime(2025, 3, 9, 15)
    assert calendar.hours_between(midnight, datetime(2025, 3, 12)) == 23


def test_clock_on_the_day_it_is_put_back() -> None:
    """26 October 2025 has 25 hours in London."""
    all_sunday = [(7, timedelta(0), timedelta(hours=24))]
    calendar = BusinessCalendar("Europe/London", all_sunday, set())
    midnight = datetime(2025, 10, 25, 23)
    assert calendar.hours_between(midnight, datetime(2025, 10, 28)) == 25


def test_clock_over_midnight() -> None:
    """22:00-06:00: the opening belongs to the day it starts on."""
    calendar = BusinessCalendar("Europe/London", weekdays(22, 6), {date(2025, 3, 26)})
    friday = datetime(2025, 3, 28, 23)
    # 7 h until Saturday 06:00 GMT, 1 h from Monday 22:00 summer time.
    assert calendar.due(friday, 8) == datetime(2025, 3, 31, 22)
    # Wednesday is a holiday, yet Tuesday's opening lasts until its morning.
    wednesday = datetime(2025, 3, 26, 0)
    assert calendar.due(wednesday, 7) == datetime(2025, 3, 27, 23)


def test_overlapping_openings_count_once() -> None:
    calendar = BusinessCalendar("UTC", weekdays(9, 12) + weekdays(11, 13), set())
    morning = datetime(2025, 6, 2)
    assert calendar.hours_between(morning, morning + DAY) == 4


def test_shipped_calendar_ends_the_year(case: Case) -> None:
    """Friday 26 December 17:00 + 1 h, then Monday 5 January 9 + 8 h."""
    friday = datetime(2025, 12, 26, 8)
    case.to("handed_off", friday, "mark")
    row = case.lifecycle(friday + 30 * DAY)
    assert row["sla_due_at"] == datetime(2026, 1, 6, 8)


# §5: outcomes ----------------------------------------------------------


def outcome(row: dict) -> tuple:
    return row["outcome"], row["was_ignored"], row["is_accepted_late"]


def test_due_after_eighteen_business_hours(handed: Case) -> None:
    row = handed.lifecycle(MONDAY)
    assert row["sla_due_at"] == DUE
    assert row["origin"] == "marketing"


@pytest.mark.parametrize(
    ("accepted_at", "expected"),
    [
        (DUE - SECOND, ("accepted", False, False)),
        (DUE, ("accepted", False, False)),
        (DUE + SECOND, ("accepted", True, True)),
    ],
)
def test_acceptance_around_due(
    handed: Case, accepted_at: datetime, expected: tuple
) -> None:
    handed.to("sal", accepted_at)
    assert outcome(handed.lifecycle(DUE + 40 * DAY)) == expected


def test_touch_at_due_stops_the_clock(handed: Case) -> None:
    handed.call(DUE).to("sal", DUE + DAY)
    row = handed.lifecycle(DUE + 40 * DAY)
    assert outcome(row) == ("accepted", False, True)
    assert row["first_response_at"] == DUE
    assert row["response_hours"] == 48
    assert row["response_business_hours"] == 18
    assert row["accept_business_hours"] == 27


@pytest.mark.parametrize(
    "call",
    [
        {"at": DUE + SECOND},
        {"at": MONDAY - SECOND},
        {"at": DUE, "by": "mark"},
        {"at": DUE, "kind": "automated email"},
        {"at": DUE, "done": "false"},
    ],
)
def test_what_is_no_response_in_time(handed: Case, call: dict) -> None:
    handed.call(**call)
    assert outcome(handed.lifecycle(DUE + DAY))[:2] == ("ignored", True)


@pytest.mark.parametrize(
    "call",
    [
        {"at": MONDAY},
        {"at": DUE, "by": "nobody knows"},
        {"at": DUE, "by": ""},
        {"at": DUE, "kind": ""},
        {"at": DUE, "kind": "電話"},
    ],
)
def test_what_is_a_response_in_time(handed: Case, call: dict) -> None:
    handed.call(**call)
    assert outcome(handed.lifecycle(DUE + DAY))[:2] == ("pending", False)


def test_a_tal_is_a_response(handed: Case) -> None:
    handed.to("tal", DUE, "adr")
    row = handed.lifecycle(DUE + DAY)
    assert outcome(row)[:2] == ("pending", False)
    assert (row["adr_id"], row["first_response_at"]) == ("adr", DUE)


def test_not_ignored_before_due(handed: Case) -> None:
    assert outcome(handed.lifecycle(DUE - SECOND))[0] == "pending"
    assert outcome(handed.lifecycle(DUE))[:2] == ("ignored", True)


def test_still_open_after_thirty_days(handed: Case) -> None:
    handed.call(MONDAY + HOUR)
    limit = MONDAY + 30 * DAY
    assert outcome(handed.lifecycle(limit - SECOND))[0] == "pending"
    assert outcome(handed.lifecycle(limit))[:2] == ("ignored", False)


@pytest.mark.parametrize(
    ("stage", "by", "at", "expected"),
    [
        ("rejected", "rep", DUE - HOUR, "rejected"),
        ("recycled", "rep", DUE - HOUR, "rejected"),
        ("disqualified", "", DUE - HOUR, "rejected"),
        ("rejected", "rep", DUE + HOUR, "rejected"),
        ("lost", "mark", DUE - HOUR, "rejected"),
        ("recycled", "mark", DUE - HOUR, "withdrawn"),
        ("recycled", "mark", DUE, "withdrawn"),
        ("recycled", "mark", DUE + HOUR, "ignored"),
        ("won", "rep", DUE - HOUR, "accepted"),
    ],
)
def test_outcome_of_an_exit(
    handed: Case, stage: str, by: str, at: datetime, expected: str
) -> None:
    handed.to(stage, at, by)
    row = handed.lifecycle(DUE + DAY)
    assert row["outcome"] == expected
    assert row["is_acceptance_imputed"] is (stage == "won")


def test_touches_that_do_not_stop_the_clock(handed: Case) -> None:
    handed.define(
        "sla_policies",
        "definition_version,match_on,match_value,sla_business_hours,"
        "calendar_id,max_pending_days,touches_stop_clock",
        "v1,team,East,18,japan,30,false",
    )
    handed.call(MONDAY + HOUR)
    row = handed.lifecycle(DUE)
    assert outcome(row)[:2] == ("ignored", True)
    assert row["first_response_at"] == MONDAY + HOUR


# §4: hand-off, acceptance, origin --------------------------------------


def test_imputed_hand_off(case: Case) -> None:
    """No hand-off, an MQL, and sales acted after it."""
    case.to("sal", MONDAY)
    row = case.lifecycle(DUE)
    assert row["handed_off_at"] == MONDAY - 3 * DAY
    assert row["is_handoff_imputed"] is True
    assert (row["origin"], row["accepted_at"]) == ("marketing", MONDAY)


def test_marketing_exit_imputes_no_hand_off(case: Case) -> None:
    case.to("recycled", MONDAY, "mark")
    row = case.lifecycle(DUE)
    assert row["handed_off_at"] is None
    assert row["origin"] == "nurture"
    assert row["outcome"] is None


def test_sales_exit_imputes_a_hand_off(case: Case) -> None:
    case.to("recycled", MONDAY, "rep")
    row = case.lifecycle(DUE)
    assert (row["is_handoff_imputed"], row["outcome"]) == (True, "rejected")


def test_acceptance_implied_by_a_qualification(handed: Case) -> None:
    handed.to("sql", DUE, "rep2")
    row = handed.lifecycle(DUE)
    assert row["accepted_at"] == DUE
    assert row["is_acceptance_imputed"] is True
    assert row["accepted_by"] == "rep2"


@pytest.mark.parametrize(
    ("steps", "origin"),
    [
        (["tal", "sal"], "adr"),
        (["sal", "tal"], "sales"),
        (["sal", "handed_off"], "sales"),
        (["handed_off", "sal"], "marketing"),
        (["inquiry"], "nurture"),
        (["tal", "handed_off", "sal"], "marketing"),
    ],
)
def test_origins(tmp_path: Path, steps: list[str], origin: str) -> None:
    case = Case(tmp_path, steps[0])
    for hours, step in enumerate(steps[1:]):
        case.to(step, MONDAY + hours * HOUR)
    assert case.lifecycle(DUE)["origin"] == origin


def test_a_lead_that_comes_back(handed: Case) -> None:
    """An exit closes; the next non-exit event opens the second."""
    handed.to("recycled", DUE, "mark").to("lost", DUE + HOUR)
    handed.to("mql", DUE + DAY)
    result = handed.result(DUE + 2 * DAY)
    assert [r["lifecycle_no"] for r in result.lifecycles] == [1, 2]
    assert [r["rule"] for r in result.quarantine] == ["exit_without_lifecycle"]


# §3: versions ----------------------------------------------------------


def test_policy_of_the_version_in_force_at_the_hand_off(handed: Case) -> None:
    handed.define(
        "funnel_versions",
        "version,effective_from,based_on,handoff_mode",
        f"v2,{text(MONDAY)}Z,v1,explicit",
    )
    handed.define(
        "sla_policies",
        "definition_version,match_on,match_value,sla_business_hours,"
        "calendar_id,max_pending_days,touches_stop_clock",
        "v2,default,,9,japan,30,true",
    )
    row = handed.lifecycle(DUE)
    assert row["definition_version"] == "v2"
    assert row["sla_due_at"] == datetime(2025, 6, 3, 1)
    named = handed.lifecycle(DUE, funnel_version="v1")
    assert (named["definition_version"], named["sla_due_at"]) == ("v1", DUE)


def test_mql_mode_hands_over_at_the_mql(case: Case) -> None:
    row = case.lifecycle(DUE, funnel_version="mql_handoff")
    assert row["handed_off_at"] == MONDAY - 3 * DAY
    assert row["is_handoff_imputed"] is False


# §2: events ------------------------------------------------------------


def test_first_value_is_the_old_value_of_the_first_row(handed: Case) -> None:
    events = handed.result(DUE).stage_events
    assert [(e["stage"], e["source_table"]) for e in events] == [
        ("mql", "lead"),
        ("handed_off", "lead_status_history"),
    ]


def test_first_value_is_the_head_of_a_chain(case: Case) -> None:
    """Two rows of one instant, written in the wrong order."""
    case.change("status", "mql", "handed_off", MONDAY)
    case.change("status", "inquiry", "mql", MONDAY)
    stages = [e["stage"] for e in case.result(DUE).stage_events]
    assert stages == ["inquiry", "mql", "handed_off"]


def test_first_value_from_a_row_after_as_of(handed: Case) -> None:
    result = handed.result(MONDAY - HOUR)
    assert [e["stage"] for e in result.stage_events] == ["mql"]
    assert result.fates[1]["after_as_of"] == 1


def test_opportunity_is_created_and_won(case: Case) -> None:
    case.more["generic/opportunity"] = [
        {
            "opportunity_id": "O1",
            "lead_id": "L1",
            "owner_id": "rep2",
            "created_at": text(MONDAY),
            "is_closed": "true",
            "is_won": "true",
            "closed_at": text(DUE),
            "amount": "¥1,200",
        }
    ]
    row = case.lifecycle(DUE)
    assert (row["opportunity_at"], row["exit_stage"]) == (MONDAY, "won")
    assert (row["opportunity_id"], row["exited_by"]) == ("O1", "rep2")
    assert row["won_amount_reporting"] == 1200


def test_score_crosses_upwards_but_not_by_a_merge(tmp_path: Path) -> None:
    changes = [
        ("1", "0", "120", "Merge"),
        ("2", "120", "130", ""),
        ("3", "130", "90", ""),
        ("4", "90", "100", "Web"),
        ("5", "100", "150", "Web"),
    ]
    landing = write(
        tmp_path,
        {
            "marketo/lead": [{"id": "7", "created_at": text(MONDAY)}],
            "marketo/activity_change_score": [
                {
                    "id": key,
                    "lead_id": "7",
                    "activity_date": text(MONDAY + int(key) * HOUR),
                    "primary_attribute_value": "Lead Score",
                    "old_value": old,
                    "new_value": new,
                    "reason": reason,
                }
                for key, old, new, reason in changes
            ],
        },
    )
    result = compute(landing, SEEDS, loaded_at=LOADED_AT)
    events = [(e["stage"], e["source_key"]) for e in result.stage_events]
    assert events == [("mql", "4")]


# §1: persons -----------------------------------------------------------


def leads(*rows: dict) -> dict[str, list[dict]]:
    return {"generic/lead": [{"created_at": text(MONDAY), **row} for row in rows]}


def test_merge_chain_of_thirty(tmp_path: Path) -> None:
    rows = [
        {"lead_id": f"L{n:02d}", "merged_into_id": f"L{n + 1:02d}"} for n in range(30)
    ]
    rows.append({"lead_id": "L30", "merged_into_id": ""})
    result = compute(write(tmp_path, leads(*rows)), SEEDS, loaded_at=LOADED_AT)
    (person,) = result.people
    assert person["record_count"] == 31
    assert person["primary_record_id"] == "L30"


def test_a_loop_of_merges_leaves_no_one(tmp_path: Path) -> None:
    landing = write(
        tmp_path,
        leads(
            {"lead_id": "A", "merged_into_id": "B"},
            {"lead_id": "B", "merged_into_id": "A"},
            {"lead_id": "C", "merged_into_id": "gone"},
            {"lead_id": "D"},
        ),
    )
    result = compute(landing, SEEDS, loaded_at=LOADED_AT)
    assert [p["primary_record_id"] for p in result.people] == ["D"]
    kept = compute(landing, SEEDS, vars={"keep_deleted": True}, loaded_at=LOADED_AT)
    assert [p["is_deleted"] for p in kept.people] == [True, True, False]


def test_same_address_is_one_person_unless_shared(tmp_path: Path) -> None:
    landing = write(
        tmp_path,
        leads(
            {"lead_id": "A", "email": "Ａnna@example.com "},
            {"lead_id": "B", "email": "anna@EXAMPLE.com"},
            {"lead_id": "C", "email": "anna+x@example.com"},
            {"lead_id": "D", "email": "INFO@example.com"},
            {"lead_id": "E", "email": "info@example.com"},
        ),
    )
    result = compute(landing, SEEDS, loaded_at=LOADED_AT)
    counts = {p["primary_record_id"]: p["record_count"] for p in result.people}
    assert counts == {"A": 2, "C": 1, "D": 1, "E": 1}


@pytest.mark.parametrize(("size", "people"), [(50, 1), (51, 51)])
def test_oversized_groups(tmp_path: Path, size: int, people: int) -> None:
    rows = [{"lead_id": f"L{n}", "email": "a@b.c"} for n in range(size)]
    result = compute(write(tmp_path, leads(*rows)), SEEDS, loaded_at=LOADED_AT)
    assert len(result.people) == people
    assert len(result.quarantine) == (size if people > 1 else 0)


# §5: passes ------------------------------------------------------------


def test_passes_and_their_owners(handed: Case) -> None:
    """rep lets it lie, rep2 gives it back in time, rep accepts."""
    later = DUE + HOUR
    handed.change("owner_id", "rep", "rep2", later)
    handed.call(later + HOUR, "rep2")
    handed.change("owner_id", "rep2", "rep", later + 10 * DAY)
    handed.to("sal", later + 10 * DAY + HOUR)
    rows = handed.result(DUE + 40 * DAY).handoffs
    assert [(r["owner_id"], r["outcome"]) for r in rows] == [
        ("rep", "ignored"),
        ("rep2", "reassigned"),
        ("rep", "accepted"),
    ]
    assert rows[1]["from_owner_id"] == "rep"
    assert rows[1]["passed_at"] == rows[0]["ended_at"] == later
    assert rows[0]["first_response_at"] is None


def test_an_owner_change_at_the_hand_off_is_no_second_pass(
    handed: Case,
) -> None:
    handed.change("owner_id", "mark", "rep2", MONDAY)
    (row,) = handed.result(DUE).handoffs
    assert row["owner_id"] == "rep2"


def test_a_marketing_owner_opens_no_pass(handed: Case) -> None:
    handed.change("owner_id", "rep", "mark", MONDAY + HOUR)
    assert len(handed.result(DUE).handoffs) == 1


def test_owner_at_hand_off_is_the_old_value_of_a_later_change(
    handed: Case,
) -> None:
    handed.lead["owner_id"] = "mark"
    handed.change("owner_id", "adr", "mark", MONDAY + HOUR)
    row = handed.lifecycle(DUE)
    assert (row["owner_id"], row["team"]) == ("adr", "ADR")


# §7: transitions, quarantine, fates ------------------------------------


def test_verdicts(case: Case) -> None:
    case.to("handed_off", MONDAY).to("sql", MONDAY + HOUR)
    case.to("mql", DUE).to("mql", DUE + HOUR)
    verdicts = [t["verdict"] for t in case.result(DUE + DAY).transitions]
    assert verdicts == ["expected", "skipped", "backward", "repeated"]


def test_quarantine_rules_and_fates(tmp_path: Path) -> None:
    rows = [
        {"lead_id": "L1", "changed_at": "2099-01-01", "new_value": "sal"},
        {"lead_id": "L1", "changed_at": "soon", "new_value": "sal"},
        {"lead_id": "L1", "changed_at": "2020-01-01", "new_value": "sal"},
        {"lead_id": "L9", "changed_at": text(MONDAY), "new_value": "sal"},
        {"lead_id": "L1", "changed_at": text(MONDAY), "new_value": "???"},
        {"lead_id": "", "changed_at": text(MONDAY), "new_value": "sal"},
        {"lead_id": "L1", "changed_at": text(DUE), "new_value": "sal"},
        {"lead_id": "L1", "changed_at": text(DUE), "new_value": "sal"},
        {"lead_id": "L1", "changed_at": text(DUE + DAY), "new_value": "sql"},
    ]
    rows = [{"field": "status", "old_value": "", **row} for row in rows]
    phone = {"lead_id": "L1", "changed_at": "soon", "field": "phone"}
    landing = write(
        tmp_path,
        leads({"lead_id": "L1"}) | {"generic/lead_status_history": [*rows, phone]},
    )
    result = compute(landing, SEEDS, vars={"as_of": text(DUE)}, loaded_at=LOADED_AT)
    assert sorted(r["rule"] for r in result.quarantine) == [
        "before_first_record",
        "future_timestamp",
        "missing_key",
        "unknown_person",
        "unmapped_status",
        "unparsable_timestamp",
    ]
    (fates,) = [f for f in result.fates if f["source_table"] != "lead"]
    assert fates == {
        "source": "generic",
        "source_table": "lead_status_history",
        "raw_rows": 10,
        "duplicate": 1,
        "reading": 1,
        "quarantined": 6,
        "after_as_of": 1,
        "unread": 1,
    }


def test_a_day_before_the_first_record_is_not_too_early(case: Case) -> None:
    """`more than a day before`: a day to the second still counts."""
    created = MONDAY - 3 * DAY
    case.change("status", "inquiry", "mql", created - DAY)
    case.change("status", "inquiry", "mql", created - DAY - SECOND)
    rules = [r["rule"] for r in case.result(DUE).quarantine]
    assert rules == ["before_first_record"]


# Salesforce ------------------------------------------------------------


def test_converted_lead_keeps_its_contact(tmp_path: Path) -> None:
    """Tasks of the contact and 15-character ids are the lead's."""
    lead = "00Q1G00000nDnM5UAK"
    landing = write(
        tmp_path,
        {
            "salesforce/lead": [
                {
                    "Id": lead,
                    "Status": "Ａssigned ",
                    "CreatedDate": text(MONDAY),
                    "ConvertedContactId": "0031G00001QtDPlQAN",
                }
            ],
            "salesforce/task": [
                {
                    "Id": "00T1G00003Ufap9UAB",
                    "WhoId": "0031G00001QtDPl",
                    "CreatedDate": text(MONDAY + HOUR),
                    "TaskSubtype": "Call",
                    "Status": "Completed",
                }
            ],
            "salesforce/lead_history": [
                {
                    "Id": "0171G00000000001AA",
                    "LeadId": lead[:15],
                    "Field": "leadConverted",
                    "CreatedDate": text(MONDAY + DAY),
                }
            ],
        },
    )
    result = compute(landing, SEEDS, loaded_at=LOADED_AT)
    (row,) = result.lifecycles
    assert row["handed_off_at"] == MONDAY
    assert row["first_response_at"] == MONDAY + HOUR
    assert row["accepted_at"] == row["sql_at"] == MONDAY + DAY
    assert result.quarantine == []


def test_json_and_merged_marketo_leads(tmp_path: Path) -> None:
    (tmp_path / "marketo").mkdir()
    rows = [
        {"id": 1, "createdAt": text(MONDAY), "leadSource": "展示会"},
        {"id": 2, "createdAt": text(MONDAY - DAY), "leadSource": None},
    ]
    (tmp_path / "marketo" / "leads.jsonl").write_text(
        "\n".join(json.dumps(row) for row in rows), encoding="utf-8"
    )
    write(
        tmp_path,
        {
            "marketo/activity_merge_leads": [
                {
                    "id": "9",
                    "lead_id": "1",
                    "merge_ids": "[2]",
                    "activity_date": text(MONDAY),
                }
            ]
        },
    )
    (person,) = compute(tmp_path, SEEDS, loaded_at=LOADED_AT).people
    assert person["primary_record_id"] == "1"
    assert (person["record_count"], person["channel"]) == (2, "trade_show")
