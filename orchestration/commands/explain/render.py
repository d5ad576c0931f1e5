"""The explanation as tables and sentences."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from orchestration.commands.document.blocks import (
    OUTCOMES,
    Block,
    Cell,
    Column,
    Document,
    Heading,
    Sentence,
    Table,
    Tone,
)
from orchestration.commands.explain import clock, outcome, words
from orchestration.commands.explain.facts import Lifecycle, Pass, Person, RawRow, RowKey
from orchestration.commands.explain.find import Match

WIDE = 24
"""What the names of nearly all raw tables and ids need."""

MOST_STEPS = 12
"""Of a longer clock the steps between are summed up."""


def matches(who: str, found: list[Match]) -> Document:
    """Whom a text may mean, where that is several people."""
    table = _table(
        "The people who match", "person_id", "primary record", "company", "found by"
    )
    for match in found:
        table.add(
            match.person_id,
            f"{match.primary_source} {match.primary_record_id}",
            match.company or "",
            match.how,
        )
    said = f"{len(found)} people match; explain one of them by its person_id:"
    return Document(who, (Sentence(said), table))


def document(
    person: Person, *, everything: bool = False, names: bool = False
) -> Document:
    """All of it: who the person is, what was read, each lifecycle, quarantine."""
    whose = f"{person.primary_source} {person.primary_record_id}"
    blocks = explanation(person, everything=everything, names=names)
    return Document(f"Why {whose} counts as it does", tuple(blocks))


def explanation(
    person: Person,
    *,
    everything: bool = False,
    names: bool = False,
    company: bool = True,
) -> Iterator[Block]:
    yield from _who(person, names, company)
    yield from _links(person)
    yield from _raw_rows(person, everything)
    for lifecycle in person.lifecycles:
        yield from _lifecycle(person, lifecycle)
    if not person.lifecycles:
        yield Heading("No lifecycle")
        yield Sentence("No event is left that would open one.")
    yield from _quarantined(person)


# The parts.


def _who(person: Person, names: bool, company: bool) -> Iterator[Block]:
    title = f"Person {person.person_id}"
    if company and person.company:
        title += f" · {person.company}"
    yield Heading(title)
    yield from map(Sentence, who_sentences(person))
    table = _table(
        "The records of the person",
        "record",
        Column("", spoken="which is the primary one"),
        "live",
        f"created ({person.timezone})",
        "status now",
        "owner now",
    )
    for record in person.records:
        table.add(
            (f"{record.source} {record.source_table}", record.record_id),
            "primary" if record.is_primary else "",
            "live" if record.is_live else record.not_live_because,
            two_lines(record.created_at, person.timezone),
            record.status or "",
            record.owner,
        )
    yield table
    if names:
        for record in person.records:
            known = [text for text in (record.full_name, record.email) if text]
            name = f"{record.source} {record.record_id}"
            yield Sentence(f"{name}: {', '.join(known) or 'no name'}")


def who_sentences(person: Person) -> Iterator[str]:
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


def _links(person: Person) -> Iterator[Block]:
    if not person.links:
        return
    title = (
        "Links that would join it (void, the group is too large)"
        if person.is_oversized
        else "Why these records are one person"
    )
    yield Heading(title)
    table = _table(
        "The links between the records",
        "link",
        "record",
        "to record",
        "since",
        "the row that says so",
    )
    for link in person.links:
        table.add(
            {"email": "same e-mail", "id": "id", "merge": "merged into"}.get(
                link.link_type, link.link_type
            ),
            tuple(link.left.split(" ", 1)),
            tuple(link.right.split(" ", 1)),
            two_lines(link.linked_at, person.timezone),
            row_name(link.evidence) if link.evidence else "both records' addresses",
        )
    yield table


def _raw_rows(person: Person, everything: bool) -> Iterator[Block]:
    yield Heading("What was read, row by row")
    shown = [row for row in person.rows if everything or not row.is_minor]
    table = _table(
        "The raw rows, in order of time",
        f"at ({person.timezone})",
        "raw row",
        "what it says",
        "what came of it",
    )
    for row in shown:
        said = row.said + (f", by {row.actor}" if row.actor else "")
        table.add(
            two_lines(row.occurred_at, person.timezone),
            row_name(row.row),
            said,
            "; ".join(row.effects),
        )
    yield table
    hidden = len(person.rows) - len(shown)
    if hidden:
        yield Sentence(
            f"{words.plural(hidden, 'more row')} changed nothing{_kinds(person.rows)}; "
            "--all lists them."
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


def _lifecycle(person: Person, lifecycle: Lifecycle) -> Iterator[Block]:
    state = lifecycle.outcome or f"origin {lifecycle.origin}"
    if lifecycle.is_accepted_late:
        state += " late"
    if lifecycle.was_ignored and lifecycle.outcome != "ignored":
        state += ", was ignored"
    tone = OUTCOMES.get(lifecycle.outcome or "", Tone.PLAIN)
    yield Heading(
        f"Lifecycle {lifecycle.lifecycle_no} of {len(person.lifecycles)} · {state}",
        tone,
    )
    table = _table(
        f"The stages of lifecycle {lifecycle.lifecycle_no}",
        "stage",
        f"at ({person.timezone})",
        "UTC",
        "raw row",
        "by",
    )
    for milestone in lifecycle.milestones:
        table.add(
            outcome.stage_name(milestone.stage)
            + (", partial" if milestone.is_partial else ""),
            two_lines(milestone.occurred_at, person.timezone),
            tuple(words.in_utc(milestone.occurred_at).split(" ", 1)),
            row_name(milestone.row),
            milestone.actor,
        )
    yield table
    yield Sentence(handoff_sentence(lifecycle, person.timezone))
    yield from map(Sentence, outcome.who_accepts(lifecycle, person.timezone))
    for handed in lifecycle.passes:
        yield from _pass(person, lifecycle, handed)
    yield Sentence(outcome.why(lifecycle, person.timezone), tone, is_strong=True)


def handoff_sentence(lifecycle: Lifecycle, timezone: str) -> str:
    text = outcome.handoff(lifecycle, timezone)
    if lifecycle.handed_off_at is not None:
        text += f" It is judged by the version {lifecycle.definition_version}."
        if lifecycle.score_at_handoff is not None:
            text += f" The score was {lifecycle.score_at_handoff:g}."
    return text


def _pass(person: Person, lifecycle: Lifecycle, handed: Pass) -> Iterator[Block]:
    number = f"Pass {handed.pass_no} of {len(lifecycle.passes)}"
    yield Heading(f"{number} · {handed.owner} · {handed.outcome}", level=3)
    yield from map(Sentence, pass_sentences(person, handed))
    counted = clock.steps(
        handed.passed_at, handed.policy.sla_business_hours, handed.openings
    )
    if counted:
        yield clock_table(person, handed, counted)
    yield Sentence(stop_sentence(handed, person))


def pass_sentences(person: Person, handed: Pass) -> Iterator[str]:
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
        f"The opening hours that pass {handed.pass_no} counts",
        f"opened ({zone})",
        "closed",
        "counted from",
        "until",
        "counted",
        "so far",
        Column("", spoken="where the clock ends"),
    )
    shown = counted
    between = 0
    if len(counted) > MOST_STEPS:
        between = len(counted) - MOST_STEPS
        shown = [*counted[: MOST_STEPS // 2], *counted[-MOST_STEPS // 2 :]]
    for number, step in enumerate(shown):
        if between and number == MOST_STEPS // 2:
            table.add(f"… {between} more openings", "", "", "", "", "", "")
        is_due = step is counted[-1] and step.counts_until == handed.due_at
        table.add(
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


def _quarantined(person: Person) -> Iterator[Block]:
    yield Heading("Quarantine")
    if not person.quarantined:
        yield Sentence("Nothing of this person was quarantined.")
        return
    yield Sentence("These rows break a rule and take no part in it:")
    table = _table("The rows in quarantine", "raw row", "rule", "why", "seen (UTC)")
    for row in person.quarantined:
        table.add(
            row_name(row.row), row.rule, row.detail, words.in_utc(row.seen_at)[:19]
        )
    yield table


def two_lines(instant: datetime | None, timezone: str) -> Cell:
    """The day, and the time below it: narrow, so that rules have room."""
    head, _, tail = words.local(instant, timezone).rpartition(" ")
    return Cell((head, tail) if head else (tail,))


def row_name(key: RowKey) -> Cell:
    """Where a raw row stands: system.table, and its key on a line of its own."""
    source, table, row = key
    name = f"{source}.{table}"
    return Cell((f"{source}.", table, row) if len(name) > WIDE else (name, row))


MIN_WIDTHS = {"raw row": WIDE, "record": 18, "to record": 18}


def _table(caption: str, *columns: str | Column) -> Table:
    return Table(
        caption,
        tuple(
            Column(column, min_width=MIN_WIDTHS.get(column))
            if isinstance(column, str)
            else column
            for column in columns
        ),
    )
