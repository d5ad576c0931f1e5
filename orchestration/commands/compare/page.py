"""The comparison as a page to attach to a pull request.

It says what a terminal says, in the same words, and more: what reads the changed
rows, every rate with its interval, and each lead that flips, explained twice.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from orchestration.commands.compare import effects, rates, render
from orchestration.commands.compare.differences import Differences, Lead
from orchestration.commands.compare.sides import Compared, Plan, Side
from orchestration.commands.document.blocks import (
    Block,
    Column,
    Details,
    Document,
    Heading,
    Sentence,
    Table,
)
from orchestration.commands.explain import gather
from orchestration.commands.explain import render as explanation
from orchestration.commands.explain.words import plural
from orchestration.errors import listed

MOST_DEFINITION_ROWS = 500
MOST_EXPLAINED = 100
"""Of more leads that flip than these, the first are explained."""


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
            *_sum(plan, found),
            *_models(plan, compared, found, manifest),
            *_months(compared, found),
            *rates.by_month(plan, found, manifest),
            *render.metrics(plan, found, everything),
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


def _sum(plan: Plan, found: Differences) -> Iterator[Block]:
    """What a reviewer asks first."""
    yield Heading("What it comes to")
    yield Sentence(render.how_many(found))
    yield Sentence(
        "A lead flips where it counts as another outcome, or as of another origin; a "
        "hand-off is one of marketing's in either reading."
    )
    yield rates.of_all_months(plan, found)


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
    tables = [model for model in models if model.is_public]
    inner = [model for model in models if not model.is_public]
    yield Sentence(
        f"{plural(len(models), 'model')} read {listed(seeds)}, "
        f"{len(tables)} of them published."
    )
    table = Table(
        "Published tables that both readings hold, and their rows",
        (
            Column("table"),
            *render.right(plan.before.label, plan.after.label),
            *render.right("changed", "new", "gone"),
        ),
    )
    for model in tables:
        if (rows := model.rows) is not None:
            numbers = (rows.before, rows.after, rows.changed, rows.new, rows.gone)
            table.add(model.name, *("—" if n is None else f"{n:,}" for n in numbers))
    if table.rows:
        yield table
    uncounted = [model.name for model in tables if model.rows is None]
    if uncounted:
        yield Details(
            f"{plural(len(uncounted), 'published table')} more, whose rows are not "
            "counted",
            (
                Sentence("Only a run builds them: their rows may differ, too."),
                Sentence(", ".join(sorted(uncounted))),
            ),
        )
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
