"""Terms and time, and §1: who is one person."""

from __future__ import annotations

from tests.lifecycle.cases import (
    AS_OF,
    CREATED,
    DAY,
    DUE,
    HOUR,
    KEPT_AS_OF,
    MONDAY,
    SECOND,
    Case,
    call,
    change,
    deal,
    handed,
    lead,
    mk_lead,
    sf_contact,
    sf_lead,
    stages,
    story,
)

MAILBOXES = (
    "info", "sales", "contact", "support", "admin", "office", "hello", "mail",
    "webmaster", "postmaster", "noreply", "no-reply",
)  # fmt: skip

CASES = [
    Case(
        "§0 adr, inside_sales and field_sales are sales users",
        [
            *handed(("recycled", DUE - HOUR, "adr"), lead_id="A"),
            *handed(("recycled", DUE - HOUR, "rep"), lead_id="B"),
            *handed(("recycled", DUE - HOUR, "rep2"), lead_id="C"),
            *handed(("recycled", DUE - HOUR, "mark"), lead_id="D"),
        ],
        {
            "lifecycles": [
                {"outcome": "rejected"},
                {"outcome": "rejected"},
                {"outcome": "rejected"},
                {"outcome": "withdrawn"},
            ]
        },
    ),
    Case(
        "§0 a user nobody knows, a blank one and one without a role are sales users",
        [
            *handed(("recycled", DUE - HOUR, "nobody knows"), lead_id="A"),
            *handed(("recycled", DUE - HOUR, ""), lead_id="B"),
            *handed(("recycled", DUE - HOUR, "norole"), lead_id="C"),
        ],
        {"lifecycles": [{"outcome": "rejected"}] * 3},
    ),
    Case(
        "§0 §2 the same text in any width, case and Unicode space",
        story("\u3000ＭＱＬ ", ("Ｈanded_Ｏff\u00a0", MONDAY, "mark")),
        {"events": stages("mql", "handed_off"), "quarantine": []},
    ),
    Case(
        "§0 text with an offset is its instant, without one it is UTC",
        [
            lead(status="sal"),
            change("mql", "handed_off", "2025-06-02T10:00:00+09:00", "mark"),
            change("handed_off", "sal", "2025-06-04 01:00:00"),
        ],
        {"lifecycles": [{"handed_off_at": MONDAY, "accepted_at": DUE}]},
    ),
    Case(
        "§0 text without an offset is in the system's source_timezone",
        story("mql", ("handed_off", "2025-06-02 10:00:00", "mark")),
        {"lifecycles": [{"handed_off_at": MONDAY}]},
        setting="other vars",
    ),
    Case(
        "§0 events after as_of do not exist yet",
        handed(("sal", AS_OF + SECOND), at=AS_OF),
        {
            "events": stages("mql", "handed_off"),
            "lifecycles": [{"handed_off_at": AS_OF, "sal_at": None, "as_of": AS_OF}],
        },
    ),
    Case(
        "§0 as_of defaults to the latest event, plans and campaigns aside",
        [
            # In Tokyo's time: 1 September, 09:00.
            *story("mql", ("handed_off", "2025-09-01 09:00:00", "mark")),
            # Planned to close later, and a row of the future.
            deal("2025-08-01 09:00:00", closed_at="2025-10-01", is_closed="false"),
            call("2099-01-01"),
            (
                "generic/campaign",
                {"campaign_id": "late", "name": "Late", "start_date": "2025-12-01"},
            ),
        ],
        {"lifecycles": [{"as_of": KEPT_AS_OF}]},
        setting="other vars",
    ),
    Case(
        "§0 §1 a merge and a deletion hold as they are known now",
        [
            mk_lead("1001"),
            mk_lead("1002"),
            (
                "marketo/activity_merge_leads",
                {
                    "id": "1901",
                    "lead_id": "1001",
                    "merge_ids": "[1002]",
                    "activity_date": AS_OF + 5 * DAY,
                },
            ),
            mk_lead("1003"),
            (
                "marketo/activity_delete_lead",
                {"id": "1902", "lead_id": "1003", "activity_date": AS_OF + 5 * DAY},
            ),
        ],
        {"people": [{"primary_record_id": "1001", "record_count": 2}]},
    ),
    # §1
    Case(
        "§1 one row per human being known to any source",
        [
            lead(email="kato@three.example"),
            sf_lead("00Q000000000101", Email="kato@three.example"),
            mk_lead("1101", email="kato@three.example"),
            lead("L2", email="mori@three.example"),
        ],
        {
            "people": [
                {"primary_source": "generic", "record_count": 3},
                {"primary_source": "generic", "record_count": 1},
            ]
        },
    ),
    Case(
        "§1 links hold transitively",
        [
            # Marketo knows the Salesforce lead, which has the address of A.
            mk_lead("1111", sfdc_lead_id="00Q000000000111"),
            sf_lead("00Q000000000111", Email="ito@links.example"),
            lead("A", email="ito@links.example"),
        ],
        {"people": [{"primary_record_id": "A", "record_count": 3}]},
    ),
    Case(
        "§1 a marketing record that carries a lead's or a contact's id",
        [
            mk_lead("1121", sfdc_lead_id="00Q000000000121"),
            sf_lead("00Q000000000121"),
            mk_lead("1122", sfdc_contact_id="003000000000122"),
            sf_contact("003000000000122"),
        ],
        {
            "people": [
                {"primary_record_id": "1121", "record_count": 2},
                {"primary_record_id": "1122", "record_count": 2},
            ]
        },
    ),
    Case(
        "§1 a lead converted to a contact",
        [
            sf_lead("00Q000000000131", ConvertedContactId="003000000000131"),
            sf_contact("003000000000131"),
        ],
        {"people": [{"primary_record_id": "003000000000131", "record_count": 2}]},
    ),
    Case(
        "§1 Salesforce's MasterRecordId is a merge",
        [
            sf_lead(
                "00Q000000000141", IsDeleted="true", MasterRecordId="00Q000000000142"
            ),
            sf_lead("00Q000000000142"),
        ],
        {"people": [{"primary_record_id": "00Q000000000142", "record_count": 2}]},
    ),
    Case(
        "§1 merges hold through chains",
        [
            *(lead(f"L{n:02d}", merged_into_id=f"L{n + 1:02d}") for n in range(30)),
            lead("L30"),
        ],
        {"people": [{"primary_record_id": "L30", "record_count": 31}]},
    ),
    Case(
        "§1 the same e-mail address, unless shared or no address",
        [
            lead("A", email="Ａnna@mail.example "),
            lead("B", email="anna@MAIL.example"),
            lead("C", email="anna+x@mail.example"),
            lead("D", email="INFO@mail.example"),
            lead("E", email="info@mail.example"),
            lead("F", email="anna.mail.example"),
            lead("G", email="anna.mail.example"),
        ],
        {
            "people": [
                {"primary_record_id": "A", "record_count": 2},
                {"primary_record_id": "C", "record_count": 1},
                {"primary_record_id": "D", "record_count": 1},
                {"primary_record_id": "E", "record_count": 1},
                {"primary_record_id": "F", "record_count": 1},
                {"primary_record_id": "G", "record_count": 1},
            ]
        },
    ),
    Case(
        "§1 the shared mailboxes that ship link nobody",
        [
            lead(f"{copy}-{name}", email=f"{name}@shared.example")
            for name in MAILBOXES
            for copy in "AB"
        ],
        {"people": [{"record_count": 1}] * 24},
    ),
    Case(
        "§1 a group of fifty records is one person",
        [lead(f"L{n:02d}", email="one@fifty.example") for n in range(50)],
        {
            "people": [{"primary_record_id": "L00", "record_count": 50}],
            "quarantine": [],
        },
    ),
    Case(
        "§1 §7 a group of fifty-one is not merged, each record is quarantined",
        [lead(f"L{n:02d}", email="one@fiftyone.example") for n in range(51)],
        {
            "people": [
                {"primary_record_id": f"L{n:02d}", "record_count": 1} for n in range(51)
            ],
            "quarantine": [
                {"rule": "oversized_identity_group", "source_key": f"L{n:02d}"}
                for n in range(51)
            ],
        },
    ),
    Case(
        "§1 the smallest live record in byte order is the primary one",
        [
            # "A" < "B" < "a" < "b", and A is not live.
            lead("b", email="q@order.example"),
            lead("B", email="q@order.example"),
            lead("a", email="q@order.example"),
            lead("A", email="q@order.example", is_deleted="true"),
            # Marketo comes before Salesforce.
            sf_lead("00Q000000000151", Email="r@order.example"),
            mk_lead("1151", email="r@order.example"),
        ],
        {
            "people": [
                {
                    "primary_source": "generic",
                    "primary_record_id": "B",
                    "record_count": 4,
                    "is_hash_of_primary": True,
                },
                {
                    "primary_source": "marketo",
                    "primary_record_id": "1151",
                    "record_count": 2,
                    "is_hash_of_primary": True,
                },
            ]
        },
    ),
    Case(
        "§1 the smallest of all records is the primary one where none is live",
        [
            lead("Z", email="z@gone.example", is_deleted="true"),
            lead("Y", email="z@gone.example", merged_into_id="not there"),
        ],
        {"people": [{"primary_record_id": "Y", "record_count": 2, "is_deleted": True}]},
        setting="other vars",
    ),
    Case(
        "§1 deleted, merged away, in a loop or into nowhere is not live",
        [
            lead("A", merged_into_id="B"),
            lead("B", merged_into_id="A"),
            lead("C", merged_into_id="not there"),
            lead("D", is_deleted="true"),
            lead("E", merged_into_id="F"),
            lead("F"),
        ],
        {"people": [{"primary_record_id": "F", "record_count": 2}]},
    ),
    Case(
        "§1 a person without a live record leaves the marts",
        handed(is_deleted="true"),
        {"people": [], "events": [], "lifecycles": [], "passes": []},
    ),
    Case(
        "§1 a var keeps people without a live record",
        handed(is_deleted="true", at=MONDAY + 9 * HOUR),
        {
            "people": [{"is_deleted": True}],
            "lifecycles": [{"handed_off_at": MONDAY}],
        },
        setting="other vars",
    ),
    Case(
        "§1 as long as one record is live, all events of the group count",
        [
            *handed(lead_id="A", is_deleted="true", merged_into_id="B"),
            *story("inquiry", ("sal", DUE), lead_id="B", created_at=CREATED + HOUR),
        ],
        {
            "people": [{"primary_record_id": "B", "record_count": 2}],
            "events": stages("mql", "inquiry", "handed_off", "sal"),
            "lifecycles": [{"outcome": "accepted"}],
        },
    ),
]
