"""What an edited definition moves: causes, months, and the models that read it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from orchestration.commands.compare.sides import Compared, Side
from orchestration.increment.lineage import MODEL, Lineage
from orchestration.publication.publications import PUBLIC_SCHEMAS
from orchestration.warehouse import quoted

SEED = "seed.lead_funnel."

DIGITS = 9
"""Sums of fractions differ behind these with the order in which they are added."""


@dataclass(frozen=True)
class Cause:
    """A row of the definition that made lifecycles differ."""

    why: str
    lifecycles: int
    handoffs: int
    """Those that are a hand-off of marketing's in either reading."""
    flips: int
    """Those that count as another outcome, or as of another origin."""


@dataclass(frozen=True)
class MovedMonth:
    """The leads of a month of hand-off that differ; none were never handed off."""

    month: date | None
    lifecycles: int
    handoffs: int
    flips: int


@dataclass(frozen=True)
class Rows:
    """How many rows of a table differ; `changed` is none where it has no key."""

    before: int
    after: int
    gone: int
    new: int
    changed: int | None


@dataclass(frozen=True)
class Reached:
    """A model that reads what changed."""

    name: str
    is_public: bool
    folder: str
    rows: Rows | None
    """None where not both readings hold the table."""


_COUNTS = """
    count(*),
    count(*) filter (
        where outcome_before is not null or outcome_after is not null
    ),
    count(*) filter (where is_flipped)
"""


def causes(compared: Compared) -> list[Cause]:
    """The causes of all changed lifecycles, what touches most first."""
    rows = compared.connection.execute(
        f"select why, {_COUNTS} from lead_causes "
        "inner join changed_leads using (person_id, lifecycle_no) "
        "group by 1 order by 2 desc, 1"
    ).fetchall()
    return [Cause(*row) for row in rows]


def months(compared: Compared) -> list[MovedMonth]:
    rows = compared.connection.execute(
        f"select cast(date_trunc('month', handed_off_date) as date), {_COUNTS} "
        "from changed_leads group by 1 order by 1 nulls last"
    ).fetchall()
    return [MovedMonth(*row) for row in rows]


def reached(
    compared: Compared, manifest: Mapping[str, Any], seeds: set[str]
) -> list[Reached]:
    """The models downstream of the seeds, each after what it reads."""
    lineage = Lineage(manifest)
    found = {
        name
        for seed in seeds
        for name in (f"{SEED}{seed}", f"{MODEL}def_{seed}")
        if name in lineage.nodes
    }
    models = []
    for unique_id, node in lineage.nodes.items():
        if unique_id not in found:
            if found.isdisjoint(node.get("depends_on", {}).get("nodes", ())):
                continue
            found.add(unique_id)
        if node["resource_type"] != "model":
            continue
        is_public = node["config"].get("schema") in PUBLIC_SCHEMAS
        models.append(
            Reached(
                name=node["name"],
                is_public=is_public,
                folder=node["original_file_path"].rpartition("/")[0],
                rows=changed_rows(compared, node) if is_public else None,
            )
        )
    return models


def changed_rows(compared: Compared, node: Mapping[str, Any]) -> Rows | None:
    """How many rows of a public table only one reading has, or has otherwise."""
    schema, name = node["config"]["schema"], node["name"]
    before = _columns(compared, compared.before, schema, name)
    after = _columns(compared, compared.after, schema, name)
    shared = [column for column in before if column in after]
    if not shared:
        return None
    chosen = ", ".join(
        f"round({quoted(column)}, {DIGITS}) as {quoted(column)}"
        if before[column] == "DOUBLE"
        else quoted(column)
        for column in shared
    )
    here = f"select {chosen} from {_schema(compared.before, schema)}.{name}"
    there = f"select {chosen} from {_schema(compared.after, schema)}.{name}"
    key = [column for column in node.get("primary_key") or () if column in shared]
    changed = "cast(null as bigint)"
    if key:
        columns = ", ".join(map(quoted, key))
        changed = f"(select count(*) from gone semi join came using ({columns}))"
    [(rows_before, rows_after, gone, new, both)] = compared.connection.execute(
        f"""
        with here as ({here}),
        there as ({there}),
        gone as (select * from here except all select * from there),
        came as (select * from there except all select * from here)
        select
            (select count(*) from here),
            (select count(*) from there),
            (select count(*) from gone),
            (select count(*) from came),
            {changed}
        """
    ).fetchall()
    return Rows(rows_before, rows_after, gone - (both or 0), new - (both or 0), both)


def _columns(compared: Compared, side: Side, schema: str, name: str) -> dict[str, str]:
    """The columns of a table and their types; none where it is not there."""
    rows = compared.connection.execute(
        "select column_name, data_type from duckdb_columns() "
        "where database_name = coalesce(nullif(?, ''), current_database()) "
        "and schema_name = ? and table_name = ? order by column_index",
        [side.database, _schema(side, schema).rpartition(".")[2], name],
    ).fetchall()
    return dict(rows)


def _schema(side: Side, schema: str) -> str:
    return f"{side.database}.{schema}" if side.database else side.schema(schema)
