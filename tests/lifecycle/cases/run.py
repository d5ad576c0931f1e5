"""Cases, run: what the warehouse and the reference make of them."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import duckdb

from orchestration.project import Project
from orchestration.settings import run_settings
from orchestration.sources import raw
from orchestration.transformation import dbt_runner
from tests.lifecycle.cases import IDS, SETTINGS, Case, Expected, write
from tests.reference.compare import SEEDS, loaded_at, rows_of, same
from tests.reference.reference import compute

# By the name of a case's table: the public one, and in what order it is told.
TABLES = {
    "people": ("marts.dim_people", ()),
    "events": ("marts.fct_stage_events", ("lifecycle_no", "event_no")),
    "lifecycles": ("marts.fct_lead_lifecycles", ("lifecycle_no",)),
    "passes": ("marts.fct_handoffs", ("lifecycle_no", "pass_no")),
    "transitions": ("marts.fct_stage_transitions", ("lifecycle_no", "transition_no")),
    "quarantine": ("marts.quarantine", ("source", "source_table", "rule")),
    "fates": ("quality.raw_row_fates", ("source", "source_table")),
    "cohort": ("marts.mart_funnel_cohort", ("handed_off_date",)),
    "monthly": ("marts.mart_funnel_monthly", ("period_type", "period_start_date")),
    "period": ("marts.mart_funnel_period", ("entered_date",)),
}
OF_REFERENCE = {
    "people": "people",
    "events": "stage_events",
    "lifecycles": "lifecycles",
    "passes": "handoffs",
    "transitions": "transitions",
    "quarantine": "quarantine",
    "fates": "fates",
}
FATE_NAMES = {"duplicate": "duplicates", "reading": "readings"}


@dataclass(frozen=True)
class Told:
    """All rows of the tables, to be asked case by case."""

    tables: dict[str, list[dict]]

    @cached_property
    def people(self) -> dict[str, tuple[str, str]]:
        return {
            row["person_id"]: (row["primary_source"], row["primary_record_id"])
            for row in self.tables["people"]
        }

    def of(self, case: Case, table: str, expected: list[dict]) -> list[dict]:
        """The rows of a case, its ids as the case writes them."""
        if table == "accepted_by_origin":
            return self._accepted_by_origin(case)
        mine = [row for row in self.tables[table] if self._is_of(case, table, row)]
        if table == "monthly":
            asked = {row["period_type"] for row in expected}
            mine = [row for row in mine if row["period_type"] in asked]
        order = TABLES[table][1]
        return sorted(
            (self._plain(case, row) for row in mine),
            key=lambda row: (
                *(() if table == "quarantine" else self._person(row)),
                *(row[name] for name in order if name in row),
                *((row["source_key"],) if table == "quarantine" else ()),
            ),
        )

    def _person(self, row: dict) -> tuple[str, ...]:
        return self.people.get(row.get("person_id"), ())

    def _is_of(self, case: Case, table: str, row: dict) -> bool:
        if table == "fates":
            return f"{row['source']}/{row['source_table']}" in case.owns
        if table in ("cohort", "monthly", "period"):
            if row.get("dimension", "channel") != "channel":
                return False
            value = row.get("dimension_value") or row.get("channel")
            return value in channels(case)
        if table == "quarantine":
            place = f"{row['source']}/{row['source_table']}"
            key = row["source_key"] or ""
            if place in case.owns or (place, key) in keys(case):
                return True
        person = self._person(row)
        return bool(person) and person in records(case)

    def _plain(self, case: Case, row: dict) -> dict:
        start = f"{case.slug()}."
        plain = {
            name: value.removeprefix(start) if isinstance(value, str) else value
            for name, value in row.items()
        }
        if "primary_record_id" in row:
            primary = f"{row['primary_source']}|{row['primary_record_id']}"
            plain["is_hash_of_primary"] = (
                row["person_id"] == hashlib.md5(primary.encode()).hexdigest()
            )
        return plain

    def _accepted_by_origin(self, case: Case) -> list[dict]:
        counts: dict[str, int] = defaultdict(int)
        for row in self.tables["period"]:
            if self._is_of(case, "period", row) and row["accepted"]:
                counts[row["origin"]] += row["accepted"]
        return [{"origin": o, "accepted": n} for o, n in sorted(counts.items())]


def records(case: Case) -> set[tuple[str, str]]:
    """The records of a case, as (system, id)."""
    found = set()
    for table, row in case.rows:
        system, name = table.split("/")
        if name in ("lead", "contact"):
            key = row.get("lead_id") or row.get("Id") or row.get("id")
            prefix = f"{case.slug()}." if system == "generic" else ""
            found.add((system, prefix + key))
    return found


def keys(case: Case) -> set[tuple[str, str]]:
    """The raw rows of a case that have a key, as (table, key)."""
    found = set()
    for table, row in case.rows:
        for name in ("Id", "id", *IDS):
            if row.get(name):
                prefix = f"{case.slug()}." if table.startswith("generic/") else ""
                found.add((table, prefix + row[name]))
    return found


def channels(case: Case) -> set[str]:
    return {
        row["source"].lower()
        for table, row in case.rows
        if table == "generic/lead" and row.get("source")
    }


def differences(case: Case, expected: Expected, told: Told) -> list[str]:
    """What is not as worked out by hand, in words."""
    found = []
    for table, wanted in expected.items():
        if table not in told.tables and table != "accepted_by_origin":
            continue
        rows = told.of(case, table, wanted)
        if len(rows) != len(wanted):
            found.append(f"{table}: expected {len(wanted)} rows, got {len(rows)}")
        for number, (row, want) in enumerate(zip(rows, wanted, strict=False), 1):
            found += [
                f"{table} {number}, {name}: expected {value}, got {row.get(name)}"
                for name, value in want.items()
                if name not in row or not same(value, row[name])
            ]
        if len(rows) != len(wanted):
            found += [f"  got {shown(row, wanted)}" for row in rows]
    return found


def shown(row: dict, wanted: Iterable[dict]) -> dict:
    asked = {name for want in wanted for name in want}
    return {name: value for name, value in row.items() if name in asked} or row


# Running a setting.


def project_of(
    folder: Path, setting: str, cases: Iterable[Case], root: Path | None = None
) -> Project:
    """The folder with all cases of a setting, and the project that reads it."""
    landing = write(folder / "landing", cases)
    definition = None
    for name, content in SETTINGS[setting].definition.items():
        definition = folder / "definition"
        definition.mkdir(exist_ok=True)
        (definition / name).write_text(content, encoding="utf-8")
    project = Project.from_environment(
        {},
        landing=landing,
        out=folder / "out",
        definition=definition,
        vars=SETTINGS[setting].vars,
    )
    project.prepare_out()
    raw.load_all(project)
    return project


WHAT_IS_TOLD = (*(f"+{table.split('.')[1]}" for table, _ in TABLES.values()),)
EVERYTHING = ("path:seeds", "path:models")
"""Models to build, with the data tests among them, as dbt selects them."""


def build(project: Project, names: Sequence[str] = EVERYTHING) -> Told:
    """Build models, without Dagster and its checks; what they then tell."""
    run_settings.write_settings(project)
    run_settings.write_definition(project)
    results = dbt_runner.build(project, names)
    assert dbt_runner.failure_sentence(results) is None
    return told_by_warehouse(project)


def told_by_warehouse(project: Project) -> Told:
    return Told(
        {
            name: rows_of(project.warehouse, project.schema_prefix + table)
            for name, (table, _) in TABLES.items()
        }
    )


def told_by_reference(project: Project) -> Told:
    result = compute(
        project.landing,
        SEEDS,
        project.definition,
        json.loads(project.vars.as_json()),
        loaded_at(project.out),
    )
    tables = {
        name: [dict(row) for row in getattr(result, attribute)]
        for name, attribute in OF_REFERENCE.items()
    }
    for place, row in enumerate(tables["events"]):
        row["event_no"] = place
    tables["fates"] = [
        {FATE_NAMES.get(name, name): value for name, value in row.items()}
        for row in tables["fates"]
    ]
    return Told(tables)


def database_rows(project: Project, schema: str) -> dict[str, list[tuple]]:
    """Every row of every table of a schema, in one order."""
    with duckdb.connect(str(project.warehouse), read_only=True) as warehouse:
        tables = warehouse.execute(
            "select table_name from information_schema.tables where table_schema = ?"
            " order by 1",
            [schema],
        ).fetchall()
        return {
            table: warehouse.execute(
                f'select * from {schema}."{table}" order by all'
            ).fetchall()
            for (table,) in tables
        }
