"""The comparison as tables and sentences."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

from orchestration.commands.compare.differences import Differences, Lead, Metric
from orchestration.commands.compare.sides import Plan
from orchestration.commands.explain import words

MOST_DEFINITION_ROWS = 30


@contextmanager
def progress(screen: Console) -> Iterator[Callable[[str], None]]:
    """What is being done at this moment, where somebody looks at a terminal."""
    if not screen.is_terminal:
        yield lambda text: None
        return
    with screen.status("Preparing …") as spinner:
        yield lambda text: spinner.update(f"Reading the data once more · {text}")


def say(screen: Console, text: str, style: str | None = None) -> None:
    screen.print(text, style=style, highlight=False, markup=False)


def show(
    screen: Console,
    plan: Plan,
    found: Differences,
    *,
    everything: bool = False,
    limit: int = 20,
) -> None:
    for sentence in head(plan, found):
        say(screen, sentence)
    for note in plan.notes:
        say(screen, f"! {note}", "yellow")
    _definition(screen, found)
    _metrics(screen, plan, found, everything)
    _quarantine(screen, plan, found)
    _leads(screen, plan, found, limit)


def head(plan: Plan, found: Differences) -> Iterator[str]:
    before, after = plan.before.label, plan.after.label
    definition = plan.to_build[-1].definition
    whose = f" (DEFINITION {_near(definition)})" if definition else ""
    what = "The definition as it stands"
    if after != "edited":
        what = f"All of history read with {after}"
    yield f"{what}{whose}, compared with {_called(before)}."
    as_of = plan.to_build[-1].vars.as_of
    zone = plan.to_build[-1].vars.reporting_timezone
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


def _definition(screen: Console, found: Differences) -> None:
    _heading(screen, "Rows of the definition that differ")
    if not found.definition:
        say(screen, "None: the same rows, in another order of versions.")
        return
    for change in found.definition[:MOST_DEFINITION_ROWS]:
        mark, style = ("+", "green") if change.is_added else ("-", "red")
        say(screen, f"{mark} {change.seed}: {change.row}", style)
    hidden = len(found.definition) - MOST_DEFINITION_ROWS
    if hidden > 0:
        say(screen, f"… and {words.plural(hidden, 'row')} more.")


def shown_metrics(found: Differences, everything: bool) -> list[Metric]:
    """By default what differs, without bounds, details and what rounds to nothing."""
    return [
        metric
        for metric in found.metrics
        if everything
        or (metric.differs and not metric.is_detail and not metric.is_tiny)
    ]


def _metrics(screen: Console, plan: Plan, found: Differences, everything: bool) -> None:
    _heading(screen, "Metrics by month of hand-off")
    shown = shown_metrics(found, everything)
    if not shown:
        say(screen, "No metric of any month differs (rates: by 0.05 points or more).")
        return
    table = _table("month", "metric", plan.before.label, plan.after.label, "difference")
    for column in table.columns[2:]:
        column.justify = "right"
    last = object()
    for metric in shown:
        month = f"{metric.month:%Y-%m}" if metric.month else "all"
        if last is not metric.month and last != metric.month and table.row_count:
            table.add_section()
        table.add_row(
            "" if last == metric.month else month,
            metric.name,
            number(metric, metric.before),
            number(metric, metric.after),
            difference(metric),
        )
        last = metric.month
    screen.print(table)
    months = {metric.month for metric in found.metrics if metric.month}
    changed = {metric.month for metric in shown if metric.month and metric.differs}
    if not everything:
        say(
            screen,
            f"{len(months) - len(changed)} of {words.plural(len(months), 'month')} "
            "show no difference; --all shows every month and metric.",
        )


def number(metric: Metric, value: float | None) -> str:
    if value is None:
        return "—"
    if metric.is_rate:
        return f"{value:.1%}"
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


def _quarantine(screen: Console, plan: Plan, found: Differences) -> None:
    if not found.quarantine:
        return
    _heading(screen, "Quarantine")
    table = _table("rule", plan.before.label, plan.after.label, "difference")
    for column in table.columns[1:]:
        column.justify = "right"
    for rule, before, after in found.quarantine:
        table.add_row(rule, f"{before:,}", f"{after:,}", f"{after - before:+,}")
    screen.print(table)


def _leads(screen: Console, plan: Plan, found: Differences, limit: int) -> None:
    _heading(screen, "Leads that differ")
    if not found.changed:
        say(
            screen, f"None of {words.plural(found.lifecycles[0], 'lifecycle')} differs."
        )
        return
    say(
        screen,
        f"{found.changed:,} of {words.plural(max(found.lifecycles), 'lifecycle')} "
        f"differ: {_outcomes(found)}.",
    )
    table = _table("because of", "lifecycles")
    table.columns[1].justify = "right"
    for why, count in found.why:
        table.add_row(why, f"{count:,}")
    screen.print(table)
    shown = found.leads[:limit]
    if shown:
        zone = plan.to_build[-1].vars.reporting_timezone
        table = _table("lead and lifecycle", f"what differs ({zone})", "because of")
        for lead in shown:
            table.add_row(
                f"{lead.record} #{lead.lifecycle_no}",
                "\n".join(changes(lead, zone)),
                "\n".join(lead.why),
            )
        screen.print(table)
    hidden = found.changed - len(shown)
    if hidden:
        say(
            screen,
            f"{words.plural(hidden, 'more lifecycle')} differ; --limit lists more, "
            "--csv FILE writes them all.",
        )


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


# How it looks.


def _table(*columns: str) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, highlight=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def _heading(screen: Console, text: str) -> None:
    screen.print()
    screen.print(text, style="bold", highlight=False, markup=False)
    screen.print("─" * min(len(text), screen.width), style="dim", highlight=False)
