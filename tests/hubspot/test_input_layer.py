"""What HubSpot's rows become, each layout's in one folder, worked out by hand."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path

import pytest

from tests.hubspot.conftest import LAYERS, READINGS, load_and_build
from tests.input_layer.conftest import InputLayer

pytestmark = [pytest.mark.slow, pytest.mark.exhaustive]

CREATED = "2026-03-01T00:00:00Z"


def person(number: int, **others: object) -> Mapping[str, object]:
    return {"id": str(number), "createdAt": CREATED, **others}


CONTACTS = [
    # Every way in which a contact lists whom it was: 10 to 18 are 1 to 8.
    person(1, properties={"hs_merged_object_ids": "10;11"}),
    person(2, properties={"hs_calculated_merged_vids": "12:1770000000000;13:17700"}),
    {"vid": 3, "createdAt": CREATED, "merged-vids": [3, 14]},
    person(4, properties={"hs_all_contact_vids": "15;4"}),
    person(5, **{"merge-audits": [
        {"canonical-vid": 5, "vid-to-merge": 16, "timestamp": 1770000000000}]}),
    # An old number that is still delivered names the new one.
    {"vid": 17, "canonical-vid": 6, "createdAt": CREATED},
    person(6),
    # 18 was merged into 7, and 7 into 8.
    person(7, properties={"hs_merged_object_ids": "18"}, archived=True),
    person(8, properties={"hs_merged_object_ids": "7"}),
    person(9, properties={"hs_analytics_source": "REFERRALS", "lastname": "Sole"}),
]  # fmt: skip


def became(contact: int, name: str, value: str | None, day: int, **others: str) -> dict:
    return {
        "vid": contact, "property": name, "value": value,
        "timestamp": f"2026-03-{day:02}T00:00:00Z", "sourceType": "CRM_UI", **others,
    }  # fmt: skip


STAGE = "lifecyclestage"
HISTORY = [
    # What the old number said stays the person's; the merge says it again.
    became(18, STAGE, "lead", 2),
    became(8, STAGE, "lead", 9, sourceType="MERGE_CONTACTS"),
    # Nothing else says what the merge did.
    became(8, STAGE, "marketingqualifiedlead", 9, sourceType="MERGE_CONTACTS"),
    # The same value, in epoch milliseconds and as another loader names it: a copy.
    became(9, STAGE, "lead", 2),
    {"contact_id": "9", "name": STAGE, "value": "lead",
     "timestamp": "1772409600000", "source": "CRM_UI"},
    # By somebody without an owner, by address, and by an owner's user.
    became(9, "hs_lead_status", "NEW", 3, updatedByUserId="4100"),
    became(9, "hs_lead_status", "OPEN", 4, sourceId="lee@cove.example"),
    became(9, "hs_lead_status", "OPEN", 5, sourceId="userId:4200"),
    became(9, "hs_lead_status", "OPEN_DEAL", 6, sourceId="userId:4200"),
]  # fmt: skip
OWNERS = [
    {"id": "44", "userId": 4200, "email": "Ono@cove.example", "firstName": "Ono"},
    {"id": "45", "userId": 4300, "email": "LEE@cove.example", "lastName": "Lee"},
]


def deal(number: str, updated: str, **others: object) -> dict:
    return {"id": number, "createdAt": CREATED, "updatedAt": updated, **others}


DEALS = [
    # It was of 1, then of 9, then nobody's; without a list nothing is known.
    deal("moved", "2026-03-02", contacts=["1"]),
    deal("moved", "2026-03-03", contacts=["9"]),
    deal("left", "2026-03-02", contacts=["1"]),
    deal("left", "2026-03-03", contacts=[]),
    deal("unsaid", "2026-03-02", contacts=["9"]),
    deal("unsaid", "2026-03-03"),
    # The first that is there; one nobody knows comes last.
    deal("shared", "2026-03-02", contacts=["999", "9", "6"]),
    # Closed as the flags, the vendor's own ids, and the probability say.
    deal("flagged", "2026-03-02", properties={
        "hs_is_closed": "true", "hs_is_closed_won": "true", "dealstage": "s1",
        "closedate": "1772841600000"}),
    deal("own id", "2026-03-02", properties={
        "dealstage": "closedlost", "closedate": "2026-03-08"}),
    deal("likely", "2026-03-02", properties={
        "dealstage": "s2", "closedate": "2026-03-08"}),
]  # fmt: skip
PIPELINES = [{"id": "p", "stages": [
    {"id": "s2", "metadata": {"isClosed": "true", "probability": "1.0"}}
]}]  # fmt: skip
CALLS = [
    {"id": "90", "contacts": ["9"], "updatedAt": "2026-03-02", "archived": False,
     "properties": {"hs_timestamp": "1772928000000"}},
    {"id": "91", "contacts": ["9"], "archived": True,
     "properties": {"hs_timestamp": "1772928000000"}},
]  # fmt: skip
EMAILS = [
    # The number of a call is no call.
    {"id": "90", "associations": {"contacts": {"results": [{"id": "6"}]}},
     "properties": {"hs_timestamp": "2026-03-09T01:00:00Z", "hs_sequence_id": "5",
                    "hs_email_status": "SENT"}},
]  # fmt: skip
LISTS = [
    {"listId": 9, "name": "Badges", "processingType": "MANUAL"},
    {"listId": 10, "name": "Everybody", "processingType": "DYNAMIC"},
]
MEMBERS = [
    {"canonical-vid": 9, "static-list-id": number, "timestamp": 1772928000000}
    for number in (9, 10)
]


def write(folder: Path) -> None:
    folder.mkdir(parents=True)
    tables: dict[str, Iterable[Mapping]] = {
        "contacts": CONTACTS, "contacts_property_history": HISTORY, "owners": OWNERS,
        "deals": DEALS, "deal_pipelines": PIPELINES, "engagements_calls": CALLS,
        "engagements_emails": EMAILS, "contact_lists": LISTS,
        "contacts_list_memberships": MEMBERS,
    }  # fmt: skip
    for name, rows in tables.items():
        text = "".join(f"{json.dumps(row)}\n" for row in rows)
        (folder / f"{name}.jsonl").write_text(text, encoding="utf-8")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> InputLayer:
    folder = tmp_path_factory.mktemp("hubspot")
    return load_and_build(folder, write, *LAYERS, *READINGS)


def test_every_list_of_old_contacts_is_a_merge(built: InputLayer) -> None:
    found = built.rows(
        "select left_record_id, right_record_id from input_layer__record_links "
        "where link_type = 'merge' order by 1"
    )
    assert found == [
        ("10", "1"), ("11", "1"), ("12", "2"), ("13", "2"), ("14", "3"), ("15", "4"),
        ("16", "5"), ("17", "6"), ("18", "7"), ("7", "8"),
    ]  # fmt: skip


def test_merges_add_no_event_and_lose_none(built: InputLayer) -> None:
    assert built.rows(
        "select record_id, new_value, day(observed_at) "
        "from intermediate.int_observations__judged "
        "where is_read and is_usable and record_id in ('18', '8') order by all"
    ) == [("18", "lead", 2), ("8", "marketingqualifiedlead", 9)]


def test_copies_in_two_spellings_are_one(built: InputLayer) -> None:
    assert built.rows(
        "select source_key from input_layer__observations "
        "where record_id = '9' and new_value = 'lead'"
    ) == [("9|lifecyclestage|2026-03-02 00:00:00|lead",)]


def test_who_did_it_is_an_owner(built: InputLayer) -> None:
    """The third row repeats the second, and is no event."""
    assert built.rows(
        "select new_value, day(observed_at), actor_id "
        "from intermediate.int_observations__judged "
        "where is_read and field = 'hsleadstatus' order by 2"
    ) == [("NEW", 3, "4100"), ("OPEN", 4, "45"), ("OPEN_DEAL", 6, "44")]


def test_a_deal_is_whose_it_was_last(built: InputLayer) -> None:
    found = built.rows(
        "select opportunity_id, record_id from input_layer__opportunities "
        "where opportunity_id in ('moved', 'left', 'unsaid', 'shared') order by 1"
    )
    assert found == [
        ("left", None), ("moved", "9"), ("shared", "6"), ("unsaid", "9")
    ]  # fmt: skip


def test_what_closes_a_deal(built: InputLayer) -> None:
    eighth = datetime(2026, 3, 8)
    assert built.rows(
        "select opportunity_id, is_closed, coalesce(is_won, false), closed_at "
        "from input_layer__opportunities "
        "where opportunity_id in ('flagged', 'own id', 'likely', 'unsaid') order by 1"
    ) == [
        ("flagged", True, True, datetime(2026, 3, 7)),
        ("likely", True, True, eighth),
        ("own id", True, False, eighth),
        ("unsaid", False, False, None),
    ]


def test_activities_of_one_number_and_two_kinds(built: InputLayer) -> None:
    assert built.rows(
        "select source_key, record_id, activity_type, occurred_at, is_deleted "
        "from input_layer__activities order by 1"
    ) == [
        ("90|6|EMAIL", "6", "cadence", datetime(2026, 3, 9, 1), False),
        ("90|9|CALL", "9", "call", datetime(2026, 3, 8), False),
        ("91|9|CALL", "9", "call", datetime(2026, 3, 8), True),
    ]


def test_only_lists_made_by_hand_are_touches(built: InputLayer) -> None:
    assert built.rows(
        "select campaign_id, touched_at, is_deleted from input_layer__touches "
        "order by 1"
    ) == [
        ("list:10", datetime(2026, 3, 8), True),
        ("list:9", datetime(2026, 3, 8), False),
    ]


def test_no_contact_has_a_status_that_nobody_dated(built: InputLayer) -> None:
    assert built.rows("select distinct has_first_value from input_layer__records") == [
        (False,)
    ]
