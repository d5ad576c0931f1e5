"""Every rate before and after, with its interval."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from orchestration.commands.compare import render
from orchestration.commands.compare.differences import (
    SUMMED_RATES,
    Differences,
    Metric,
)
from orchestration.commands.compare.sides import Plan
from orchestration.commands.document.blocks import (
    Block,
    Column,
    Details,
    Heading,
    Picture,
    Sentence,
    Table,
)
from orchestration.commands.document.charts import Pair, pairs
from orchestration.commands.explain.words import plural
from orchestration.errors import listed
from orchestration.increment.lineage import MODEL
from orchestration.intervals import Interval, percent, wilson, with_bounds

ENDS = ("lower", "upper")

RATE = "_rate"
"""How the mart's columns end that are rates."""

Known = Mapping[tuple[date | None, str], Metric]
"""The metrics by month and name."""


def of_all_months(plan: Plan, found: Differences) -> Table:
    """The rates that the counts of all months give once more."""
    known = known_metrics(found)
    table = Table(
        "The rates of all months, with their 95 % interval",
        (
            Column("rate"),
            *render.right(plan.before.label, plan.after.label, "difference"),
        ),
    )
    for name in SUMMED_RATES:
        metric = known.get((None, name))
        if metric is not None:
            table.add(
                name,
                *(_said(metric, known, side) for side in ("before", "after")),
                render.difference(metric),
            )
    return table


def by_month(
    plan: Plan, found: Differences, manifest: Mapping[str, Any]
) -> Iterator[Block]:
    yield Heading("Every rate, with its 95 % interval")
    names = dict.fromkeys(
        metric.name for metric in found.metrics if metric.name.endswith(RATE)
    )
    known = known_metrics(found)
    still = []
    for name in names:
        of_rate = [metric for metric in found.metrics if metric.name == name]
        if any(metric.differs for metric in of_rate):
            yield Heading(name, level=3)
            yield from _meaning(manifest, name)
            yield from _rate(plan, of_rate, known)
        else:
            said = (*_meaning(manifest, name), *_rate(plan, of_rate, known))
            still.append(Details(f"{name}: no difference", said))
    yield from still


def _meaning(manifest: Mapping[str, Any], name: str) -> Iterator[Block]:
    """What the mart says of the column."""
    columns = manifest["nodes"][f"{MODEL}mart_funnel_monthly"]["columns"]
    said = " ".join(columns.get(name, {}).get("description", "").split())
    if said:
        yield Sentence(said)


def known_metrics(found: Differences) -> Known:
    return {(metric.month, metric.name): metric for metric in found.metrics}


def interval(metric: Metric, known: Known, side: str) -> Interval | None:
    """A rate with the mart's own bounds; of all months Wilson's, of the counts."""
    value = getattr(metric, side)
    if value is None:
        return None
    if metric.month is None:
        top, bottom = SUMMED_RATES[metric.name]
        counts = [getattr(known[None, name], side) for name in (top, bottom)]
        return wilson(*counts)
    bounds = [known.get((metric.month, f"{metric.name}_{end}")) for end in ENDS]
    found = [None if bound is None else getattr(bound, side) for bound in bounds]
    if None in found:
        return None
    return Interval(value, *found)


def _rate(plan: Plan, of_rate: list[Metric], known: Known) -> Iterator[Block]:
    sides = plan.before.label, plan.after.label
    months = [metric for metric in of_rate if metric.month is not None]
    moved = [metric for metric in months if metric.differs]
    yield Sentence(_moves(of_rate, moved, months))
    drawn = [
        Pair(
            render.month_name(metric.month),
            interval(metric, known, "before"),
            interval(metric, known, "after"),
        )
        for metric in months
    ]
    drawn = [pair for pair in drawn if pair.before or pair.after]
    if drawn and moved:
        name = of_rate[0].name
        yield Picture(
            pairs(sides, drawn),
            f"{name} by month with its interval, {sides[0]} beside {sides[1]}; the "
            "table below has the numbers.",
        )
    table = Table(
        f"{of_rate[0].name} by month of hand-off, with its 95 % interval",
        (Column("month"), *render.right(*sides, "difference")),
    )
    for metric in of_rate:
        if metric.before is None and metric.after is None:
            continue
        table.add(
            render.month_name(metric.month),
            *(_said(metric, known, side) for side in ("before", "after")),
            render.difference(metric),
            starts_section=metric.month is None,
        )
    yield Details("The numbers of each month", (table,)) if moved else table


def _said(metric: Metric, known: Known, side: str) -> str:
    value = getattr(metric, side)
    found = interval(metric, known, side)
    if value is None or found is not None:
        return with_bounds(found)
    return f"{percent(value)} (no interval)"


def _moves(of_rate: list[Metric], moved: list[Metric], months: list[Metric]) -> str:
    whole = [metric for metric in of_rate if metric.month is None]
    of_all = "".join(
        f" Of all months: {render.number(metric, metric.before)} → "
        f"{render.number(metric, metric.after)} ({render.difference(metric)})."
        for metric in whole
        if metric.differs
    )
    if not moved:
        return f"The same in each of {plural(len(months), 'month')}.{of_all}"
    named = [render.month_name(metric.month) for metric in moved]
    which = listed(named) if len(named) <= 6 else f"{named[0]} to {named[-1]}"
    return (
        f"Differs in {len(moved)} of {plural(len(months), 'month')}: {which}.{of_all}"
    )
