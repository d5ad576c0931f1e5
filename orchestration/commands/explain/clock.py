"""The business-hours clock of a hand-off, step by step."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from orchestration.commands.explain.facts import Opening, Pass


@dataclass(frozen=True)
class Step:
    """What one opening counts."""

    opened_at: datetime
    closed_at: datetime
    counts_from: datetime
    counts_until: datetime
    hours: float
    hours_so_far: float


@dataclass(frozen=True)
class Stop:
    """What ended the clock, or that nothing did."""

    by: str
    """acceptance, exit, response, due (it ran out) or nothing (it still runs)."""
    stopped_at: datetime
    hours: float
    """Opening hours that had been counted by then."""


def steps(
    starts_at: datetime, sla_hours: float, openings: Iterable[Opening]
) -> list[Step]:
    """The openings from the hand-off until the policy's hours have elapsed.

    The last one ends at the due time, which may be a closing time.
    """
    found: list[Step] = []
    left = timedelta(hours=sla_hours)
    so_far = timedelta()
    for opening in sorted(openings, key=lambda opening: opening.opened_at):
        if left <= timedelta():
            break
        begins = max(opening.opened_at, starts_at)
        if begins >= opening.closed_at:
            continue
        ends = min(opening.closed_at, begins + left)
        left -= ends - begins
        so_far += ends - begins
        found.append(
            Step(
                opened_at=opening.opened_at,
                closed_at=opening.closed_at,
                counts_from=begins,
                counts_until=ends,
                hours=_hours(ends - begins),
                hours_so_far=_hours(so_far),
            )
        )
    return found


def due(
    starts_at: datetime, sla_hours: float, openings: Iterable[Opening]
) -> datetime | None:
    """When the hours have elapsed; none where the openings do not suffice."""
    if sla_hours == 0:
        return starts_at
    counted = steps(starts_at, sla_hours, openings)
    if not counted or counted[-1].hours_so_far < sla_hours - 1e-6:
        return None
    return counted[-1].counts_until


def hours_open(
    starts_at: datetime, until: datetime, openings: Sequence[Opening]
) -> float:
    """Opening hours between two instants."""
    spans = (
        min(opening.closed_at, until) - max(opening.opened_at, starts_at)
        for opening in openings
    )
    return _hours(sum((span for span in spans if span > timedelta()), timedelta()))


def stop(handed: Pass, as_of: datetime) -> Stop:
    """What came first: acceptance, exit, response, the next owner or the due time.

    At the due time itself they are still in time.
    """
    response_at = handed.responded_at if handed.is_last else handed.owner_response_at
    candidates = [
        (handed.accepted_at, 0, "acceptance"),
        (handed.exited_at, 1, "exit"),
        (handed.next_passed_at, 3, "next owner"),
    ]
    if handed.policy.touches_stop_clock:
        candidates.append((response_at, 2, "response"))
    if handed.due_at is not None and handed.due_at <= as_of:
        candidates.append((handed.due_at, 4, "due"))
    happened = [found for found in candidates if found[0] is not None]
    if not happened:
        return Stop(
            "nothing", as_of, hours_open(handed.passed_at, as_of, handed.openings)
        )
    first_at, _, by = min(happened)
    # A pass that goes to the next owner at its very due time was ignored.
    if by == "next owner" and first_at == handed.due_at:
        by = "due"
    return Stop(by, first_at, hours_open(handed.passed_at, first_at, handed.openings))


def _hours(span: timedelta) -> float:
    return span / timedelta(hours=1)
