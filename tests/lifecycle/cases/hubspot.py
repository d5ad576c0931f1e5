"""What HubSpot tells in its own ways: merges into a new number, histories of values,
dates in columns, deals that name contacts or are named by them."""

from __future__ import annotations

from decimal import Decimal

from tests.lifecycle.cases import (
    CREATED,
    DAY,
    DUE,
    FUTURE,
    HOUR,
    MONDAY,
    Case,
    Row,
    stages,
)

LEAD, MQL, SAL = "lead", "marketingqualifiedlead", "salesqualifiedlead"


def contact(number: str, **columns: object) -> Row:
    return "hubspot/contact", {"id": number, "createdate": CREATED, **columns}


def became(
    number: str,
    value: str,
    at: object,
    name: str = "lifecyclestage",
    source: str = "CRM_UI",
    by: str = "",
) -> Row:
    return "hubspot/contact_property_history", {
        "contact_id": number,
        "name": name,
        "value": value,
        "timestamp": at,
        "source_type": source,
        "source_id": by and f"userId:{by}",
    }


def merged(number: str, value: str, at: object, name: str = "lifecyclestage") -> Row:
    return became(number, value, at, name, "MERGE_OBJECTS")


def status(number: str, value: str, at: object, by: str = "") -> Row:
    return became(number, value, at, "hs_lead_status", by=by)


def deal(number: str, **columns: object) -> Row:
    return "hubspot/deal", {"deal_id": number, "createdate": MONDAY, **columns}


def entered(number: str, stage: str, at: object) -> Row:
    return "hubspot/deal_stage", {
        "deal_id": number,
        "value": stage,
        "date_entered": at,
    }


def of_deal(number: str, contact_id: str) -> Row:
    return "hubspot/deal_contact", {"deal_id": number, "contact_id": contact_id}


