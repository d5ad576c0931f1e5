"""The tables of the schema `scoring`, which the marts read as a source.

They are there from the first run on, empty until something was learned. On Spark
they are written to the warehouse, too, and handed over from there.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import duckdb

from orchestration.acceptance.scoring import Scored
from orchestration.increment import state
from orchestration.increment.lineage import SOURCE
from orchestration.project import Project

SOURCE_NAME = "scoring"
PREDICTIONS, QUALITY = "acceptance_predictions", "acceptance_quality"

TABLES = {
    PREDICTIONS: (
        "lifecycle_id varchar, basis varchar, model_probability double, "
        "mql_model_probability double, score_probability double, base_rate double, "
        "reasons varchar, reasons_ja varchar"
    ),
    QUALITY: (
        "period_type varchar, month_start_date date, predictor varchar, "
        "handoffs bigint, accepted bigint, auc double, brier_score double, "
        "calibration_error double, mean_probability double, trained_handoffs bigint, "
        "gain_over_score double, gain_over_score_lower double, "
        "gain_over_base_rate double, gain_over_base_rate_lower double, "
        "is_better boolean, verdict varchar, verdict_ja varchar"
    ),
}


def schema(project: Project) -> str:
    return f"{project.schema_prefix}{SOURCE_NAME}"


def create(connection: duckdb.DuckDBPyConnection, project: Project) -> None:
    """Make the tables that are not there yet, or are of another version."""
    connection.execute(f"create schema if not exists {schema(project)}")
    for name, columns in TABLES.items():
        wanted = [tuple(column.split()) for column in columns.split(", ")]
        found = connection.execute(
            "select column_name, lower(data_type) from duckdb_columns() "
            "where database_name = current_database() "
            "and schema_name = ? and table_name = ? order by column_index",
            [schema(project), name],
        ).fetchall()
        if found != wanted:
            connection.execute(
                f"create or replace table {schema(project)}.{name} ({columns})"
            )


def write(project: Project, scored: Scored) -> list[str]:
    """Put what was found in the place of what was there; the tables that are others
    now are owed to readers, and returned."""
    import pandas as pd

    changed = []
    with state.transaction(project) as connection:
        create(connection, project)
        for name, rows in (
            (PREDICTIONS, scored.predictions),
            (QUALITY, scored.quality),
        ):
            if _is_replaced(connection, project, name, pd.DataFrame(_plain(rows))):
                changed.append(name)
        state.owe(
            connection, project, [f"{SOURCE}{SOURCE_NAME}.{name}" for name in changed]
        )
    return changed


def _is_replaced(
    connection: duckdb.DuckDBPyConnection, project: Project, name: str, rows: Any
) -> bool:
    table = f"{schema(project)}.{name}"
    connection.execute(f"create or replace temp table scored ({TABLES[name]})")
    if len(rows):
        connection.register("found", rows)
        connection.execute("insert into scored from found")
        connection.unregister("found")
    [(differ,)] = connection.execute(
        f"select exists (from scored except all from {table}) "
        f"or exists (from {table} except all from scored)"
    ).fetchall()
    if differ:
        connection.execute(f"delete from {table}")
        connection.execute(f"insert into {table} from scored order by all")
    connection.execute("drop table scored")
    return bool(differ)


def _plain(rows: Iterable[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """A month is a day."""
    return [
        tuple(value.date() if hasattr(value, "date") else value for value in row)
        for row in rows
    ]
