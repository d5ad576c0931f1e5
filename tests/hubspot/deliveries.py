"""The made-up company, day by day, as its loaders and HubSpot itself deliver it."""

from __future__ import annotations

import csv
import json
import re
import tempfile
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from tests.hubspot.company import (
    MADE,
    PIPELINE,
    airbyte,
    api,
    fivetran,
    iso,
    millis,
    plain,
    stages,
    write_csv,
    write_lines,
    write_page,
)
from tests.hubspot.made_up import Known, Life, loaded_at
from tests.live.servers.hubspot import HubSpot

Row = dict[str, Any]
Tables = dict[str, list[Row]]
Write = Callable[[Path, Any], None]

LATE = 5
"""Of so many rows that a loader writes one is late: it says that it was written before
what the load before has come to."""

KEYS = {
    "CONTACT": ("id",),
    "deal": ("deal_id",),
    "owner": ("owner_id",),
    "engagement": ("id",),
    "form": ("guid",),
    "contact_list": ("id",),
    "contact_form_submission": ("conversion_id",),
    "contacts": ("id",),
    "deals": ("id",),
    "deal_pipelines": ("pipelineId",),
    "owners": ("id",),
    "owners_archived": ("id",),
    "forms": ("id",),
    "contact_lists": ("listId",),
    "contacts_list_memberships": ("canonical-vid", "static-list-id"),
    "contacts_form_submissions": ("conversion-id",),
}
"""By table of a loader what tells its rows apart; of others all that they say."""


def key_of(table: str, row: Mapping[str, Any]) -> tuple:
    return tuple(str(row.get(name)) for name in key_columns(table, row))


def key_columns(table: str, row: Mapping[str, Any]) -> tuple[str, ...]:
    if table in KEYS:
        return KEYS[table]
    if table.startswith("engagements_"):
        return ("id",)
    if re.fullmatch("engagement_(call|email|meeting|task)", table):
        return ("engagement_id",)
    return tuple(sorted(name for name in row if not name.startswith("_")))


def rows_of(write: Write, known: Known) -> Tables:
    """What a layout has of the company, by table."""
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder), known)
        return {
            path.relative_to(folder).with_suffix("").as_posix(): _read(path)
            for path in sorted(Path(folder).rglob("*.*"))
        }


def _read(path: Path) -> list[Row]:
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".csv":
        return list(csv.DictReader(text.splitlines()))
    if path.suffix == ".json":
        return json.loads(text)["results"]
    return [json.loads(line) for line in text.splitlines()]


# Loaders, which write what is new or another into their tables.


def syncs(life: Life, write: Write, synced: str, deleted: str = "") -> Iterator[Tables]:
    """By day and table the rows that a loader writes, with when in the column `synced`;
    in `deleted` it says which are gone. Without it what is gone stays as it was."""
    before: dict[str, dict[tuple, Row]] = {}
    for day, known in enumerate(life.days):
        written: Tables = {}
        for table, rows in rows_of(write, known).items():
            there = {
                key_of(table, row): {n: v for n, v in row.items() if n != synced}
                for row in rows
            }
            old = before.get(table, {})
            new = [row for key, row in there.items() if old.get(key) != row]
            if deleted:
                gone = [row for key, row in old.items() if key not in there]
                new = [{deleted: "false", **row} for row in new]
                new += [{**row, deleted: "true"} for row in gone]
            written[table] = [
                {**row, synced: _synced(day, number, deleted != "")}
                for number, row in enumerate(new)
            ]
            before[table] = there if deleted else {**old, **there}
        yield written


def _synced(day: int, number: int, is_plain: bool) -> str:
    is_late = day and number % LATE == 1
    at = loaded_at(day - 1) - timedelta(minutes=30) if is_late else loaded_at(day)
    return plain(at) if is_plain else iso(at)


def fivetran_syncs(life: Life) -> Iterator[Tables]:
    return syncs(life, fivetran, "_fivetran_synced", "_fivetran_deleted")


def airbyte_syncs(life: Life) -> Iterator[Tables]:
    return syncs(life, airbyte, "_airbyte_extracted_at")


def last_of(days: Iterator[Tables]) -> Tables:
    """The loader's tables in the end."""
    found: dict[str, dict[tuple, Row]] = {}
    for written in days:
        for table, rows in written.items():
            kept = found.setdefault(table, {})
            kept.update((key_of(table, row), row) for row in rows)
    return {table: list(rows.values()) for table, rows in found.items()}


