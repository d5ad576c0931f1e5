"""The one function that runs a suite."""

from __future__ import annotations

import hashlib
import html
import importlib
import json
import logging
import os
import re
import shutil
import sys
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from types import ModuleType
from typing import Any

import duckdb

from expectations import dialect
from expectations.checks import PREFIXED_SCHEMAS, Check, CheckResult, Suite
from expectations.suites import SUITES
from orchestration import warehouse
from orchestration.project import Project
from orchestration.sources.tables import RAW_TABLES, Needed, plain

# A suite's tables: each that exists, with its columns.
Catalog = dict[str, tuple[str, ...]]


def run_suite(
    project: Project, suite_name: str, *, people: str | None = None
) -> list[CheckResult]:
    """Run a suite on the warehouse, read-only, and write its Data Docs.

    A check on a raw table that was not loaded is passed over: an absent table
    is an empty one. A result of every check comes back, in the suite's order.
    `people` is a query for each `person_id` whose rows are others than when the
    suite last passed: where it is given, checks of each person look at theirs.
    """
    suite = SUITES[suite_name]
    catalog = _catalog(project)
    checks = [_resolved(check, project, catalog) for check in suite.checks]
    to_run = [check for check in checks if _is_there(check, project, catalog)]
    try:
        with _parts(project, to_run, catalog, people) as parts:
            outcomes, pages = _validate(project, suite, parts)
    finally:
        dialect.close_connections()
    results = [
        _result(project, suite, check, outcomes.get(check.key), pages)
        for check in checks
    ]
    _keep(project, suite, results)
    return results


def kept_results(project: Project, suite_name: str) -> list[CheckResult] | None:
    """What the suite came to when it was last run, as long as its Data Docs are
    there and it is the same suite still."""
    suite = SUITES[suite_name]
    try:
        kept = json.loads(_kept_path(project, suite).read_text(encoding="utf-8"))
        if kept["suite"] == _fingerprint(project, suite):
            return [CheckResult(**result) for result in kept["results"]]
    except (OSError, ValueError, TypeError, KeyError):
        pass
    return None


def _keep(project: Project, suite: Suite, results: Sequence[CheckResult]) -> None:
    kept = {
        "suite": _fingerprint(project, suite),
        "results": [asdict(result) for result in results],
    }
    path = _kept_path(project, suite)
    fresh = path.with_suffix(".new")
    fresh.write_text(json.dumps(kept, ensure_ascii=False, indent=1), encoding="utf-8")
    fresh.replace(path)


def _kept_path(project: Project, suite: Suite) -> Path:
    return project.data_docs / suite.name / "results.json"


def _fingerprint(project: Project, suite: Suite) -> str:
    """Of the suite and of whose tables it was run on: each build has its own."""
    tables = f"{project.engine} {project.schema_prefix}"
    return hashlib.sha256(f"{tables} {suite!r}".encode()).hexdigest()


def warm_up() -> None:
    """Import Great Expectations, which takes seconds, before it is needed."""
    _gx()


def _gx() -> Any:
    os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")
    for name in ("scipy.stats", "altair"):
        _import_when_used(name)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import great_expectations
    logging.getLogger("great_expectations").setLevel(logging.ERROR)
    return great_expectations


class _WhenUsed(ModuleType):
    """A module that is imported when somebody asks for what is in it."""

    def __getattr__(self, attribute: str) -> Any:
        # Whoever looks over all modules for where a class was written asks for
        # `__file__` and the like: that is no use of it.
        if attribute.startswith("__"):
            raise AttributeError(attribute)
        if sys.modules.get(self.__name__) is self:
            del sys.modules[self.__name__]
        return getattr(importlib.import_module(self.__name__), attribute)


def _import_when_used(name: str) -> None:
    """Put off a module that Great Expectations imports for one expectation that
    no suite here has: the two are a third of its import."""
    if name not in sys.modules:
        sys.modules[name] = _WhenUsed(name)


