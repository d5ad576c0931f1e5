"""What the API nests becomes columns and rows of their own tables."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest

from orchestration import warehouse
from orchestration.project import Project
from orchestration.sources import raw
from tests.hubspot.conftest import project_of


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return project_of(tmp_path)


@pytest.fixture
def put(project: Project) -> Callable[[str, object], Path]:
    def written(name: str, content: object) -> Path:
        path = project.landing / "hubspot" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, str):
            path.write_text(content, encoding="utf-8")
        else:
            path.write_text(json.dumps(content), encoding="utf-8")
        return path

    return written


def rows_of(project: Project, query: str) -> list[tuple]:
    raw.load_system(project, "hubspot")
    with warehouse.connect(project, read_only=True) as connection:
        connection.execute("set search_path = 'raw_hubspot'")
        return connection.execute(query).fetchall()


def lead(number: str, **others: object) -> Mapping[str, object]:
    created = {"createdate": "2026-02-01T00:00:00Z"}
    properties = {**created, **others.pop("properties", {})}  # type: ignore[dict-item]
    return {"id": number, "properties": properties, **others}


OLDER_API = {
    "contacts": [
        {
            "vid": 4711,
            "canonical-vid": 4711,
            "merged-vids": [31, 32],
            "properties": {
                "createdate": {"value": "1769904000000", "versions": []},
                "lifecyclestage": {
                    "value": "salesqualifiedlead",
                    "versions": [
                        {"value": "salesqualifiedlead", "timestamp": 1770076800000,
                         "source-type": "CRM_UI", "source-id": "kita@pier.example"},
                        {"value": "lead", "timestamp": 1769904000000,
                         "source-type": "FORM", "source-id": None},
                    ],
                },
            },
            "form-submissions": [
                {"conversion-id": "aa-1", "form-id": "ff", "timestamp": 1769904000000}
            ],
            "list-memberships": [
                {"static-list-id": 9, "vid": 4711, "timestamp": 1769990400000,
                 "is-member": True}
            ],
            "merge-audits": [
                {"canonical-vid": 4711, "vid-to-merge": 31,
                 "timestamp": 1769990400000}
            ],
        }
    ],
    "has-more": False,
    "vid-offset": 4711,
}  # fmt: skip


def test_the_older_api_nests_versions_in_properties(project, put):
    put("contacts/all.json", OLDER_API)
    assert rows_of(
        project, "select vid, properties_lifecyclestage, merged_vids from contact"
    ) == [("4711", "salesqualifiedlead", "[31,32]")]
    history = rows_of(
        project,
        "select contact_id, property, value, timestamp, source_type, source_id "
        "from contact_property_history order by timestamp",
    )
    assert history == [
        ("4711", "lifecyclestage", "lead", "1769904000000", "FORM", None),
        ("4711", "lifecyclestage", "salesqualifiedlead", "1770076800000", "CRM_UI",
         "kita@pier.example"),
    ]  # fmt: skip
    assert rows_of(
        project, "select contact_id, vid_to_merge from contact_merge_audit"
    ) == [("4711", "31")]
    assert rows_of(
        project, "select contact_id, form_id from contact_form_submission"
    ) == [("4711", "ff")]
    assert rows_of(
        project, "select contact_id, static_list_id, is_member from contact_list_member"
    ) == [("4711", "9", "true")]


HISTORIES = {
    "newer API": {
        "propertiesWithHistory": {
            "hs_lead_status": [
                {"value": "NEW", "timestamp": "2026-02-03T00:00:00Z",
                 "sourceType": "CRM_UI", "updatedByUserId": 8}
            ],
            "city": [],
        }
    },
    "a list of versions": {
        "properties_versions": [
            {"name": "hs_lead_status", "value": "NEW",
             "timestamp": "2026-02-03T00:00:00Z", "source-type": "CRM_UI"}
        ]
    },
}  # fmt: skip


@pytest.mark.parametrize("layout", HISTORIES)
def test_every_nested_history_is_one(project, put, layout):
    put("contact.jsonl", lead("5", **HISTORIES[layout]))
    [(contact, name, value, at)] = rows_of(
        project,
        "select contact_id, coalesce("
        + ("property" if layout == "newer API" else "name")
        + ", ''), value, timestamp from contact_property_history",
    )
    assert (contact, name, value) == ("5", "hs_lead_status", "NEW")
    assert at == "2026-02-03T00:00:00Z"


def test_a_contact_without_history_loses_no_other_one(project, put):
    told = [{"value": "lead", "timestamp": "2026-02-01T00:00:00Z"}]
    put(
        "contacts.json",
        {
            "results": [
                lead("1", propertiesWithHistory={"lifecyclestage": told}),
                lead("2"),
                lead("3", propertiesWithHistory=None),
                lead("4", propertiesWithHistory={}),
                lead("5", propertiesWithHistory={"lifecyclestage": told}),
            ]
        },
    )
    assert rows_of(project, "select id from contact order by 1") == [
        (number,) for number in "12345"
    ]
    assert rows_of(
        project, "select contact_id from contact_property_history order by 1"
    ) == [("1",), ("5",)]


WHOSE = {
    "results": {"associations": {"contacts": {"results": [
        {"id": "81", "type": "deal_to_contact"}, {"id": "82", "type": "deal_to_contact"}
    ]}}},
    "newer results": {"associations": {"contacts": {"results": [
        {"toObjectId": 81, "associationTypes": []}, {"toObjectId": 82}
    ]}}},
    "vids": {"associations": {"associatedVids": [81, 82], "associatedDealIds": []}},
    "flat vids": {"associatedVids": [81, 82]},
    "numbers": {"contacts": [81, 82]},
    "texts": {"contacts": ["81", "82"]},
    "one text": {"Associated Contact IDs": "81;82"},
    "commas": {"contact_ids": "81, 82"},
}  # fmt: skip


@pytest.mark.parametrize("layout", WHOSE)
def test_every_list_of_a_deals_contacts_is_read(project, put, layout):
    put("contact.jsonl", lead("81"))
    put("deals.jsonl", {"id": "7", **WHOSE[layout]})
    assert rows_of(
        project, "select deal_id, contact_id, inside_of from deal_contact order by 2"
    ) == [("7", "81", "deal"), ("7", "82", "deal")]


@pytest.mark.parametrize(
    "listed",
    [
        {"associations": {"deals": {"results": [{"id": "7", "type": "x"}]}}},
        {"deals": ["7"]},
        {"associatedDealIds": [7]},
    ],
)
def test_contacts_tell_their_deals_too(project, put, listed):
    put("contact.jsonl", lead("81", **listed))
    assert rows_of(project, "select deal_id, contact_id from deal_contact") == [
        ("7", "81")
    ]


@pytest.mark.parametrize(
    "given",
    [
        {"engagement": {"id": 3, "type": "CALL", "ownerId": 4, "timestamp": 5},
         "associations": {"contactIds": [81], "companyIds": []},
         "metadata": {"status": "COMPLETED"}},
        {"id": "3", "type": "CALL", "associations_contactIds": [81]},
    ],
)  # fmt: skip
def test_engagements_of_the_older_api(project, put, given):
    put("contact.jsonl", lead("81"))
    put("engagements.jsonl", given)
    assert rows_of(
        project,
        "select engagement_id, contact_id, inside_of from engagement_contact",
    ) == [("3", "81", "engagement")]


def test_stages_of_pipelines_and_teams_of_owners(project, put):
    put("contact.jsonl", lead("1"))
    stage = {"id": "x1", "metadata": {"isClosed": "true", "probability": "1.0"}}
    put("deal_pipelines.json", {"results": [{"id": "p", "stages": [stage]}]})
    put("owners.json", [{"id": "5", "teams": [{"id": "6", "name": "Crew"}]}])
    assert rows_of(
        project,
        "select pipeline_id, stage_id, metadata_is_closed, metadata_probability "
        "from deal_pipeline_stage",
    ) == [("p", "x1", "true", "1.0")]
    assert rows_of(project, "select owner_id, team_id, name from owner_team") == [
        ("5", "6", "Crew")
    ]


DATES = [
    "property_hs_v2_date_entered_{}", "properties_hs_date_entered_{}",
    "HS_LIFECYCLESTAGE_{}_DATE",
]  # fmt: skip


@pytest.mark.parametrize("column", DATES)
def test_dates_of_stages_are_rows(project, put, column):
    name = column.format("marketingqualifiedlead")
    other = column.format("90210")
    put(
        "contact.csv",
        f"id,createdate,{name},{other},hs_v2_date_entered_current_stage\n"
        "1,2026-02-01,2026-02-05,,2026-02-09\n2,2026-02-01,,2026-02-06,\n",
    )
    assert rows_of(
        project,
        "select contact_id, stage, entered_at from contact_stage_date order by 1",
    ) == [("1", "marketingqualifiedlead", "2026-02-05"), ("2", "90210", "2026-02-06")]


def test_of_two_dates_of_a_stage_the_newer_kind_counts(project, put):
    put(
        "contact.csv",
        "id,createdate,hs_lifecyclestage_lead_date,hs_v2_date_entered_lead\n"
        "1,2026-02-01,2026-02-02,2026-02-03\n2,2026-02-01,2026-02-02,\n",
    )
    assert rows_of(
        project,
        "select contact_id, entered_at, property from contact_stage_date order by 1",
    ) == [
        ("1", "2026-02-03", "hs_v2_date_entered_lead"),
        ("2", "2026-02-02", "hs_lifecyclestage_lead_date"),
    ]


def test_the_pages_own_export(project, put):
    """Headings as the page shows them."""
    put(
        "contacts.csv",
        "Record ID,First Name,Email,Lead Status,Lifecycle Stage,Create Date,"
        "Became a Marketing Qualified Lead Date,Associated Deal IDs\n"
        "77,Ann,ann@x.example,New,Lead,2026-02-01 09:00,2026-02-04 10:00,7;8\n",
    )
    assert rows_of(
        project,
        "select id, firstname, hs_lead_status, lifecyclestage, createdate from contact",
    ) == [("77", "Ann", "New", "Lead", "2026-02-01 09:00")]
    assert rows_of(
        project, "select contact_id, stage, entered_at from contact_stage_date"
    ) == [("77", "marketingqualifiedlead", "2026-02-04 10:00")]
    assert rows_of(project, "select deal_id from deal_contact order by 1") == [
        ("7",), ("8",)
    ]  # fmt: skip


def test_parts_go_and_come_with_their_file(project, put):
    told = [{"value": "lead", "timestamp": "2026-02-01T00:00:00Z"}]
    path = put("contact.jsonl", lead("1", propertiesWithHistory={"fax": told}))
    query = "select value from contact_property_history"
    assert rows_of(project, query) == [("lead",)]
    assert rows_of(project, query) == [("lead",)]
    # A part that was damaged is made again.
    [part] = project.raw.glob("raw_hubspot/contact_property_history/**/rows.parquet")
    part.unlink()
    assert rows_of(project, query) == [("lead",)]
    path.write_text(json.dumps(lead("1", createdAt="2026-02-01")))
    os.utime(path, (1, 1))
    assert rows_of(
        project,
        "select count(*) from duckdb_views() "
        "where view_name = 'contact_property_history'",
    ) == [(0,)]


@pytest.mark.parametrize(
    ("table", "rows", "needed"),
    [
        ("contact.csv", "createdate\n2026-02-01\n", "to tell the contacts apart"),
        ("contact.csv", "id\n1\n", "to know when the contact came in"),
    ],
)
def test_a_missing_column_is_a_sentence(project, put, table, rows, needed):
    put(table, rows)
    with pytest.raises(Exception, match=needed):
        raw.load_system(project, "hubspot")


def folder_of_samples(shared_data: Path, name: str) -> Path:
    folder = shared_data / name
    if not folder.is_dir():
        pytest.skip(f"there are no samples in {folder}")
    return folder


def test_recorded_payloads_are_read_whole(project, put, shared_data):
    folder = folder_of_samples(shared_data, "hubspot_api")
    pages: dict[str, Sequence[Mapping]] = {}
    for name in ("mock_contacts_with_history", "mock_deals_data"):
        text = (folder / f"{name}.json").read_text(encoding="utf-8")
        pages[name] = json.loads(text)["results"]
        table = "contacts" if "contacts" in name else "deals"
        put(f"{table}/{name}.json", text)
    contacts = pages["mock_contacts_with_history"]
    told = sorted(
        (each["id"], name, version["value"], version["timestamp"])
        for each in contacts
        for name, versions in each["propertiesWithHistory"].items()
        for version in versions
    )
    assert told
    # What is blank is null in a raw table.
    assert sorted(
        (contact, name, value or "", at)
        for contact, name, value, at in rows_of(
            project,
            "select contact_id, property, value, timestamp "
            "from contact_property_history",
        )
    ) == sorted((contact, name, value or "", at) for contact, name, value, at in told)
    assert rows_of(
        project, "select id, properties_email, properties_city from contact order by 1"
    ) == sorted(
        (each["id"], each["properties"]["email"], each["properties"]["city"])
        for each in contacts
    )
    assert rows_of(project, "select id, properties_amount from deal order by 1") == (
        sorted(
            (each["id"], each["properties"]["amount"])
            for each in pages["mock_deals_data"]
        )
    )
