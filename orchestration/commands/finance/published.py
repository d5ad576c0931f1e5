"""What finance's commands read: the tables that are published."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import duckdb

from orchestration.errors import LeadFunnelError, listed, meant
from orchestration.project import Project
from orchestration.publication import publications


@contextmanager
def opened(project: Project) -> Iterator[duckdb.DuckDBPyConnection]:
    if publications.published(project) is None:
        raise LeadFunnelError(
            f"Nothing is published in {project.published}: `lead-funnel run` publishes."
        )
    connection = duckdb.connect(str(project.published_database), read_only=True)
    try:
        yield connection
    finally:
        connection.close()


def rows(
    connection: duckdb.DuckDBPyConnection, query: str, *values: Any
) -> list[dict[str, Any]]:
    try:
        found = connection.execute(query, list(values))
    except duckdb.CatalogException as error:
        raise LeadFunnelError(
            "What is published is older than this program and lacks a table: "
            "`lead-funnel run` publishes it."
        ) from error
    names = [column[0] for column in found.description or ()]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def known_period(connection: duckdb.DuckDBPyConnection, period: str) -> dict[str, Any]:
    periods = rows(connection, "from marts.dim_fiscal_periods order by 2")
    for row in periods:
        if row["fiscal_period_id"] == period:
            return row
    names = [row["fiscal_period_id"] for row in periods]
    raise LeadFunnelError(
        f"There is no fiscal period {period!r}{meant(period, names)}. "
        f"The last are {listed(names[-6:])}."
    )


ALL_MODELS = "all"


def known_model(
    connection: duckdb.DuckDBPyConnection, model: str, *, or_all: bool = False
) -> list[str]:
    """The model alone; with `or_all` each of them where `all` are asked for."""
    names = [
        name
        for (name,) in connection.execute(
            "select distinct attribution_model from marts.mart_spend_per_sal order by 1"
        ).fetchall()
    ]
    if model in names:
        return [model]
    if or_all and model == ALL_MODELS:
        return names
    known = [*names, ALL_MODELS] if or_all else names
    raise LeadFunnelError(
        f"There is no attribution model {model!r}{meant(model, known)}. "
        f"There are {listed(known)}."
    )


def labels(connection: duckdb.DuckDBPyConnection) -> dict[tuple[str, str], str]:
    """The Japanese terms of the published columns, by table and column."""
    found = connection.execute(
        "select table_name, column_name, comment from duckdb_columns() "
        "where schema_name = 'marts'"
    ).fetchall()
    return {
        (table, column): label
        for table, column, comment in found
        if (label := publications.label_of(comment))
    }


def campaign_names(connection: duckdb.DuckDBPyConnection) -> dict[str, str]:
    return dict(
        connection.execute(
            "select campaign_id, min(campaign_name) from marts.mart_spend_per_sal "
            "where campaign_name is not null group by 1"
        ).fetchall()
    )
