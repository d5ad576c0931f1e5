"""Runs the handwritten SQL on a folder: `python -m benchmarks.handwritten`.

All public tables of the benchmark's company, written as the job writes them: one
DuckDB file and a Parquet file for each. It runs in a process of its own, so that
its memory can be measured, and prints what each statement took and the main
figures as JSON.
"""

from __future__ import annotations

import argparse
import json
import shutil
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from benchmarks.measure import Meter, StepCost
from orchestration import warehouse
from orchestration.publication.publications import (
    DATABASE,
    PUBLIC_SCHEMAS,
    STORAGE_VERSION,
)

FOLDER = Path(__file__).resolve().parent
SEEDS = FOLDER.parent / "seeds"
SQL = FOLDER / "handwritten_sql"
AREAS = (
    "identity", "events", "lifecycles", "handoffs", "facts", "attribution",
    "funnel", "finance", "kpis", "quality", "dimensions", "operations", "queue",
)  # fmt: skip
"""The files of the SQL, in the order in which they run."""
PARQUET = "Parquet files"

#: What must be the same in all of them, also where rows are too many to compare.
FIGURES = {
    "people": "select count(*) from {schema}dim_people",
    "stage events": "select count(*) from {schema}fct_stage_events",
    "lifecycles by origin and outcome": """
        select origin, outcome, count(*)
        from {schema}fct_lead_lifecycles group by all order by all
    """,
    "was ignored": """
        select count(*) from {schema}fct_lead_lifecycles where was_ignored
    """,
    "transitions by verdict": """
        select verdict, count(*)
        from {schema}fct_stage_transitions group by all order by all
    """,
    "accepted by channel": """
        select channel, sum(accepted)::bigint
        from {schema}mart_funnel_cohort group by all order by all
    """,
    "hand-offs by month": """
        select period_start_date::varchar, handed_off::bigint
        from {schema}mart_funnel_monthly
        where period_type = 'month' and dimension = 'all' order by all
    """,
}


Figures = dict[str, list[list[object]]]


def figures(connection: duckdb.DuckDBPyConnection, schema: str = "marts.") -> Figures:
    return {
        name: [
            list(row)
            for row in connection.execute(query.format(schema=schema)).fetchall()
        ]
        for name, query in FIGURES.items()
    }


def figures_of(database: Path) -> Figures:
    """The figures of a published file."""
    with duckdb.connect(str(database), read_only=True) as connection:
        return figures(connection)


def statements() -> Iterator[tuple[str, str]]:
    """Each statement of the SQL with its name: the area and what it begins with."""
    for area in AREAS:
        text = (SQL / f"{area}.sql").read_text(encoding="utf-8")
        for statement in duckdb.extract_statements(text):
            lines = [
                line
                for line in statement.query.strip().splitlines()
                if not line.startswith("--")
            ]
            head = lines[0].removesuffix(" as").removesuffix(" (")
            yield f"{area}: {head}", statement.query


def build(
    landing: Path, folder: Path, loaded_at: datetime, seeds: Path = SEEDS
) -> list[StepCost]:
    """Write every public table into a folder; what each statement took."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    meter = Meter()
    with duckdb.connect() as connection:
        warehouse.configure(connection, folder / ".spill")
        for name, value in (
            ("landing", str(landing)),
            ("seeds", str(seeds)),
            ("loaded_at", loaded_at),
        ):
            connection.execute(f"set variable {name} = ?", [value])
        connection.execute(
            f"attach {warehouse.literal(str(folder / DATABASE))} as published "
            f"(storage_version '{STORAGE_VERSION}')"
        )
        for schema in PUBLIC_SCHEMAS:
            connection.execute(f"create schema published.{schema}")
        for name, statement in statements():
            meter.start()
            connection.execute(statement)
            meter.end(name)
        for schema, table in tables(connection, "published"):
            meter.start()
            file = warehouse.literal(str(folder / f"{table}.parquet"))
            connection.execute(
                f"copy published.{schema}.{table} to {file} "
                "(format parquet, compression zstd, compression_level 1)"
            )
            meter.end(f"{PARQUET}: {table}")
        meter.start()
        connection.execute("checkpoint published")
        connection.execute("detach published")
        meter.end("checkpoint")
    shutil.rmtree(folder / ".spill", ignore_errors=True)
    return meter.costs


def tables(
    connection: duckdb.DuckDBPyConnection, database: str
) -> list[tuple[str, str]]:
    """Schema and name of each table of an attached database."""
    return connection.execute(
        "select schema_name, table_name from duckdb_tables() "
        "where database_name = ? order by all",
        [database],
    ).fetchall()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.handwritten")
    parser.add_argument("landing", type=Path)
    parser.add_argument("folder", type=Path, help="gets the tables; emptied before")
    given = parser.parse_args()
    now = datetime.now(UTC).replace(tzinfo=None)
    costs = build(given.landing.resolve(), given.folder.resolve(), now)
    found = {
        "steps": [asdict(cost) for cost in costs],
        "figures": figures_of(given.folder / DATABASE),
    }
    print(json.dumps(found, ensure_ascii=False))


if __name__ == "__main__":
    main()
