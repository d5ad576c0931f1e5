"""What a run was asked for, as tables that the models read.

Settings are tables and not dbt vars: a changed var makes dbt read the whole
project anew. A company's own definition (DEFINITION) becomes the tables of
`definition_overlay`, one for each seed, which the definition models lay over
the seeds.
"""

from __future__ import annotations

from dataclasses import dataclass

import duckdb

from orchestration import warehouse
from orchestration.acceptance import tables as scoring
from orchestration.definition.check import checked
from orchestration.definition.rows import Definition
from orchestration.increment import state
from orchestration.live.store import last_loads
from orchestration.personal import requests
from orchestration.project import Project
from orchestration.publication import backups, closings, publications
from orchestration.settings.definition_files import REPLACE, OverlayFile
from orchestration.sources.conventions import write_conventions
from orchestration.sources.tables import LOADED_SYSTEMS
from orchestration.warehouse import quoted

OVERLAY_MODE = "overlay_mode"
EMPTIED = "emptied"
"""The mode of the one row that a replacing file without rows leaves behind."""


@dataclass(frozen=True)
class Written:
    """What a DEFINITION folder came to."""

    rows: dict[str, int]
    """By file."""
    odd: list[str]
    """Sentences about what is legal, and perhaps not meant."""


def write_settings(project: Project) -> list[str]:
    """Write the run's vars to `settings.run` and `settings.sources`, what was read
    last to `settings.published_raw_tables`, when vendors were asked to
    `settings.loads`, and what the columns of the raw tables
    mean to `settings.columns`; returns what has to be told of these."""
    backups.check(project)
    given = project.vars
    schema = f"{project.schema_prefix}settings"
    connection = warehouse.connect(project)
    try:
        connection.execute("begin")
        connection.execute(f"create schema if not exists {schema}")
        connection.execute(
            f"create or replace table {schema}.run ("
            "as_of timestamp, funnel_version varchar, reporting_timezone varchar, "
            "reporting_currency varchar, fiscal_year_start_month integer, "
            "keep_deleted boolean, attribution_window_days integer, "
            "is_incremental boolean)"
        )
        connection.execute(
            f"insert into {schema}.run values (?, ?, ?, ?, ?, ?, ?, false)",
            [
                given.as_of,
                given.funnel_version,
                given.reporting_timezone,
                given.reporting_currency,
                given.fiscal_year_start_month,
                given.keep_deleted,
                given.attribution_window_days,
            ],
        )
        connection.execute(
            f"create or replace table {schema}.sources ("
            "source varchar, timezone varchar, currency varchar, record_url varchar)"
        )
        connection.executemany(
            f"insert into {schema}.sources values (?, ?, ?, ?)",
            [
                [
                    system,
                    given.timezone_of(system),
                    given.currency_of(system),
                    given.record_urls.get(system),
                ]
                for system in LOADED_SYSTEMS
            ],
        )
        connection.execute(
            f"create or replace table {schema}.loads ("
            "source varchar, source_table varchar, loaded_at timestamp)"
        )
        loads = [[*table, at] for table, at in last_loads(project).items()]
        if loads:
            connection.executemany(
                f"insert into {schema}.loads values (?, ?, ?)", loads
            )
        _write_published_raw_tables(project, connection, schema)
        _write_published_data_quality(project, connection, schema)
        notes = write_conventions(project, connection)
        state.create(connection, project)
        scoring.create(connection, project)
        closings.lay_in(project, connection)
        connection.execute("commit")
    finally:
        connection.close()
    return notes


def _write_published_raw_tables(
    project: Project, connection: duckdb.DuckDBPyConnection, schema: str
) -> None:
    """What the last publication from this same folder was made of."""
    connection.execute(
        f"create or replace table {schema}.published_raw_tables ("
        "source varchar, source_table varchar, raw_rows bigint)"
    )
    done = publications.published(project)
    if done is None or done.landing != str(project.landing) or not done.raw_rows:
        return
    connection.executemany(
        f"insert into {schema}.published_raw_tables values (?, ?, ?)",
        [[*name.split(".", 1), rows] for name, rows in sorted(done.raw_rows.items())],
    )


QUALITY = "mart_data_quality"


def _write_published_data_quality(
    project: Project, connection: duckdb.DuckDBPyConnection, schema: str
) -> None:
    """What earlier runs on this same folder found, as they published it."""
    columns = {
        "run_as_of": "timestamp",
        "rule": "varchar",
        "source": "varchar",
        "rows_checked": "bigint",
        "rows_failed": "bigint",
        "rows_quarantined": "bigint",
        "state": "varchar",
        "failing_since": "timestamp",
        "detail": "varchar",
        "owner": "varchar",
        "what_to_do": "varchar",
    }
    declared = ", ".join(f"{name} {kind}" for name, kind in columns.items())
    table = f"{schema}.published_data_quality"
    connection.execute(f"create or replace table {table} ({declared})")
    done = publications.published(project)
    if done is None or done.landing != str(project.landing) or QUALITY not in done.rows:
        return
    selected = ", ".join(columns)
    if requests.are_open(project):
        # It may quote a row of who is erased by this run.
        withheld = "case when detail is not null then '(erased)' end"
        selected = selected.replace("detail", withheld)
    connection.execute(
        f"insert into {table} select {selected} from read_parquet(?)",
        [str(project.published / f"{QUALITY}.parquet")],
    )


def write_definition(project: Project) -> Written:
    """Write the DEFINITION folder to `definition_overlay`, once it is known that it
    can be so; says what was written.

    Every seed has a table there, also without a folder.
    """
    definition, odd = checked(project)
    connection = warehouse.connect(project)
    try:
        connection.execute("begin")
        connection.execute(f"create schema if not exists {overlay_schema(project)}")
        for seed, columns in definition.columns.items():
            declared = ", ".join(
                f"{quoted(name)} varchar" for name in (*columns, OVERLAY_MODE)
            )
            connection.execute(
                f"create or replace table {overlay_schema(project)}.{quoted(seed)} "
                f"({declared})"
            )
        for overlay in definition.overlays:
            _insert(connection, project, definition, overlay)
        connection.execute("commit")
    finally:
        connection.close()
    return Written(
        {name: len(rows) for name, rows in definition.own.items()},
        [f"Look at {problem}" for problem in odd],
    )


def overlay_schema(project: Project) -> str:
    """A what-if has a definition of its own."""
    return f"{project.schema_prefix}definition_overlay"


def _insert(
    connection: duckdb.DuckDBPyConnection,
    project: Project,
    definition: Definition,
    overlay: OverlayFile,
) -> None:
    """Copy one overlay file, as text, into the table of its seed. A column that it
    does not have, and a blank value, are null."""
    columns = definition.columns[overlay.seed]
    rows = [
        [*(row[column] or None for column in columns), overlay.mode]
        for row in definition.own[overlay.path.name]
    ]
    if overlay.mode == REPLACE and not rows:
        rows = [[*(None for _ in columns), EMPTIED]]
    if rows:
        marks = ", ".join("?" for _ in (*columns, OVERLAY_MODE))
        connection.executemany(
            f"insert into {overlay_schema(project)}.{quoted(overlay.seed)} "
            f"values ({marks})",
            rows,
        )
