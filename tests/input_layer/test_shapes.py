"""What each vendor's rows become in the input layer."""

from collections import defaultdict
from datetime import datetime
from pathlib import Path

import pytest

from tests.input_layer.conftest import InputLayer, build

USER = "005000000000001AAA"
LEAD = "00Q000000000001AAA"


def history(key: str, field: str, old: str | None, new: str | None) -> dict:
    return {
        "id": key, "lead_id": LEAD, "field": field, "old_value": old,
        "new_value": new, "created_date": "2026-04-05", "created_by_id": USER,
    }  # fmt: skip


def change(key: str, name: str | None, attributes: str | None = None, **values) -> dict:
    return {
        "id": key, "lead_id": "7", "activity_date": "2026-04-05",
        "primary_attribute_value": name, "attributes": attributes, **values,
    }  # fmt: skip


listed = (
    '[{"name":"Old Value","value":"5"},{"name":"New Value","value":105},'
    '{"name":"Reason","value":"Merged leads"}]'
)


CHANGES = {
        "salesforce/user": [{"id": USER, "name": "Sato"}, {"id": "custom-user"}],
        "salesforce/lead_history": [
            history("h1", "Status", "New", "MQL"),
            history("h2", "Owner", "Sato", "Suzuki"),
            history("h3", "Owner", USER, "00G000000000001"),
            history("h4", "Owner", USER, "custom-user"),
            history("h5", "leadConverted", None, None),
            history("h6", "Score__c", "1", "2"),
            history("h7", "リード状況", "新規", "MQL"),
            history("h8", "Lead Owner", "Sato", "Suzuki"),
            history("h9", "リード 所有者", USER, "00G000000000001"),
        ],
        "generic/lead_status_history": [
            {
                "lead_id": "L1", "changed_at": "2026-04-05", "field": name,
                "new_value": None,
            }
            for name in ("Owner_Id", "予算", "ステータス", "Contact owner", None)
        ],
        "generic/lead_stage_date": [
            {"lead_id": "L1", "stage": "mql", "reached_at": "2026-04-02"},
            {"lead_id": "L1", "stage": "sal", "reached_at": "soon"},
        ],
        "salesforce/lead_stage_date": [
            {"id": LEAD, "stage": "sal", "reached_at": "2026-04-03"},
        ],
        "marketo/lead_stage_date": [
            {"id": "7", "stage": "mql", "reached_at": "2026-04-02"},
        ],
        "generic/score_change": [
            {"lead_id": "L1", "changed_at": "2026-04-05", "score": "7"}
        ],
        "marketo/activity_change_score": [
            change("s1", "Lead Score", old_value="1", new_value="2"),
            change("s2", "4711", listed),
            change("s3", "Demographic Score"),
            change("s4", None, "not a list"),
            change("s5", "Lead Score", '{"New Value":110,"Reason":"Web: Demo"}'),
            change("s6", "Lead Score", '{"old_value":"80","new_value":"90"}'),
        ],
        "marketo/activity_change_data_value": [
            change("d1", "Lead Status", new_value="MQL"),
            change("d2", "982", primary_attribute_value_id="Contact Type"),
        ],
        "marketo/activity_new_lead": [change("n1", None)],
        "marketo/activity_fill_out_form": [
            change("f1", None, program_id="1001"),
            change("f2", None),
        ],
    }  # fmt: skip


LINKS = {
        "generic/lead": [
            {"lead_id": "L1", "created_at": "2026-04-01", "merged_into_id": "L2"}
        ],
        "salesforce/lead": [
            {
                "id": LEAD, "created_date": "2026-04-01",
                "converted_contact_id": "003000000000001AAA",
                "master_record_id": "00Q000000000002AAA",
            }
        ],
        "marketo/lead": [
            {
                "id": "7", "created_at": "2026-04-01",
                "sfdc_lead_id": LEAD, "sfdc_contact_id": "003000000000001",
            }
        ],
        "marketo/activity_merge_leads": [
            change("m1", None, merge_ids="[8, 9]"),
            change("m2", None, merge_ids="10"),
            change("m3", None),
            change("m4", None, '{"Merge IDs":"[12, 13]","Master Updated":true}'),
        ],
        "marketo/merged_lead": [{"merged_lead": "11", "into_lead": "7"}],
        "marketo/activity_delete_lead": [change("x1", None)],
    }  # fmt: skip


def deal(key: str, **values: str) -> dict:
    return {
        "id": key, "created_date": "2026-01-01", "close_date": "2026-03-31",
        "stage_name": "Closed Won", "is_closed": "true", **values,
    }  # fmt: skip


DEALS = {
        "salesforce/opportunity": [
            deal("o1", amount="¥1,000"),
            deal("o2"),
            deal("o3", contact_id="003000000000001AAA"),
            deal("o4", is_closed=""),
        ],
        "salesforce/opportunity_field_history": [
            {"id": "c1", "opportunity_id": "o1", "field": "StageName",
             "new_value": "closed won", "created_date": "2026-03-01 10:00"},
            {"id": "c2", "opportunity_id": "o1", "field": "Amount",
             "new_value": "1", "created_date": "2026-03-05 10:00"},
        ],
        "salesforce/opportunity_history": [
            {"id": f"s{day}", "opportunity_id": "o2", "stage_name": stage,
             "created_date": f"2026-02-{day}"}
            for day, stage in (
                ("01", "Prospecting"), ("10", "Closed Won"), ("20", "Closed Won")
            )
        ],
        "salesforce/lead": [
            {"id": key, "created_date": "2026-01-01",
             "converted_date": day, "converted_opportunity_id": "o1"}
            for key, day in (("q2", "2026-01-05"), ("q1", "2026-01-06"))
        ],
    }  # fmt: skip


