"""The one function that runs a suite.

It knows nothing of the project but the suite, and the DuckDB file that it is
told to look at: the warehouse, or one that holds some of its people.
"""

from __future__ import annotations

import hashlib
import html
import json
import logging
import os
import shutil
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import duckdb

from expectations.checks import (
    PREFIXED_SCHEMAS,
    Catalog,
    Check,
    CheckResult,
    Part,
    Suite,
)

OF_PEOPLE: dict[Part, str] = {
    "each_person": "each of the people whom the run touched",
    "across_people": "across all people",
}


@dataclass(frozen=True)
class Place:
    """Where a build's tables are, and where what is said of them is kept."""

    database: Path
    """A DuckDB file; it is opened read-only."""
    docs: Path
    """The folder of the Data Docs."""
    schema_prefix: str = ""
    """What stands in front of the names of the build's schemas."""
    build: str = ""
    """Whose results these are: builds may share a folder, never a result."""
    settings: Mapping[str, str] = field(default_factory=dict)
    """DuckDB's, each as its `set` statement writes it."""
    beside: Mapping[str, Path] = field(default_factory=dict)
    """Other DuckDB files that its views read, by the names they read them under."""

    def actual(self, table: str) -> str:
        """The table's name in the database."""
        schema = table.split(".")[0]
        return self.schema_prefix + table if schema in PREFIXED_SCHEMAS else table

    @property
    def first(self) -> list[str]:
        """The statements that each connection begins with."""
        return [
            *(f"set {name} = {value}" for name, value in self.settings.items()),
            *(
                f"attach if not exists {_literal(str(path))} as {name} (read_only)"
                for name, path in self.beside.items()
            ),
        ]

    @contextmanager
    def connected(self) -> Iterator[duckdb.DuckDBPyConnection]:
        connection = duckdb.connect(str(self.database), read_only=True)
        try:
            for statement in self.first:
                connection.execute(statement)
            yield connection
        finally:
            connection.close()


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def run_suite(
    place: Place, suite: Suite, *, only: Part | None = None
) -> list[CheckResult]:
    """Ask the suite's checks of a database, or only a part of them, and write
    their Data Docs. A result of each comes back, in the suite's order.

    A check on a raw table that was not loaded is passed over: an absent table is
    an empty one. Great Expectations is imported only where there is something to
    check.
    """
    checks = suite.only(only)
    if not checks:
        return []
    with place.connected() as connection:
        catalog = _catalog(connection, checks)
    to_run = [
        resolved
        for check in checks
        if place.actual(check.table) in catalog
        and (resolved := _resolved(check, place, catalog)) is not None
    ]
    site = _site(suite, only)
    outcomes, pages = (
        _validate(place, site, suite.title, to_run) if to_run else ({}, {})
    )
    results = [
        _result(place, suite, check, outcomes.get(check.key), pages) for check in checks
    ]
    _keep(place, suite, results)
    return results


def kept_results(
    place: Place, suite: Suite, *, only: Part | None = None
) -> list[CheckResult] | None:
    """What the checks came to when they were last asked, as long as their Data
    Docs are there and it is the same suite still."""
    kept = _kept(place, suite)
    try:
        results = [kept[check.key] for check in suite.only(only)]
    except KeyError:
        return None
    there = all(Path(page).exists() for page in {result.page for result in results})
    return results if there else None


# What is there.


def _catalog(
    connection: duckdb.DuckDBPyConnection, checks: Sequence[Check]
) -> dict[str, tuple[str, ...]]:
    """Each table with its columns. A raw table of a system of which no table has
    a row is an absent one."""
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
    raw = {check.table for check in checks if check.table.startswith("raw_")}
    systems = {table.split(".")[0] for table in raw}
    empty = {
        system
        for system in systems
        if not any(
            connection.execute(f"select 1 from {name} limit 1").fetchone()
            for name, _ in rows
            if name.split(".")[0] == system
        )
    }
    return {
        name: tuple(columns)
        for name, columns in rows
        if name.split(".")[0] not in empty
    }


def _resolved(check: Check, place: Place, catalog: Catalog) -> Check | None:
    """The check with the names that are really there, or none where it has
    nothing to look at."""
    if check.query is None:
        return check
    query = check.query.replace("{table}", place.actual(check.table))
    for schema in PREFIXED_SCHEMAS:
        query = query.replace(f"{{{schema}}}", place.schema_prefix + schema)
    for name, fill in check.fills.items():
        text = fill(catalog)
        if text is None:
            return None
        query = query.replace(f"{{{name}}}", text)
    return replace(check, query=query)


