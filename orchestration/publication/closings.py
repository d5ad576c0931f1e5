"""The books of closed fiscal periods: files that no run writes over.

A close freezes what was reported of a period, and all that is needed to say
later why it would be another number today. It lies in
OUT/closings/<period>/<number>/ and is laid into the warehouse by every run, so
a warehouse that was deleted loses nothing.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from urllib.parse import quote

import duckdb

from orchestration.errors import LeadFunnelError
from orchestration.project import Project
from orchestration.publication.disk import sync
from orchestration.settings.definition_files import overlay_files
from orchestration.warehouse import literal, write_parquet

METRICS = (
    "spend_reporting",
    "attributed_inquiries",
    "attributed_mqls",
    "attributed_handoffs",
    "attributed_sals",
    "attributed_sqls",
    "attributed_opportunities",
    "attributed_customers",
    "attributed_won_amount_reporting",
)
"""The columns of mart_spend_per_sal that add up."""

TABLES = {
    "cells": "attribution_model varchar, campaign_id varchar, cost_kind varchar, "
    "metric varchar, value decimal(28, 12)",
    "lines": "spend_id varchar, source_key varchar, campaign_id varchar, "
    "given_campaign_id varchar, account varchar, currency varchar, "
    "amount decimal(18, 2), amount_reporting decimal(18, 2)",
    "leads": "person_id varchar, lifecycle_id varchar, lifecycle_no integer, "
    "stage varchar, attribution_model varchar, campaign_id varchar, "
    "weight_units decimal(18, 0), won_cents decimal(19, 0)",
    "people": "record varchar, person_id varchar",
}
"""What is frozen, beside period and number of the close."""

# What a change of the definition may change: leads, or how spend is borne.
LEADS_SEEDS = (
    "attribution_models",
    "fiscal_periods",
    "funnel_versions",
    "ignored_change_reasons",
    "sales_roles",
    "shared_mailboxes",
    "stage_rules",
    "stages",
    "user_roles",
)
SPEND_SEEDS = (
    "attribution_models",
    "campaign_mappings",
    "cost_allocation_rules",
    "fiscal_periods",
    "spend_sources",
)
LEADS_VARS = (
    "attribution_window_days",
    "funnel_version",
    "keep_deleted",
    "reporting_currency",
    "reporting_timezone",
    "source_currencies",
    "source_timezones",
)
SPEND_VARS = ("fiscal_year_start_month",)


@dataclass(frozen=True)
class Close:
    """One close of one period, as its close.json says."""

    fiscal_period_id: str
    close_no: int
    closed_at: str
    closed_by: str
    note: str
    as_of: str | None
    leads_fingerprint: str
    spend_fingerprint: str
    reopened_at: str | None = None
    reopened_by: str | None = None
    reopened_note: str | None = None


def closings_folder(project: Project) -> Path:
    return project.out / "closings"


def folder_of(project: Project, period: str, close_no: int) -> Path:
    return closings_folder(project) / quote(period, safe="") / f"{close_no:04d}"


def closes(project: Project) -> list[Close]:
    """Every close there ever was, in the order of periods and numbers."""
    found = []
    for path in sorted(closings_folder(project).glob("*/*/close.json")):
        if path.parent.name.isdigit():
            found.append(Close(**json.loads(path.read_text(encoding="utf-8"))))
    return sorted(found, key=lambda close: (close.fiscal_period_id, close.close_no))


def in_force(project: Project, period: str) -> Close | None:
    """The close that holds for a period, unless it is open."""
    last = [close for close in closes(project) if close.fiscal_period_id == period]
    return last[-1] if last and last[-1].reopened_at is None else None


def fingerprint(
    project: Project, seeds: tuple[str, ...], names: tuple[str, ...]
) -> str:
    """Changes when these seeds, as the company overlays them, or vars change."""
    digest = hashlib.sha256()
    for seed in seeds:
        digest.update((project.seeds / f"{seed}.csv").read_bytes())
    for file in overlay_files(project):
        if file.seed in seeds:
            digest.update(f"{file.seed} {file.mode} {file.sha256}".encode())
    for name in names:
        value = json.dumps(getattr(project.vars, name), sort_keys=True)
        digest.update(f"{name}={value}".encode())
    return digest.hexdigest()[:16]


def fingerprints(project: Project) -> tuple[str, str]:
    return (
        fingerprint(project, LEADS_SEEDS, LEADS_VARS),
        fingerprint(project, SPEND_SEEDS, SPEND_VARS),
    )


def laid_in_fingerprints(
    project: Project, connection: duckdb.DuckDBPyConnection
) -> tuple[str, str]:
    """Those of the definition that the last run built with; the files may be
    others by now."""
    [found] = connection.execute(
        "select leads_fingerprint, spend_fingerprint "
        f"from {project.schema_prefix}closings.definition"
    ).fetchall()
    return found


def freeze(
    project: Project, connection: duckdb.DuckDBPyConnection, close: Close
) -> None:
    """Write a close down, whole or not at all."""
    final = folder_of(project, close.fiscal_period_id, close.close_no)
    partial = final.with_name(final.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    prefix, period = project.schema_prefix, literal(close.fiscal_period_id)
    cells = " union all ".join(
        f"select attribution_model, campaign_id, cost_kind, {literal(metric)} as "
        f"metric, cast({metric} as decimal(28, 12)) as value "
        f"from {prefix}marts.mart_spend_per_sal where fiscal_period_id = {period}"
        for metric in METRICS
    )
    queries = {
        "cells": cells,
        "lines": f"select {_names('lines')} from {prefix}marts.fct_spend "
        f"where fiscal_period_id = {period}",
        # What a person's touches of one campaign have is put together.
        "leads": "select person_id, lifecycle_id, lifecycle_no, stage, "
        "attribution_model, campaign_id, "
        "cast(sum(weight_units) as decimal(18, 0)) as weight_units, won_cents "
        f"from {prefix}intermediate.int_attribution__weights "
        f"where fiscal_period_id = {period} group by all",
        "people": f"select {_names('people')} "
        f"from {prefix}intermediate.int_restatements__records",
    }
    for name, query in queries.items():
        target = partial / f"{name}.parquet"
        write_parquet(connection, f"{query} order by all", target, "compression zstd")
    _write(partial / "close.json", close)
    for path in partial.iterdir():
        sync(path)
    sync(partial)
    partial.rename(final)
    for folder in (final.parent, closings_folder(project), project.out):
        sync(folder)


def reopen(project: Project, close: Close, at: datetime, by: str, note: str) -> Close:
    """Record that a close no longer holds; what it froze stays."""
    reopened = replace(
        close,
        reopened_at=at.isoformat(timespec="seconds"),
        reopened_by=by,
        reopened_note=note,
    )
    path = folder_of(project, close.fiscal_period_id, close.close_no) / "close.json"
    fresh = path.with_name("close.json.new")
    _write(fresh, reopened)
    sync(fresh)
    fresh.replace(path)
    sync(path.parent)
    return reopened


def lay_in(project: Project, connection: duckdb.DuckDBPyConnection) -> None:
    """The books, and what the definition is now, as tables for the models to read."""
    lay_in_books(project, connection)
    leads, spend = fingerprints(project)
    connection.execute(
        f"create or replace table {project.schema_prefix}closings.definition as "
        "select ?::varchar as leads_fingerprint, ?::varchar as spend_fingerprint",
        [leads, spend],
    )


def lay_in_books(project: Project, connection: duckdb.DuckDBPyConnection) -> None:
    """The books alone: the definition stays the one that was built with."""
    schema = f"{project.schema_prefix}closings"
    connection.execute(f"create schema if not exists {schema}")
    connection.execute(
        f"create or replace table {schema}.closes (fiscal_period_id varchar, "
        "close_no integer, closed_at timestamp, closed_by varchar, "
        "reopened_at timestamp, reopened_by varchar, as_of timestamp, "
        "leads_fingerprint varchar, spend_fingerprint varchar)"
    )
    for name, columns in TABLES.items():
        connection.execute(
            f"create or replace table {schema}.{name} (fiscal_period_id varchar, "
            f"close_no integer, {columns})"
        )
    for close in closes(project):
        connection.execute(
            f"insert into {schema}.closes values (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                close.fiscal_period_id,
                close.close_no,
                close.closed_at,
                close.closed_by,
                close.reopened_at,
                close.reopened_by,
                close.as_of,
                close.leads_fingerprint,
                close.spend_fingerprint,
            ],
        )
        folder = folder_of(project, close.fiscal_period_id, close.close_no)
        for name in _needed(close):
            path = folder / f"{name}.parquet"
            try:
                connection.execute(
                    f"insert into {schema}.{name} select ?, ?, {_names(name)} "
                    f"from read_parquet({literal(str(path))})",
                    [close.fiscal_period_id, close.close_no],
                )
            except duckdb.Error as error:
                raise LeadFunnelError(
                    f"{path}, of what was closed, cannot be read: move it away, and "
                    "`lead-funnel restore` brings it back from the last publication."
                ) from error


def _needed(close: Close) -> Iterator[str]:
    """Only what still holds is compared; what was reported is kept for ever."""
    yield from TABLES if close.reopened_at is None else ("cells",)


def _names(table: str) -> str:
    return ", ".join(
        part.split()[0] for part in TABLES[table].split(", ") if " " in part
    )


def _write(path: Path, close: Close) -> None:
    text = json.dumps(asdict(close), ensure_ascii=False, indent=2)
    path.write_text(text + "\n", encoding="utf-8")
