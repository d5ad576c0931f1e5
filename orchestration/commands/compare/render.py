"""The comparison as tables and sentences."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Any

from orchestration.commands.compare.differences import Differences, Lead, Metric
from orchestration.commands.compare.sides import Plan
from orchestration.commands.document.blocks import (
    Block,
    Cell,
    Column,
    Document,
    Heading,
    Sentence,
    Table,
    Tone,
)
from orchestration.commands.explain import words
from orchestration.intervals import percent
from orchestration.screen import Screen

MOST_DEFINITION_ROWS = 30


@contextmanager
def progress(screen: Screen) -> Iterator[Callable[[str], None]]:
    """What is being done at this moment, where somebody looks at a terminal."""
    if not screen.is_terminal:
        yield lambda text: None
        return
    with screen.doing("Preparing …") as doing:
        yield lambda text: doing(f"Reading the data once more · {text}")


def document(
    plan: Plan, found: Differences, *, everything: bool = False, limit: int = 20
) -> Document:
    """What a terminal shows; a page shows more (page.py)."""
    return Document(
        title(plan),
        (
            *opening(plan),
            *definition(found, MOST_DEFINITION_ROWS),
            *metrics(plan, found, everything),
            *quarantine(plan, found),
            *leads(plan, found, limit),
        ),
    )


def title(plan: Plan) -> str:
    before, after = plan.before.label, plan.after.label
    return f"What changes: {before} → {after}"


def opening(plan: Plan) -> Iterator[Block]:
    yield from map(Sentence, head(plan))
    for note in plan.notes:
        yield Sentence(f"! {note}", Tone.WARNING)


def head(plan: Plan) -> Iterator[str]:
    before, after = plan.before.label, plan.after.label
    definition = plan.to_build[-1].definition
    whose = f" (DEFINITION {_near(definition)})" if definition else ""
    what = "The definition as it stands"
    if after != "edited":
        what = f"All of history read with {after}"
    yield f"{what}{whose}, compared with {_called(before)}."
    as_of = plan.to_build[-1].vars.as_of
    zone = time_zone(plan)
    yield f"Both as of {words.both(as_of, zone)}. Nothing was published."


def _near(path: Path) -> Path:
    """As one would type it here."""
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path


def _called(before: str) -> str:
    if before == "published":
        return "what is published"
    return f"all of history read with {before}"


# The parts.


def definition(found: Differences, most: int) -> Iterator[Block]:
    yield Heading("Rows of the definition that differ")
    if not found.definition:
        yield Sentence("None: the same rows, in another order of versions.")
        return
    for change in found.definition[:most]:
        mark, tone = ("+", Tone.ADDED) if change.is_added else ("-", Tone.REMOVED)
        yield Sentence(f"{mark} {change.seed}: {change.row}", tone)
    hidden = len(found.definition) - most
    if hidden > 0:
        yield Sentence(f"… and {words.plural(hidden, 'row')} more.")


def shown_metrics(found: Differences, everything: bool) -> list[Metric]:
    """By default what differs, without bounds, details and what rounds to nothing."""
    return [
        metric
        for metric in found.metrics
        if everything
        or (metric.differs and not metric.is_detail and not metric.is_tiny)
    ]


def metrics(plan: Plan, found: Differences, everything: bool) -> Iterator[Block]:
    yield Heading("Metrics by month of hand-off")
    shown = shown_metrics(found, everything)
    if not shown:
        yield Sentence(
            "No metric of any month differs (rates: by 0.05 points or more)."
        )
        return
    table = Table(
        "Both readings, by month",
        (
            Column("month"),
            Column("metric"),
            *right(plan.before.label, plan.after.label, "difference"),
        ),
    )
    last: object = object()
    for metric in shown:
        is_next = last is not metric.month and last != metric.month
        table.add(
            Cell((month_name(metric.month),), is_repeated=last == metric.month),
            metric.name,
            number(metric, metric.before),
            number(metric, metric.after),
            difference(metric),
            starts_section=is_next,
        )
        last = metric.month
    yield table
    months = {metric.month for metric in found.metrics if metric.month}
    changed = {metric.month for metric in shown if metric.month and metric.differs}
    if not everything:
        yield Sentence(
            f"{without_difference(len(months) - len(changed), len(months))}; --all "
            "shows every month and metric."
        )


def without_difference(same: int, months: int) -> str:
    if months and not same:
        return "Every month shows a difference"
    return f"{same} of {words.plural(months, 'month')} show no difference"


def month_name(month: date | None) -> str:
    return f"{month:%Y-%m}" if month else "all"


def number(metric: Metric, value: float | None) -> str:
    if value is None:
        return "—"
    if metric.is_rate:
        return percent(value)
    return f"{value:,.0f}" if value == int(value) else f"{value:,.2f}"


def difference(metric: Metric) -> str:
    if metric.before is None or metric.after is None:
        return (
            "" if metric.before is metric.after else "new" if metric.after else "gone"
        )
    change = metric.after - metric.before
    if abs(change) < 1e-9:
        return "="
    if metric.is_rate:
        digits = 1 if abs(change) >= 0.0005 else 3
        return f"{change * 100:+.{digits}f} points"
    return f"{change:+,.0f}" if change == int(change) else f"{change:+,.2f}"


def quarantine(plan: Plan, found: Differences) -> Iterator[Block]:
    if not found.quarantine:
        return
    yield Heading("Quarantine")
    table = Table(
        "Raw rows that break a rule",
        (
            Column("rule"),
            *right(plan.before.label, plan.after.label, "difference"),
        ),
    )
    for rule, before, after in found.quarantine:
        table.add(rule, f"{before:,}", f"{after:,}", f"{after - before:+,}")
    yield table


def leads(plan: Plan, found: Differences, limit: int) -> Iterator[Block]:
    yield Heading("Leads that differ")
    yield Sentence(how_many(found))
    if not found.changed:
        return
    table = Table(
        "What made a difference", (Column("because of"), *right("lifecycles"))
    )
    for why, count in found.why:
        table.add(why, f"{count:,}")
    yield table
    shown = found.leads[:limit]
    if shown:
        yield lead_table(plan, shown)
    hidden = found.changed - len(shown)
    if hidden:
        yield Sentence(
            f"{words.plural(hidden, 'more lifecycle')} differ; --limit lists more, "
            "--csv FILE writes them all."
        )


def how_many(found: Differences) -> str:
    if not found.changed:
        return f"None of {words.plural(found.lifecycles[0], 'lifecycle')} differs."
    return (
        f"{found.changed:,} of {words.plural(max(found.lifecycles), 'lifecycle')} "
        f"differ: {_outcomes(found)}."
    )


def lead_table(plan: Plan, shown: Iterable[Lead]) -> Table:
    zone = time_zone(plan)
    table = Table(
        "The leads, and what differs",
        (
            Column("lead and lifecycle"),
            Column(f"what differs ({zone})"),
            Column("because of"),
        ),
    )
    for lead in shown:
        table.add(lead_name(lead), tuple(changes(lead, zone)), lead.why)
    return table


def lead_name(lead: Lead) -> str:
    return f"{lead.record} #{lead.lifecycle_no}"


def time_zone(plan: Plan) -> str:
    return plan.to_build[-1].vars.reporting_timezone


def _outcomes(found: Differences) -> str:
    moved = sum(count for *_, count in found.outcomes)
    if not moved:
        return "no outcome or origin does"
    listed = ", ".join(
        f"{count:,} × {before} → {after}" for before, after, count in found.outcomes
    )
    return f"{moved:,} in their outcome or origin ({listed})"


def changes(lead: Lead, zone: str) -> Iterator[str]:
    """Each column that differs, with both values."""
    if lead.is_added:
        yield "is new"
    if lead.is_removed:
        yield "is gone"
        return
    for name, before, after in lead.changes:
        if lead.is_added:
            if after is not None and after is not False:
                yield f"{name}: {_shown(after, zone)}"
            continue
        yield f"{name}: {_shown(before, zone)} → {_shown(after, zone)}"


def _shown(value: Any, zone: str) -> str:
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return words.local(value, zone)[:20]
    return str(value)


def right(*titles: str) -> Iterator[Column]:
    """Columns of numbers."""
    for title in titles:
        yield Column(title, is_right=True)
