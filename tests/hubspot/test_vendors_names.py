"""Contacts that HubSpot itself recorded, with names that nobody chose here, are the
same in each layout: the API's pages as files, Airbyte's and Fivetran's columns made of
them, and a load over the API.
"""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from orchestration.live.pipeline import load
from orchestration.project import Project
from orchestration.sources import raw
from orchestration.warehouse import connect
from tests.hubspot.company import write_csv, write_lines, write_page
from tests.hubspot.conftest import LAYERS, load_and_build, project_of
from tests.hubspot.test_nested import folder_of_samples
from tests.live import account
from tests.live.servers.hubspot import HubSpot

Row = dict[str, Any]
MARKS = {"own": "88801", "airbyte": "88802", "fivetran": "88803", "api": "88804"}
"""What the ids of a layout begin with, so that all can stand in one folder."""
PREFIXES = {
    "own": "properties_", "airbyte": "properties_", "fivetran": "property_",
    "api": "properties_",
}  # fmt: skip


@pytest.fixture
def recorded(shared_data: Path) -> list[Row]:
    folder = folder_of_samples(shared_data, "hubspot_api")
    page = (folder / "mock_contacts_with_history.json").read_text(encoding="utf-8")
    return json.loads(page)["results"]


def marked(contacts: list[Row], mark: str) -> list[Row]:
    """The contacts with other ids, and nothing else."""
    found = []
    for each in contacts:
        row = json.loads(json.dumps(each))
        row["id"] = mark + row["id"]
        row["properties"]["hs_object_id"] = row["id"]
        own = row["properties"].get("hs_all_contact_vids")
        if own:
            row["properties"]["hs_all_contact_vids"] = mark + own
        for deal in row.get("associations", {}).get("deals", {}).get("results", ()):
            deal["id"] = mark + deal["id"]
        found.append(row)
    return found


def versions(contacts: list[Row]) -> list[tuple[Row, str, Row]]:
    return [
        (contact, name, version)
        for contact in contacts
        for name, told in contact["propertiesWithHistory"].items()
        for version in told
    ]


def own(project: Project, contacts: list[Row]) -> None:
    write_page(project.landing / "hubspot/contacts/page.json", contacts)


def airbyte(project: Project, contacts: list[Row]) -> None:
    folder = project.landing / "hubspot"
    write_lines(
        folder / "contacts.jsonl",
        (
            {
                **{n: row[n] for n in ("id", "createdAt", "updatedAt", "archived")},
                **{f"properties_{n}": v for n, v in row["properties"].items()},
                "properties": row["properties"],
                "_airbyte_extracted_at": row["updatedAt"],
            }
            for row in contacts
        ),
    )
    write_lines(
        folder / "contacts_property_history.jsonl",
        (
            {
                "vid": int(row["id"]),
                "property": name,
                "value": version["value"],
                "timestamp": version["timestamp"],
                "source-type": version["sourceType"],
                "source-id": version.get("sourceId"),
                "updated-by-user-id": version.get("updatedByUserId"),
                "_airbyte_extracted_at": row["updatedAt"],
            }
            for row, name, version in versions(contacts)
        ),
    )


def fivetran(project: Project, contacts: list[Row]) -> None:
    def plain(text: str) -> str:
        at = datetime.fromisoformat(text).replace(tzinfo=None)
        return at.isoformat(" ", "milliseconds")

    folder = project.landing / "hubspot"
    write_csv(
        folder / "contact.csv",
        (
            {
                "id": row["id"],
                "_fivetran_deleted": row["archived"],
                "_fivetran_synced": plain(row["updatedAt"]),
                **{f"property_{n}": v for n, v in row["properties"].items()},
            }
            for row in contacts
        ),
    )
    write_csv(
        folder / "contact_property_history.csv",
        (
            {
                "contact_id": row["id"],
                "name": name,
                "value": version["value"],
                "timestamp": plain(version["timestamp"]),
                "source": version["sourceType"],
                "source_id": version.get("sourceId"),
                "_fivetran_synced": plain(row["updatedAt"]),
            }
            for row, name, version in versions(contacts)
        ),
    )


def api(project: Project, contacts: list[Row]) -> None:
    names = {name for row in contacts for name in row["properties"]}
    told = {name for row in contacts for name in row["propertiesWithHistory"]}
    with HubSpot() as server:
        server.properties["contacts"] = sorted(names)
        for row in contacts:
            server.records["contacts"][row["id"]] = {
                "created": row["createdAt"],
                "updated": row["updatedAt"],
                "values": row["properties"],
                "history": row["propertiesWithHistory"],
                "archived": None,
            }
        load(project, account.source_of(server, HISTORY=",".join(sorted(told))))


WAYS = {"own": own, "airbyte": airbyte, "fivetran": fivetran, "api": api}


def deliver(project: Project, contacts: list[Row]) -> None:
    for way, write in WAYS.items():
        write(project, marked(contacts, MARKS[way]))


def test_each_property_is_a_column_of_its_value(recorded, tmp_path):
    project = project_of(tmp_path)
    deliver(project, recorded)
    project.prepare_out()
    raw.load_system(project, "hubspot")
    with connect(project, read_only=True) as connection:
        relation = connection.execute("from raw_hubspot.contact")
        names = [name for name, *_ in relation.description]
        rows = [dict(zip(names, row, strict=True)) for row in relation.fetchall()]
        history = connection.execute(
            "select coalesce(contact_id, vid), coalesce(property, name), "
            "coalesce(value, ''), count(*) from raw_hubspot.contact_property_history "
            "group by all order by all"
        ).fetchall()
    of_id = {row["id"]: row for row in rows}
    told: dict[tuple, int] = {}
    for way, mark in MARKS.items():
        contacts = marked(recorded, mark)
        for contact in contacts:
            got = of_id[contact["id"]]
            for name, value in contact["properties"].items():
                # What is read has its own name, and not the loader's.
                said = {got.get(PREFIXES[way] + name), got.get(name)} - {None}
                assert said == {value or None} - {None}, (way, name)
        for contact, name, version in versions(contacts):
            key = (contact["id"], name, version["value"] or "")
            told[key] = told.get(key, 0) + 1
    assert history == sorted((*key, count) for key, count in told.items())


@pytest.mark.slow
@pytest.mark.exhaustive
def test_each_layout_is_the_same_in_the_input_layer(recorded, tmp_path):
    built = load_and_build(
        tmp_path, lambda _: deliver(project_of(tmp_path), recorded), *LAYERS
    )
    for entity, record in (
        ("records", "record_id"),
        ("observations", "record_id"),
        ("record_links", "right_record_id"),
    ):
        columns = [
            name
            for name, *_ in built.rows(f"describe input_layer__{entity}")
            if name not in ("loaded_at", "has_copies")
            and not name.endswith(("at_text", "_key"))
        ]
        found: dict[str, list[str]] = {way: [] for way in MARKS}
        for row in built.rows(
            f"select {record}, {', '.join(columns)} from input_layer__{entity}"
        ):
            [way] = [w for w, mark in MARKS.items() if str(row[0]).startswith(mark)]
            found[way].append(str(row).replace(MARKS[way], ""))
        assert entity == "record_links" or found["own"]
        for way, rows in found.items():
            assert sorted(rows) == sorted(found["own"]), (entity, way)
