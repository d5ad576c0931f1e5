"""§5: what became of a hand-off, and of each of its passes."""

from __future__ import annotations

from datetime import datetime

from tests.lifecycle.cases import (
    AS_OF,
    CREATED,
    DAY,
    DUE,
    DUE_AS_OF,
    HOUR,
    MONDAY,
    SECOND,
    THIRTY_DAYS,
    V3,
    Case,
    Row,
    call,
    change,
    handed,
    lead,
    owner,
    story,
)

LATER = DUE + HOUR  # Wednesday, 11:00 in Tokyo


def two_records(one: str, other: str) -> list[Row]:
    """A person of two records: `one` is handed over to rep, rep2 has the other."""
    address = f"{one}{other}@two-records.example"
    return [
        *handed(lead_id=one, email=address),
        lead(other, owner_id="rep2", email=address),
    ]


CASES = [
    Case(
        "§5 only a lead of origin marketing has an outcome",
        [
            *story("tal", ("sal", MONDAY), lead_id="A"),
            *story("inquiry", ("sal", MONDAY), lead_id="B"),
            *story("inquiry", lead_id="C"),
        ],
        {
            "lifecycles": [
                {"origin": "adr", "outcome": None, "sla_due_at": None},
                {"origin": "sales", "outcome": None, "sla_due_at": None},
                {"origin": "nurture", "outcome": None, "sla_due_at": None},
            ],
            "passes": [],
        },
    ),
    Case(
        "§5 the outcome is seen at as_of, which may be the due time itself",
        [
            *handed(lead_id="A", at=DUE_AS_OF),
            *handed(lead_id="B", at=DUE_AS_OF + SECOND),
        ],
        {
            "lifecycles": [
                {"sla_due_at": AS_OF, "outcome": "ignored", "was_ignored": True},
                {
                    "sla_due_at": AS_OF + SECOND,
                    "outcome": "pending",
                    "was_ignored": False,
                },
            ]
        },
    ),
    Case(
        "§5 sla_due_at is when the policy's business hours have elapsed",
        [
            # Monday 10:00: 8 h, Tuesday 9 h, Wednesday 1 h.
            *handed(lead_id="A"),
            # Friday, 2 May, 17:00: 1 h; 3-6 May are closed; 9 h and 8 h follow.
            *handed(
                lead_id="B",
                at=datetime(2025, 5, 2, 8),
                created_at=datetime(2025, 5, 1),
            ),
            # Friday, 27 December, 17:00: 1 h; until 3 January nobody works, then
            # Monday, 6 January, 9 h and Tuesday 8 h.
            *handed(
                lead_id="C",
                at=datetime(2024, 12, 27, 8),
                created_at=datetime(2024, 12, 20),
            ),
            # In the night before: from 09:00 on, two whole days.
            *handed(lead_id="D", at=datetime(2025, 6, 1, 20)),
        ],
        {
            "lifecycles": [
                {"sla_due_at": DUE},
                {"sla_due_at": datetime(2025, 5, 8, 8)},
                {"sla_due_at": datetime(2025, 1, 7, 8)},
                {"sla_due_at": datetime(2025, 6, 3, 9)},
            ]
        },
    ),
    Case(
        "§5 an opening is [open, close), so it may be due at a closing time",
        [
            # From Monday's opening two whole days: Tuesday's closing.
            *handed(lead_id="A", at=datetime(2025, 6, 2)),
            # At Monday's closing nothing is left of the day: Wednesday's closing.
            *handed(lead_id="B", at=datetime(2025, 6, 2, 9)),
            # A second before it, one second less of Wednesday.
            *handed(lead_id="C", at=datetime(2025, 6, 2, 9) - SECOND),
        ],
        {
            "lifecycles": [
                {"sla_due_at": datetime(2025, 6, 3, 9)},
                {"sla_due_at": datetime(2025, 6, 4, 9)},
                {"sla_due_at": datetime(2025, 6, 4, 9) - SECOND},
            ]
        },
    ),
    Case(
        "§5 a TAL is a response",
        handed(("tal", DUE, "adr")),
        {
            "lifecycles": [
                {"first_response_at": DUE, "was_ignored": False, "adr_id": "adr"}
            ]
        },
    ),
    Case(
        "§5 a completed touch by a sales user of a type that counts is a response",
        [
            *handed(lead_id="A"),
            call(DUE, "A"),
            *handed(lead_id="B"),
            call(DUE, "B", user_id="nobody knows"),
            *handed(lead_id="C"),
            call(DUE, "C", user_id=""),
            *handed(lead_id="D"),
            call(DUE, "D", type=""),
            *handed(lead_id="E"),
            call(DUE, "E", type="電話"),
            *handed(lead_id="F"),
            call(DUE, "F", is_completed="true"),
        ],
        {"lifecycles": [{"first_response_at": DUE, "was_ignored": False}] * 6},
    ),
    Case(
        "§5 no response: marketing's, automated, not completed, of no known type",
        [
            *handed(lead_id="A"),
            call(DUE, "A", user_id="mark"),
            *handed(lead_id="B"),
            call(DUE, "B", type="Automated Email"),
            *handed(lead_id="C"),
            call(DUE, "C", is_completed="false"),
            *handed(lead_id="D"),
            call(DUE, "D", type="carrier pigeon"),
        ],
        {"lifecycles": [{"first_response_at": None, "was_ignored": True}] * 4},
    ),
    Case(
        "§5 the first response is from the hand-off to the end, both included",
        [
            *handed(lead_id="A"),
            call(MONDAY - SECOND, "A"),
            *handed(lead_id="B"),
            call(DUE, "B", "A2"),
            call(MONDAY, "B", "A1"),
            *handed(("recycled", DUE, "mark"), lead_id="C"),
            call(DUE, "C"),
            *handed(("recycled", DUE, "mark"), lead_id="D"),
            call(DUE + SECOND, "D"),
        ],
        {
            "lifecycles": [
                {"first_response_at": None},
                {"first_response_at": MONDAY, "response_hours": 0},
                {
                    "first_response_at": DUE,
                    "response_hours": 48,
                    "response_business_hours": 18,
                },
                {"first_response_at": None, "response_hours": None},
            ]
        },
    ),
    Case(
        "§5 was_ignored: nothing up to and including the due time",
        [
            *handed(("sal", DUE), lead_id="A"),
            *handed(("sal", DUE + SECOND), lead_id="B"),
            *handed(("recycled", DUE, "rep"), lead_id="C"),
            *handed(("recycled", DUE + SECOND, "rep"), lead_id="D"),
            *handed(lead_id="E"),
            call(DUE, "E"),
            *handed(lead_id="F"),
            call(DUE + SECOND, "F"),
        ],
        {
            "lifecycles": [
                {"was_ignored": False, "outcome": "accepted"},
                {"was_ignored": True, "outcome": "accepted"},
                {"was_ignored": False, "outcome": "rejected"},
                {"was_ignored": True, "outcome": "rejected"},
                {"was_ignored": False},
                {"was_ignored": True},
            ]
        },
    ),
    Case(
        "§5 touches stop no clock where the policy says so",
        [*handed(source="Patient Fair"), call(MONDAY + HOUR)],
        {
            "lifecycles": [
                {
                    "was_ignored": True,
                    "outcome": "ignored",
                    "first_response_at": MONDAY + HOUR,
                }
            ]
        },
        setting="changed",
    ),
    Case(
        "§5 accepted where accepted_at is set, late when after the due time",
        [
            *handed(("sal", DUE), ("lost", DUE + DAY), lead_id="A"),
            *handed(("sal", DUE + SECOND), lead_id="B"),
        ],
        {
            "lifecycles": [
                {"outcome": "accepted", "is_accepted_late": False},
                {"outcome": "accepted", "is_accepted_late": True},
            ]
        },
    ),
    Case(
        "§5 rejected where sales ended it, or it was lost",
        [
            *handed(("rejected", DUE - HOUR), lead_id="A"),
            *handed(("recycled", DUE - HOUR), lead_id="B"),
            *handed(("disqualified", DUE - HOUR), lead_id="C"),
            *handed(("lost", DUE - HOUR), lead_id="D"),
            *handed(("lost", DUE - HOUR, "mark"), lead_id="E"),
            # Also when it had been ignored.
            *handed(("rejected", DUE + HOUR), lead_id="F"),
        ],
        {"lifecycles": [{"outcome": "rejected"}] * 6},
    ),
    Case(
        "§5 ignored also where marketing took it back afterwards",
        [
            *handed(("recycled", DUE + SECOND, "mark"), lead_id="A"),
            *handed(("rejected", DUE + SECOND, "mark"), lead_id="B"),
        ],
        {"lifecycles": [{"outcome": "ignored", "was_ignored": True}] * 2},
    ),
    Case(
        "§5 ignored where still open after the elapsed days that may pend",
        [
            *handed(lead_id="A", at=THIRTY_DAYS),
            call(THIRTY_DAYS + HOUR, "A"),
            *handed(lead_id="B", at=THIRTY_DAYS + SECOND),
            call(THIRTY_DAYS + HOUR, "B"),
            # Taken back at that very instant it was not open then.
            *handed(("recycled", MONDAY + 30 * DAY, "mark"), lead_id="C"),
            call(MONDAY + HOUR, "C"),
            *handed(("recycled", MONDAY + 30 * DAY + SECOND, "mark"), lead_id="D"),
            call(MONDAY + HOUR, "D"),
        ],
        {
            "lifecycles": [
                {"outcome": "ignored", "was_ignored": False},
                {"outcome": "pending", "was_ignored": False},
                {"outcome": "withdrawn", "was_ignored": False},
                {"outcome": "ignored", "was_ignored": False},
            ]
        },
    ),
    Case(
        "§5 withdrawn where marketing took it back before that",
        [
            *handed(("recycled", DUE - HOUR, "mark"), lead_id="A"),
            *handed(("disqualified", DUE, "mark"), lead_id="B"),
        ],
        {"lifecycles": [{"outcome": "withdrawn", "was_ignored": False}] * 2},
    ),
    Case(
        "§5 pending otherwise",
        [*handed(at=DUE_AS_OF), call(AS_OF)],
        {"lifecycles": [{"outcome": "pending", "was_ignored": False}]},
    ),
    Case(
        "§5 an ignored lead that is accepted later",
        handed(("sal", DUE + 9 * HOUR)),
        {
            "lifecycles": [
                {
                    "outcome": "accepted",
                    "was_ignored": True,
                    "is_accepted_late": True,
                }
            ]
        },
    ),
    # Passes.
    Case(
        "§5 each pass has its own owner, clock and due_at",
        [
            *handed(("sal", LATER + 10 * DAY + HOUR)),
            # Somebody else's response is not the owner's.
            call(MONDAY + HOUR, user_id="rep2"),
            owner("rep", "rep2", LATER),
            call(LATER + HOUR, key="A2", user_id="rep2"),
            owner("rep2", "rep", LATER + 10 * DAY),
        ],
        {
            "passes": [
                {
                    "pass_no": 1,
                    "from_owner_id": None,
                    "owner_id": "rep",
                    "passed_at": MONDAY,
                    "due_at": DUE,
                    "first_response_at": None,
                    "ended_at": LATER,
                    "outcome": "ignored",
                },
                # Wednesday 11:00: 7 h, 9 h, and 2 h of Friday.
                {
                    "pass_no": 2,
                    "from_owner_id": "rep",
                    "owner_id": "rep2",
                    "passed_at": LATER,
                    "due_at": datetime(2025, 6, 6, 2),
                    "first_response_at": LATER + HOUR,
                    "outcome": "reassigned",
                },
                # Saturday: all of Monday and Tuesday.
                {
                    "pass_no": 3,
                    "from_owner_id": "rep2",
                    "owner_id": "rep",
                    "passed_at": LATER + 10 * DAY,
                    "due_at": datetime(2025, 6, 17, 9),
                    "ended_at": LATER + 10 * DAY + HOUR,
                    "outcome": "accepted",
                },
            ]
        },
    ),
    Case(
        "§5 a later hand-off or change of owner on any record opens a pass",
        [
            # The second record is handed over to rep2, who owns it.
            *handed(lead_id="A", email="x@pass.example"),
            lead("B", email="x@pass.example", owner_id="rep2"),
            change("", "handed_off", MONDAY + DAY, "mark", lead_id="B"),
            # The second record changes its owner.
            *handed(lead_id="C", email="y@pass.example"),
            lead("D", email="y@pass.example", owner_id="rep2"),
            owner("mark", "rep2", MONDAY + DAY, lead_id="D"),
        ],
        {
            "passes": [
                {"pass_no": 1, "owner_id": "rep"},
                {"pass_no": 2, "owner_id": "rep2", "passed_at": MONDAY + DAY},
                {"pass_no": 1, "owner_id": "rep"},
                {"pass_no": 2, "owner_id": "rep2", "passed_at": MONDAY + DAY},
            ]
        },
    ),
    Case(
        "§5 no pass: to marketing, to who has it, at or after the acceptance or exit",
        [
            *handed(lead_id="A"),
            owner("rep", "mark", MONDAY + HOUR, lead_id="A"),
            *handed(("handed_off", MONDAY + HOUR, "mark"), lead_id="B"),
            *handed(("sal", DUE), lead_id="C"),
            owner("rep", "rep2", DUE, lead_id="C"),
            *handed(("recycled", DUE, "mark"), lead_id="D"),
            owner("rep", "rep2", DUE + HOUR, lead_id="D"),
        ],
        {"passes": [{"pass_no": 1, "owner_id": "rep"}] * 4},
    ),
    Case(
        "§5 a hand-off and an owner change at one instant are one pass",
        [
            *handed(owner_id="rep2"),
            owner("mark", "rep2", MONDAY),
        ],
        {"passes": [{"pass_no": 1, "owner_id": "rep2", "passed_at": MONDAY}]},
    ),
    Case(
        "§5 a pass is ignored where its due came before the next one",
        [
            *handed(lead_id="A", owner_id="rep2"),
            owner("rep", "rep2", DUE, lead_id="A"),
            *handed(lead_id="B", owner_id="rep2"),
            owner("rep", "rep2", DUE - SECOND, lead_id="B"),
            *handed(lead_id="C", owner_id="rep2"),
            call(DUE, "C"),
            owner("rep", "rep2", DUE + HOUR, lead_id="C"),
        ],
        {
            "passes": [
                {"pass_no": 1, "outcome": "ignored"},
                {"pass_no": 2},
                {"pass_no": 1, "outcome": "reassigned"},
                {"pass_no": 2},
                {"pass_no": 1, "outcome": "reassigned"},
                {"pass_no": 2},
            ]
        },
    ),
    Case(
        "§5 the last pass has the lifecycle's outcome, judged on its own clock",
        [
            # Thursday, 10 July, 10:00; due on Monday. Passed on at Tuesday 10:00,
            # the second one is due on Thursday, after as_of.
            *handed(lead_id="A", at=datetime(2025, 7, 10, 1), owner_id="rep2"),
            owner("rep", "rep2", datetime(2025, 7, 15, 1), lead_id="A"),
            *handed(("rejected", LATER + HOUR, "rep2"), lead_id="B", owner_id="rep2"),
            owner("rep", "rep2", LATER, lead_id="B"),
        ],
        {
            "lifecycles": [{"outcome": "ignored"}, {"outcome": "rejected"}],
            "passes": [
                {"pass_no": 1, "outcome": "ignored"},
                {
                    "pass_no": 2,
                    "due_at": datetime(2025, 7, 17, 1),
                    "outcome": "pending",
                },
                {"pass_no": 1, "outcome": "ignored"},
                {"pass_no": 2, "outcome": "rejected"},
            ],
        },
    ),
    Case(
        "§5 the last pass is judged by anyone's response",
        [
            # rep2 has it since Thursday 11:00, due on Monday 11:00; rep, who had
            # it before, calls on Friday.
            *handed(at=datetime(2025, 7, 10, 1), owner_id="rep2"),
            owner("rep", "rep2", datetime(2025, 7, 10, 2)),
            call(datetime(2025, 7, 11, 1)),
        ],
        {
            "passes": [
                {"pass_no": 1, "outcome": "reassigned"},
                {
                    "pass_no": 2,
                    "due_at": datetime(2025, 7, 14, 2),
                    "first_response_at": datetime(2025, 7, 11, 1),
                    "outcome": "pending",
                },
            ]
        },
    ),
    Case(
        "§5 in mode mql only a change of owner opens a later pass",
        [
            *story(
                "inquiry",
                ("mql", V3 + DAY, "mark"),
                ("handed_off", V3 + 2 * DAY, "mark"),
                owner_id="rep2",
                created_at=CREATED,
            ),
            owner("rep", "rep2", V3 + 3 * DAY),
        ],
        {
            "passes": [
                {"pass_no": 1, "owner_id": "rep", "passed_at": V3 + DAY},
                {"pass_no": 2, "owner_id": "rep2", "passed_at": V3 + 3 * DAY},
            ]
        },
        setting="changed",
    ),
    Case(
        "§5 owners of several records who change at one instant follow one another",
        [
            # To marketing on one record, to rep2 on the other.
            *two_records("A", "B"),
            owner("rep", "mark", MONDAY + HOUR, "A"),
            owner("mark", "rep2", MONDAY + HOUR, "B"),
            # To rep, who has it already, and to rep2.
            *two_records("C", "D"),
            owner("rep", "mark", MONDAY + HOUR / 2, "C"),
            owner("mark", "rep", MONDAY + HOUR, "C"),
            owner("mark", "rep2", MONDAY + HOUR, "D"),
            # To rep2, and back to rep.
            *two_records("E", "F"),
            owner("rep", "rep2", MONDAY + HOUR, "E"),
            owner("rep2", "rep", MONDAY + HOUR, "F"),
        ],
        {
            "passes": [
                {"pass_no": 1, "owner_id": "rep", "ended_at": MONDAY + HOUR},
                {"pass_no": 2, "owner_id": "rep2", "passed_at": MONDAY + HOUR},
                {"pass_no": 1, "owner_id": "rep", "ended_at": MONDAY + HOUR},
                {"pass_no": 2, "owner_id": "rep2", "passed_at": MONDAY + HOUR},
                {"pass_no": 1, "owner_id": "rep", "ended_at": MONDAY + HOUR},
                {
                    "pass_no": 2,
                    "owner_id": "rep2",
                    "from_owner_id": "rep",
                    "passed_at": MONDAY + HOUR,
                    "ended_at": MONDAY + HOUR,
                    "outcome": "reassigned",
                },
                {
                    "pass_no": 3,
                    "owner_id": "rep",
                    "from_owner_id": "rep2",
                    "passed_at": MONDAY + HOUR,
                },
            ]
        },
    ),
    Case(
        "§5 a change to marketing on one record hides no hand-off of another",
        [
            *two_records("G", "H"),
            owner("rep", "mark", MONDAY + HOUR, "G"),
            change("mql", "handed_off", MONDAY + HOUR, "mark", "H"),
        ],
        {
            "passes": [
                {"pass_no": 1, "owner_id": "rep"},
                {"pass_no": 2, "owner_id": "rep2", "passed_at": MONDAY + HOUR},
            ]
        },
    ),
    Case(
        "§5 the source of a user's role is the same text in any case",
        [
            *handed(owner_id="agency"),
            owner("rep", "agency", MONDAY + HOUR),
        ],
        {"passes": [{"pass_no": 1, "owner_id": "rep"}]},
        setting="own rules",
    ),
]
