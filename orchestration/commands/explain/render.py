"""The explanation as tables and sentences."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from rich import box
from rich.console import Console
from rich.table import Table

from orchestration.commands.explain import clock, outcome, words
from orchestration.commands.explain.facts import Lifecycle, Pass, Person, RawRow, RowKey
from orchestration.commands.explain.find import Match

PLAIN_WIDTH = 100
WIDE = 24
"""What the names of nearly all raw tables and ids need."""

MOST_STEPS = 12
"""Of a longer clock the steps between are summed up."""

COLOURS = {
    "accepted": "green",
    "rejected": "red",
    "ignored": "yellow",
    "withdrawn": "cyan",
    "pending": "blue",
}


def plain_console() -> Console:
    return Console(width=PLAIN_WIDTH, no_color=True, force_terminal=False)


def show_matches(screen: Console, who: str, matches: list[Match]) -> None:
    screen.print(
        f"{len(matches)} people match; explain one of them by its person_id:",
        highlight=False,
    )
    table = _table("person_id", "primary record", "company", "found by")
    for match in matches:
        table.add_row(
            match.person_id,
            f"{match.primary_source} {match.primary_record_id}",
            match.company or "",
            match.how,
        )
    screen.print(table)


def show(
    screen: Console, person: Person, *, everything: bool = False, names: bool = False
) -> None:
    _who(screen, person, names)
    _links(screen, person)
    _raw_rows(screen, person, everything)
    for lifecycle in person.lifecycles:
        _lifecycle(screen, person, lifecycle)
    if not person.lifecycles:
        _heading(screen, "No lifecycle")
        _say(screen, "No event is left that would open one.")
    _quarantined(screen, person)


# The parts.


def _who(screen: Console, person: Person, names: bool) -> None:
    title = f"Person {person.person_id}"
    if person.company:
        title += f" · {person.company}"
    _heading(screen, title)
    for sentence in who_sentences(person):
        _say(screen, sentence)
    table = _table(
        "record",
        "",
        "live",
        f"created ({person.timezone})",
        "status now",
        "owner now",
    )
    for record in person.records:
        table.add_row(
            f"{record.source} {record.source_table}\n{record.record_id}",
            "primary" if record.is_primary else "",
            "live" if record.is_live else record.not_live_because,
            two_lines(record.created_at, person.timezone),
            record.status or "",
            record.owner,
        )
    screen.print(table)
    if names:
        for record in person.records:
            known = [text for text in (record.full_name, record.email) if text]
            name = f"{record.source} {record.record_id}"
            _say(screen, f"{name}: {', '.join(known) or 'no name'}")


def who_sentences(person: Person) -> Iterable[str]:
    yield (
        f"As of {words.both(person.as_of, person.timezone)}. Times are in "
        f"{person.timezone}, key ones in UTC too."
        + (
            f" This is the what-if {person.what_if}, not what is published."
            if person.what_if
            else ""
        )
    )
    live = sum(record.is_live for record in person.records)
    yield (
        f"One person in {words.plural(len(person.records), 'record')}, {live} of them "
        f"live; channel {person.channel or 'none'}."
    )
    if person.is_oversized:
        yield (
            f"Its links would make one person of {person.group_records} records, which "
            "is more than 50: the group is not merged, each record stays its own "
            "person, and its records are quarantined (oversized_identity_group)."
        )
    if not person.is_in_marts:
        yield (
            "No record of it is live, so it is not in the published tables (the var "
            "keep_deleted keeps such people)."
        )


def _links(screen: Console, person: Person) -> None:
    if not person.links:
        return
    _heading(
        screen,
        "Links that would join it (void, the group is too large)"
        if person.is_oversized
        else "Why these records are one person",
    )
    table = _table("link", "record", "to record", "since", "the row that says so")
    for link in person.links:
        table.add_row(
            {"email": "same e-mail", "id": "id", "merge": "merged into"}.get(
                link.link_type, link.link_type
            ),
            link.left.replace(" ", "\n", 1),
            link.right.replace(" ", "\n", 1),
            two_lines(link.linked_at, person.timezone),
            row_name(link.evidence) if link.evidence else "both records' addresses",
        )
    screen.print(table)


def _raw_rows(screen: Console, person: Person, everything: bool) -> None:
    _heading(screen, "What was read, row by row")
    shown = [row for row in person.rows if everything or not row.is_minor]
    table = _table(
        f"at ({person.timezone})", "raw row", "what it says", "what came of it"
    )
    for row in shown:
        said = row.said + (f", by {row.actor}" if row.actor else "")
        table.add_row(
            two_lines(row.occurred_at, person.timezone),
            row_name(row.row),
            said,
            "; ".join(row.effects),
        )
    screen.print(table)
    hidden = len(person.rows) - len(shown)
    if hidden:
        _say(
            screen,
            f"{words.plural(hidden, 'more row')} changed nothing{_kinds(person.rows)}; "
            "--all lists them.",
        )


def _kinds(rows: Iterable[RawRow]) -> str:
    counts: dict[str, int] = {}
    for row in rows:
        if row.is_minor:
            for effect in row.effects:
                counts[effect] = counts.get(effect, 0) + 1
    listed = ", ".join(
        f"{count} × {effect}" for effect, count in sorted(counts.items())
    )
    return f" ({listed})" if listed else ""


def _lifecycle(screen: Console, person: Person, lifecycle: Lifecycle) -> None:
    state = lifecycle.outcome or f"origin {lifecycle.origin}"
    if lifecycle.is_accepted_late:
        state += " late"
    if lifecycle.was_ignored and lifecycle.outcome != "ignored":
        state += ", was ignored"
    _heading(
        screen,
        f"Lifecycle {lifecycle.lifecycle_no} of {len(person.lifecycles)} · {state}",
        COLOURS.get(lifecycle.outcome or "", ""),
    )
    table = _table("stage", f"at ({person.timezone})", "UTC", "raw row", "by")
    for milestone in lifecycle.milestones:
        table.add_row(
            outcome.stage_name(milestone.stage)
            + (", partial" if milestone.is_partial else ""),
            two_lines(milestone.occurred_at, person.timezone),
            words.in_utc(milestone.occurred_at).replace(" ", "\n", 1),
            row_name(milestone.row),
            milestone.actor,
        )
    screen.print(table)
    _say(screen, handoff_sentence(lifecycle, person.timezone))
    for sentence in outcome.who_accepts(lifecycle, person.timezone):
        _say(screen, sentence)
    for handed in lifecycle.passes:
        _pass(screen, person, lifecycle, handed)
    _say(
        screen,
        outcome.why(lifecycle, person.timezone),
        f"bold {COLOURS.get(lifecycle.outcome or '', '')}".strip(),
    )


def handoff_sentence(lifecycle: Lifecycle, timezone: str) -> str:
    text = outcome.handoff(lifecycle, timezone)
    if lifecycle.handed_off_at is not None:
        text += f" It is judged by the version {lifecycle.definition_version}."
        if lifecycle.score_at_handoff is not None:
            text += f" The score was {lifecycle.score_at_handoff:g}."
    return text


def _pass(screen: Console, person: Person, lifecycle: Lifecycle, handed: Pass) -> None:
    screen.print()
    number = f"Pass {handed.pass_no} of {len(lifecycle.passes)}"
    _say(screen, f"{number} · {handed.owner} · {handed.outcome}", "bold")
    for sentence in pass_sentences(person, handed):
        _say(screen, sentence)
    counted = clock.steps(
        handed.passed_at, handed.policy.sla_business_hours, handed.openings
    )
    if counted:
        screen.print(clock_table(person, handed, counted))
    _say(screen, stop_sentence(handed, person))


def pass_sentences(person: Person, handed: Pass) -> Iterable[str]:
    policy = handed.policy
    zone = person.calendars.get(policy.calendar_id, "UTC")
    whose = f"the team {handed.team}" if handed.team else "no team"
    start = words.both(handed.passed_at, person.timezone)
    came = f" from {handed.from_owner}" if handed.from_owner else ""
    yield f"Passed at {start}{came} to {handed.owner}, of {whose}."
    touches = "stops" if policy.touches_stop_clock else "does not stop"
    yield (
        f"Policy {policy.name} of {policy.version}: "
        f"{words.hours(policy.sla_business_hours)} of opening time in the calendar "
        f"{policy.calendar_id} ({zone}); a touch {touches} the clock; "
        f"{words.plural(policy.max_pending_days, 'day')} pending at most."
    )


def clock_table(person: Person, handed: Pass, counted: list[clock.Step]) -> Table:
    """Each opening with what it counts, in the calendar's own time zone."""
    zone = person.calendars.get(handed.policy.calendar_id, person.timezone)
    table = _table(
        f"opened ({zone})", "closed", "counted from", "until", "counted", "so far", ""
    )
    shown = counted
    between = 0
    if len(counted) > MOST_STEPS:
        between = len(counted) - MOST_STEPS
        shown = [*counted[: MOST_STEPS // 2], *counted[-MOST_STEPS // 2 :]]
    for number, step in enumerate(shown):
        if between and number == MOST_STEPS // 2:
            table.add_row(f"… {between} more openings", "", "", "", "", "", "")
        is_due = step is counted[-1] and step.counts_until == handed.due_at
        table.add_row(
            words.local(step.opened_at, zone)[:20].rstrip(),
            words.local(step.closed_at, zone)[15:],
            words.local(step.counts_from, zone)[15:],
            words.local(step.counts_until, zone)[15:],
            words.on_clock(step.hours),
            words.on_clock(step.hours_so_far),
            "due" if is_due else "",
        )
    return table


def stop_sentence(handed: Pass, person: Person) -> str:
    """What ended the clock of a pass."""
    due = words.both(handed.due_at, person.timezone)
    found = clock.stop(handed, person.as_of)
    at = words.both(found.stopped_at, person.timezone)
    counted = words.hours(found.hours)
    if found.by == "nothing":
        return (
            f"Due {due}. At {at}, with {counted} counted, the clock is still running."
        )
    if found.by == "due":
        return f"Due {due}: the clock ran out, nothing had stopped it by then."
    what = {
        "acceptance": "The acceptance",
        "exit": "The exit",
        "response": "The first response",
        "next owner": "The next pass",
    }[found.by]
    return f"Due {due}. {what} stopped the clock at {at}, with {counted} counted."


def _quarantined(screen: Console, person: Person) -> None:
    _heading(screen, "Quarantine")
    if not person.quarantined:
        _say(screen, "Nothing of this person was quarantined.")
        return
    _say(screen, "These rows break a rule and take no part in it:")
    table = _table("raw row", "rule", "why", "seen (UTC)")
    for row in person.quarantined:
        table.add_row(
            row_name(row.row), row.rule, row.detail, words.in_utc(row.seen_at)[:19]
        )
    screen.print(table)


def two_lines(instant: datetime | None, timezone: str) -> str:
    """The day, and the time below it: narrow, so that rules have room."""
    head, _, tail = words.local(instant, timezone).rpartition(" ")
    return f"{head}\n{tail}" if head else tail


def row_name(key: RowKey) -> str:
    """Where a raw row stands: system.table, and its key on a line of its own."""
    source, table, row = key
    name = f"{source}.{table}"
    return f"{source}.\n{table}\n{row}" if len(name) > WIDE else f"{name}\n{row}"


# How it looks.


def _table(*columns: str) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, highlight=False)
    for column in columns:
        table.add_column(
            column,
            overflow="fold",
            min_width={"raw row": WIDE, "record": 18, "to record": 18}.get(column),
        )
    return table


def _heading(screen: Console, text: str, style: str = "") -> None:
    screen.print()
    screen.print(text, style=f"bold {style}".strip(), highlight=False, markup=False)
    screen.print("─" * min(len(text), screen.width), style="dim", highlight=False)


def _say(screen: Console, text: str, style: str | None = None) -> None:
    screen.print(text, style=style, highlight=False, markup=False)