def _catalog(project: Project) -> Catalog:
    connection = warehouse.connect(project, read_only=True)
    try:
        rows = connection.execute(
            """
            select
                schema_name || '.' || table_name,
                list(column_name order by column_index)
            from duckdb_columns()
            where database_name = current_database()
            group by all
            """
        ).fetchall()
        # A raw table of a system that is no longer in the landing folder is
        # left behind empty; it is an absent one.
        empty = {
            name
            for name, _ in rows
            if name.startswith("raw_")
            and not connection.execute(f"select 1 from {name} limit 1").fetchone()
        }
    finally:
        connection.close()
    alive = {name.split(".")[0] for name, _ in rows if name not in empty}
    return {
        name: tuple(columns)
        for name, columns in rows
        if not name.startswith("raw_") or name.split(".")[0] in alive
    }


# From the suite's words to this warehouse's.


def _resolved(check: Check, project: Project, catalog: Catalog) -> Check:
    """The check with the schemas and the column names that are really there."""
    table = _actual_name(check.table, project)
    arguments = dict(check.arguments)
    if "unexpected_rows_query" in arguments:
        query = arguments["unexpected_rows_query"]
        for schema in PREFIXED_SCHEMAS:
            query = query.replace(f"{{{schema}}}", project.schema_prefix + schema)
        if "{raw_row_counts}" in query:
            query = query.replace("{raw_row_counts}", _raw_row_counts(catalog))
        arguments["unexpected_rows_query"] = query
    for needed in _needed_of(check.table):
        there = _spelled(needed, catalog.get(table, ()))
        if there and arguments.get("column") == needed.names[0]:
            arguments["column"] = there
        if there and "unexpected_rows_query" in arguments:
            arguments["unexpected_rows_query"] = arguments[
                "unexpected_rows_query"
            ].replace(f'"{needed.names[0]}"', f'"{there}"')
    return replace(check, arguments=arguments)


def _actual_name(table: str, project: Project) -> str:
    schema = table.split(".")[0]
    return project.schema_prefix + table if schema in PREFIXED_SCHEMAS else table


def _needed_of(table: str) -> Iterable[Needed]:
    for raw in RAW_TABLES:
        if table == f"raw_{raw.system}.{raw.name}":
            return raw.needed
    return ()


def _spelled(needed: Needed, columns: Sequence[str]) -> str | None:
    wanted = {plain(name) for name in needed.names}
    return next((column for column in columns if plain(column) in wanted), None)


def _raw_row_counts(catalog: Catalog) -> str:
    counts = [
        f"select '{raw.system}' as source, '{raw.name}' as source_table, "
        f"count(*) as row_count from raw_{raw.system}.{raw.name}"
        for raw in RAW_TABLES
        if f"raw_{raw.system}.{raw.name}" in catalog
    ]
    nothing = "select '' as source, '' as source_table, 0 as row_count"
    return " union all ".join([nothing, *counts])


def _is_there(check: Check, project: Project, catalog: Catalog) -> bool:
    """Whether the check has something to look at."""
    table = _actual_name(check.table, project)
    if table not in catalog:
        return False
    return check.name != "keys_present" or any(
        _spelled(needed, catalog[table]) for needed in list(_needed_of(table))[:1]
    )


# Which rows it looks at.


@dataclass(frozen=True)
class _Part:
    """Checks that look at the same rows, and the database that has these."""

    source: str
    rows: str
    checks: Sequence[Check]
    path: str

    @property
    def connect_args(self) -> dict[str, Any]:
        return {} if self.path.startswith(":memory:") else {"read_only": True}


@contextmanager
def _parts(
    project: Project, checks: Sequence[Check], catalog: Catalog, people: str | None
) -> Iterator[list[_Part]]:
    of_each = [check for check in checks if people and check.is_of_each_person]
    rest = [check for check in checks if check not in of_each]
    whole = _Part("warehouse", "all rows", rest, str(project.built))
    if people is None or not of_each:
        yield [whole]
        return
    path = ":memory:rows_of_people"
    connection = duckdb.connect(path)
    try:
        warehouse.configure(connection, project.warehouse.parent / "check.tmp")
        _copy_rows_of(people, connection, project, _named(of_each, project, catalog))
        title = "rows of the people whom the run touched"
        yield [_Part("people", title, of_each, path), whole]
    finally:
        connection.close()


