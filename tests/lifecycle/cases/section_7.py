"""§7: transitions, quarantine and the fate of every raw row."""

from __future__ import annotations

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
    Case,
    call,
    change,
    deal,
    handed,
    lead,
    mk_lead,
    sf_change,
    sf_lead,
    stages,
    story,
)

LEAD = "00Q000000000701"
MET = "00Q000000000703"


def meeting(key: str, at: object, by: str = REP, **columns: object) -> tuple:
    return "salesforce/event", {
        "Id": key,
        "WhoId": MET,
        "OwnerId": by,
        "StartDateTime": at,
        **columns,
    }


CASES = [
    Case(
        "§7 every consecutive pair of events is a transition with a verdict",
        [
            *handed(
                ("sql", MONDAY + HOUR),
                ("mql", DUE, "mark"),
                ("mql", DUE + HOUR, "mark"),
                ("won", DUE + DAY),
                ("inquiry", DUE + 2 * DAY),
                lead_id="A",
            ),
        ],
        {
            "transitions": [
                {
                    "lifecycle_no": 1,
                    "transition_no": 1,
                    "from_stage": "mql",
                    "to_stage": "handed_off",
                    "from_at": CREATED,
                    "to_at": MONDAY,
                    "hours": 72,
                    "verdict": "expected",
                    "actor_id": "mark",
                },
                {"transition_no": 2, "to_stage": "sql", "verdict": "skipped"},
                {"transition_no": 3, "to_stage": "mql", "verdict": "backward"},
                {"transition_no": 4, "to_stage": "mql", "verdict": "repeated"},
                {"transition_no": 5, "to_stage": "won", "verdict": "forbidden"},
            ]
        },
    ),
    Case(
        "§7 impossible readings are quarantined with rule and key, and take no part",
        [
            sf_lead(LEAD, Status="Assigned"),
            sf_change("017000000000701", LEAD, "Assigned", "Accepted", FUTURE),
            sf_change("017000000000702", LEAD, "Assigned", "Accepted", "soon"),
            sf_change("017000000000703", LEAD, "Assigned", "SAL", CREATED - 2 * DAY),
            sf_change(
                "017000000000704", "00Q00000000XXXX", "Assigned", "Accepted", DUE
            ),
            sf_change("017000000000705", LEAD, "Assigned", "no such status", DUE),
            sf_lead("00Q000000000702", Status="Working"),
            sf_change("017000000000706", "00Q000000000702", "Working", "却下", DUE),
            # Of two rules it breaks, two rows.
            sf_change("017000000000707", LEAD, "Assigned", "what?", FUTURE),
        ],
        {
            "events": [{"stage": "handed_off", "occurred_at": CREATED}],
            "quarantine": [
                {"rule": "before_first_record", "source_key": "017000000000703"},
                {"rule": "exit_without_lifecycle", "source_key": "017000000000706"},
                {"rule": "future_timestamp", "source_key": "017000000000701"},
                {"rule": "future_timestamp", "source_key": "017000000000707"},
                {"rule": "unknown_person", "source_key": "017000000000704"},
                {"rule": "unmapped_status", "source_key": "017000000000705"},
                {"rule": "unmapped_status", "source_key": "017000000000707"},
                {"rule": "unparsable_timestamp", "source_key": "017000000000702"},
            ],
        },
    ),
    Case(
        "§7 an amount of a deal that cannot be read is quarantined, the deal counts",
        [
            *handed(lead_id="A"),
            deal(DUE, "A", amount="much"),
            *handed(lead_id="B"),
            deal(DUE, "B", amount="EUR 500", currency="JPY"),
            *handed(lead_id="C"),
            # Blank, and a word for it: no amount, and nothing broken.
            deal(DUE, "C", opportunity_id="C-1", amount="-"),
            deal(DUE + HOUR, "C", opportunity_id="C-2", amount=""),
        ],
        {
            "lifecycles": [
                {"opportunity_at": DUE, "opportunity_amount": None},
                {"opportunity_at": DUE, "opportunity_amount": None},
                {"opportunity_at": DUE, "opportunity_amount": None},
            ],
            "quarantine": [
                {"rule": "unparsable_amount", "source_table": "opportunity"},
                {"rule": "unparsable_amount", "source_table": "opportunity"},
            ],
        },
    ),
    Case(
        "§7 a day to the second before the first record is not too early",
        [
            lead(status="mql"),
            change("inquiry", "mql", CREATED - DAY),
            change("inquiry", "handed_off", CREATED - DAY - SECOND),
        ],
        {
            "events": stages("mql", "inquiry"),
            "quarantine": [{"rule": "before_first_record"}],
        },
    ),
    Case(
        "§7 between as_of and loaded_at is after_as_of, not quarantined",
        [*handed(("sal", AS_OF + SECOND)), call(AS_OF + DAY), deal(AS_OF + DAY)],
        {"events": stages("mql", "handed_off"), "quarantine": []},
    ),
    Case(
        "§7 each raw row has one fate, the first that applies",
        [
            sf_lead(MET, Status="Working"),
            meeting("00U000000000701", MONDAY),
            # An exact copy, and a superseded one.
            meeting("00U000000000701", MONDAY),
            meeting("00U000000000702", FUTURE, LastModifiedDate=CREATED),
            meeting("00U000000000702", MONDAY, LastModifiedDate=DUE),
            # Impossible, without a key, of nobody.
            meeting("00U000000000703", FUTURE),
            meeting("", MONDAY),
            meeting("00U000000000704", MONDAY, WhoId="00Q00000000XXXX"),
            # After as_of.
            meeting("00U000000000705", AS_OF + SECOND),
            # Nobody reads marketing's meetings, nor deleted ones.
            meeting("00U000000000706", MONDAY, by=MARKETER),
            meeting("00U000000000707", MONDAY, IsDeleted="true"),
        ],
        {
            "fates": [
                {
                    "source_table": "event",
                    "raw_rows": 10,
                    "duplicates": 2,
                    "readings": 2,
                    "quarantined": 3,
                    "after_as_of": 1,
                    "unread": 2,
                }
            ],
            "quarantine": [
                {"rule": "future_timestamp", "source_key": "00U000000000703"},
                {"rule": "missing_key"},
                {"rule": "unknown_person", "source_key": "00U000000000704"},
            ],
        },
        owns=("salesforce/event",),
    ),
    Case(
        "§7 an event, a link, an owner change, a touch and a response are readings",
        [
            *story("inquiry", lead_id="A"),
            ("generic/touch", {
                "touch_id": "T1", "lead_id": "A", "campaign_id": "fair",
                "touched_at": MONDAY, "type": "form",
            }),
            mk_lead("7001"),
            mk_lead("7002"),
            ("marketo/merged_lead", {
                "id": "1", "merged_lead": "7002", "into_lead": "7001",
            }),
            ("marketo/activity_new_lead", {
                "id": "7901", "lead_id": "7001", "activity_date": MONDAY,
            }),
            sf_lead("00Q000000000711", Status="New"),
            # An owner change, an event, and a field that no rule reads.
            *(
                ("salesforce/lead_history", {
                    "Id": f"01700000000071{n}",
                    "LeadId": "00Q000000000711",
                    "Field": name,
                    "OldValue": old,
                    "NewValue": new,
                    "CreatedDate": MONDAY,
                    "CreatedById": MARKETER,
                })
                for n, (name, old, new) in enumerate([
                    ("Owner", MARKETER, REP),
                    ("Status", "New", "MQL"),
                    ("Phone", "1", "2"),
                ])
            ),
            ("salesforce/task", {
                "Id": "00T000000000701", "WhoId": "00Q000000000711", "OwnerId": REP,
                "Type": "Call", "Status": "Completed", "CreatedDate": MONDAY,
            }),
        ],
        {
            "fates": [
                {"source_table": "touch", "raw_rows": 1, "readings": 1},
                {"source_table": "activity_new_lead", "raw_rows": 1, "readings": 1},
                {"source_table": "merged_lead", "raw_rows": 1, "readings": 1},
                {
                    "source_table": "lead_history",
                    "raw_rows": 3,
                    "readings": 2,
                    "unread": 1,
                },
                {"source_table": "task", "raw_rows": 1, "readings": 1},
            ],
            "quarantine": [],
        },
        setting="other vars",
        owns=(
            "generic/touch",
            "marketo/merged_lead",
            "marketo/activity_new_lead",
            "salesforce/lead_history",
            "salesforce/task",
        ),
    ),
    Case(
        "§7 a row of which any reading takes part is a reading, whatever it breaks",
        [
            *(row for one in "ABC" for row in story("inquiry", lead_id=one)),
            # Created as it should be, and closed where it cannot.
            deal(MONDAY, "A", is_closed="true", is_won="true", closed_at=FUTURE),
            # Neither takes part, and one breaks a rule.
            deal(
                FUTURE, "B", is_closed="true", is_won="true", closed_at=AS_OF + SECOND
            ),
            deal(AS_OF + SECOND, "C"),
        ],
        {
            "fates": [
                {
                    "source_table": "opportunity",
                    "raw_rows": 3,
                    "readings": 1,
                    "quarantined": 1,
                    "after_as_of": 1,
                    "unread": 0,
                }
            ],
            "quarantine": [{"rule": "future_timestamp"}, {"rule": "future_timestamp"}],
        },
        setting="own rules",
        owns=("generic/opportunity",),
    ),
]  # fmt: skip
