"""Two publications of the same data, compared row by row."""

from __future__ import annotations

from pathlib import Path

import duckdb

from orchestration.project import Project
from orchestration.publication.publications import PublicTable, public_tables
from orchestration.transformation.dbt_runner import manifest_json

TOLERANCE = 1e-9
"""For doubles alone, relative to values above 1: engines have logarithms, roots
and interpolations of their own, which differ in the last digit or two."""


def tables_of(project: Project) -> list[PublicTable]:
    return public_tables(manifest_json(project))


def differences(tables: list[PublicTable], one: Path, other: Path) -> list[str]:
    """A line for each table or column in which two folders of Parquet differ."""
    connection = duckdb.connect()
    try:
        return [
            line
            for table in tables
            for line in _of_table(connection, table, one, other)
        ]
    finally:
        connection.close()


def _of_table(
    connection: duckdb.DuckDBPyConnection, table: PublicTable, one: Path, other: Path
) -> list[str]:
    left, right = (f"read_parquet('{folder / table.file}')" for folder in (one, other))
    columns, others = (
        [row[:2] for row in connection.execute(f"describe from {side}").fetchall()]
        for side in (left, right)
    )
    if columns != others:
        return [f"{table.name}: columns {columns} and {others}"]
    exact = [name for name, kind in columns if kind != "DOUBLE"]
    lines = []
    for first, second in ((left, right), (right, left)):
        rows = connection.execute(
            f"select {', '.join(exact)} from {first} "
            f"except all select {', '.join(exact)} from {second}"
        ).fetchall()
        if rows:
            lines.append(f"{table.name}: {len(rows)} rows on one side, as {rows[0]}")
    if lines:
        return lines
    # The table's key is among these, so a row finds its own.
    same_key = " and ".join(f"l.{name} is not distinct from r.{name}" for name in exact)
    for name in (name for name, kind in columns if kind == "DOUBLE"):
        found = connection.execute(
            f"select count(*), any_value(l.{name}), any_value(r.{name}) "
            f"from {left} as l join {right} as r on {same_key} "
            f"where (l.{name} is null) <> (r.{name} is null) or abs(l.{name} - "
            f"r.{name}) > {TOLERANCE} * greatest(1, abs(l.{name}))"
        ).fetchone()
        if found[0]:
            lines.append(f"{table.name}.{name}: {found}")
    return lines
