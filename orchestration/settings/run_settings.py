"""What a run was asked for, as tables that the models read.

Settings are tables and not dbt vars: a changed var makes dbt read the whole
project anew. A company's own definition (DEFINITION) becomes the tables of
`definition_overlay`, one for each seed, which the definition models lay over
the seeds.
"""

from __future__ import annotations

import csv
import re
import shutil
from collections.abc import Mapping
from pathlib import Path

import duckdb

from orchestration import warehouse
from orchestration.acceptance import tables as scoring
from orchestration.errors import LeadFunnelError, listed, meant
from orchestration.increment import state
from orchestration.increment.lineage import MODEL
from orchestration.live.store import last_loads
from orchestration.project import SYSTEMS, Project
from orchestration.publication import closings, publications
from orchestration.settings.definition_files import (
    REPLACE,
    OverlayFile,
    overlay_files,
    seed_columns,
)
from orchestration.sources.conventions import write_conventions
from orchestration.sources.landing import LandingFile
from orchestration.sources.readers import Converted, Converter
from orchestration.sources.tables import RawTable, plain
from orchestration.transformation import dbt_runner
from orchestration.warehouse import quoted

OVERLAY_MODE = "overlay_mode"
EMPTIED = "emptied"
"""The mode of the one row that a replacing file without rows leaves behind."""


def write_settings(project: Project) -> list[str]:
    """Write the run's vars to `settings.run` and `settings.sources`, what was read
    last to `settings.published_raw_tables`, when vendors were asked to
    `settings.loads`, and what the columns of the raw tables
    mean to `settings.columns`; returns what has to be told of these."""
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
                for system in SYSTEMS
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


def write_definition(project: Project) -> dict[str, int]:
    """Write the DEFINITION folder to `definition_overlay`: rows by seed.

    Every seed has a table there, also without a folder.
    """
    seeds = seed_columns(project)
    overlays = overlay_files(project)
    types = _column_types(project) if overlays else {}
    scratch = project.scratch / "definition"
    shutil.rmtree(scratch, ignore_errors=True)
    connection = warehouse.connect(project)
    try:
        connection.execute("begin")
        connection.execute(f"create schema if not exists {overlay_schema(project)}")
        for seed, columns in seeds.items():
            declared = ", ".join(
                f"{quoted(name)} varchar" for name in (*columns, OVERLAY_MODE)
            )
            connection.execute(
                f"create or replace table {overlay_schema(project)}.{quoted(seed)} "
                f"({declared})"
            )
        rows = {
            overlay.path.name: _insert(
                connection,
                project,
                overlay,
                seeds[overlay.seed],
                types[overlay.seed],
                scratch,
            )
            for overlay in overlays
        }
        _check_funnel_version(connection, project)
        connection.execute("commit")
    finally:
        connection.close()
        shutil.rmtree(scratch, ignore_errors=True)
    return rows


def overlay_schema(project: Project) -> str:
    """A what-if has a definition of its own."""
    return f"{project.schema_prefix}definition_overlay"


def _insert(
    connection: duckdb.DuckDBPyConnection,
    project: Project,
    overlay: OverlayFile,
    columns: tuple[str, ...],
    types: Mapping[str, str],
    scratch: Path,
) -> int:
    """Copy one overlay file, as text, into the table of its seed."""
    by_plain_name = {plain(column): column for column in columns}
    table = RawTable("definition", overlay.seed, "the funnel's definition")
    file = LandingFile(overlay.path, overlay.path.name, table, "csv", False)
    count = 0
    with Converter(scratch) as converter:
        converted = converter.convert(file, scratch / f"{overlay.path.stem}.parquet")
    given = converted.columns
    for name in given:
        if plain(name) not in by_plain_name:
            raise LeadFunnelError(
                f"{overlay.path.name} in DEFINITION has the unknown column {name!r}"
                f"{meant(name, columns)}. The columns of {overlay.seed} are "
                f"{listed(columns, limit=30)}."
            )
    for name in given:
        column = by_plain_name[plain(name)]
        _check_values(connection, overlay, converted, name, column, types[column])
    target = f"{overlay_schema(project)}.{quoted(overlay.seed)}"
    if given:
        names = ", ".join(quoted(by_plain_name[plain(name)]) for name in given)
        values = ", ".join(quoted(name) for name in given)
        count = connection.execute(
            f"insert into {target} ({names}, {OVERLAY_MODE}) "
            f"select {values}, ? from read_parquet(?) "
            f"where coalesce({values}) is not null",
            [overlay.mode, str(converted.parquet)],
        ).fetchone()[0]
    if overlay.mode == REPLACE and not count:
        connection.execute(
            f"insert into {target} ({OVERLAY_MODE}) values (?)", [EMPTIED]
        )
    return count


def _column_types(project: Project) -> dict[str, dict[str, str]]:
    """The types of the seeds' columns, which the models of the definition declare."""
    nodes = dbt_runner.manifest_json(project)["nodes"]
    return {
        seed: {
            name: column["data_type"]
            for name, column in nodes[f"{MODEL}def_{seed}"]["columns"].items()
        }
        for seed in seed_columns(project)
    }


def _check_values(
    connection: duckdb.DuckDBPyConnection,
    overlay: OverlayFile,
    converted: Converted,
    given: str,
    column: str,
    kind: str,
) -> None:
    """What is no value of its column's type is said here; a model would fail."""
    text = f"nullif(trim({quoted(given)}), '')"
    wrong = [
        value
        for (value,) in connection.execute(
            f"select distinct {text} from read_parquet(?) "
            f"where {text} is not null and try_cast({text} as {kind}) is null "
            "order by 1",
            [str(converted.parquet)],
        ).fetchall()
    ]
    if wrong:
        raise LeadFunnelError(
            f"{overlay.path.name} in DEFINITION has {listed(map(repr, wrong))} in the "
            f"column {column}, which must be {_wanted(kind)}: correct it there."
        )


def _wanted(kind: str) -> str:
    """A type in words."""
    decimal = re.fullmatch(r"decimal\((\d+),(\d+)\)", kind)
    if decimal:
        whole = int(decimal[1]) - int(decimal[2])
        return f"a number, with at most {whole} digits before the point"
    return {
        "int": "a whole number",
        "date": "a date such as 2026-04-01",
        "boolean": "true or false",
    }.get(kind, f"of the type {kind}")


def _check_funnel_version(
    connection: duckdb.DuckDBPyConnection, project: Project
) -> None:
    wanted = project.vars.funnel_version
    if wanted is None:
        return
    overlaid = connection.execute(
        f"select version, {OVERLAY_MODE} from {overlay_schema(project)}.funnel_versions"
    ).fetchall()
    known = [version for version, mode in overlaid if mode != EMPTIED]
    if not any(mode in (REPLACE, EMPTIED) for _, mode in overlaid):
        path = project.seeds / "funnel_versions.csv"
        with path.open(encoding="utf-8-sig", newline="") as stream:
            known = [row["version"] for row in csv.DictReader(stream)] + known
    if wanted not in known:
        raise LeadFunnelError(
            f"The var funnel_version is {wanted!r}, which the seed funnel_versions "
            f"does not name{meant(wanted, known)}. It names {listed(known, limit=20)}."
        )
