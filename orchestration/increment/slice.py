"""The slice: a small warehouse that holds the people of a batch and nobody else.

It is a DuckDB file of its own with the schemas and tables of the warehouse, so
that the same models are built in it by the same dbt and looked at by the same
tests. What does not pass there never reaches the whole.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import duckdb

from orchestration import warehouse
from orchestration.increment.batch import NOBODY
from orchestration.increment.lineage import Kind, Lineage, owner_column, relation
from orchestration.project import Project
from orchestration.warehouse import literal

SLICE = "slice"
"""The name under which the warehouse's connections see it."""


def of_slice(project: Project) -> Project:
    """The same project, with the slice as its warehouse. The file has the name
    of the warehouse's: dbt knows a database by it."""
    path = project.warehouse
    return replace(project, database=path.parent / SLICE / path.name)


def remove(project: Project) -> None:
    """Take the slice away, and what a killed run left of one."""
    path = of_slice(project).warehouse
    for left in path.parent.glob("*") if path.parent.exists() else ():
        left.unlink(missing_ok=True)


@contextmanager
def attached(
    connection: duckdb.DuckDBPyConnection, project: Project, *, read_only: bool = True
) -> Iterator[None]:
    path = of_slice(project).warehouse
    path.parent.mkdir(parents=True, exist_ok=True)
    mode = " (read_only)" if read_only else ""
    connection.execute(f"attach {literal(str(path))} as {SLICE}{mode}")
    try:
        yield
    finally:
        connection.execute(f"detach {SLICE}")


def cut(
    connection: duckdb.DuckDBPyConnection, project: Project, lineage: Lineage
) -> Path:
    """Write what the models of people read: of the input layer the rows of the
    batch (the temporary table `batch`), of what is looked up all rows."""
    remove(project)
    with attached(connection, project, read_only=False):
        # Two databases cannot be written in one transaction: `batch` is in a
        # third, and each of these statements writes one.
        schema = f"{SLICE}.{project.schema_prefix}settings"
        connection.execute(f"create schema {schema}")
        connection.execute(f"create table {schema}.batch as from batch")
        for unique_id in lineage.read_in_slice:
            _copy(connection, lineage, unique_id)
    return of_slice(project).warehouse


def _copy(
    connection: duckdb.DuckDBPyConnection, lineage: Lineage, unique_id: str
) -> None:
    node = lineage.nodes.get(unique_id) or lineage.manifest["sources"][unique_id]
    name = relation(node)
    schema, table = name.split(".")
    if not warehouse.has_table(connection, schema, table):
        return
    rows = f"from {name}"
    if lineage.kinds.get(unique_id) is Kind.INPUT:
        columns = [row[0] for row in connection.execute(f"describe {name}").fetchall()]
        owner = owner_column(node, columns)
        rows += f" where coalesce({owner}, {NOBODY}) in (from batch)"
    connection.execute(f"create schema if not exists {SLICE}.{schema}")
    connection.execute(f"create table {SLICE}.{name} as {rows}")