def _copy_rows_of(
    people: str,
    connection: duckdb.DuckDBPyConnection,
    project: Project,
    tables: Mapping[str, Sequence[str]],
) -> None:
    """The tables, named with their columns, in a database in memory: of people's
    rows those of these people, of everything else all."""
    built = warehouse.literal(str(project.built))
    connection.execute(f"attach {built} as warehouse (read_only)")
    connection.execute(
        "create table people as select distinct * "
        f"from ({people}) as people (person_id)"
    )
    for table, columns in tables.items():
        connection.execute(f"create schema if not exists {table.split('.')[0]}")
        rows = f"as from warehouse.{table}"
        connection.execute(
            f"create table {table} {rows} where person_id in (from people)"
            if "person_id" in columns
            else f"create view {table} {rows}"
        )


def _named(checks: Sequence[Check], project: Project, catalog: Catalog) -> Catalog:
    """The tables that the checks are on or read."""
    names = [_actual_name(check.table, project) for check in checks]
    for check in checks:
        query = check.arguments.get("unexpected_rows_query", "")
        names += re.findall(r"\b[a-z]\w*\.[a-z]\w*", query)
    return {name: catalog[name] for name in names if name in catalog}


# Running it.


def _validate(
    project: Project, suite: Suite, parts: Sequence[_Part]
) -> tuple[dict[tuple[str, str], Any], dict[tuple[str, str], str]]:
    """Each check's validation result, and its page in the Data Docs."""
    gx = _gx()
    dialect.register()
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    outcomes: dict[tuple[str, str], Any] = {}
    shown_on: dict[tuple[str, str], str] = {}
    for part in parts:
        source = context.data_sources.add_or_update_sql(
            part.source,
            connection_string=f"{dialect.DRIVER}:///{part.path}",
            kwargs={"connect_args": part.connect_args},
            create_temp_table=False,
        )
        for table in dict.fromkeys(check.table for check in part.checks):
            of_table = [check for check in part.checks if check.table == table]
            schema, name = _actual_name(table, project).split(".")
            asset = source.add_table_asset(table, table_name=name, schema_name=schema)
            definition = context.validation_definitions.add(
                gx.ValidationDefinition(
                    name=f"{table}, {part.rows}",
                    data=asset.add_batch_definition_whole_table(part.rows),
                    suite=context.suites.add(
                        gx.ExpectationSuite(
                            name=f"{table}, {part.rows}",
                            expectations=[
                                _expectation(gx, check) for check in of_table
                            ],
                            notes=suite.title,
                        )
                    ),
                )
            )
            validated = definition.run(result_format={"result_format": "SUMMARY"})
            for result in validated.results:
                outcomes[table, result.expectation_config.meta["check"]] = result
            for check in of_table:
                shown_on[check.key] = f"{part.source}-{table}"
    pages = _write_data_docs(context, project, suite)
    return outcomes, {
        key: pages[page] for key, page in shown_on.items() if page in pages
    }


def _expectation(gx: Any, check: Check) -> Any:
    from expectations.no_rows import NoRowsExpectation

    described, expectation = {}, getattr(gx.expectations, check.expects, None)
    if expectation is None:
        expectation = NoRowsExpectation
        described["description"] = f"{check.name.replace('_', ' ')}: no such row"
    return expectation(
        **check.arguments,
        **described,
        severity="critical" if check.is_blocking else "warning",
        notes=check.protects,
        meta={"check": check.name},
    )


# What it came to.