CASES = [
    Case(
        "§1 §2 a merge in HubSpot makes a new contact, which lists the old ones",
        [
            # The first is archived, the second is not delivered any more.
            contact("9011", archived="true", email="one@merged.example"),
            became("9011", LEAD, CREATED),
            became("9012", MQL, MONDAY - DAY),
            contact("9013", hs_merged_object_ids="9011;9012"),
            status("9013", "NEW", MONDAY),
        ],
        {
            "people": [
                {
                    "primary_source": "hubspot",
                    "primary_record_id": "9013",
                    "record_count": 2,
                }
            ],
            "events": [
                {"stage": "inquiry", "occurred_at": CREATED},
                {"stage": "mql", "occurred_at": MONDAY - DAY},
                {"stage": "handed_off", "occurred_at": MONDAY},
            ],
            "quarantine": [],
        },
    ),
    Case(
        "§2 what a merge wrote is an event where nothing else says the same",
        [
            contact("9021", archived="true"),
            became("9021", LEAD, CREATED),
            contact(
                "9022",
                hs_merged_object_ids="9021",
                **{f"hs_v2_date_entered_{SAL}": MONDAY + HOUR},
            ),
            # The old contact says it, nobody does, a column does.
            merged("9022", LEAD, MONDAY),
            merged("9022", MQL, MONDAY + HOUR),
            merged("9022", SAL, MONDAY + 2 * HOUR),
            # A merge tells it, and then it is told again, which is no change.
            contact("9023"),
            merged("9023", MQL, MONDAY),
            became("9023", MQL, MONDAY + DAY),
        ],
        {
            "events": [
                {"stage": "inquiry", "occurred_at": CREATED},
                {"stage": "mql", "occurred_at": MONDAY + HOUR},
                {
                    "stage": "sal",
                    "occurred_at": MONDAY + HOUR,
                    "source_table": "contact_stage_date",
                },
                {"stage": "mql", "occurred_at": MONDAY},
            ]
        },
    ),
    Case(
        "§2 a merge gives no reason why sales refused",
        [
            contact("9031", hs_lead_status_reason="no budget"),
            became("9031", SAL, MONDAY),
            merged("9031", "UNQUALIFIED", DUE, "hs_lead_status"),
        ],
        {
            "lifecycles": [
                {"exit_stage": "disqualified", "rejection_reason": "no budget"}
            ]
        },
    ),
    Case(
        "§2 the date of a stage fills in where history does not tell of it",
        [
            contact(
                "9041",
                hs_v2_date_entered_lead=MONDAY,
                hs_lifecyclestage_lead_date=MONDAY + DAY,
                **{f"hs_v2_date_entered_{MQL}": DUE},
            ),
            became("9041", MQL, MONDAY + HOUR),
            # A lead status of now that nobody dated is no event.
            contact("9042", hs_lead_status="NEW", lifecyclestage=LEAD),
        ],
        {
            "events": [
                {
                    "stage": "inquiry",
                    "occurred_at": MONDAY,
                    "source_table": "contact_stage_date",
                },
                {
                    "stage": "mql",
                    "occurred_at": MONDAY + HOUR,
                    "source_table": "contact_property_history",
                },
            ]
        },
    ),
    Case(
        "§2 §7 what is quarantined neither repeats a value nor stands for a date",
        [
            contact("9051", **{f"hs_v2_date_entered_{SAL}": DUE}),
            became("9051", LEAD, "2020-01-01 00:00:00"),
            became("9051", LEAD, CREATED),
            became("9051", SAL, FUTURE),
        ],
        {
            "events": [
                {"stage": "inquiry", "occurred_at": CREATED},
                {"stage": "sal", "occurred_at": DUE},
            ],
            "quarantine": [
                {"rule": "before_first_record"},
                {"rule": "future_timestamp"},
            ],
        },
    ),
    Case(
        "§2 a value that HubSpot tells again is no event, unless it was cleared",
        [
            contact("9061"),
            became("9061", MQL, CREATED),
            became("9061", MQL, MONDAY),
            became("9061", "", MONDAY + HOUR),
            became("9061", MQL, MONDAY + 2 * HOUR),
        ],
        {
            "events": [
                {"stage": "mql", "occurred_at": CREATED},
                {"stage": "mql", "occurred_at": MONDAY + 2 * HOUR},
            ]
        },
    ),
    Case(
        "§2 a deal in HubSpot is of the contact that it names or that names it",
        [
            contact("9071", deal_ids="97001; 97002"),
            contact("9072"),
            deal("97001"),
            deal("97002", createdate=MONDAY + HOUR),
            deal("97003", createdate=MONDAY + 2 * HOUR, associated_vids="[9072]"),
            deal("97004", createdate=MONDAY + 3 * HOUR),
            of_deal("97004", "9072"),
        ],
        {
            "events": [
                {"stage": "opportunity", "occurred_at": MONDAY},
                {"stage": "opportunity", "occurred_at": MONDAY + HOUR},
                {"stage": "opportunity", "occurred_at": MONDAY + 2 * HOUR},
                {"stage": "opportunity", "occurred_at": MONDAY + 3 * HOUR},
            ]
        },
    ),
    Case(
        "§2 a deal of several contacts is of the first that is there, and is one",
        [
            contact("9081", archived="true"),
            contact("9083"),
            contact("9082"),
            deal("98001", associated_vids="9080;9081;9083;9082"),
            # It became the other one, which is of the contacts of both.
            deal("98002", createdate=MONDAY - DAY, associated_vids="9083"),
            ("hubspot/merged_deal", {"deal_id": "98003", "merged_deal_id": "98002"}),
            deal("98003", createdate=MONDAY + DAY),
        ],
        {
            "people": [{"primary_record_id": "9082"}, {"primary_record_id": "9083"}],
            "lifecycles": [
                {"opportunity_id": "98001", "opportunity_at": MONDAY},
                {"opportunity_id": "98003", "opportunity_at": MONDAY + DAY},
            ],
        },
    ),
    Case(
        "§2 whether a deal is won its stage says, else the deal, else the vendor's id",
        [
            ("hubspot/deal_pipeline_stage", {"stage_id": "s-won", "probability": "1"}),
            (
                "hubspot/deal_pipeline_stage",
                {"stage_id": "s-over", "is_closed": "TRUE"},
            ),
            *(contact(f"909{number}") for number in range(1, 6)),
            # Told twice, it was entered once.
            deal("99001", associated_vids="9091", dealstage="s-won", amount="70"),
            entered("99001", "s-won", DUE),
            entered("99001", "s-won", DUE + DAY),
            # Closed, and nothing says that it was won; the deal itself does.
            deal("99002", associated_vids="9092", dealstage="s-over", closedate=DUE),
            deal(
                "99003",
                associated_vids="9093",
                dealstage="s-over",
                closedate=DUE,
                hs_is_closed_won="true",
            ),
            deal(
                "99004", associated_vids="9094", dealstage="closedlost", closedate=DUE
            ),
            # A date that is planned closes nothing.
            deal("99005", associated_vids="9095", dealstage="talks", closedate=DUE),
        ],
        {
            "lifecycles": [
                {
                    "exit_stage": "won",
                    "exited_at": DUE,
                    "opportunity_amount": Decimal("70.00"),
                },
                {"exit_stage": "lost", "exited_at": DUE},
                {"exit_stage": "won", "exited_at": DUE},
                {"exit_stage": "lost", "exited_at": DUE},
                {"exit_stage": None, "opportunity_at": MONDAY},
            ]
        },
    ),
    Case(
        "§1 an archived contact that nobody became leaves the marts",
        [
            contact("9101", archived="true"),
            became("9101", LEAD, CREATED),
            # One of the same address is there: all events of both count.
            contact("9102", archived="true", email="both@archived.example"),
            became("9102", LEAD, CREATED),
            contact("9103", email="Both@archived.example"),
            became("9103", MQL, MONDAY),
        ],
        {
            "people": [{"primary_record_id": "9103", "record_count": 2}],
            "events": stages("inquiry", "mql"),
        },
    ),
    Case(
        "§5 another owner in HubSpot's history is another pass",
        [
            ("hubspot/owner", {"owner_id": "9171", "user_id": "91710"}),
            ("hubspot/owner", {"owner_id": "9172", "user_id": "91720"}),
            contact("9111", hubspot_owner_id="9172"),
            became("9111", "9171", CREATED, "hubspot_owner_id"),
            status("9111", "NEW", MONDAY, by="91710"),
            became("9111", "9171", MONDAY + HOUR, "hubspot_owner_id"),
            became("9111", "9172", MONDAY + 2 * HOUR, "hubspot_owner_id"),
            status("9111", "OPEN_DEAL", MONDAY + 3 * HOUR, by="91720"),
        ],
        {
            "events": [
                {"stage": "handed_off", "actor_id": "9171"},
                {"stage": "sql", "actor_id": "9172"},
            ],
            "passes": [
                {"owner_id": "9171", "ended_at": MONDAY + 2 * HOUR},
                {"owner_id": "9172", "outcome": "accepted"},
            ],
        },
    ),
    Case(
        "§5 a completed call with a contact is a response, what he wrote is none",
        [
            *(contact(number, hubspot_owner_id="9171") for number in ("9121", "9122")),
            *(status(number, "NEW", MONDAY) for number in ("9121", "9122")),
            (
                "hubspot/engagement_call",
                {
                    "id": "1",
                    "hs_timestamp": MONDAY + HOUR,
                    "hs_call_status": "NO_ANSWER",
                },
            ),
            (
                "hubspot/engagement_call",
                {"id": "2", "hs_timestamp": DUE - HOUR, "hs_call_status": "COMPLETED"},
            ),
            (
                "hubspot/engagement_email",
                {
                    "id": "1",
                    "hs_timestamp": MONDAY + HOUR,
                    "hs_email_status": "SENT",
                    "hs_email_direction": "INCOMING_EMAIL",
                },
            ),
            *(
                (
                    "hubspot/engagement_contact",
                    {
                        "engagement_id": number,
                        "contact_id": of,
                        "engagement_type": kind,
                    },
                )
                for number, of, kind in (
                    ("1", "9121", "CALL"),
                    ("2", "9121", "CALL"),
                    ("1", "9122", "EMAIL"),
                )
            ),
        ],
        {
            "lifecycles": [
                {"first_response_at": DUE - HOUR, "was_ignored": False},
                {"first_response_at": None, "was_ignored": True},
            ]
        },
    ),
]
