"""What a run says when it is done: the rates, the checks, where all lies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
from rich import box
from rich.console import Console
from rich.table import Table

from orchestration import docs_site, warehouse
from orchestration.commands import what_was_read
from orchestration.intervals import Interval, wilson, with_bounds
from orchestration.project import Project
from orchestration.publication.publications import Publication
from orchestration.run.report import Report

MONTHS_SHOWN = 24
VALUES_SHOWN = 15
VALUES_NAMED = 5

REPORT_LINES = "input_layer__ads__report_lines"
COUNTS = ("handed_off", "accepted", "rejected", "ignored", "pending")


@dataclass(frozen=True)
class Rates:
    """One row of the closing table."""

    label: str
    counts: tuple[int, ...]
    sal: Interval | None
    ignore: Interval | None


def show(console: Console, project: Project, report: Report, done: Publication) -> None:
    """The closing words of a good run."""
    with (
        duckdb.connect(str(project.published_database), read_only=True) as connection,
        duckdb.connect(str(project.built), read_only=True) as built,
    ):
        _show_rates(console, connection, done)
        _show_others(console, connection)
        _show_ending_unknown(console, project, built)
        _show_checks(console, report)
        what_was_read.show(console, project, connection, built)
        _show_set_aside(console, project, built)
        what_was_read.show_campaigns_unknown(
            console,
            what_was_read.campaigns_unknown(built, project.schema_prefix),
            project.vars.reporting_currency,
        )
    _show_places(console, project, report)


def _show_rates(
    console: Console, connection: duckdb.DuckDBPyConnection, done: Publication
) -> None:
    whole = rates(connection, "month", "all", by_period=False)
    if not whole:
        console.print("Nothing was handed over by marketing in this data.")
        return
    months = rates(connection, "month", "all", by_period=True)
    channels = rates(connection, "month", "channel", by_period=False)
    version = f", funnel version {done.funnel_version}" if done.funnel_version else ""
    console.print()
    table = rates_table(f"Marketing's hand-offs as of {_instant(done.as_of)}{version}")
    add_rows(table, whole, end_section=True)
    hidden = len(months) - MONTHS_SHOWN
    if hidden > 0:
        table.add_row(f"{hidden} earlier months …")
    add_rows(table, months[-MONTHS_SHOWN:], end_section=True)
    add_rows(table, channels[:VALUES_SHOWN])
    if len(channels) > VALUES_SHOWN:
        table.add_row(f"{len(channels) - VALUES_SHOWN} more channels …")
    console.print(table)
    console.print("Rates with their 95 % interval.", style="dim", highlight=False)


def rates_table(title: str) -> Table:
    """The closing table, empty; it fits 100 columns."""
    table = Table(
        title=title,
        title_justify="left",
        title_style="bold",
        box=box.SIMPLE_HEAD,
        pad_edge=False,
        padding=0,
    )
    # Only the label gives way where the terminal is narrow.
    table.add_column("", max_width=24, overflow="fold")
    for name in ("handed off", "accepted", "rejected", "ignored", "pending"):
        table.add_column(name, justify="right", no_wrap=True, min_width=len(name))
    for name in ("SAL rate", "ignore rate"):
        table.add_column(name, justify="right", no_wrap=True, min_width=17)
    return table


def add_rows(table: Table, rows: Sequence[Rates], *, end_section: bool = False) -> None:
    for position, row in enumerate(rows):
        table.add_row(
            row.label,
            *(f"{count:,}" for count in row.counts),
            with_bounds(row.sal),
            with_bounds(row.ignore),
            end_section=end_section and position == len(rows) - 1,
        )


def rates(
    connection: duckdb.DuckDBPyConnection,
    period_type: str,
    dimension: str,
    *,
    by_period: bool,
) -> list[Rates]:
    """Rows of the closing table. Over several months a rate is recomputed from
    the counts, as everywhere; its bounds are Wilson's."""
    label = "period_start_date" if by_period else "dimension_value"
    order = "1" if by_period else "2 desc, 1"
    rows = connection.execute(
        f"""
        select {label}, {", ".join(f"sum({name})" for name in COUNTS)}
        from marts.mart_funnel_monthly
        where period_type = ? and dimension = ?
        group by 1
        having sum(handed_off) > 0
        order by {order}
        """,
        [period_type, dimension],
    ).fetchall()
    result = []
    for value, *sums in rows:
        counts = tuple(int(number) for number in sums)
        handed_off, accepted, _, ignored, _ = counts
        result.append(
            Rates(
                label=_label(value, dimension, by_period),
                counts=counts,
                sal=wilson(accepted, handed_off),
                ignore=wilson(ignored, handed_off),
            )
        )
    return result


