"""Tables between DuckDB and Spark, as Parquet that both read."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from orchestration import warehouse
from orchestration.errors import LeadFunnelError
from orchestration.project import Project
from orchestration.sources.readers import FILE_COLUMNS
from orchestration.warehouse import literal, quoted

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

Manifest = Mapping[str, Any]

SPARK_TYPES = {
    "VARCHAR": "string",
    "TIMESTAMP": "timestamp",
    "DATE": "date",
    "BOOLEAN": "boolean",
    "INTEGER": "int",
    "BIGINT": "bigint",
    "DOUBLE": "double",
}
"""What Spark calls the types that loads and settings write."""


def spark_type(kind: str) -> str | None:
    """Spark's name of a type of DuckDB's; none for those that it does not share."""
    if kind.startswith("DECIMAL("):
        return kind.lower()
    return SPARK_TYPES.get(kind)


@dataclass(frozen=True)
class RawFile:
    """A table that the load or the run's settings wrote, as Parquet."""

    schema: str
    table: str
    path: Path
    """A file, or the folder in which the load keeps a raw table's files."""
    columns: Mapping[str, str]
    """Names and DuckDB's types."""
    partitions: tuple[str, ...] = ()
    """Columns that the names of folders tell."""
    view: str | None = None
    """How DuckDB reads a raw table."""


# From DuckDB to Spark.


def export_raw(project: Project, manifest: Manifest) -> list[RawFile]:
    """dbt's sources as Parquet below OUT/raw: the raw tables lie there already,
    the others are written to <schema>/<table>.parquet.

    An instant is naive UTC in the warehouse. In Parquet it says that it is UTC,
    as Spark's timestamps are instants.
    """
    connection = warehouse.connect(replace(project, engine="duckdb"), read_only=True)
    try:
        views = {
            (schema, table): sql
            for schema, table, sql in connection.execute(
                "select schema_name, view_name, sql from duckdb_views() "
                "where database_name = current_database()"
            ).fetchall()
        }
        files = []
        for source in manifest["sources"].values():
            schema, table = source["schema"], source["identifier"]
            if (schema, table) in views and schema.startswith("raw_"):
                files.append(
                    RawFile(
                        schema,
                        table,
                        project.raw / schema / table,
                        _columns(connection, schema, table),
                        FILE_COLUMNS,
                        views[schema, table],
                    )
                )
            elif warehouse.has_table(connection, schema, table):
                files.append(_export(connection, project, schema, table))
        return files
    finally:
        connection.close()


def _columns(
    connection: duckdb.DuckDBPyConnection, schema: str, table: str
) -> dict[str, str]:
    columns = dict(
        connection.execute(
            "select column_name, data_type from duckdb_columns() "
            "where database_name = current_database() "
            "and schema_name = ? and table_name = ? order by column_index",
            [schema, table],
        ).fetchall()
    )
    for name, kind in columns.items():
        if spark_type(kind) is None:
            raise LeadFunnelError(
                f"The column {name} of {schema}.{table} is {kind}, which is not "
                "handed to Spark: load it as text."
            )
    return columns


def _export(
    connection: duckdb.DuckDBPyConnection, project: Project, schema: str, table: str
) -> RawFile:
    columns = _columns(connection, schema, table)
    selected = ", ".join(
        f"{quoted(name)}::timestamptz as {quoted(name)}"
        if kind == "TIMESTAMP"
        else quoted(name)
        for name, kind in columns.items()
    )
    path = project.raw / schema / f"{table}.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    connection.execute(
        f"copy (select {selected} from {quoted(schema)}.{quoted(table)}) "
        f"to {literal(str(path))} (format parquet, compression zstd)"
    )
    return RawFile(schema, table, path, columns)


def export_again(
    project: Project, files: Iterable[RawFile], schema: str, names: Collection[str]
) -> None:
    """Write some tables of the warehouse over what was exported of them."""
    connection = warehouse.connect(replace(project, engine="duckdb"), read_only=True)
    try:
        for file in files:
            if file.schema == schema and file.table in names:
                _export(connection, project, schema, file.table)
    finally:
        connection.close()


def register(spark: SparkSession, files: Iterable[RawFile]) -> None:
    """Show the Parquet files to Spark as tables of the same names."""
    files = list(files)
    for schema in sorted({file.schema for file in files}):
        spark.sql(f"create schema if not exists {_spark_name(schema)}")
    for file in files:
        name = f"{_spark_name(file.schema)}.{_spark_name(file.table)}"
        columns = ", ".join(
            f"{_spark_name(column)} {spark_type(kind)}"
            for column, kind in file.columns.items()
        )
        partitions = ", ".join(map(_spark_name, file.partitions))
        partitioned = f"partitioned by ({partitions})" if partitions else ""
        spark.sql(
            f"create table {name} ({columns}) using parquet {partitioned} "
            f"location '{file.path.as_uri()}'"
        )
        if partitions:
            spark.sql(f"msck repair table {name}")


def _spark_name(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"


# From Spark to DuckDB.


def show_to_duckdb(
    project: Project, manifest: Manifest, files: Iterable[RawFile]
) -> None:
    """A DuckDB file of views on the raw files and on what Spark has built so far.

    Checks and publication read it as if DuckDB had built it: schemas and names
    are the same, a contract's types hold, an instant is naive UTC.
    """
    project.built.parent.mkdir(parents=True, exist_ok=True)
    project.built.unlink(missing_ok=True)
    connection = duckdb.connect(str(project.built))
    try:
        connection.execute("set TimeZone = 'UTC'")
        for file in files:
            if file.view is None:
                _show(connection, file.schema, file.table, file.path, file.columns)
            else:
                connection.execute(f"create schema if not exists {file.schema}")
                connection.execute(file.view)
        for node in manifest["nodes"].values():
            if node["resource_type"] not in ("model", "seed"):
                continue
            folder = project.spark_tables / f"{node['schema']}.db" / node["name"]
            # An empty seed has no file, and nobody but models reads a seed.
            if any(folder.glob("*.parquet")):
                types = {
                    name: column["data_type"]
                    for name, column in node["columns"].items()
                    if column.get("data_type")
                }
                path = folder / "*.parquet"
                _show(connection, node["schema"], node["name"], path, types)
    finally:
        connection.close()


def _show(
    connection: duckdb.DuckDBPyConnection,
    schema: str,
    table: str,
    path: Path,
    types: Mapping[str, str],
) -> None:
    parquet = f"read_parquet({literal(str(path))})"
    columns = [
        f"{quoted(name)}::{types.get(name) or _naive(kind)} as {quoted(name)}"
        for name, kind, *_ in connection.execute(f"describe from {parquet}").fetchall()
    ]
    connection.execute(f"create schema if not exists {quoted(schema)}")
    connection.execute(
        f"create view {quoted(schema)}.{quoted(table)} as "
        f"select {', '.join(columns)} from {parquet}"
    )


def _naive(kind: str) -> str:
    return "TIMESTAMP" if kind == "TIMESTAMP WITH TIME ZONE" else kind