def task(key: str, **values: str) -> dict:
    return {"id": key, "who_id": LEAD, "created_date": "2026-04-01", **values}


ACTIVITIES = {
        "salesforce/task": [
            task("t1", type="Call", status="Completed"),
            task("t2", task_subtype="Email", status="Open"),
            task("t3", type="Email", task_subtype="ListEmail", is_closed="true"),
            task("t4", completed_date_time="2026-04-02"),
        ],
        "salesforce/event": [
            task("e1", start_date_time="2026-04-03"),
            task("e2", type="Meeting", activity_date_time="2026-04-04"),
        ],
        "generic/sales_activity": [
            {"activity_id": "g1", "lead_id": "L1", "is_completed": "no"}
        ],
    }  # fmt: skip


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> InputLayer:
    """One build for all tests of this file: each reads its own tables."""
    tables = defaultdict(list)
    for part in (CHANGES, LINKS, DEALS, ACTIVITIES):
        for name, rows in part.items():
            tables[name].extend(rows)
    return build(Path(tmp_path_factory.mktemp("shapes")), tables)


def test_changes_are_named_alike(built: InputLayer) -> None:
    fields = built.column("observations", "field")
    assert fields == {
        "h1": "status", "h2": "ownername", "h3": "owner", "h4": "owner",
        "h5": "leadconverted", "h6": "scorec",
        "h7": "status", "h8": "ownername", "h9": "owner",
        "L1|2026-04-05|Owner_Id||": "owner",
        "L1|2026-04-05|予算||": "予算",
        "L1|2026-04-05|ステータス||": "status",
        "L1|2026-04-05|Contact owner||": "owner",
        "L1|mql": "reached", "L1|sal": "reached",
        f"{LEAD}|sal": "reached", "7|mql": "reached",
        "L1|2026-04-05|||": "status",
        "L1|2026-04-05|7|": "score",
        "s1": "score", "s2": "score", "s3": "demographicscore", "s4": "score",
        "s5": "score", "s6": "score",
        "d1": "leadstatus", "d2": "contacttype",
        "n1": "", "f1": "", "f2": "",
    }  # fmt: skip
    values = built.column("observations", "(old_value, new_value, reason)")
    assert values["s1"] == ("1", "2", None)
    assert values["s2"] == ("5", "105", "Merged leads")
    assert values["s5"] == (None, "110", "Web: Demo")
    assert values["s6"] == ("80", "90", None)
    assert values["h3"] == (USER, "00G000000000001", None)
    assert built.column("observations", "entity")["f1"] == "fill_out_form"
    # A form outside a campaign is no touch.
    assert built.column("touches", "campaign_id") == {"f1": "1001", "f2": None}
    assert built.column("touches", "is_deleted") == {"f1": False, "f2": True}


def test_links_say_loser_and_winner(built: InputLayer) -> None:
    assert built.rows(
        "select source_key, link_type, left_record_id, right_source, right_record_id"
        " from input_layer__record_links order by all"
    ) == [
        (LEAD, "conversion", LEAD, "salesforce", "003000000000001AAA"),
        (LEAD, "merge", LEAD, "salesforce", "00Q000000000002AAA"),
        ("11", "merge", "11", "marketo", "7"),
        ("7", "id", "7", "salesforce", "003000000000001"),
        ("7", "id", "7", "salesforce", LEAD),
        ("L1", "merge", "L1", "generic", "L2"),
        ("m1", "merge", "8", "marketo", "7"),
        ("m1", "merge", "9", "marketo", "7"),
        ("m2", "merge", "10", "marketo", "7"),
        ("m3", "merge", None, "marketo", "7"),
        ("m4", "merge", "12", "marketo", "7"),
        ("m4", "merge", "13", "marketo", "7"),
    ]  # fmt: skip
    # A 15- and an 18-character id of one record have one key.
    keys = built.rows(
        "select count(distinct right_key) from input_layer__record_links"
        " where right_record_id like '003%'"
    )
    assert keys == [(1,)]
    assert built.rows("select count(*) from input_layer__record_deletions") == [(1,)]


def test_a_deal_closes_when_its_stage_changed(built: InputLayer) -> None:
    assert built.rows(
        "select opportunity_id, record_id, is_closed, closed_at"
        " from input_layer__opportunities order by all"
    ) == [
        ("o1", "q2", True, datetime(2026, 3, 1, 10)),
        ("o2", None, True, datetime(2026, 2, 10)),
        ("o3", "003000000000001AAA", True, datetime(2026, 3, 31)),
        ("o4", None, False, None),
    ]


def test_activities_know_type_and_completion(built: InputLayer) -> None:
    assert built.rows(
        "select source_key, activity_type, is_completed, day(occurred_at)"
        " from input_layer__activities order by source_key"
    ) == [
        ("e1", "Event", None, 3),
        ("e2", "Meeting", None, 4),
        ("g1", None, False, None),
        ("t1", "Call", True, 1),
        ("t2", "Email", False, 1),
        ("t3", "ListEmail", True, 1),
        ("t4", None, None, 2),
    ]
