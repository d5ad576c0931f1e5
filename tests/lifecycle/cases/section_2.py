"""§2: what means that a person entered a stage."""

from __future__ import annotations

from decimal import Decimal

from tests.lifecycle.cases import (
    AS_OF,
    CREATED,
    DAY,
    DUE,
    FUTURE,
    HOUR,
    MARKETER,
    MONDAY,
    REP,
    SECOND,
    V3,
    Case,
    change,
    deal,
    handed,
    lead,
    mk_lead,
    owner,
    score,
    sf_change,
    sf_contact,
    sf_lead,
    stages,
    story,
)

FIRST = {"stage": "mql", "occurred_at": CREATED, "source_table": "lead"}

CASES = [
    Case(
        "§2 an event tells who, when, by whom and its evidence",
        [
            sf_lead("00Q000000000201", Status="Accepted", CreatedById=MARKETER),
            sf_change(
                "017000000000201", "00Q000000000201", "Assigned", "Accepted", DUE
            ),
        ],
        {
            "events": [
                {
                    "stage": "handed_off",
                    "occurred_at": CREATED,
                    "source": "salesforce",
                    "source_table": "lead",
                    "source_key": "00Q000000000201",
                    "actor_id": MARKETER,
                    "definition_version": "v1",
                },
                {
                    "stage": "sal",
                    "occurred_at": DUE,
                    "source": "salesforce",
                    "source_table": "lead_history",
                    "source_key": "017000000000201",
                    "actor_id": REP,
                    "definition_version": "v1",
                },
            ]
        },
    ),
    Case(
        "§2 stages of one instant stand in rank order",
        [
            deal(MONDAY),
            # Written backwards; each row's old value is the one before.
            change("sal", "sql", MONDAY),
            change("tal", "sal", MONDAY),
            change("handed_off", "tal", MONDAY),
            change("mql", "handed_off", MONDAY),
            change("inquiry", "mql", MONDAY),
            lead(created_at=MONDAY, status="sql"),
        ],
        {
            "events": stages(
                "inquiry", "mql", "handed_off", "tal", "sal", "sql", "opportunity"
            )
        },
    ),
    Case(
        "§2 §4 exits of one instant stand in rank order, the first one closes",
        [
            # In each the greater rank was written first.
            *story("sal", ("lost", MONDAY), ("won", MONDAY), lead_id="A"),
            *story("sal", ("rejected", MONDAY), ("lost", MONDAY), lead_id="B"),
            *story("sal", ("recycled", MONDAY), ("rejected", MONDAY), lead_id="C"),
            *story("sal", ("disqualified", MONDAY), ("recycled", MONDAY), lead_id="D"),
        ],
        {
            "lifecycles": [
                {"exit_stage": "won"},
                {"exit_stage": "lost"},
                {"exit_stage": "rejected"},
                {"exit_stage": "recycled"},
            ],
            "quarantine": [{"rule": "exit_without_lifecycle"}] * 4,
        },
    ),
    Case(
        "§2 a known status that means nothing here is none",
        [
            sf_lead("00Q000000000211", Status="対応中"),
            sf_change("017000000000211", "00Q000000000211", "Working", "対応中", DUE),
        ],
        {"events": [], "lifecycles": [], "quarantine": []},
    ),
    Case(
        "§2 a rule is of one source, entity and field, and of one value",
        [
            *story("inquiry"),
            change("", "a ", MONDAY, field="grade"),
            change("", "a", DUE, field="old_grade"),
            change("a", "B", DUE, field="grade"),
            sf_lead("00Q000000000221", Status="Working"),
            (
                "salesforce/lead_history",
                {
                    "Id": "017000000000221",
                    "LeadId": "00Q000000000221",
                    "Field": "grade",
                    "NewValue": "A",
                    "CreatedDate": MONDAY,
                },
            ),
        ],
        {
            "events": stages("inquiry", "mql"),
            "quarantine": [{"rule": "unmapped_status"}],
        },
        setting="changed",
    ),
    Case(
        "§2 exists asks only for a value",
        [
            lead("A", status=""),
            change("", "whatever", MONDAY, lead_id="A", field="asked_for_demo"),
            lead("B", status=""),
            change("yes", "", MONDAY, lead_id="B", field="asked_for_demo"),
        ],
        {"events": [{"stage": "inquiry", "occurred_at": MONDAY}], "quarantine": []},
        setting="changed",
    ),
    Case(
        "§2 crosses passes the threshold upwards",
        [
            lead(status=""),
            change("3", "9", MONDAY, field="visits"),
            change("9", "10", MONDAY + HOUR, field="visits"),
            change("10", "11", MONDAY + 2 * HOUR, field="visits"),
            change("11", "4", MONDAY + 3 * HOUR, field="visits"),
            change("4", "1,000", MONDAY + 4 * HOUR, field="visits"),
        ],
        {
            "events": [
                {"stage": "mql", "occurred_at": MONDAY + HOUR},
                {"stage": "mql", "occurred_at": MONDAY + 4 * HOUR},
            ]
        },
        setting="changed",
    ),
    Case(
        "§2 a score crosses 100 upwards, not by a merge",
        [
            mk_lead("2301"),
            score("2391", "2301", "0", "120", MONDAY, "Merge"),
            score("2392", "2301", "120", "130", MONDAY + HOUR),
            score("2393", "2301", "130", "90", MONDAY + 2 * HOUR),
            score("2394", "2301", "90", "100", MONDAY + 3 * HOUR, "Web"),
            score("2395", "2301", "100", "150", MONDAY + 4 * HOUR, "Web"),
        ],
        {"events": [{"stage": "mql", "source_key": "2394"}]},
    ),
    Case(
        "§2 the first value is the old value of the earliest status row",
        handed(),
        {"events": [FIRST, {"stage": "handed_off", "occurred_at": MONDAY}]},
    ),
    Case(
        "§2 the first value is of a row whose time is not quarantined",
        [
            lead(status="handed_off"),
            change("inquiry", "mql", "2020-01-01 00:00:00"),
            change("tal", "mql", "soon"),
            change("sal", "mql", FUTURE),
            change("mql", "handed_off", MONDAY),
        ],
        {
            "events": [FIRST, {"stage": "handed_off"}],
            "quarantine": [
                {"rule": "before_first_record"},
                {"rule": "future_timestamp"},
                {"rule": "unparsable_timestamp"},
            ],
        },
    ),
    Case(
        "§2 the first value may be told by a row after as_of",
        handed(at=AS_OF + DAY),
        {"events": [FIRST]},
    ),
    Case(
        "§2 the first value is the head of the old to new chain of one instant",
        [
            change("mql", "handed_off", MONDAY),
            change("inquiry", "mql", MONDAY),
            lead(status="handed_off"),
        ],
        {
            "events": [
                {"stage": "inquiry", "occurred_at": CREATED},
                {"stage": "mql", "occurred_at": MONDAY},
                {"stage": "handed_off", "occurred_at": MONDAY},
            ]
        },
    ),
    Case(
        "§2 a circle of one instant begins with the next row's old value",
        [
            lead(status="sal"),
            change("handed_off", "mql", MONDAY),
            change("mql", "handed_off", MONDAY),
            change("mql", "handed_off", DUE, by=REP),
        ],
        {
            "events": [
                {"stage": "mql", "occurred_at": CREATED},
                {"stage": "mql", "occurred_at": MONDAY},
                {"stage": "handed_off", "occurred_at": MONDAY},
                {"stage": "handed_off", "occurred_at": DUE},
            ]
        },
    ),
    Case(
        "§2 a circle of one instant begins with the current value",
        [
            lead(status="inquiry"),
            change("handed_off", "inquiry", MONDAY),
            change("inquiry", "handed_off", MONDAY),
        ],
        {
            "events": [
                {"stage": "inquiry", "occurred_at": CREATED},
                {"stage": "inquiry", "occurred_at": MONDAY},
                {"stage": "handed_off", "occurred_at": MONDAY},
            ]
        },
    ),
    Case(
        "§2 the first value is the current status where there is no row",
        [
            lead(status="mql"),
            owner("mark", "rep", MONDAY),
            sf_lead("00Q000000000241", Status="New"),
        ],
        {
            "events": [
                FIRST,
                {"stage": "inquiry", "occurred_at": CREATED, "source": "salesforce"},
            ]
        },
    ),
    Case(
        "§2 a Marketo lead has no first value",
        [mk_lead("2401", lead_status="mql")],
        {"people": [{"primary_record_id": "2401"}], "events": []},
    ),
    Case(
        "§2 an opportunity is created, and won or lost once closed",
        [
            *story("sal", lead_id="A"),
            deal(MONDAY, "A", is_closed="true", is_won="true", closed_at=DUE),
            *story("sal", lead_id="B"),
            deal(MONDAY, "B", is_closed="true", is_won="false", closed_at=DUE),
            *story("sal", lead_id="C"),
            deal(MONDAY, "C", is_won="true", closed_at=DUE),
        ],
        {
            "events": [
                {"stage": "sal"},
                {"stage": "opportunity", "occurred_at": MONDAY, "actor_id": "rep2"},
                {"stage": "won", "occurred_at": DUE, "actor_id": "rep2"},
                {"stage": "sal"},
                {"stage": "opportunity", "occurred_at": MONDAY},
                {"stage": "lost", "occurred_at": DUE},
                {"stage": "sal"},
                {"stage": "opportunity", "occurred_at": MONDAY},
            ]
        },
    ),
    Case(
        "§2 an opportunity of Salesforce is created and won too",
        [
            sf_contact("003000000000251"),
            (
                "salesforce/opportunity",
                {
                    "Id": "006000000000251",
                    "ContactId": "003000000000251",
                    "OwnerId": REP,
                    "StageName": "Closed Won",
                    "CreatedDate": MONDAY,
                    "CloseDate": "2025-06-30",
                    "IsClosed": "true",
                    "IsWon": "true",
                },
            ),
            # The row of history has the instant, the close date only the day.
            (
                "salesforce/opportunity_field_history",
                {
                    "Id": "017000000000251",
                    "OpportunityId": "006000000000251",
                    "Field": "StageName",
                    "OldValue": "Proposal",
                    "NewValue": "Closed Won",
                    "CreatedDate": DUE,
                },
            ),
        ],
        {
            "events": [
                {"stage": "opportunity", "occurred_at": MONDAY, "actor_id": REP},
                {"stage": "won", "occurred_at": DUE, "actor_id": REP},
            ]
        },
    ),
    Case(
        "§2 the same person, stage and instant counts once, by the smallest evidence",
        [
            # generic comes before salesforce.
            *story("inquiry", ("sal", DUE, "rep2"), email="once@count.example"),
            sf_lead("00Q000000000261", Status="Accepted", Email="once@count.example"),
            sf_change("017000000000261", "00Q000000000261", "Working", "Accepted", DUE),
            # Of two rows of one table, the smaller key.
            sf_lead("00Q000000000262", Status="Accepted"),
            sf_change(
                "017000000000264", "00Q000000000262", "Working", "SAL", DUE, MARKETER
            ),
            sf_change("017000000000263", "00Q000000000262", "Working", "Accepted", DUE),
        ],
        {
            "events": [
                {"stage": "inquiry"},
                {"stage": "sal", "source": "generic", "actor_id": "rep2"},
                {"stage": "sal", "source_key": "017000000000263", "actor_id": REP},
            ],
            "transitions": [{"from_stage": "inquiry", "to_stage": "sal"}],
        },
    ),
    Case(
        "§2 two rules that give one stage for one raw row give one event",
        [lead(status=""), change("", "Gold", MONDAY, field="tier")],
        {"events": [{"stage": "mql", "occurred_at": MONDAY}], "quarantine": []},
        setting="changed",
    ),
    Case(
        "§2 events of a person are ordered by time before rank",
        story(
            "sql", ("tal", MONDAY), ("inquiry", MONDAY + SECOND), ("sal", MONDAY - DAY)
        ),
        # The row of Sunday is the earliest, so its old value is the first one.
        {"events": stages("inquiry", "sal", "tal", "inquiry")},
    ),
    Case(
        "§2 exists also reads a touch that says nothing but that it was",
        [
            lead(),
            (
                "generic/touch",
                {"touch_id": "T1", "lead_id": "L1", "touched_at": MONDAY},
            ),
        ],
        {
            "events": [
                {
                    "stage": "inquiry",
                    "occurred_at": MONDAY,
                    "source_table": "touch",
                    "source_key": "T1",
                }
            ],
            "quarantine": [],
        },
        setting="own rules",
    ),
    Case(
        "§2 exists asks of a first value only that there is one",
        [
            lead("A", status="whatever", created_at=V3),
            lead("B", created_at=V3),
            # A rule of one source is none of another.
            sf_lead("00Q000000000291", Status="whatever", CreatedDate=V3),
        ],
        {
            "events": [{"stage": "inquiry", "occurred_at": V3, "source_key": "A"}],
            "quarantine": [
                {"rule": "unmapped_status", "source_key": "00Q000000000291"}
            ],
        },
        setting="own rules",
    ),
    Case(
        "§2 a score is measured from the number before it",
        [
            row
            for lead_id, between in (("A", "115"), ("B", ""), ("C", "n/a"), ("D", "99"))
            for row in (
                lead(lead_id),
                *(
                    (
                        "generic/score_change",
                        {"lead_id": lead_id, "changed_at": at, "score": value},
                    )
                    for at, value in (
                        (MONDAY, "120"),
                        (MONDAY + DAY, between),
                        (MONDAY + 2 * DAY, "110"),
                    )
                ),
            )
        ],
        {
            "events": [
                {"stage": "mql", "occurred_at": MONDAY},
                {"stage": "mql", "occurred_at": MONDAY},
                {"stage": "mql", "occurred_at": MONDAY},
                {"stage": "mql", "occurred_at": MONDAY},
                {"stage": "mql", "occurred_at": MONDAY + 2 * DAY},
            ]
        },
        setting="own rules",
    ),
    Case(
        "§2 an opportunity is known though a status says the same before it",
        [
            # The status is the evidence: its table comes before the other.
            *handed(("opportunity", DUE), lead_id="A"),
            deal(DUE, "A", amount="1000"),
            # Of two opportunities the one whose closing ended it.
            *handed(("won", DUE + DAY), lead_id="B"),
            deal(MONDAY + HOUR, "B", opportunity_id="B-1", amount="100"),
            deal(
                MONDAY + 2 * HOUR,
                "B",
                opportunity_id="B-2",
                amount="900",
                is_closed="true",
                is_won="true",
                closed_at=DUE + DAY,
            ),
        ],
        {
            "lifecycles": [
                {
                    "opportunity_at": DUE,
                    "opportunity_id": "A-deal",
                    "opportunity_amount": Decimal("1000.00"),
                },
                {
                    "opportunity_at": MONDAY + HOUR,
                    "opportunity_id": "B-2",
                    "opportunity_amount": Decimal("900.00"),
                    "won_amount_reporting": Decimal("900.00"),
                },
            ]
        },
    ),
]
