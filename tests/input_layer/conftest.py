"""Builds staging and input layer on raw tables that a test writes down."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest

from orchestration.project import Project
from orchestration.settings.run_settings import write_definition
from orchestration.sources.conventions import write_conventions
from orchestration.sources.tables import LOADED_SYSTEMS
from orchestration.transformation import dbt_runner

Row = Mapping[str, str | None]
LOADED_AT = "2026-12-01 00:00:00"


@dataclass
class InputLayer:
    """The built tables; `rows` reads one of them."""

    connection: duckdb.DuckDBPyConnection

    def rows(self, query: str) -> list[tuple]:
        return self.connection.execute(query).fetchall()

    def column(self, table: str, expression: str, key: str = "source_key") -> dict:
        found = self.rows(f"select {key}, {expression} from input_layer__{table}")
        return dict(found)


def write_raw_tables(
    warehouse: Path,
    tables: Mapping[str, Sequence[Row]],
    zones: Mapping[str, str] | None = None,
) -> None:
    """Raw tables as our own load leaves them, every column as text."""
    warehouse.parent.mkdir(parents=True, exist_ok=True)
    warehouse.unlink(missing_ok=True)
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute("create schema settings")
        connection.execute(
            "create table settings.run as select cast(null as timestamp) as as_of,"
            " cast(null as text) as funnel_version,"
            " 'Asia/Tokyo' as reporting_timezone, 'JPY' as reporting_currency,"
            " 4 as fiscal_year_start_month, false as keep_deleted,"
            " 90 as attribution_window_days"
        )
        connection.execute(
            "create table settings.sources (source text, timezone text, currency text)"
        )
        connection.executemany(
            "insert into settings.sources values (?, ?, 'JPY')",
            [[system, (zones or {}).get(system, "UTC")] for system in LOADED_SYSTEMS],
        )
        for name, rows in tables.items():
            system, table = name.split("/")
            columns = [
                column
                for column in dict.fromkeys(column for row in rows for column in row)
                if column != "_file"
            ]
            connection.execute(f"create schema if not exists raw_{system}")
            listed = "".join(f'"{column}" text, ' for column in columns)
            connection.execute(
                f'create table raw_{system}."{table}" ({listed}_file text,'
                " _file_sha256 text, _loaded_at timestamp)"
            )
            marks = "?, " * len(columns)
            connection.executemany(
                f'insert into raw_{system}."{table}" values'
                f" ({marks}?, 'hash', timestamp '{LOADED_AT}')",
                [
                    [
                        *(row.get(column) for column in columns),
                        row.get("_file", "a.csv"),
                    ]
                    for row in rows
                ],
            )


def write_words(project: Project) -> None:
    """The seeds that say how texts are read, and what columns mean as a whole."""
    with duckdb.connect(str(project.warehouse)) as connection:
        connection.execute("create schema definition")
        for name in ("blank_words", "month_names", "japanese_eras", "currency_signs"):
            connection.execute(
                f"create table definition.def_{name} as "
                "select * from read_csv(?, header = true, delim = ',')",
                [str(project.seeds / f"{name}.csv")],
            )
        write_conventions(project, connection)


def build(
    out: Path,
    tables: Mapping[str, Sequence[Row]],
    zones: Mapping[str, str] | None = None,
    *,
    with_words: bool = False,
) -> InputLayer:
    project = Project.from_environment({}, landing=out / "landing", out=out / "out")
    write_raw_tables(project.warehouse, tables, zones)
    if with_words:
        write_words(project)
    write_definition(project)
    results = dbt_runner.build(
        project, ["+def_columns", "path:models/staging", "path:models/input_layer"]
    )
    failure = dbt_runner.failure_sentence(results)
    if failure:
        raise AssertionError(failure)
    connection = duckdb.connect(str(project.warehouse), read_only=True)
    connection.execute("set search_path = 'input_layer'")
    return InputLayer(connection)


@pytest.fixture
def input_layer(tmp_path: Path) -> Callable[..., InputLayer]:
    return lambda tables, zones=None, **how: build(tmp_path, tables, zones, **how)