# Running it.


def _great_expectations() -> Any:
    os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import great_expectations
    logging.getLogger("great_expectations").setLevel(logging.ERROR)
    return great_expectations


def _validate(
    place: Place, site: str, title: str, checks: Sequence[Check]
) -> tuple[dict[tuple[str, str], Any], dict[tuple[str, str], str]]:
    """Each check's validation result, and its page in the Data Docs."""
    gx = _great_expectations()
    from expectations import dialect

    dialect.register()
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    connect_args = {"read_only": True, "first": place.first}
    source = context.data_sources.add_or_update_sql(
        "warehouse",
        connection_string=f"{dialect.DRIVER}:///{place.database}",
        kwargs={"connect_args": connect_args},
        create_temp_table=False,
    )
    outcomes: dict[tuple[str, str], Any] = {}
    try:
        for name, of_asset in _by_asset(checks).items():
            [table, query] = {(check.table, check.query) for check in of_asset}.pop()
            if query is None:
                schema, table_name = place.actual(table).split(".")
                asset = source.add_table_asset(
                    name, table_name=table_name, schema_name=schema
                )
            else:
                # It takes a query that begins with `select`, and none with `with`.
                asset = source.add_query_asset(
                    name, query=f"select * from ({query}) as broken"
                )
            definition = context.validation_definitions.add(
                gx.ValidationDefinition(
                    name=name,
                    data=asset.add_batch_definition_whole_table("all rows"),
                    suite=context.suites.add(
                        gx.ExpectationSuite(
                            name=name,
                            expectations=[
                                _expectation(gx, check) for check in of_asset
                            ],
                            notes=title,
                        )
                    ),
                )
            )
            validated = definition.run(result_format={"result_format": "SUMMARY"})
            for result in validated.results:
                outcomes[table, result.expectation_config.meta["check"]] = result
    finally:
        dialect.close_connections()
    pages = _write_data_docs(context, place.docs, site)
    return outcomes, {
        check.key: page
        for name, of_asset in _by_asset(checks).items()
        for check in of_asset
        if (page := pages.get(f"warehouse-{name}"))
    }


def _by_asset(checks: Sequence[Check]) -> dict[str, list[Check]]:
    """What Great Expectations looks at, by name: a table, or the rows of a query."""
    assets: dict[str, list[Check]] = {}
    for check in checks:
        name = check.table if check.query is None else f"{check.table}.{check.name}"
        assets.setdefault(name, []).append(check)
    return assets


def _expectation(gx: Any, check: Check) -> Any:
    return getattr(gx.expectations, check.expects)(
        **check.arguments,
        description=f"{check.name.replace('_', ' ')}. {check.protects}",
        severity="critical" if check.is_blocking else "warning",
        notes=check.protects,
        meta={"check": check.name},
    )


# What it came to.


def _result(
    place: Place,
    suite: Suite,
    check: Check,
    outcome: Any,
    pages: Mapping[tuple[str, str], str],
) -> CheckResult:
    page = pages.get(check.key, str(place.docs / "index.html"))
    if outcome is None:
        # Only raw tables may be absent.
        passed = check.table.startswith("raw_")
        count = 0 if passed else 1
        message = (
            f"{check.table} was not loaded: nothing to check."
            if passed
            else f"The check {check.name} could not run: there is no table "
            f"{check.table} in {place.database}."
        )
    else:
        passed, count = bool(outcome.success), _count(outcome)
        message = _message(check, outcome, count, page, suite.what_to_do)
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
        what_to_do=suite.what_to_do,
    )


def _count(outcome: Any) -> int:
    if outcome.success:
        return 0
    result = outcome.result or {}
    if "unexpected_count" in result:
        return int(result["unexpected_count"] or 0)
    # Of rows or values, unless there are none of them.
    return int(result.get("observed_value") or 1)


def _message(check: Check, outcome: Any, count: int, page: str, what_to_do: str) -> str:
    if outcome.success:
        return f"{check.name} holds on {check.table}."
    error = _raised(outcome)
    if error:
        return f"The check {check.name} on {check.table} could not run: {error}"
    found = {
        "ExpectTableRowCountToBeBetween": "the table is empty",
        "ExpectColumnUniqueValueCountToBeBetween": (
            f"there are {count:,} values, not one"
        ),
    }.get(
        check.expects,
        "1 row breaks it" if count == 1 else f"{count:,} rows break it",
    )
    return (
        f"The check {check.name} on {check.table} failed: {found}. "
        f"{check.protects} {what_to_do} See {page}."
    )