def _label(value: Any, dimension: str, by_period: bool) -> str:
    if by_period and isinstance(value, date):
        return f"{value:%Y-%m}"
    if dimension == "all":
        return "all"
    return "(none)" if value in (None, "") else str(value)


def _show_others(console: Console, connection: duckdb.DuckDBPyConnection) -> None:
    rows = connection.execute(
        """
        select
            coalesce(
                case when outcome = 'withdrawn' then 'withdrawn' else origin end, ''
            ),
            count(*),
            count(*) filter (where accepted_at is not null)
        from marts.fct_lead_lifecycles
        where origin <> 'marketing' or outcome = 'withdrawn'
        group by 1
        order by 1
        """
    ).fetchall()
    words = {
        "withdrawn": "taken back by marketing",
        "adr": "found by ADRs (outbound)",
        "sales": "found by sales",
        "nurture": "in nurture",
    }
    parts = [
        f"{count:,} {words.get(origin, origin)}"
        + (f" ({accepted:,} accepted)" if accepted and origin != "withdrawn" else "")
        for origin, count, accepted in rows
    ]
    if parts:
        console.print(
            f"Outside these rates: {', '.join(parts)}.", highlight=False, markup=False
        )


def _show_ending_unknown(
    console: Console, project: Project, built: duckdb.DuckDBPyConnection
) -> None:
    """What the rates may have wrong, beside them."""
    found = what_was_read.ending_unknown(built, project.schema_prefix)
    if not found:
        return
    by_outcome: dict[str, int] = {}
    by_value: dict[str, int] = {}
    for outcome, value, count in found:
        by_outcome[outcome] = by_outcome.get(outcome, 0) + count
        by_value[value] = by_value.get(value, 0) + count
    outcomes = " and ".join(f"{n:,} {name}" for name, n in sorted(by_outcome.items()))
    ordered = sorted(by_value.items(), key=lambda item: (-item[1], item[0]))
    values = ", ".join(f"{value} ({n:,})" for value, n in ordered[:VALUES_NAMED])
    console.print(
        f"Of these hand-offs, {outcomes} end in a status that no rule knows, so they "
        f"may have been accepted or rejected: {values}"
        + (" …" if len(ordered) > VALUES_NAMED else "."),
        highlight=False,
        markup=False,
    )


def _show_checks(console: Console, report: Report) -> None:
    parts = []
    for kind, counts in sorted(report.checks.items()):
        text = f"{counts['passed']:,} of {counts['run']:,} {kind}"
        if counts["warned"]:
            text += f" ({counts['warned']:,} warned)"
        parts.append(text)
    if parts:
        console.print(
            f"Checks passed: {', '.join(parts)}.", highlight=False, markup=False
        )


def _show_set_aside(
    console: Console, project: Project, built: duckdb.DuckDBPyConnection
) -> None:
    """What of the ad reports a later file took the place of, with its amount."""
    for file, lines, amounts in set_aside(project, built):
        console.print(
            f"Set aside: {lines:,} {'line' if lines == 1 else 'lines'} with {amounts} "
            f"of {file}, as a later file has their day, platform, account and "
            "campaign.",
            highlight=False,
            markup=False,
        )


def set_aside(
    project: Project, built: duckdb.DuckDBPyConnection
) -> list[tuple[str, int, str]]:
    """File, lines and amounts, by currency, of superseded lines of ad reports."""
    schema = f"{project.schema_prefix}input_layer"
    if not warehouse.has_table(built, schema, REPORT_LINES):
        return []
    return built.execute(
        f"""
        with by_currency as (
            select
                coalesce(row_file, 'an earlier load') as file,
                coalesce(upper(currency), '') as currency,
                count(*) as lines,
                coalesce(sum(spend), 0) as amount
            from {schema}.{REPORT_LINES}
            where file_rank > 1
            group by all
        )
        select
            file,
            cast(sum(lines) as bigint),
            string_agg(
                trim(format('{{:,.2f}} {{}}', cast(amount as double), currency)),
                ', ' order by currency
            )
        from by_currency
        group by file
        order by file
        """
    ).fetchall()


def _show_places(console: Console, project: Project, report: Report) -> None:
    console.print()
    for name, path in (
        ("Report", project.published / "report.html"),
        ("Tables", project.published_database),
        ("Parquet", project.published / "*.parquet"),
        ("Glossary", project.published / docs_site.GLOSSARY),
        ("Docs", project.published / docs_site.DOCS),
        ("Checks", project.data_docs / "index.html"),
        ("Log", Path(report.log)),
    ):
        console.print(
            f"{name:<9}{shown(path)}", highlight=False, markup=False, soft_wrap=True
        )


def shown(path: Path) -> str:
    """The path as short as it can be typed here."""
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def _instant(text: str | None) -> str:
    if text is None:
        return "no event"
    return text[:16].replace("T", " ") + " UTC"
