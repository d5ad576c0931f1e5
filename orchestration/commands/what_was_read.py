"""What a run says of the raw tables: how much of each it read, what it could not
read and why, and the rows that would mend it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

import duckdb
from rich import box
from rich.console import Console
from rich.table import Table

from orchestration import warehouse
from orchestration.project import Project

DETAILS_SHOWN = 3
RULES_SHOWN = 10
"""Rows to paste; more of them are a list to be made in peace."""


@dataclass(frozen=True)
class Fates:
    """What became of the rows of one raw table."""

    table: str
    rows: int
    copies: int
    readings: int
    unread: int
    after_as_of: int
    quarantined: int


@dataclass(frozen=True)
class Broken:
    """How many rows of a raw table break a rule, and what they say most often."""

    rule: str
    table: str
    rows: int
    details: tuple[tuple[str, int], ...]
    remedy: str


@dataclass(frozen=True)
class Unknown:
    """A status that no rule knows, as the rule would have to name it."""

    definition_version: str
    source: str
    entity: str
    field: str
    value: str
    rows: int


@dataclass(frozen=True)
class Campaign:
    """Advertising of a campaign that neither a lead nor a list of campaigns has."""

    platform: str
    match_on: str
    """The column of the report that tells it: campaign_id or campaign_name."""
    value: str
    amount: Decimal
    """What was spent on it, in the reporting currency."""
    total: Decimal
    """The same of all advertising."""


def show(
    console: Console,
    project: Project,
    done: duckdb.DuckDBPyConnection,
    built: duckdb.DuckDBPyConnection,
) -> None:
    _show_fates(console, fates(built, project.schema_prefix))
    rules = broken(done, built, project.schema_prefix)
    if not rules:
        console.print("Quarantined: nothing.", highlight=False)
        return
    show_broken(console, rules)
    _show_statuses_unknown(console, unknown(built, project.schema_prefix))


def fates(built: duckdb.DuckDBPyConnection, prefix: str) -> list[Fates]:
    """Raw tables that have rows, in the order of their systems."""
    if not warehouse.has_table(built, f"{prefix}quality", "raw_row_fates"):
        return []
    found = built.execute(
        f"""
        select
            source || '.' || source_table, raw_rows, duplicates, readings, unread,
            after_as_of, quarantined
        from {prefix}quality.raw_row_fates
        where raw_rows > 0
        order by source, source_table
        """
    ).fetchall()
    return [Fates(*row) for row in found]


def broken(
    done: duckdb.DuckDBPyConnection, built: duckdb.DuckDBPyConnection, prefix: str
) -> list[Broken]:
    """Each rule and raw table, the rule that most rows break first."""
    remedies = dict(
        built.execute(
            f"select rule, remedy from {prefix}definition.def_quarantine_rules"
        ).fetchall()
    )
    found = done.execute(
        f"""
        with details as (
            select
                rule,
                source || '.' || source_table as raw_table,
                detail,
                count(*) as detail_rows
            from marts.quarantine
            group by all
        ),
        by_table as (
            select
                rule,
                raw_table,
                cast(sum(detail_rows) as bigint) as table_rows,
                list((detail, detail_rows) order by detail_rows desc, detail)
                    [:{DETAILS_SHOWN}] as details
            from details
            group by all
        )
        select *
        from by_table
        order by
            sum(table_rows) over (partition by rule) desc, rule, table_rows desc,
            raw_table
        """
    ).fetchall()
    return [
        Broken(rule, table, rows, tuple(details), remedies.get(rule) or "")
        for rule, table, rows, details in found
    ]


def unknown(built: duckdb.DuckDBPyConnection, prefix: str) -> list[Unknown]:
    """Values that no rule of their field knows, the most frequent first."""
    found = built.execute(
        f"""
        select
            said.definition_version,
            said.source,
            coalesce(records.source_table, said.source_table),
            said.field,
            said.new_value,
            count(distinct said.row_key)
        from {prefix}intermediate.int_readings__matched as said
        left join {prefix}input_layer.input_layer__records as records
            on said.record_key = records.record_key
        where said.is_unmapped_status
        group by all
        order by 6 desc, 1, 2, 3, 4, 5
        """
    ).fetchall()
    return [Unknown(*row) for row in found]


def _show_fates(console: Console, tables: Sequence[Fates]) -> None:
    if not tables:
        return
    console.print()
    # As a table's own title it would be no wider than the table.
    console.print("What was read", style="bold", highlight=False)
    has_later = any(table.after_as_of for table in tables)
    shown = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 2, 0, 0))
    shown.add_column("raw table", overflow="fold")
    for name in (
        "rows",
        "copies",
        "readings",
        "unread",
        *(("after as of",) if has_later else ()),
        "quarantined",
    ):
        shown.add_column(name, justify="right", no_wrap=True)
    for table in tables:
        counts = (
            table.rows,
            table.copies,
            table.readings,
            table.unread,
            *((table.after_as_of,) if has_later else ()),
            table.quarantined,
        )
        shown.add_row(table.table, *(f"{count:,}" for count in counts))
    console.print(shown)
    console.print(
        "A reading counts for the funnel or tells who is who; an unread row is known "
        "and says nothing that counts.",
        style="dim",
        highlight=False,
    )


def show_broken(console: Console, rules: Sequence[Broken]) -> None:
    console.print()
    console.print(
        "Quarantined raw rows, by the rule they break", style="bold", highlight=False
    )
    shown = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 2, 0, 0))
    shown.add_column("rule", no_wrap=True)
    shown.add_column("rows", justify="right", no_wrap=True)
    shown.add_column("in", no_wrap=True)
    shown.add_column("most often")
    before = None
    for rule in rules:
        shown.add_row(
            rule.rule if rule.rule != before else "",
            f"{rule.rows:,}",
            rule.table,
            _most_often(rule),
        )
        before = rule.rule
    console.print(shown)
    for name in dict.fromkeys(rule.rule for rule in rules):
        remedy = next(rule.remedy for rule in rules if rule.rule == name)
        if remedy:
            console.print(
                f"{name}: {remedy}", highlight=False, markup=False, soft_wrap=True
            )


def _most_often(rule: Broken) -> str:
    return "\n".join(
        f"{detail} ({rows:,})" if rows > 1 else detail for detail, rows in rule.details
    )


def _show_statuses_unknown(console: Console, values: Sequence[Unknown]) -> None:
    if not values:
        return
    _show_rows_to_paste(
        console,
        "To read them, name the stage of each in stage_rules.add.csv in DEFINITION "
        "(none where it means nothing):",
        "definition_version,source,entity,field,operator,value,stage",
        [
            (
                value.definition_version,
                value.source,
                value.entity,
                value.field,
                "equals",
                value.value,
                "<stage>",
            )
            for value in values
        ],
        ", which marts.quarantine lists",
    )


def _show_rows_to_paste(
    console: Console,
    what_to_do: str,
    header: str,
    rows: Sequence[tuple[str, ...]],
    where_the_rest_is: str,
) -> None:
    """A sentence, and the first rows of a file of DEFINITION that would mend it."""
    console.print()
    console.print(what_to_do, highlight=False, markup=False, soft_wrap=True)
    lines = [",".join(map(_in_csv, row)) for row in rows[:RULES_SHOWN]]
    for line in (header, *lines):
        console.print(f"  {line}", highlight=False, markup=False, soft_wrap=True)
    hidden = len(rows) - RULES_SHOWN
    if hidden > 0:
        console.print(f"  … and {hidden:,} more{where_the_rest_is}.", highlight=False)


def campaigns_unknown(built: duckdb.DuckDBPyConnection, prefix: str) -> list[Campaign]:
    """What was advertised and finds no campaign, the most expensive first."""
    if not warehouse.has_table(built, f"{prefix}marts", "fct_spend"):
        return []
    found = built.execute(
        f"""
        with advertising as (
            select
                costs.platform,
                case
                    when costs.campaign_id is null then 'campaign_name'
                    else 'campaign_id'
                end as match_on,
                coalesce(costs.campaign_id, costs.campaign_name) as value,
                spend.amount_reporting as amount,
                spend.campaign_id is null
                or (
                    spend.campaign_match = 'none'
                    and spend.campaign_id not in (
                        select campaign_id from {prefix}marts.fct_touches
                        where campaign_id is not null
                    )
                ) as is_unknown
            from {prefix}marts.fct_spend as spend
            inner join {prefix}intermediate.int_costs__matched as costs
                using (spend_id)
            where costs.platform is not null
        )
        select
            platform,
            match_on,
            value,
            sum(amount),
            (select sum(amount) from advertising)
        from advertising
        where is_unknown and value is not null
        group by all
        having sum(amount) <> 0
        order by 4 desc, 1, 2, 3
        """
    ).fetchall()
    return [Campaign(*row) for row in found]


def show_campaigns_unknown(
    console: Console, campaigns: Sequence[Campaign], currency: str
) -> None:
    """What was spent on them, and the rows that would mend it."""
    if not campaigns:
        return
    amount = sum(each.amount for each in campaigns)
    total = campaigns[0].total
    share = f", {amount / total:.0%} of advertising" if total > 0 else ""
    several = len(campaigns) > 1
    _show_rows_to_paste(
        console,
        f"Spent on {len(campaigns):,} {'campaigns' if several else 'campaign'} that "
        f"neither a lead nor a list of campaigns has: {amount:,.2f} {currency}{share}. "
        "So it is no lead's cost. Name the campaign that "
        f"{'each' if several else 'it'} is in campaign_mappings.add.csv in DEFINITION:",
        "platform,match_on,value,campaign_id",
        [
            (each.platform, each.match_on, each.value, "<campaign>")
            for each in campaigns
        ],
        ": campaign_match of marts.fct_spend tells them",
    )


def _in_csv(text: str) -> str:
    return '"' + text.replace('"', '""') + '"' if set(text) & set(',"\r\n') else text


def ending_unknown(
    built: duckdb.DuckDBPyConnection, prefix: str
) -> list[tuple[str, str, int]]:
    """Outcome, last status and count of marketing's hand-offs that nobody answered
    in a status that a rule knows, and that end in one that no rule knows."""
    return built.execute(
        f"""
        with unmapped as (
            select * from {prefix}intermediate.int_readings__matched
            where is_unmapped_status
        ),
        handoffs as (
            select
                lifecycles.person_key,
                facts.lifecycle_id,
                facts.outcome,
                facts.handed_off_at,
                lead(facts.handed_off_at) over (
                    partition by facts.person_id order by facts.handed_off_at
                ) as next_at
            from {prefix}marts.fct_lead_lifecycles as facts
            inner join {prefix}intermediate.int_lifecycles as lifecycles
                using (lifecycle_id)
            where facts.origin = 'marketing' and facts.handed_off_at is not null
        ),
        last_said as (
            select
                handoffs.lifecycle_id,
                handoffs.outcome,
                max_by(said.new_value, said.observed_at) as value,
                max_by(said.is_unmapped_status, said.observed_at) as is_unknown
            from handoffs
            inner join {prefix}intermediate.int_readings__matched as said
                on said.person_key = handoffs.person_key
                and said.observed_at >= handoffs.handed_off_at
                and (
                    handoffs.next_at is null
                    or said.observed_at < handoffs.next_at
                )
            where said.field in (select field from unmapped)
                and handoffs.outcome in ('ignored', 'pending')
            group by all
        )
        select outcome, value, count(*)
        from last_said
        where is_unknown
        group by all
        order by 3 desc, 1, 2
        """
    ).fetchall()
