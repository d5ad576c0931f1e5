"""The suites of Great Expectations, asked of this project's warehouse."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import duckdb

from expectations import run
from expectations.checks import CheckResult, Part
from expectations.suites import suites
from expectations.suites.raw import RawTable
from orchestration import warehouse
from orchestration.project import Project
from orchestration.sources import tables


def _spelled(needed: tables.Needed, columns: Sequence[str]) -> str | None:
    """The column as an export of it names it."""
    return next((column for column in columns if needed.found_in([column])), None)


def _raw(table: tables.RawTable) -> RawTable:
    keys = table.needed[:1]
    return RawTable(
        system=table.system,
        name=table.name,
        purpose=table.purpose,
        is_required=table.is_required,
        key=keys[0].names[0] if keys else None,
        find_key=partial(_spelled, keys[0]) if keys else lambda _: None,
    )


SUITES = suites([_raw(table) for table in tables.RAW_TABLES])


def run_suite(
    project: Project,
    name: str,
    *,
    only: Part | None = None,
    database: Path | None = None,
    beside: Mapping[str, Path] | None = None,
) -> list[CheckResult]:
    """Ask a suite of what the models built.

    Its checks of each person may be asked of another DuckDB file with the same
    schemas, which holds some people's rows; `beside` are the files that its views
    read, by the names they read them under.
    """
    place = _place(project)
    if database is not None:
        place = replace(place, database=database, beside=beside or {})
    try:
        return run.run_suite(place, SUITES[name], only=only)
    except duckdb.IOException as error:
        raise warehouse.explained(project, error) from error


def kept_results(
    project: Project, name: str, *, only: Part | None = None
) -> list[CheckResult] | None:
    """What a suite came to when it was last asked, if that is still known."""
    return run.kept_results(_place(project), SUITES[name], only=only)


def failure_sentence(results: Sequence[CheckResult]) -> str | None:
    """One sentence about the blocking checks that failed, or none."""
    broken = [result for result in results if result.is_blocking and not result.passed]
    if not broken:
        return None
    rest = len(broken) - 1
    more = {0: "", 1: " One more check failed."}.get(rest, f" {rest} more failed.")
    return f"{broken[0].message}{more} Nothing was published."


def _place(project: Project) -> run.Place:
    return run.Place(
        database=project.built,
        docs=project.data_docs,
        schema_prefix=project.schema_prefix,
        build=f"{project.engine} {project.schema_prefix}",
        settings=warehouse.settings(),
    )