def write_fivetran_files(folder: Path, life: Life) -> None:
    for table, rows in last_of(fivetran_syncs(life)).items():
        if rows:
            write_csv(folder / f"{table}.csv", rows)


def write_airbyte_files(folder: Path, life: Life) -> None:
    for table, rows in last_of(airbyte_syncs(life)).items():
        if rows:
            write_lines(folder / f"{table}.jsonl", rows)


# A database that a loader fills.


class Landed:
    """A schema of Postgres with a loader's tables, each value in the type that the
    loader gives it."""

    def __init__(self, psql: Callable[[str], str], schema: str, reader: str) -> None:
        self.psql, self.schema, self.reader = psql, schema, reader

    def make(self, all_rows: Tables) -> None:
        """Empty tables with the columns that these rows have."""
        self.kinds = {
            table: {
                name: kind_of(f"{table}.{name}", [row.get(name) for row in rows])
                for name in dict.fromkeys(name for row in rows for name in row)
            }
            for table, rows in all_rows.items()
            if rows
        }
        made = [f"create schema {self.schema};"]
        for table, columns in self.kinds.items():
            listed = ", ".join(f'"{n}" {kind}' for n, kind in columns.items())
            made.append(f'create table {self.schema}."{table}" ({listed});')
        self.psql(
            "\n".join(made) + f"grant usage on schema {self.schema} to {self.reader};"
            f"grant select on all tables in schema {self.schema} to {self.reader}"
        )

    def write(self, written: Tables) -> None:
        statements = ["begin;"]
        for table, rows in written.items():
            for row in rows:
                kinds = self.kinds[table]
                place = f'{self.schema}."{table}"'
                given = {n: literal(row[n], kinds[n]) for n in row}
                same = " and ".join(
                    f'"{name}" is not distinct from {given[name]}'
                    for name in key_columns(table, row)
                )
                columns = ", ".join(f'"{name}"' for name in given)
                statements += [
                    f"delete from {place} where {same};",
                    f"insert into {place} ({columns}) "
                    f"values ({', '.join(given.values())});",
                ]
        self.psql("\n".join([*statements, "commit"]))


NUMBERS = {
    "id": "bigint", "Id": "bigint", "timestamp": "bigint", "amount": "numeric",
    "probability": "numeric",
}  # fmt: skip
"""How the names of columns end that are numbers where all in them is one."""


ARRAYS = {"deals.contacts", "engagements_calls.contacts"}
"""Lists that are arrays of Postgres; others are jsonb, as objects are."""


def kind_of(name: str, values: list[Any]) -> str:
    """The type of a column, by all that stands in it."""
    told = [value for value in values if value not in (None, "")]
    if any(isinstance(value, list | dict) for value in told):
        return "text[]" if name in ARRAYS else "jsonb"
    number = next((kind for end, kind in NUMBERS.items() if name.endswith(end)), "")
    for pattern, kind in (
        (r"(?i)true|false", "boolean"),
        (r"\d{4}-\d\d-\d\d[ T][\d:.]+Z?", "timestamptz"),
        (r"\d+(\.\d+)?", number),
    ):
        if kind and told and all(re.fullmatch(pattern, str(each)) for each in told):
            return kind
    return "text"


def literal(value: Any, kind: str) -> str:
    if value is None or (value == "" and kind != "text"):
        return "null"
    if kind == "text[]":
        return f"array[{', '.join(literal(v, 'text') for v in value)}]::text[]"
    text = json.dumps(value) if kind == "jsonb" else str(value)
    if kind == "timestamptz" and not text.endswith("Z"):
        text += "Z"
    return "'" + text.replace("'", "''") + f"'::{kind}"


# The API's own layout as files: what changed in a page a day, short lists anew.


def with_contacts(pages: Tables, known: Known) -> Tables:
    """Pages of the API where deals name their contacts, as a load asks for them."""
    pages["contacts"] = pages.pop("contacts/page_1")
    del pages["contacts/page_2"]
    contacts_of = {each.number: each.contacts for each in known.deals}
    for row in pages["deals"]:
        ids = [{"id": number, "type": "x"} for number in contacts_of[row["id"]]]
        row["associations"] = {"contacts": {"results": ids}}
    return pages


