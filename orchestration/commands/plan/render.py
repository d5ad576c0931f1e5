"""A plan on the terminal, and as JSON."""

from __future__ import annotations

import json
from dataclasses import asdict
from math import ceil, floor
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from orchestration.commands.plan.forecast import Plan
from orchestration.commands.plan.history import (
    MONTHS_OF_PACE,
    MONTHS_OF_RATES,
    History,
)
from orchestration.intervals import Interval, percent, with_bounds
from orchestration.printable import in_json


def show(console: Console, history: History, plan: Plan) -> None:
    for line in summary(history, plan):
        _say(console, line)
    if plan.channels and plan.handoffs.value > 0:
        console.print(_channels(plan))
        _say(
            console,
            f"Shares and pace: the last {MONTHS_OF_PACE} months and the running one. "
            f"Rates with their 95 % interval: what was settled in the "
            f"{MONTHS_OF_RATES} months before {history.today:%Y-%m}.",
        )
        _say(console, "")
        for line in when(history, plan):
            _say(console, line)
    for caution in plan.cautions:
        console.print(f"! {caution}", style="yellow", highlight=False, markup=False)


def summary(history: History, plan: Plan) -> list[str]:
    only = f" from {', '.join(history.only)}" if history.only else ""
    lines = [
        f"{plan.sals:,} SALs{only} from {history.first} to {history.last}, as of "
        f"{history.today}",
        "",
        f"{history.already:,} are there, {_of_open(history, plan)}; "
        f"{max(0.0, plan.missing):,.0f} have to come of new hand-offs.",
    ]
    days = len(history.working_days)
    if plan.missing <= 0:
        lines.append("That is enough: no further hand-off is needed, as expected.")
    elif plan.chance <= 0:
        lines.append("No number of hand-offs is known to give them in time.")
    else:
        upper = plan.handoffs.upper
        lines.append(
            f"They take {ceil(plan.handoffs.value - 1e-9):,} hand-offs "
            f"({floor(plan.handoffs.lower):,} to "
            f"{'any number' if upper is None else f'{ceil(upper):,}'}), "
            f"{plan.a_day:,.1f} on each of the {days:,} working days left: "
            f"{percent(plan.chance)} of them are accepted in time."
        )
    lines.append(
        f"At the pace of late, {plan.pace:,.1f} a working day, there are "
        f"{plan.at_pace.value:,.0f} SALs by then ({_range(plan.at_pace)})."
    )
    return [*lines, ""]


def _of_open(history: History, plan: Plan) -> str:
    number = sum(n for _, n in history.open_ages)
    return f"{plan.open_sals:,.1f} are expected of the {number:,} that are open"


def when(history: History, plan: Plan) -> list[str]:
    by = ", ".join(f"{number:,} by {day}" for day, number in plan.milestones)
    half = _days(plan.half_after)
    lines = [f"At an even pace: {by}."]
    last = (
        f", so what is handed over after {plan.last_day_for_most} comes too late for "
        "more than one in ten"
        if plan.last_day_for_most
        else ""
    )
    lines.append(
        f"Half of the acceptances come {half}, nine of ten "
        f"{_days(plan.most_after)}{last}."
    )
    return lines


def _days(number: int) -> str:
    if number == 0:
        return "on the business day of the hand-off"
    return f"within {number} business day{'s' if number > 1 else ''}"


def _channels(plan: Plan) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column("channel", overflow="fold")
    for name in ("share", "SAL rate", "hand-offs", "SALs", "a day", "of late"):
        table.add_column(name, justify="right", no_wrap=True)
    days = plan.handoffs.value / plan.a_day if plan.a_day else 0
    for row in plan.channels:
        table.add_row(
            Text(row.channel or "(none)"),
            percent(row.share),
            with_bounds(row.sal_rate),
            f"{row.handoffs:,}",
            f"{row.sals:,.1f}",
            f"{row.handoffs / days:,.1f}" if days else "–",
            f"{row.pace:,.1f}",
            end_section=row is plan.channels[-1],
        )
    table.add_row(
        "all",
        "",
        "",
        f"{sum(row.handoffs for row in plan.channels):,}",
        f"{sum(row.sals for row in plan.channels):,.1f}",
        f"{plan.a_day:,.1f}" if plan.a_day else "–",
        f"{plan.pace:,.1f}",
    )
    return table


def _range(interval: Interval) -> str:
    upper = interval.upper
    return (
        f"{floor(interval.lower):,} to {'?' if upper is None else f'{ceil(upper):,}'}"
    )


def as_json(history: History, plan: Plan) -> str:
    """All of it as one object; days as 2026-12-31, rates as shares."""
    told: dict[str, Any] = {
        "as_of_date": history.today,
        "since": history.first,
        "by": history.last,
        "working_days": len(history.working_days),
        "sals_already": history.already,
        "channels_only": list(history.only),
    } | asdict(plan)
    told["milestones"] = [
        {"by": day, "handoffs": number} for day, number in plan.milestones
    ]
    return in_json(json.dumps(told, default=str, ensure_ascii=False, indent=2))


def _say(console: Console, text: str) -> None:
    console.print(text, highlight=False, markup=False, soft_wrap=True)
