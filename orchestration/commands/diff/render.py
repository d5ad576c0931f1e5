"""The difference of two publications as tables and sentences, and as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from orchestration.commands.compare.render import (
    difference,
    number,
    right,
    without_difference,
)
from orchestration.commands.diff.causes import CAUSES
from orchestration.commands.diff.compared import ALL, COST, Found, Moved, Pair
from orchestration.commands.document.blocks import (
    Block,
    Cell,
    Column,
    Document,
    Heading,
    Sentence,
    Table,
)
from orchestration.commands.explain.words import plural
from orchestration.errors import listed
from orchestration.printable import in_json
from orchestration.publication.kept import Kept

MOST_TABLES = 8
MOST_SHIFTED = 20
NO_CAMPAIGN = "(none)"


def document(found: Found, everything: bool = False) -> Document:
    pair = found.pair
    return Document(
        f"What differs: {pair.before.id} → {pair.after.id}",
        (
            *_head(pair),
            *_leads(found),
            *_monthly(found, everything),
            *_spend(found, everything),
        ),
    )


def shown(moved: Sequence[Moved], everything: bool) -> list[Moved]:
    """Without bounds, medians, what rounds to nothing and what is the same of other
    leads, unless all is wanted."""
    return [
        one
        for one in moved
        if everything
        or not (one.metric.is_detail or one.metric.is_tiny or not one.metric.differs)
    ]


# What the publications say of themselves.


def _head(pair: Pair) -> Iterator[Block]:
    for name, side in (("A", pair.before), ("B", pair.after)):
        yield Sentence(f"{name}  {_described(side)}")
    for line in _made_otherwise(pair):
        yield Sentence(f"   {line}")


def _described(side: Kept) -> str:
    said = side.publication
    notes = [
        *(["published"] if side.is_shown else []),
        *(["good"] if side.is_good else []),
    ]
    return f"{side.id}, as of {said.as_of or 'no event'}, built {said.built_at}" + (
        f" ({listed(notes)})" if notes else ""
    )


def _made_otherwise(pair: Pair) -> Iterator[str]:
    before, after = pair.before.publication, pair.after.publication
    if before.as_of != after.as_of:
        yield f"as_of moved from {before.as_of} to {after.as_of}."
    if not (before.files and after.files):
        yield "One of them does not say what it was made with: its causes are guesses."
        return
    if pair.definition:
        yield f"The definition differs: {listed(pair.definition)}."
    if before.version != after.version:
        yield f"The program went from {before.version} to {after.version}."
    elif pair.is_other_program:
        yield "Models, macros or seeds of the project differ."
    told = list(_raw_rows(before.raw_rows, after.raw_rows))
    if told:
        yield f"Raw rows: {listed(told, MOST_TABLES)}."


def _raw_rows(before: Mapping[str, int], after: Mapping[str, int]) -> Iterator[str]:
    for name in sorted({*before, *after}):
        change = after.get(name, 0) - before.get(name, 0)
        if change:
            yield f"{name} {change:+,}"


# What differs.


def _leads(found: Found) -> Iterator[Block]:
    total = sum(found.lifecycles.values())
    lines = sum(found.lines.values())
    if not total and not lines:
        yield Sentence("No lead and no line of spend differs.")
        return
    yield Heading("Why")
    table = Table(
        "What differs, by cause",
        (Column("cause"), *right("lifecycles", "lines of spend")),
    )
    for cause, words in CAUSES.items():
        counts = [side.get(cause, 0) for side in (found.lifecycles, found.lines)]
        if any(counts):
            table.add(words, *(f"{count:,}" if count else "" for count in counts))
    yield table


def _monthly(found: Found, everything: bool) -> Iterator[Block]:
    yield Heading("Metrics by month of hand-off")
    rows = shown(found.monthly, everything)
    if rows:
        yield _table("Metrics by month of hand-off", "month", rows)
    if not everything:
        months = {one.period for one in rows} - {ALL}
        yield Sentence(
            f"{without_difference(found.months - len(months), found.months)}."
        )
    yield from _cancelled(found.monthly, everything)


def _spend(found: Found, everything: bool) -> Iterator[Block]:
    yield Heading("Spend by fiscal period")
    rows = shown(found.spend, everything)
    if rows:
        yield _table("Spend by fiscal period", "period", rows)
    else:
        yield Sentence("No period's sum differs.")
    yield from _cancelled(found.spend, everything)
    yield from _shifted(found, everything)


def _shifted(found: Found, everything: bool) -> Iterator[Block]:
    if not found.shifted:
        return
    yield Heading("Spend that another campaign has")
    table = Table(
        "Spend that another campaign has",
        (
            Column("period", min_width=7),
            Column("in A"),
            Column("in B"),
            *right("amount"),
            Column("because of"),
        ),
    )
    shown = found.shifted if everything else found.shifted[:MOST_SHIFTED]
    last = None
    for one in shown:
        table.add(
            Cell((one.period,), is_repeated=last == one.period),
            one.before or NO_CAMPAIGN,
            one.after or NO_CAMPAIGN,
            f"{one.amount:,.2f}",
            one.cause.replace("_", " "),
            starts_section=last != one.period,
        )
        last = one.period
    yield table
    hidden = len(found.shifted) - len(shown)
    if hidden:
        yield Sentence(f"{hidden:,} more: --all shows them.")


def _cancelled(moved: Sequence[Moved], everything: bool) -> Iterator[Block]:
    """What is the same number, though not of the same leads or lines."""
    same = [one for one in moved if not one.metric.differs]
    if same and not everything:
        yield Sentence(
            f"{plural(len(same), 'number')} more, such as "
            f"{_name(same[0])} of {same[0].period}, came out the same of other leads: "
            "--all shows what cancels out."
        )


def _name(one: Moved) -> str:
    return one.metric.name.replace("_", " ")


def _table(caption: str, period: str, rows: Sequence[Moved]) -> Table:
    table = Table(
        caption,
        (
            Column(period, min_width=7),
            Column("metric"),
            *right("A", "B", "difference"),
            Column("because of"),
        ),
    )
    last = None
    for one in rows:
        table.add(
            Cell((one.period,), is_repeated=last == one.period),
            _name(one),
            number(one.metric, one.metric.before),
            number(one.metric, one.metric.after),
            difference(one.metric),
            _because(one),
            starts_section=last != one.period,
        )
        last = one.period
    return table


def _because(one: Moved) -> str:
    if one.metric.name == COST:
        return "spend and SALs"
    told = [
        f"{cause.replace('_', ' ')} {_amount(one, value)}"
        for cause, value in sorted(
            one.causes.items(), key=lambda item: (-abs(item[1]), item[0])
        )
    ]
    return ", ".join(told)


def _amount(one: Moved, value: Decimal) -> str:
    if not one.is_sum:
        return plural(int(value), "lead")
    return f"{value:+,.0f}" if value == int(value) else f"{value:+,.2f}"


# For programs.


def as_json(found: Found, everything: bool = False) -> str:
    """All of it as one object; rates as shares. `causes` add up to `difference` where
    `causes_are` says so, and count leads otherwise."""
    pair = found.pair
    told = {
        "a": _side(pair.before),
        "b": _side(pair.after),
        "definition_differs_in": pair.definition,
        "is_other_program": pair.is_other_program,
        "lifecycles": dict(found.lifecycles),
        "lines_of_spend": dict(found.lines),
        "monthly": [_told(one) for one in shown(found.monthly, everything)],
        "spend": [_told(one) for one in shown(found.spend, everything)],
        "spend_of_another_campaign": [
            {
                "period": one.period,
                "a": one.before,
                "b": one.after,
                "amount": float(one.amount),
                "cause": one.cause,
            }
            for one in found.shifted
        ],
    }
    return in_json(json.dumps(told, ensure_ascii=False, indent=2))


def _side(side: Kept) -> dict[str, Any]:
    said = side.publication
    return {
        "id": side.id,
        "as_of": said.as_of,
        "built_at": said.built_at,
        "run_id": said.run_id,
        "version": said.version,
        "definition_version": said.definition_version,
        "definition_fingerprint": said.definition_fingerprint,
    }


def _told(one: Moved) -> dict[str, Any]:
    before, after = one.metric.before, one.metric.after
    return {
        "period": one.period,
        "metric": one.metric.name,
        "a": before,
        "b": after,
        "difference": _difference(before, after),
        "causes": {cause: float(value) for cause, value in one.causes.items()},
        "causes_are": "parts of the difference" if one.is_sum else "leads",
    }


def _difference(before: float | None, after: float | None) -> float | None:
    """Without the digits in which floats are not exact."""
    return None if before is None or after is None else round(after - before, 9)