GROWING = re.compile("contacts|deals|calls|emails|meetings|tasks")


def write_own_files(folder: Path, known: Known, day: int, before: Tables) -> Tables:
    """A day's export beside those of the days before; what it has."""
    pages = with_contacts(rows_of(api, known), known)
    for table, rows in pages.items():
        if not GROWING.fullmatch(table):
            write_lines(folder / f"{table}.jsonl", rows)
            continue
        old = {row["id"]: row for row in before.get(table, [])}
        new = [row for row in rows if old.get(row["id"]) != row]
        if new:
            write_page(folder / table / f"day_{day}.json", new)
    return pages


# HubSpot itself.


PROPERTIES = {
    "contacts": ("firstname", "lastname", "hs_analytics_source", "hs_object_id",
                 "createdate", "hs_v2_date_entered_lead"),
    "deals": ("amount", "closedate", "hs_merged_object_ids"),
    "calls": ("hs_timestamp", "hubspot_owner_id", "hs_call_status"),
    "emails": ("hs_timestamp", "hubspot_owner_id", "hs_email_status",
               "hs_email_direction"),
    "meetings": ("hs_meeting_start_time", "hubspot_owner_id", "hs_meeting_outcome"),
    "tasks": ("hs_timestamp", "hubspot_owner_id", "hs_task_status"),
}  # fmt: skip


def account() -> HubSpot:
    server = HubSpot()
    for kind, names in PROPERTIES.items():
        known = server.properties[kind]
        known += [name for name in names if name not in known]
    server.pipelines = [
        {
            "id": "default",
            "label": "Sales",
            "stages": stages(),
        }
    ]
    return server


def show(server: HubSpot, known: Known, now: datetime) -> None:
    """Let an account be as the company is."""
    pages = with_contacts(rows_of(api, known), known)
    server.now = now
    for kind in PROPERTIES:
        server.records[kind] = {}
        links = server.links.setdefault((kind, "contacts"), {})
        links.clear()
        for row in pages[kind]:
            if row["id"] in known.merged:
                continue
            server.records[kind][row["id"]] = _record(kind, row, known)
            said = row.get("associations", {}).get("contacts", {"results": []})
            links[row["id"]] = [each["id"] for each in said["results"]]
    server.owners = pages["owners"]
    server.forms = [
        {**row, "formType": "hubspot", "archived": False} for row in pages["forms"]
    ]
    addresses = {each.number: each.email for each in known.contacts}
    server.submissions = {row["id"]: [] for row in pages["forms"]}
    for number, contact, form, when in known.sent_forms:
        server.submit(form, number, when, addresses[contact])
    server.lists, server.members = [], {}
    for number, name in known.lists:
        of_list = [each for each in known.members if each[0] == number]
        there = {contact: iso(since) for _, contact, since, is_in in of_list if is_in}
        news = [max((since for _, _, since, _ in of_list), default=MADE)]
        server.members[number] = there
        server.lists.append(
            {
                "listId": number,
                "name": name,
                "processingType": "MANUAL",
                "objectTypeId": "0-1",
                "createdAt": iso(MADE),
                "updatedAt": iso(MADE),
                "additionalProperties": {
                    "hs_list_size": str(len(there)),
                    "hs_last_record_added_at": str(millis(news[0])),
                    "hs_last_record_removed_at": str(len(of_list) - len(there)),
                },
            }
        )


def _record(kind: str, row: Row, known: Known) -> Row:
    values = dict(row["properties"])
    name = "lastmodifieddate" if kind == "contacts" else "hs_lastmodifieddate"
    values[name] = row["updatedAt"]
    if kind == "contacts":
        values["hs_additional_emails"] = known.other_addresses.get(row["id"])
    if kind == "deals":
        closed = {stage for stage, _, is_closed, _ in PIPELINE if is_closed}
        values["hs_is_closed"] = str(values["dealstage"] in closed).lower()
    created = row.get("createdAt") or values.get("createdate") or iso(MADE)
    return {
        "created": created,
        "updated": row["updatedAt"],
        "values": values,
        "history": row.get("propertiesWithHistory", {}),
        "archived": row["updatedAt"] if row["archived"] else None,
    }
