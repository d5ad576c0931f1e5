"""What is personal in a raw table: said once, by what its staging model reads.

A column that no staging model reads moves no number, so of an erased person it is
emptied. Of those that are read, `PERSONAL` name or describe a person. Ids and what is
counted by stay.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Any

import jinja2

from orchestration.sources.tables import ROOT, RawTable, plain, tables_of

PERSONAL = ("full_name", "first_name", "last_name", "phone", "company")
"""Staged columns that name a person, beside `email`."""

EMAIL = "email"

RECORD_IDS = {
    "record_id": "",
    "lead_id": "",
    "contact_id": "",
    "canonical_id": "",
    "losing_record_id": "",
    "winning_record_id": "",
    "final_record_id": "",
    "merged_into_id": "",
    "master_record_id": "",
    "converted_contact_id": "",
    "sfdc_lead_id": "salesforce",
    "sfdc_contact_id": "salesforce",
}
"""Staged columns that say which person a row is about: the system whose record it is,
where that is not the table's own."""

THINGS = {
    "activity_id": "activity",
    "opportunity_id": "opportunity",
    "converted_opportunity_id": "opportunity",
}
"""Staged columns that say which activity or deal a row is about."""

LISTS_OF_IDS = (
    "listed",
    "merged_objects",
    "merged_vids",
    "calculated_merged_vids",
    "all_vids",
    "merge_ids",
    "inside_of",
)

FIELDS = ("field", "property_name", "attribute_name")
"""Staged columns that say which field a row of a history is about."""

VALUES = ("old_value", "new_value", "property_value")
"""Staged columns of a history that may hold anything."""

OBJECT = "attributes"
"""A staged column that holds what its row says as an object."""

OF_LOADERS = (
    "updated_at",
    "last_modified_date",
    "system_modstamp",
    "hs_lastmodifieddate",
)
"""What every staging model reads beside its own columns (macros/stage.sql)."""


@dataclass(frozen=True)
class Staged:
    """What the staging model of a raw table reads."""

    table: RawTable
    names: dict[str, frozenset[str]]
    """Staged names by the raw column's name, as `plain` writes it."""

    def of(self, column: str) -> frozenset[str]:
        """What a raw column is staged as; nothing where it is not read."""
        return self.names.get(plain(column), frozenset())

    def has_ids(self, column: str) -> bool:
        return any(
            name.endswith("_id") or name in LISTS_OF_IDS for name in self.of(column)
        )

    @property
    def is_of_people(self) -> bool:
        """Whether its rows may be about somebody who can ask to be erased: not what
        everybody's rows are looked up in, such as users and campaigns."""
        told = {name for names in self.names.values() for name in names}
        return not self.table.is_looked_up and bool(
            told & {EMAIL, *RECORD_IDS, *THINGS, *PERSONAL}
        )


_OF_LOADERS = "fivetran|sdc|dlt|ab_cdc|extracted|airbyte_e|file_|first_loaded_at"


def is_of_a_loader(name: str) -> bool:
    """Whether a loader wrote a column beside those of the vendor: when, not who."""
    return bool(re.match(f"_({_OF_LOADERS})", name))


@cache
def staged(table: RawTable) -> Staged:
    """What is read of a raw table, from its staging model."""
    names: dict[str, set[str]] = {}

    def read(staged_name: str, raw_names: str | list[str]) -> None:
        for raw in [raw_names] if isinstance(raw_names, str) else raw_names:
            names.setdefault(plain(raw), set()).add(staged_name)

    for call in _calls(table.system):
        if call["table"] != table.name:
            continue
        for kind in ("texts", "instants", "dates", "decimals", "numbers", "booleans"):
            for staged_name, raw_names in call.get(kind, {}).items():
                read(staged_name, raw_names)
        read("own_id", call.get("key", []))
    if names:
        for raw in OF_LOADERS:
            read("updated_at", raw)
    return Staged(table, {raw: frozenset(found) for raw, found in names.items()})


def tables_of_people(system: str) -> dict[str, Staged]:
    """The raw tables of a system that may hold rows about a person, by name."""
    found = {table.name: staged(table) for table in tables_of(system)}
    return {name: each for name, each in found.items() if each.is_of_people}


@cache
def _calls(system: str) -> tuple[dict[str, Any], ...]:
    """With what the staging models of a system call the macro `stage`."""
    calls: list[dict[str, Any]] = []

    def stage(_system: str, table: str, **given: Any) -> str:
        calls.append({"table": table, **given})
        return ""

    environment = jinja2.Environment(undefined=jinja2.ChainableUndefined)
    environment.globals.update(stage=stage, config=lambda **_: "")
    for path in sorted((ROOT / "models" / "staging" / system).glob("stg_*.sql")):
        environment.from_string(path.read_text(encoding="utf-8")).render()
    return tuple(calls)
