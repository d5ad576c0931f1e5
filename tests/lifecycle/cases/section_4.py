"""§4: how events become lifecycles, hand-offs, acceptances and origins."""

from __future__ import annotations

from tests.lifecycle.cases import (
    CREATED,
    DAY,
    DUE,
    HOUR,
    MONDAY,
    Case,
    change,
    deal,
    handed,
    lead,
    story,
)

IMPUTED = {"handed_off_at": CREATED, "is_handoff_imputed": True, "origin": "marketing"}
NOT_HANDED = {"handed_off_at": None, "is_handoff_imputed": False}

CASES = [
    Case(
        "§4 a lifecycle opens at the first non-exit event and after an exit",
        handed(
            ("recycled", DUE, "mark"), ("inquiry", DUE + DAY), ("mql", DUE + 2 * DAY)
        ),
        {
            "lifecycles": [
                {"lifecycle_no": 1, "mql_at": CREATED, "inquiry_at": None},
                {
                    "lifecycle_no": 2,
                    "inquiry_at": DUE + DAY,
                    "mql_at": DUE + 2 * DAY,
                    "handed_off_at": None,
                },
            ]
        },
    ),
    Case(
        "§4 an exit closes the open lifecycle and gives stage, instant and who",
        handed(("sal", MONDAY + HOUR), ("lost", DUE, "rep2")),
        {
            "lifecycles": [
                {"exit_stage": "lost", "exited_at": DUE, "exited_by": "rep2"}
            ],
            "quarantine": [],
        },
    ),
    Case(
        "§4 §7 an exit with none open is quarantined",
        [
            *handed(("recycled", DUE, "mark"), ("lost", DUE + HOUR), lead_id="A"),
            *story("rejected", lead_id="B"),
        ],
        {
            "lifecycles": [{"exit_stage": "recycled", "exited_at": DUE}],
            "quarantine": [
                {"rule": "exit_without_lifecycle", "source_table": "lead"},
                {
                    "rule": "exit_without_lifecycle",
                    "source_table": "lead_status_history",
                },
            ],
        },
    ),
    Case(
        "§4 lifecycle_no counts from 1 per person, over all records",
        [
            *handed(("recycled", DUE, "mark"), lead_id="A", email="x@number.example"),
            lead("B", email="x@number.example", created_at=CREATED),
            change("", "mql", DUE + DAY, lead_id="B"),
            *story("mql", lead_id="C"),
        ],
        {
            "lifecycles": [
                {"lifecycle_no": 1, "exit_stage": "recycled"},
                {"lifecycle_no": 2, "mql_at": DUE + DAY},
                {"lifecycle_no": 1, "mql_at": CREATED},
            ]
        },
    ),
    Case(
        "§4 the first event of each stage is its milestone",
        [
            *story(
                "inquiry",
                ("mql", MONDAY),
                ("inquiry", MONDAY + HOUR),
                ("mql", MONDAY + 2 * HOUR),
                ("handed_off", MONDAY + 3 * HOUR, "mark"),
                ("tal", MONDAY + 4 * HOUR),
                ("handed_off", MONDAY + 5 * HOUR, "mark"),
                ("tal", MONDAY + 6 * HOUR),
                ("sal", MONDAY + 7 * HOUR),
                ("sql", MONDAY + 8 * HOUR),
                ("sal", MONDAY + 9 * HOUR),
                ("sql", MONDAY + 10 * HOUR),
                ("opportunity", MONDAY + 11 * HOUR),
            ),
            deal(MONDAY + 12 * HOUR),
        ],
        {
            "lifecycles": [
                {
                    "inquiry_at": CREATED,
                    "mql_at": MONDAY,
                    "handed_off_at": MONDAY + 3 * HOUR,
                    "is_handoff_imputed": False,
                    "tal_at": MONDAY + 4 * HOUR,
                    "sal_at": MONDAY + 7 * HOUR,
                    "sql_at": MONDAY + 8 * HOUR,
                    "opportunity_at": MONDAY + 11 * HOUR,
                    "exit_stage": None,
                }
            ]
        },
    ),
    Case(
        "§4 a hand-off is imputed at the MQL where sales acted after it",
        [
            *story("mql", ("tal", MONDAY, "mark"), lead_id="A"),
            *story("mql", ("sal", MONDAY, "mark"), lead_id="B"),
            *story("mql", ("sql", MONDAY, "mark"), lead_id="C"),
            *story("mql", ("opportunity", MONDAY, "mark"), lead_id="D"),
            *story("mql", ("won", MONDAY, "mark"), lead_id="E"),
            *story("mql", ("lost", MONDAY, "mark"), lead_id="F"),
            *story("mql", ("rejected", MONDAY, "rep"), lead_id="G"),
            *story("mql", ("recycled", MONDAY, "rep"), lead_id="H"),
            *story("mql", ("disqualified", MONDAY, "rep"), lead_id="I"),
        ],
        {"lifecycles": [IMPUTED] * 9},
    ),
    Case(
        "§4 no hand-off is imputed for marketing's exit or without an MQL",
        [
            *story("mql", ("recycled", MONDAY, "mark"), lead_id="A"),
            *story("mql", ("rejected", MONDAY, "mark"), lead_id="B"),
            *story("mql", ("disqualified", MONDAY, "mark"), lead_id="C"),
            *story("inquiry", ("sal", MONDAY), lead_id="D"),
        ],
        {"lifecycles": [NOT_HANDED] * 4},
    ),
    Case(
        "§4 sales must have acted after the MQL in the order of events",
        [
            *story("tal", ("mql", MONDAY, "mark"), lead_id="A"),
            # At one instant the rank is the order: MQL, then TAL.
            *story("inquiry", ("tal", MONDAY), ("mql", MONDAY, "mark"), lead_id="B"),
        ],
        {
            "lifecycles": [
                {**NOT_HANDED, "origin": "adr"},
                {"handed_off_at": MONDAY, "is_handoff_imputed": True},
            ]
        },
    ),
    Case(
        "§4 accepted at the SAL where not handed off or not before the hand-off",
        [
            *handed(("sal", MONDAY), lead_id="A"),
            *handed(("sal", DUE), lead_id="B"),
            *story("inquiry", ("sal", MONDAY), lead_id="C"),
        ],
        {
            "lifecycles": [
                {"accepted_at": MONDAY, "is_acceptance_imputed": False},
                {"accepted_at": DUE, "is_acceptance_imputed": False},
                {"accepted_at": MONDAY, "is_acceptance_imputed": False},
            ]
        },
    ),
    Case(
        "§4 an acceptance is imputed from the SQL, the opportunity or the deal won",
        [
            *handed(("sql", DUE, "rep2"), lead_id="A"),
            *handed(lead_id="B"),
            deal(DUE, "B"),
            *handed(("won", DUE), lead_id="C"),
            *handed(("opportunity", MONDAY + HOUR), ("sql", DUE), lead_id="D"),
        ],
        {
            "lifecycles": [
                {
                    "accepted_at": DUE,
                    "is_acceptance_imputed": True,
                    "accepted_by": "rep2",
                },
                {"accepted_at": DUE, "is_acceptance_imputed": True},
                {"accepted_at": DUE, "is_acceptance_imputed": True},
                {"accepted_at": MONDAY + HOUR, "is_acceptance_imputed": True},
            ]
        },
    ),
    Case(
        "§4 what is before the hand-off accepts nothing, nor does an SQL without one",
        [
            *story(
                "sal",
                ("handed_off", MONDAY, "mark"),
                ("sql", MONDAY + HOUR),
                lead_id="A",
            ),
            *story("sal", ("handed_off", MONDAY, "mark"), lead_id="B"),
            *story(
                "sql", ("handed_off", MONDAY, "mark"), ("won", DUE, "rep"), lead_id="C"
            ),
            *story("inquiry", ("sql", MONDAY), lead_id="D"),
        ],
        {
            "lifecycles": [
                {"accepted_at": MONDAY + HOUR, "is_acceptance_imputed": True},
                {"accepted_at": None, "is_acceptance_imputed": False},
                {"accepted_at": DUE, "is_acceptance_imputed": True},
                {"accepted_at": None, "is_acceptance_imputed": False},
            ]
        },
    ),
    Case(
        "§4 the origin is the first that applies",
        [
            *story("handed_off", ("sal", MONDAY), lead_id="A"),
            # At one instant the hand-off is not after the SAL.
            *story("inquiry", ("handed_off", MONDAY), ("sal", MONDAY), lead_id="B"),
            *story("tal", ("handed_off", MONDAY), ("sal", DUE), lead_id="C"),
            *story("tal", ("sal", MONDAY), lead_id="D"),
            *story("sal", ("tal", MONDAY), lead_id="E"),
            *story("sal", ("handed_off", MONDAY), lead_id="F"),
            *story("sql", ("handed_off", MONDAY), lead_id="G"),
            *story("opportunity", ("handed_off", MONDAY), lead_id="H"),
            *story("inquiry", ("sql", MONDAY), lead_id="I"),
            *story("inquiry", ("mql", MONDAY), lead_id="J"),
        ],
        {
            "lifecycles": [
                {"origin": "marketing"},
                {"origin": "marketing"},
                {"origin": "marketing"},
                {"origin": "adr"},
                {"origin": "sales"},
                {"origin": "sales"},
                {"origin": "sales"},
                {"origin": "sales"},
                {"origin": "sales"},
                {"origin": "nurture"},
            ]
        },
    ),
    Case(
        "§4 §6 only marketing enters the rates, the others are counted on their own",
        [
            *handed(("sal", DUE), lead_id="A", source="fair four"),
            *handed(lead_id="B", source="fair four"),
            *story("tal", ("sal", DUE), lead_id="C", source="fair four"),
            *story("inquiry", ("sal", DUE), lead_id="D", source="fair four"),
            *story("inquiry", lead_id="E", source="fair four"),
        ],
        {
            "cohort": [{"origin": "marketing", "handed_off": 2, "accepted": 1}],
            "monthly": [
                {
                    "period_type": period,
                    "handed_off": 2,
                    "accepted": 1,
                    "sal_rate": 0.5,
                    "mql_to_sal_rate": 0.5,
                }
                for period in ("fiscal_quarter", "fiscal_year", "month")
            ],
            "accepted_by_origin": [
                {"origin": "adr", "accepted": 1},
                {"origin": "marketing", "accepted": 1},
                {"origin": "sales", "accepted": 1},
            ],
        },
    ),
]
