"""The report on spend, on the terminal."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from orchestration.commands.finance import restated
from orchestration.commands.finance.published import (
    campaign_names,
    known_model,
    known_period,
    opened,
    rows,
)
from orchestration.commands.finance.words import metric_name
from orchestration.errors import LeadFunnelError
from orchestration.project import Project
from orchestration.publication import publications

CHANGES_SHOWN = 20

LINES = """
select
    coalesce(campaign_name, campaign_id, '(no campaign)') as label,
    max(spend_with_allocated_reporting) as loaded,
    sum(spend_reporting) filter (where cost_kind = 'campaign') as own,
    coalesce(sum(spend_reporting) filter (where cost_kind = 'allocated'), 0)
        as allocated,
    sum(attributed_sals) as sals,
    max(cost_per_sal_reporting) as cost_per_sal,
    max(cost_per_sal_with_allocated_reporting) as cost_loaded
from marts.mart_spend_per_sal
where fiscal_period_id = ? and attribution_model = ? and cost_kind <> 'unallocated'
group by campaign_id, campaign_name
having
    coalesce(sum(spend_reporting), 0) <> 0 or sum(attributed_sals) > 0
order by campaign_id is null, loaded desc nulls last, label
"""


def show(console: Console, project: Project, period: str | None, model: str) -> None:
    with opened(project) as connection:
        if period is None:
            period = _last_period(connection)
        described = known_period(connection, period)
        known_model(connection, model)
        campaigns = rows(connection, LINES, period, model)
        sources = rows(
            connection,
            "select source, currency, sum(amount) as amount, "
            "sum(amount_reporting) as reporting, count(*) as lines "
            "from marts.fct_spend where fiscal_period_id = ? "
            "group by all order by 1, 2",
            period,
        )
        [left] = rows(
            connection,
            "select coalesce(sum(spend_reporting), 0) as amount "
            "from marts.mart_spend_per_sal where fiscal_period_id = ? "
            "and attribution_model = ? and cost_kind = 'unallocated'",
            period,
            model,
        )
        by_cause = rows(
            connection,
            "select metric, cause, sum(change) as change from marts.mart_restatement "
            "where fiscal_period_id = ? and attribution_model = ? "
            "group by all having sum(change) <> 0 order by 1, 2",
            period,
            model,
        )
        closed = rows(
            connection,
            "select distinct closed_at, closed_by from marts.mart_period_close "
            "where fiscal_period_id = ? and is_in_force",
            period,
        )
        lines = restated.lines(connection, period)
        numbers = [
            row
            for row in restated.numbers(connection, period, [model])
            if row["metric"] != "spend_reporting"
        ]
        totals = restated.totals(connection, period, model)
        names = campaign_names(connection)
    done = publications.published(project)
    currency = (done.vars if done else {}).get("reporting_currency", "JPY")
    title = (
        f"Spend to accepted leads in {described['name']} "
        f"({described['period_start_date']} to {described['period_end_date']}), "
        f"{currency}, {model}"
    )
    console.print(_table(title, campaigns, left["amount"]))
    console.print(_sources(sources))
    told = sum((row["reporting"] for row in sources), Decimal(0))
    borne = left["amount"] + sum(
        ((row["own"] or 0) + row["allocated"] for row in campaigns), Decimal(0)
    )
    word = "ties out with" if told == borne else f"differs by {told - borne:,.2f} from"
    _say(console, f"The sum {word} platforms and ledger: {told:,.2f} {currency}.")
    for row in closed:
        _say(
            console,
            f"Closed {row['closed_at']:%Y-%m-%d %H:%M} UTC by {row['closed_by']}.",
        )
    for row in by_cause:
        _say(
            console,
            f"Since then {metric_name(row['metric'])} changed by "
            f"{_plain(row['change'])} ({row['cause'].replace('_', ' ')}).",
        )
    if lines or numbers:
        console.print(_changes(lines, numbers, totals, names))
        more = len(lines) + len(numbers) - CHANGES_SHOWN
        if more > 0:
            option = "" if model == "linear" else f" --model {model}"
            _say(
                console,
                f"… {more:,} more in the workbook: "
                f"`lead-funnel finance-export {period}{option}` writes it.",
            )


def _last_period(connection: Any) -> str:
    found = connection.execute(
        "select fiscal_period_id from marts.mart_spend_per_sal "
        "where attributed_sals > 0 order by period_start_date desc limit 1"
    ).fetchone()
    if found is None:
        raise LeadFunnelError(
            "No lead was accepted in this data: name a period with --period."
        )
    return str(found[0])


def _table(title: str, campaigns: list[dict[str, Any]], left: Decimal) -> Table:
    table = Table(
        title=title,
        title_justify="left",
        title_style="bold",
        box=box.SIMPLE_HEAD,
        pad_edge=False,
        padding=(0, 1, 0, 0),
    )
    table.add_column("", overflow="fold")
    for name in ("own spend", "allocated", "SALs", "per SAL", "with allocated"):
        table.add_column(name, justify="right", no_wrap=True)
    for row in campaigns:
        table.add_row(
            Text(row["label"]),
            _money(row["own"]),
            _money(row["allocated"]),
            f"{row['sals']:,.2f}",
            _money(row["cost_per_sal"]),
            _money(row["cost_loaded"]),
        )
    table.add_row("(unallocated)", _money(left), "", "", "", "", end_section=True)
    own = left + sum((row["own"] or 0 for row in campaigns), Decimal(0))
    allocated = sum((row["allocated"] for row in campaigns), Decimal(0))
    sals = sum((row["sals"] for row in campaigns), Decimal(0))
    table.add_row(
        "all",
        _money(own),
        _money(allocated),
        f"{sals:,.2f}",
        "",
        _money((own + allocated) / sals if sals else None),
    )
    return table


def _sources(sources: list[dict[str, Any]]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column("source")
    table.add_column("currency")
    for name in ("lines", "amount", "converted"):
        table.add_column(name, justify="right")
    for row in sources:
        table.add_row(
            row["source"],
            row["currency"],
            f"{row['lines']:,}",
            _money(row["amount"]),
            _money(row["reporting"]),
        )
    return table


def _changes(
    lines: list[dict[str, Any]],
    numbers: list[dict[str, Any]],
    totals: dict[str, tuple[Decimal, Decimal]],
    names: dict[str, str],
) -> Table:
    """Lines of spend and numbers of campaigns that changed, and what the period as
    a whole changed by."""
    table = Table(
        title="Changed since the close",
        title_justify="left",
        title_style="bold",
        box=box.SIMPLE_HEAD,
        pad_edge=False,
        padding=(0, 1, 0, 0),
    )
    for name in ("line", "campaign"):
        table.add_column(name, overflow="fold")
    table.add_column("number", no_wrap=True)
    for name in ("reported", "now", "change"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("cause", no_wrap=True)
    # Where there are many of both, half of the rows are lines.
    half = CHANGES_SHOWN // 2
    shown = lines[: max(half, CHANGES_SHOWN - len(numbers))]
    shown = [*shown, *numbers[: CHANGES_SHOWN - len(shown)]]
    for place, row in enumerate(shown, start=1):
        # As text: a name may look like markup.
        campaign = row["campaign_id"]
        table.add_row(
            Text(row.get("source_key", "")),
            Text(names.get(campaign, campaign) or "(no campaign)"),
            metric_name(row.get("metric", "spend_reporting")),
            _money(row["reported_value"]),
            _money(row["current_value"]),
            _plain(row["change"]),
            row["cause"].replace("_", " "),
            end_section=place == len(shown),
        )
    changed = {row["metric"] for row in numbers} | (
        {"spend_reporting"} if lines else set()
    )
    for metric, (reported, now) in totals.items():
        if metric in changed:
            table.add_row(
                "all",
                "",
                metric_name(metric),
                _money(reported),
                _money(now),
                _plain(now - reported),
                "",
            )
    return table


def _money(amount: Decimal | None) -> str:
    return "–" if amount is None else f"{amount:,.2f}"


def _plain(amount: Decimal) -> str:
    return f"{amount:+,.2f}"


def _say(console: Console, text: str) -> None:
    console.print(text, highlight=False, markup=False)
