"""§3: what is read under which version of the definition."""

from __future__ import annotations

from datetime import date, datetime

from tests.lifecycle.cases import (
    DAY,
    DUE,
    HOUR,
    MONDAY,
    SECOND,
    V2,
    V3,
    Case,
    deal,
    handed,
    stages,
    story,
)

THURSDAY = datetime(2025, 6, 19, 1)  # 10:00 in Tokyo, the day before V2

# Handed off on 1 April, 00:30, in Tokyo, still in March in UTC.
SPRING_DEAL = [
    *handed(
        at="2025-04-01T00:30:00+09:00",
        created_at="2025-03-20",
        source="fair in spring",
    ),
    deal(
        "2025-06-02",
        is_closed="true",
        is_won="true",
        closed_at="2025-06-03",
        amount="1,200",
    ),
]

CASES = [
    Case(
        "§3 an event is read with the version in force when it happened",
        [
            *story("mql", ("triaged", V2 - SECOND), lead_id="A"),
            *story("mql", ("triaged", V2), lead_id="B"),
        ],
        {
            "events": [
                {"stage": "mql", "definition_version": "v1"},
                {"stage": "mql", "definition_version": "v1"},
                {"stage": "tal", "definition_version": "v2", "occurred_at": V2},
            ],
            "quarantine": [{"rule": "unmapped_status"}],
        },
        setting="changed",
        what_if={
            "events": [
                {"stage": "mql", "definition_version": "v2"},
                {
                    "stage": "tal",
                    "definition_version": "v2",
                    "occurred_at": V2 - SECOND,
                },
                {"stage": "mql", "definition_version": "v2"},
                {"stage": "tal", "definition_version": "v2", "occurred_at": V2},
            ],
            "quarantine": [],
        },
    ),
    Case(
        "§3 a policy is of the version in force at the hand-off",
        [
            # 18 h of v1: 8 on Thursday, 9 on Friday, 1 on Monday, though by then
            # v2 is in force, whose 9 h fill the Friday.
            *handed(lead_id="A", at=THURSDAY),
            *handed(lead_id="B", at=V2),
        ],
        {
            "lifecycles": [
                {
                    "definition_version": "v1",
                    "sla_due_at": datetime(2025, 6, 23, 1),
                },
                {
                    "definition_version": "v2",
                    "sla_due_at": datetime(2025, 6, 20, 9),
                },
            ]
        },
        setting="changed",
        # All of history with the 9 h of v2: Friday 10:00.
        what_if={
            "lifecycles": [
                {
                    "definition_version": "v2",
                    "sla_due_at": datetime(2025, 6, 20, 1),
                },
                {
                    "definition_version": "v2",
                    "sla_due_at": datetime(2025, 6, 20, 9),
                },
            ]
        },
    ),
    Case(
        "§3 a new version restates nothing of before",
        handed(("sal", DUE + SECOND)),
        {
            "lifecycles": [
                {
                    "definition_version": "v1",
                    "sla_due_at": DUE,
                    "outcome": "accepted",
                    "was_ignored": True,
                }
            ]
        },
        setting="changed",
        # 9 h from Monday 10:00: Tuesday 10:00.
        what_if={
            "lifecycles": [
                {"definition_version": "v2", "sla_due_at": DUE - DAY},
            ]
        },
    ),
    Case(
        "§3 §5 the version that ships: 18 h, a touch stops the clock, explicit",
        handed(),
        {
            "lifecycles": [
                {
                    "definition_version": "v1",
                    "handed_off_at": MONDAY,
                    "sla_due_at": DUE,
                }
            ]
        },
    ),
    Case(
        "§3 §6 reporting in Tokyo, by fiscal years from April and in yen",
        SPRING_DEAL,
        {
            "cohort": [{"handed_off_date": date(2025, 4, 1)}],
            "monthly": [
                {
                    "period_type": "fiscal_year",
                    "period_start_date": date(2025, 4, 1),
                    "won_amount_reporting": 1200,
                }
            ],
            "lifecycles": [{"opportunity_currency": "JPY"}],
        },
    ),
    Case(
        "§3 §6 vars change the reporting time zone, fiscal year and currency",
        SPRING_DEAL,
        {
            "cohort": [{"handed_off_date": date(2025, 3, 31)}],
            "monthly": [
                {
                    "period_type": "fiscal_year",
                    "period_start_date": date(2025, 1, 1),
                    "won_amount_reporting": 1200,
                }
            ],
            "lifecycles": [{"opportunity_currency": "USD"}],
        },
        setting="other vars",
    ),
    Case(
        "§3 §4 §5 in mode mql the MQL is the hand-off and no later one opens a pass",
        story(
            "inquiry",
            ("mql", V3 + DAY, "mark"),
            ("handed_off", V3 + DAY + HOUR, "mark"),
        ),
        {
            "lifecycles": [
                {
                    "definition_version": "v3",
                    "handed_off_at": V3 + DAY,
                    "is_handoff_imputed": False,
                    "origin": "marketing",
                }
            ],
            "passes": [{"pass_no": 1, "passed_at": V3 + DAY}],
        },
        setting="changed",
        what_if={
            "events": stages("inquiry", "mql", "handed_off"),
            "lifecycles": [{"handed_off_at": V3 + DAY + HOUR}],
        },
    ),
    Case(
        "§3 effective_from is an instant in any of the forms of a source",
        [
            *story(
                "mql",
                ("handed_off", V2 - SECOND),
                ("tal", V2),
                ("recycled", V3 - SECOND),
                ("mql", V3),
            )
        ],
        {
            "events": [
                {"stage": "mql", "definition_version": "v1"},
                {"stage": "handed_off", "definition_version": "v1"},
                {"stage": "tal", "definition_version": "v2"},
                {"stage": "recycled", "definition_version": "v2"},
                {"stage": "inquiry", "definition_version": "v3"},
                {"stage": "mql", "definition_version": "v3"},
            ]
        },
        setting="own rules",
    ),
    Case(
        "§3 a version has the rules and policies of all that it is based on",
        [*handed(at=datetime(2025, 7, 10, 1))],
        {
            "events": [
                {"stage": "mql", "definition_version": "v1"},
                # Of v1 and, since v3, of a status that is there.
                {"stage": "inquiry", "definition_version": "v15"},
                {"stage": "handed_off", "definition_version": "v15"},
            ],
            "lifecycles": [{"sla_due_at": datetime(2025, 7, 14, 1)}],
        },
        setting="own rules",
    ),
]
