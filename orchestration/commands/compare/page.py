"""The comparison as a page to attach to a pull request.

It says what a terminal says, in the same words, and more: what reads the changed
rows, every rate with its interval, and each lead that flips, explained twice.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from orchestration.commands.compare import effects, render
from orchestration.commands.compare.differences import (
    SUMMED_RATES,
    Differences,
    Lead,
    Metric,
)
from orchestration.commands.compare.sides import Compared, Plan, Side
from orchestration.commands.document.blocks import (
    Block,
    Cell,
    Column,
    Details,
    Document,
    Heading,
    Picture,
    Sentence,
    Table,
)
from orchestration.commands.document.charts import Pair, pairs
from orchestration.commands.explain import gather
from orchestration.commands.explain import render as explanation
from orchestration.commands.explain.words import plural
from orchestration.errors import listed
from orchestration.intervals import Interval, percent, wilson, with_bounds

MOST_DEFINITION_ROWS = 500
MOST_EXPLAINED = 100
"""Of more leads that flip than these, the first are explained."""

RATE = "_rate"


def document(
    plan: Plan,
    compared: Compared,
    found: Differences,
    manifest: Mapping[str, Any],
    *,
    everything: bool = False,
    limit: int = 20,
) -> Document:
    return Document(
        render.title(plan),
        (
            *render.opening(plan),
            *_publication(plan),
            *render.definition(found, MOST_DEFINITION_ROWS),
            *_models(plan, compared, found, manifest),
            *_months(compared, found),
            *render.metrics(plan, found, everything),
            *rates(plan, found),
            *render.quarantine(plan, found),
            *_causes(compared, found),
            *_flips(plan, compared, found),
            *_others(plan, found, limit),
        ),
    )


def _publication(plan: Plan) -> Iterator[Block]:
    if plan.before.database:
        built = plan.publication.built_at[:19].replace("T", " ")
        yield Sentence(f"What is published was built at {built} UTC.")


# What reads the changed rows.


def changed_seeds(plan: Plan, found: Differences) -> set[str]:
    """A version that is named is another choice among the rows of one seed."""
    seeds = {change.seed for change in found.definition}
    if plan.after.label != "edited" or not plan.before.database:
        seeds.add("funnel_versions")
    return seeds


def _models(
    plan: Plan, compared: Compared, found: Differences, manifest: Mapping[str, Any]
) -> Iterator[Block]:
    yield Heading("Models that it moves")
    seeds = sorted(changed_seeds(plan, found))
    models = effects.reached(compared, manifest, set(seeds))
    if not models:
        yield Sentence("No model reads what differs.")
        return
    tables = list(effects.public(models))
    counted = [model for model in tables if model.rows is not None]
    inner = [model for model in models if not model.is_public]
    yield Sentence(
        f"{plural(len(models), 'model')} read {listed(seeds)}, "
        f"{len(tables)} of them published."
    )
    yield Sentence(
        f"compare builds {len(counted)} of these tables and counts their rows; a "
        "dash stands for a table that only a run builds."
    )
    table = Table(
        "Published tables downstream of the rows that differ",
        (
            Column("table"),
            *render.right(plan.before.label, plan.after.label),
            *render.right("changed rows", "new rows", "gone rows"),
        ),
    )
    for model in tables:
        rows = model.rows
        if rows is None:
            table.add(model.name, *["—"] * 5)
            continue
        numbers = (rows.before, rows.after, rows.changed, rows.new, rows.gone)
        table.add(model.name, *("—" if n is None else f"{n:,}" for n in numbers))
    yield table
    if inner:
        folders = Table(
            "Models in between, by folder", (Column("folder"), Column("models"))
        )
        for folder in sorted({model.folder for model in inner}):
            names = [model.name for model in inner if model.folder == folder]
            folders.add(folder, ", ".join(sorted(names)))
        yield Details(f"{plural(len(inner), 'model')} in between", (folders,))


def _months(compared: Compared, found: Differences) -> Iterator[Block]:
    yield Heading("Months that it moves")
    moved = effects.months(compared)
    metrics: dict[Any, list[str]] = {}
    for metric in render.shown_metrics(found, False):
        if metric.month is not None:
            metrics.setdefault(metric.month, []).append(metric.name)
    if not moved and not metrics:
        yield Sentence("None.")
        return
    table = Table(
        "Months of hand-off, by the edited reading where there is one",
        (
            Column("month"),
            *render.right("leads that differ", "hand-offs", "flips"),
            Column("metrics that differ"),
        ),
    )
    of_month = {each.month: each for each in moved}
    months = sorted({*metrics, *(month for month in of_month if month)})
    for month in [*months, *([None] if None in of_month else [])]:
        each = of_month.get(month, effects.MovedMonth(month, 0, 0, 0))
        table.add(
            render.month_name(month) if month else "no hand-off",
            f"{each.lifecycles:,}",
            f"{each.handoffs:,}",
            f"{each.flips:,}",
            ", ".join(metrics.get(month, ())) or "none",
        )
    yield table


# Every rate.


def rates(plan: Plan, found: Differences) -> Iterator[Block]:
    yield Heading("Every rate, with its 95 % interval")
    names = dict.fromkeys(
        metric.name for metric in found.metrics if metric.name.endswith(RATE)
    )
    known = {(metric.month, metric.name): metric for metric in found.metrics}
    still = []
    for name in names:
        of_rate = [metric for metric in found.metrics if metric.name == name]
        if any(metric.differs for metric in of_rate):
            yield Heading(name, level=3)
            yield from _rate(plan, of_rate, known)
        else:
            still.append(
                Details(f"{name}: no difference", tuple(_rate(plan, of_rate, known)))
            )
    yield from still


Known = Mapping[tuple[Any, str], Metric]


def interval(metric: Metric, known: Known, side: str) -> Interval | None:
    """A rate with the mart's own bounds; of all months Wilson's, of the counts."""
    value = getattr(metric, side)
    if value is None:
        return None
    if metric.month is None:
        top, bottom = SUMMED_RATES[metric.name]
        counts = [getattr(known[None, name], side) for name in (top, bottom)]
        return wilson(*counts)
    bounds = [known.get((metric.month, f"{metric.name}_{end}")) for end in _ENDS]
    found = [None if bound is None else getattr(bound, side) for bound in bounds]
    if None in found:
        return None
    return Interval(value, *found)


_ENDS = ("lower", "upper")


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
            Cell((render.month_name(metric.month),)),
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
    listed = listed(named) if len(named) <= 6 else f"{named[0]} to {named[-1]}"
    return (
        f"Differs in {len(moved)} of {plural(len(months), 'month')}: {listed}.{of_all}"
    )


# The leads.


def _causes(compared: Compared, found: Differences) -> Iterator[Block]:
    yield Heading("Leads that differ, by cause")
    yield Sentence(render.how_many(found))
    if not found.changed:
        return
    table = Table(
        "What made a difference, and to how many",
        (
            Column("because of"),
            *render.right("lifecycles", "hand-offs", "flips"),
        ),
    )
    for cause in effects.causes(compared):
        table.add(
            cause.why,
            f"{cause.lifecycles:,}",
            f"{cause.handoffs:,}",
            f"{cause.flips:,}",
        )
    yield table
    yield Sentence(
        "A hand-off is one of marketing's in either reading; a flip is another "
        "outcome or origin."
    )


def _flips(plan: Plan, compared: Compared, found: Differences) -> Iterator[Block]:
    yield Heading("Leads that flip, each explained by both readings")
    flipped = [lead for lead in found.leads if lead.is_flipped]
    total = sum(count for *_, count in found.outcomes)
    if not flipped:
        yield Sentence("No lead counts as another outcome or as of another origin.")
        return
    for lead in flipped[:MOST_EXPLAINED]:
        yield _flip(plan, compared, lead)
    hidden = total - min(len(flipped), MOST_EXPLAINED)
    if hidden:
        yield Sentence(
            f"{plural(hidden, 'more lifecycle')} flip; --csv FILE writes them all, "
            "and lead-funnel explain tells of each."
        )


def _flip(plan: Plan, compared: Compared, lead: Lead) -> Details:
    said = next(iter(render.changes(lead, render.time_zone(plan))), "")
    return Details(
        f"{render.lead_name(lead)} · {said} · {'; '.join(lead.why)}",
        (
            render.lead_table(plan, [lead]),
            _explained(compared, compared.before, lead),
            _explained(compared, compared.after, lead),
        ),
    )


def _explained(compared: Compared, side: Side, lead: Lead) -> Details:
    read = compared.reading(side)
    keys = read.rows(
        "select person_key from {intermediate}.int_people where person_id = ?",
        [lead.person_id],
    )
    if not keys:
        said = Sentence("This reading does not have the person.")
        return Details(f"As {side.label}", (said,))
    facts = gather.person(read, keys[0]["person_key"], names=False)
    return Details(
        f"As {side.label}", tuple(explanation.explanation(facts, company=False))
    )


def _others(plan: Plan, found: Differences, limit: int) -> Iterator[Block]:
    others = [lead for lead in found.leads if not lead.is_flipped][:limit]
    total = found.changed - sum(count for *_, count in found.outcomes)
    if not total:
        return
    yield Heading("Other leads that differ")
    if others:
        yield render.lead_table(plan, others)
    hidden = total - len(others)
    if hidden:
        yield Sentence(
            f"{plural(hidden, 'more lifecycle')} differ; --limit lists more, "
            "--csv FILE writes them all."
        )