def _result(
    project: Project,
    suite: Suite,
    check: Check,
    outcome: Any,
    pages: Mapping[tuple[str, str], str],
) -> CheckResult:
    page = pages.get(check.key, str(project.data_docs / suite.name / "index.html"))
    if outcome is None:
        # Only raw tables may be absent.
        passed = check.table.startswith("raw_")
        count = 0 if passed else 1
        message = (
            f"{check.table} was not loaded: nothing to check."
            if passed
            else f"The check {check.name} could not run: there is no table "
            f"{check.table} in {project.built}."
        )
    else:
        passed, count = bool(outcome.success), _count(outcome)
        message = _message(check, outcome, count, page)
    return CheckResult(
        suite=suite.name,
        name=check.name,
        table=check.table,
        passed=passed,
        is_blocking=check.is_blocking,
        count=count,
        message=message,
        protects=check.protects,
        page=page,
        was_run=outcome is not None,
    )


def _count(outcome: Any) -> int:
    if outcome.success:
        return 0
    result = outcome.result or {}
    if "unexpected_count" in result:
        return int(result["unexpected_count"] or 0)
    observed = result.get("observed_value")
    is_rows = outcome.expectation_config.type == "no_rows_expectation"
    return int(observed) if is_rows and observed is not None else 1


def _message(check: Check, outcome: Any, count: int, page: str) -> str:
    if outcome.success:
        return f"{check.name} holds on {check.table}."
    error = _raised(outcome)
    if error:
        return f"The check {check.name} on {check.table} could not run: {error}"
    rows = "1 row breaks it" if count == 1 else f"{count:,} rows break it"
    if check.expects in {"ExpectColumnToExist", "ExpectTableRowCountToBeBetween"}:
        rows = {
            "ExpectColumnToExist": "there is no such column",
            "ExpectTableRowCountToBeBetween": "the table is empty",
        }[check.expects]
    return (
        f"The check {check.name} on {check.table} failed: {rows}. "
        f"{check.protects} See {page}."
    )


def _raised(outcome: Any) -> str:
    """The first error that kept an expectation from being computed."""
    info = outcome.exception_info or {}
    candidates = [info, *(v for v in info.values() if isinstance(v, dict))]
    for item in candidates:
        if item.get("raised_exception"):
            return " ".join(str(item.get("exception_message")).split())
    return ""


# Data Docs: a site of its own for each suite, so that gates that run in
# different processes do not overwrite each other, and one page that lists them.


def _write_data_docs(context: Any, project: Project, suite: Suite) -> dict[str, str]:
    site = project.data_docs / suite.name
    fresh = project.data_docs / f".{suite.name}.new"
    views = {"module_name": "expectations.pages"}
    shutil.rmtree(fresh, ignore_errors=True)
    context.add_data_docs_site(
        suite.name,
        {
            "class_name": "SiteBuilder",
            "show_how_to_buttons": False,
            "store_backend": {
                "class_name": "TupleFilesystemStoreBackend",
                "base_directory": str(fresh),
            },
            "site_index_builder": {
                "class_name": "DefaultSiteIndexBuilder",
                "view": {**views, "class_name": "IndexPageView"},
            },
            "site_section_builders": {
                "validations": {"view": {**views, "class_name": "PageView"}},
                # The page of a validation shows its expectations too.
                "expectations": "None",
                "profiling": "None",
            },
        },
    )
    context.build_data_docs(site_names=[suite.name])
    shutil.rmtree(site, ignore_errors=True)
    fresh.rename(site)
    pages = {
        page.name.removesuffix(".html"): str(page)
        for page in sorted((site / "validations").rglob("*.html"))
    }
    _write_index(project.data_docs)
    return pages


def _write_index(folder: Path) -> None:
    lines = [
        f'<li><a href="{name}/index.html">{html.escape(suite.title)}</a></li>'
        for name, suite in SUITES.items()
        if (folder / name / "index.html").exists()
    ]
    text = (
        '<!doctype html><meta charset="utf-8"><title>Data Docs</title>'
        "<h1>What was checked</h1><ul>" + "".join(lines) + "</ul>"
    )
    fresh = folder / ".index.new"
    fresh.write_text(text, encoding="utf-8")
    fresh.replace(folder / "index.html")
