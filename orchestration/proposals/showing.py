"""How it looks: what was found in a folder, what is proposed and why, what is not
sure and what cannot be known."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from orchestration.errors import listed
from orchestration.proposals.definition import Look
from orchestration.proposals.parts import described
from orchestration.proposals.people import about as about_user
from orchestration.proposals.proposal import ANSWERED, SURE, VARS, Proposal, shown
from orchestration.proposals.statuses import KNOWN

MOST_ROWS = 40
"""How many rows of a table are shown; all of them are in the definition."""


def show(console: Console, look: Look) -> None:
    """Everything, in the order in which a consultant would tell it."""
    _files(console, look)
    _columns(console, look)
    _statuses(console, look)
    _people(console, look)
    _settings(console, look)
    for note in look.found.notes:
        _say(console, note)
    _not_sure(console, look.found.not_sure)
    _unknown(console, look)


def show_written(console: Console, look: Look, folder: Path) -> None:
    """What was kept of a definition, and what was added to it."""
    console.print()
    kept = {name: count for name, count in look.kept.items() if count}
    if kept:
        _say(console, f"Kept as it was: {_counts(kept)}.")
    if look.removed:
        gone = listed([each.about for each in look.removed], limit=5)
        _say(console, f"Not proposed again, as you took it out: {gone}.")
    if look.added:
        _say(console, f"Added to {folder}: {_counts(look.added)}.")
    else:
        _say(console, f"Nothing new: {folder} stays as it is.")


def _counts(counts: dict[str, int]) -> str:
    return listed(
        [
            f"{name} {count:,} row{'' if count == 1 else 's'}"
            for name, count in sorted(counts.items())
        ],
        limit=20,
    )


def _files(console: Console, look: Look) -> None:
    settled = {row["file"]: each for each in look.of("files") for row in each.rows}
    rows = []
    for part in look.parts:
        table = look.given.get(part.name)
        what = f"{table.system}.{table.name}" if table else "left alone"
        proposal = settled.get(part.path_name) or next(
            (each for each in settled.values() if shown(part.name) in each.about), None
        )
        reason = proposal.reason if proposal else "called like its table"
        confidence = proposal.confidence if proposal else SURE
        if part.name in look.known:
            reason, confidence = "as the definition or its name says", SURE
        elif proposal is None:
            reason = "like the others that are called so"
        content = (part.trouble and "cannot be read") or described(part)
        rows.append((shown(part.name), content, what, _why(reason, confidence)))
    _table(console, "Files", ("file", "what it has", "is", "why"), rows)
    if look.others:
        _say(console, f"Left alone: {listed(map(shown, look.others))}.")


def _columns(console: Console, look: Look) -> None:
    proposed = {
        (each.rows[0]["table"], each.rows[0].get("heading")): each
        for each in look.of("columns")
    }
    for reading in look.readings:
        rows = []
        for column, place in sorted(reading.columns.items(), key=lambda item: item[1]):
            heading = reading.part.headings[place]
            each = proposed.get((reading.table.name, heading))
            why = _why(each.reason, each.confidence) if each else "known heading"
            rows.append((shown(heading), column, why))
        for each in look.of("derived_columns"):
            if shown(reading.part.name) in each.about:
                column = each.rows[0]["column"]
                rows.append((each.means, column, _why(each.reason, each.confidence)))
        title = f"Columns of {shown(reading.part.name)}"
        _table(console, title, ("heading", "column", "why"), rows)
        if reading.unread:
            names = listed(map(shown, reading.unread), limit=12)
            _say(console, f"Not read: {names}.")


def _statuses(console: Console, look: Look) -> None:
    rows = []
    for each in look.statuses:
        stage = each.stage or "?"
        reason = each.reason
        if each.stage and reason != KNOWN:
            reason = _why(reason, each.confidence)
        rows.append(
            (shown(each.value), f"{each.rows:,}", each.first, each.last, stage, reason)
        )
    heads = ("status", "rows", "first", "last", "stage", "why")
    _table(console, "Statuses", heads, rows)
    dated = [each for each in look.of("derived_columns") if _is_dated(each)]
    rows = [
        (each.about, each.means, _why(each.reason, each.confidence)) for each in dated
    ]
    _table(console, "Statuses without a date of their own", ("what", "is", "why"), rows)


def _is_dated(proposal: Proposal) -> bool:
    return any(row["where_value"] for row in proposal.rows)


def _people(console: Console, look: Look) -> None:
    given = {row["value"]: each for each in look.of("user_roles") for row in each.rows}
    rows = []
    for user in look.users:
        each = given.get(user.user_id)
        role = each.means if each else user.role if user.is_known else "?"
        reason = _why(each.reason, each.confidence) if each else user.reason
        if role == "?" and user.role:
            reason = "left out"
        rows.append((about_user(user).removeprefix("user "), role or "?", reason))
    _table(console, "Users", ("user", "role", "why"), rows)
    proposed = {
        row["source_value"]: each for each in look.of("channels") for row in each.rows
    }
    rows = []
    for value, count, channel in look.sources:
        each = proposed.get(value)
        why = _why(each.reason, each.confidence) if each else KNOWN
        channel = each.means if each else channel
        if not channel:
            why = "no word of it is known"
        rows.append((shown(value), f"{count:,}", channel or "?", why))
    _table(console, "Sources", ("source", "leads", "channel", "why"), rows)
    rows = [
        (each.about, _why(each.reason, each.confidence))
        for each in look.of("shared_mailboxes")
    ]
    _table(console, "Shared mailboxes, which are nobody's own", ("what", "why"), rows)


def _settings(console: Console, look: Look) -> None:
    rows = [
        (each.about, each.means, _why(each.reason, each.confidence))
        for each in (*look.of(VARS), *look.of("funnel_versions"))
    ]
    _table(console, "Settings of the runs", ("what", "is", "why"), rows)


def _not_sure(console: Console, proposals: Sequence[Proposal]) -> None:
    if not proposals:
        return
    _title(console, "Not sure")
    alike: dict[tuple[str, ...], list[str]] = {}
    for each in proposals:
        key = (each.reason, each.confidence, _file_of(each))
        alike.setdefault(key, []).append(f"{each.about} → {each.means}")
    for (reason, confidence, file), found in alike.items():
        _say(console, f"· {'; '.join(found)}: {reason} ({confidence}); in {file}.")


def _unknown(console: Console, look: Look) -> None:
    if not look.found.unknown:
        return
    _title(console, "Could not know")
    for each in look.found.unknown:
        _say(console, f"· {each.what}.")
        _say(console, f"  {each.file}: {each.row}")


def _file_of(proposal: Proposal) -> str:
    if proposal.seed == VARS:
        return "vars.yml"
    return f"{proposal.seed}.csv" if proposal.replaces else f"{proposal.seed}.add.csv"


def _why(reason: str, confidence: str) -> str:
    return reason if reason == ANSWERED else f"{confidence}: {reason}"


def _title(console: Console, text: str) -> None:
    console.print()
    console.print(text, style="bold", highlight=False, markup=False)


def _say(console: Console, text: str) -> None:
    console.print(text, highlight=False, markup=False, soft_wrap=False)


def _table(
    console: Console,
    title: str,
    heads: Sequence[str],
    rows: Iterable[Sequence[str]],
) -> None:
    rows = list(rows)
    if not rows:
        return
    _title(console, title)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 2, 0, 0))
    for head in heads:
        is_count = head in ("rows", "leads")
        table.add_column(
            head,
            justify="right" if is_count else "left",
            no_wrap=is_count or head in ("first", "last", "stage", "role"),
            overflow="fold",
        )
    for row in rows[:MOST_ROWS]:
        table.add_row(*(Text(cell) for cell in row))
    console.print(table)
    if len(rows) > MOST_ROWS:
        _say(console, f"{len(rows) - MOST_ROWS:,} more are in the definition.")