def _raised(outcome: Any) -> str:
    """The first error that kept an expectation from being computed."""
    info = outcome.exception_info or {}
    candidates = [info, *(v for v in info.values() if isinstance(v, dict))]
    for item in candidates:
        if item.get("raised_exception"):
            return " ".join(str(item.get("exception_message")).split())
    return ""


# What is kept of it, by suite: a part of a suite replaces what it was asked of.


def _fingerprint(place: Place, suite: Suite) -> str:
    return hashlib.sha256(f"{place.build} {suite!r}".encode()).hexdigest()


def _kept(place: Place, suite: Suite) -> dict[tuple[str, str], CheckResult]:
    path = place.docs / f"{suite.name}.json"
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
        if kept["suite"] == _fingerprint(place, suite):
            results = [CheckResult(**result) for result in kept["results"]]
            return {result.key: result for result in results}
    except (OSError, ValueError, TypeError, KeyError):
        pass
    return {}


def _keep(place: Place, suite: Suite, results: Sequence[CheckResult]) -> None:
    """Keep the results, and the pages that any kept one names."""
    known = _kept(place, suite) | {result.key: result for result in results}
    pages = [Path(result.page) for result in known.values() if result.was_run]
    named = {page.relative_to(place.docs).parts[0] for page in pages}
    sites = {_site(suite, part): _titled(suite, part) for part in (None, *OF_PEOPLE)}
    kept = {
        "suite": _fingerprint(place, suite),
        "sites": {site: title for site, title in sites.items() if site in named},
        "results": [asdict(result) for result in known.values()],
    }
    text = json.dumps(kept, ensure_ascii=False, indent=1)
    _write(place.docs / f"{suite.name}.json", text)
    for site in sites.keys() - named:
        shutil.rmtree(place.docs / site, ignore_errors=True)
    _write_index(place.docs)


def _site(suite: Suite, part: Part | None) -> str:
    """The folder of the Data Docs of a suite, or of a part that is not all of it."""
    return suite.name if _is_whole(suite, part) else f"{suite.name}_{part}"


def _titled(suite: Suite, part: Part | None) -> str:
    if part is None or _is_whole(suite, part):
        return suite.title
    return f"{suite.title}: {OF_PEOPLE[part]}"


def _is_whole(suite: Suite, part: Part | None) -> bool:
    return list(suite.only(part)) == list(suite.checks)


def _write_index(docs: Path) -> None:
    """A page that lists the Data Docs of all suites."""
    sites: dict[str, str] = {}
    for path in sorted(docs.glob("*.json")):
        with suppress(OSError, ValueError, KeyError):
            sites |= json.loads(path.read_text(encoding="utf-8"))["sites"]
    lines = [
        f'<li><a href="{site}/index.html">{html.escape(title)}</a></li>'
        for site, title in sites.items()
    ]
    text = (
        '<!doctype html><meta charset="utf-8"><title>Data Docs</title>'
        "<h1>What was checked</h1><ul>" + "".join(lines) + "</ul>"
    )
    _write(docs / "index.html", text)


def _write(path: Path, text: str) -> None:
    """Write the file, which is there as a whole or as it was."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.new")
    fresh.write_text(text, encoding="utf-8")
    fresh.replace(path)


# Data Docs: a site of its own for each suite, so that gates that run in different
# processes do not overwrite each other.


def _write_data_docs(context: Any, docs: Path, site: str) -> dict[str, str]:
    """The pages of the site, by source and table."""
    fresh = docs / f".{site}.new"
    shutil.rmtree(fresh, ignore_errors=True)
    context.add_data_docs_site(
        site,
        {
            "class_name": "SiteBuilder",
            "show_how_to_buttons": False,
            "store_backend": {
                "class_name": "TupleFilesystemStoreBackend",
                "base_directory": str(fresh),
            },
            "site_index_builder": {"class_name": "DefaultSiteIndexBuilder"},
            "site_section_builders": {
                # The page of a validation shows its expectations too.
                "expectations": "None",
                "profiling": "None",
            },
        },
    )
    context.build_data_docs(site_names=[site])
    shutil.rmtree(docs / site, ignore_errors=True)
    fresh.rename(docs / site)
    return {
        page.name.removesuffix(".html"): str(page)
        for page in sorted((docs / site / "validations").rglob("*.html"))
    }
