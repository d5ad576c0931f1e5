"""Which raw rows make the history that `mart_history_coverage` speaks of."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from orchestration.sources.tables import LOADED_SYSTEMS, tables_of
from tests.definition.test_shipped_definition import seed
from tests.input_layer.conftest import InputLayer, build

LEAD, DEAL, USER = "00QA00000000001", "006A00000000001", "005A00000000001"


def change(identity: str, field: str, new: str, day: str, **more: str) -> dict:
    return {
        "Id": identity, "LeadId": LEAD, "Field": field, "NewValue": new,
        "CreatedDate": f"2026-04-{day}T01:00:00Z", **more,
    }  # fmt: skip


def activity(identity: str, day: str, **more: str) -> dict:
    return {
        "id": identity, "leadId": "7",
        "activityDate": f"2026-05-{day}T01:00:00Z", **more,
    }  # fmt: skip


TABLES = {
    "salesforce/lead": [
        {"Id": LEAD, "CreatedDate": "2026-04-01T00:00:00Z", "Status": "New"}
    ],
    "salesforce/user": [{"Id": USER, "Name": "Rep"}],
    # A change of owner is told by name and by id; a row comes twice.
    "salesforce/lead_history": [
        change("h1", "Status", "MQL", "02"),
        change("h1", "Status", "MQL", "02", _file="b.csv"),
        change("h2", "Owner", "Rep", "03"),
        change("h3", "Owner", USER, "03"),
        change("h4", "Rating__c", "Hot", "04"),
    ],
    "salesforce/opportunity_field_history": [
        {
            "Id": f"o{number}", "OpportunityId": DEAL, "Field": "StageName",
            "NewValue": "Won", "CreatedDate": f"2026-06-0{number}T00:00:00Z",
            "_file": file,
        }
        for number, file in ((1, "a.csv"), (2, "a.csv"), (2, "b.csv"))
    ],
    "marketo/lead": [{"id": "7", "createdAt": "2026-05-01T00:00:00Z"}],
    "marketo/activity_new_lead": [activity("1", "01")],
    "marketo/activity_fill_out_form": [activity("2", "02")],
    "marketo/activity_change_score": [
        activity("3", "03", primary_attribute_value="Lead Score", new_value="5")
    ],
    "marketo/activity_delete_lead": [activity("4", "04")],
    "marketo/activity_merge_leads": [activity("5", "05", merge_ids="[8,9]")],
    "marketo/activity_change_status_in_progression": [
        activity("6", "06", program_id="3", new_status="Attended")
    ],
}  # fmt: skip


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InputLayer]:
    made = build(tmp_path_factory.mktemp("histories"), TABLES)
    yield made
    made.connection.close()


def test_each_dated_row_is_a_change_of_its_field(built: InputLayer) -> None:
    found = built.rows(
        "select source_table, field, strftime(min(happened_at), '%m-%d'), "
        "strftime(max(happened_at), '%m-%d'), count(*) "
        "from input_layer__histories group by all order by all"
    )
    assert found == [
        ("activity_change_score", "score", "05-03", "05-03", 1),
        ("activity_change_status_in_progression", "*", "05-06", "05-06", 1),
        ("activity_delete_lead", "*", "05-04", "05-04", 1),
        ("activity_fill_out_form", "*", "05-02", "05-02", 1),
        # Two were merged by it.
        ("activity_merge_leads", "*", "05-05", "05-05", 1),
        ("activity_new_lead", "*", "05-01", "05-01", 1),
        ("lead_history", "owner", "04-03", "04-03", 2),
        ("lead_history", "ratingc", "04-04", "04-04", 1),
        ("lead_history", "status", "04-02", "04-02", 1),
        ("opportunity_field_history", "stagename", "06-01", "06-02", 2),
    ]


def test_every_change_says_when_it_was_loaded(built: InputLayer) -> None:
    assert built.rows(
        "select count(*) from input_layer__histories where loaded_at is null"
    ) == [(0,)]


def test_a_limit_names_a_table_that_is_read_or_a_system_that_is_not() -> None:
    for row in seed("history_retention"):
        if row["source"] in LOADED_SYSTEMS:
            names = {table.name for table in tables_of(row["source"])}
            assert row["source_table"] in names, row
