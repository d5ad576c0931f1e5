"""The sums of a plan: rates and the acceptance curve, turned round."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from math import ceil, sqrt

from orchestration.commands.plan.history import Age, Channel, History
from orchestration.intervals import Interval, Z, wilson

FEW = 30
"""A rate of fewer settled hand-offs than these is hardly known."""


@dataclass(frozen=True)
class Curve:
    """Kaplan-Meier with two ends: the shares accepted, and still open, by the end
    of an age in business days."""

    steps: tuple[tuple[int, float, float], ...]

    @property
    def final(self) -> float:
        return self.steps[-1][1]

    def accepted(self, age: int) -> float:
        return next((a for step, a, _ in reversed(self.steps) if step <= age), 0.0)

    def open(self, age: int) -> float:
        return next((o for step, _, o in reversed(self.steps) if step <= age), 1.0)

    def timely(self, age: int) -> float:
        """Of those that are accepted at all, the share that is by an age."""
        return self.accepted(age) / self.final

    def age_of(self, share: float) -> int:
        """By which age that share of the acceptances has come."""
        return next(
            step for step, accepted, _ in self.steps
            if accepted >= share * self.final - 1e-12
        )  # fmt: skip

    def later(self, age: int, days: int) -> float:
        """Chance that one still open at an age is accepted within so many days."""
        still_open = self.open(age)
        if still_open <= 0:
            return 0.0
        gained = self.accepted(age + days) - self.accepted(age)
        return min(1.0, max(0.0, gained / still_open))


@dataclass(frozen=True)
class ChannelPlan:
    channel: str | None
    share: float
    sal_rate: Interval
    settled: int
    handoffs: int
    sals: float
    pace: float
    """Hand-offs a working day of late."""


@dataclass(frozen=True)
class Plan:
    sals: int
    open_sals: float
    """SALs that are expected of what is open already."""
    missing: float
    handoffs: Interval
    chance: float
    """That a hand-off of the plan is a SAL in time."""
    a_day: float | None
    channels: tuple[ChannelPlan, ...]
    milestones: tuple[tuple[date, int], ...]
    half_after: int
    most_after: int
    """Business days by which half, and nine of ten, of the acceptances come."""
    last_day_for_most: date | None
    pace: float
    at_pace: Interval
    cautions: tuple[str, ...]


def curve_of(ages: Sequence[Age]) -> Curve:
    at_risk = sum(age.leaving for age in ages)
    accepted, still_open, steps = 0.0, 1.0, []
    for age in ages:
        accepted += still_open * age.accepted / at_risk
        still_open *= 1 - age.settled / at_risk
        at_risk -= age.leaving
        steps.append((age.business_days, accepted, still_open))
    return Curve(tuple(steps))


def handoffs_for(
    missing: float, chance: float, error: float, open_variance: float
) -> Interval:
    """How many hand-offs give so many SALs, each with that chance.

    The interval holds the chance of each hand-off, the error of the rates and the
    chance of what is open: its ends are where the number wanted is at an end of
    the interval of what they give.
    """
    if missing <= 0:
        return Interval(0.0, 0.0, 0.0)
    # (N p - missing)^2 = z^2 (N p (1 - p) + N^2 error^2 + open_variance)
    a = chance**2 - (Z * error) ** 2
    b = 2 * chance * missing + Z * Z * chance * (1 - chance)
    c = missing**2 - Z * Z * open_variance
    if a <= 0:
        return Interval(missing / chance, max(0.0, c / b), None)
    root = sqrt(max(0.0, b * b - 4 * a * c))
    return Interval(
        missing / chance, max(0.0, (b - root) / (2 * a)), (b + root) / (2 * a)
    )


def plan(history: History, sals: int) -> Plan:
    curve = curve_of(history.ages)
    days = len(history.working_days)
    chances = [(number, curve.later(age, days)) for age, number in history.open_ages]
    open_sals = sum(number * chance for number, chance in chances)
    open_variance = sum(number * chance * (1 - chance) for number, chance in chances)
    missing = sals - history.already - open_sals

    # An even pace: as many hand-offs on each working day that is left.
    timely = sum(curve.timely(days - day) for day in range(1, days + 1)) / max(days, 1)
    used = [c for c in history.channels if c.handed_off and c.settled]
    whole = sum(channel.handed_off for channel in used)
    shares = [channel.handed_off / whole for channel in used]
    rates = [wilson(channel.accepted, channel.settled) for channel in used]
    chance = timely * sum(s * r.value for s, r in zip(shares, rates, strict=True))
    error = timely * sqrt(
        sum((s * _error(r)) ** 2 for s, r in zip(shares, rates, strict=True))
    )
    needed = (
        handoffs_for(missing, chance, error, open_variance)
        if chance > 0
        else Interval(0.0, 0.0, None)
    )
    total = ceil(needed.value - 1e-9)
    pace = whole / history.pace_days if history.pace_days else 0.0
    channels = tuple(
        ChannelPlan(
            channel.name, share, rate, channel.settled, handoffs,
            handoffs * rate.value * timely,
            channel.handed_off / history.pace_days if history.pace_days else 0.0,
        )
        for channel, share, rate, handoffs in zip(
            used, shares, rates, parted(total, shares), strict=True
        )
    )  # fmt: skip
    most_after = curve.age_of(0.9)
    return Plan(
        sals=sals,
        open_sals=open_sals,
        missing=missing,
        handoffs=needed,
        chance=chance,
        a_day=total / days if days else None,
        channels=channels,
        milestones=milestones(history.working_days, total),
        half_after=curve.age_of(0.5),
        most_after=most_after,
        last_day_for_most=(
            history.working_days[-1 - most_after] if days > most_after else None
        ),
        pace=pace,
        at_pace=_at_pace(
            history.already + open_sals, pace * days, chance, error, open_variance
        ),
        cautions=tuple(
            cautions(history, used, total, chance, most_after) if missing > 0 else ()
        ),
    )  # fmt: skip


def _error(rate: Interval) -> float:
    assert rate.upper is not None
    return (rate.upper - rate.lower) / (2 * Z)


def _at_pace(
    sure: float, handoffs: float, chance: float, error: float, open_variance: float
) -> Interval:
    """What so many hand-offs would give; how many there will be is chance, too."""
    value = sure + handoffs * chance
    margin = Z * sqrt(handoffs * chance + (handoffs * error) ** 2 + open_variance)
    return Interval(value, max(0.0, value - margin), value + margin)


def parted(total: int, shares: Sequence[float]) -> list[int]:
    """A number in whole parts by shares; what is left goes to the largest rests."""
    exact = [total * share for share in shares]
    parts = [int(part) for part in exact]
    by_rest = sorted(range(len(shares)), key=lambda i: (parts[i] - exact[i], i))
    for place in by_rest[: total - sum(parts)]:
        parts[place] += 1
    return parts


def milestones(
    working_days: Sequence[date], handoffs: int
) -> tuple[tuple[date, int], ...]:
    """By the last working day of each month, how many there must have been."""
    found: dict[tuple[int, int], tuple[date, int]] = {}
    for number, day in enumerate(working_days, 1):
        so_far = ceil(handoffs * number / len(working_days) - 1e-9)
        found[day.year, day.month] = (day, so_far)
    return tuple(found.values())


def cautions(
    history: History,
    used: Sequence[Channel],
    handoffs: int,
    chance: float,
    most_after: int,
) -> list[str]:
    """What in the plan nobody has seen yet."""
    said = []
    days = len(history.working_days)
    if chance <= 0:
        return [
            "No hand-off from now on is accepted in time, as far as anybody has seen: "
            f"there is no working day left before {history.last} on which it helps."
        ]
    if days <= most_after:
        said.append(
            f"Only {days} working day{' is' if days == 1 else 's are'} left, and one "
            f"acceptance in ten takes more than {most_after}: much of what is handed "
            "over comes too late."
        )
    if days and handoffs / days > history.best_pace:
        said.append(
            f"{handoffs / days:,.1f} hand-offs a working day were never seen: the most "
            f"was {history.best_pace:,.1f}, in {history.best_month:%Y-%m}. Whether "
            "sales accepts as many of so many, no data says."
        )
    months_ahead = (history.last - history.today).days / 30.4
    if months_ahead > history.months:
        said.append(
            f"The plan reaches {months_ahead:.0f} months ahead, and only "
            f"{history.months} months are known: no season of it was seen before."
        )
    few = [str(c.name) for c in used if c.settled < FEW]
    if few:
        said.append(
            f"Fewer than {FEW} hand-offs are settled of {', '.join(few)}: their rates "
            "are hardly known."
        )
    new = [str(c.name) for c in history.channels if c.handed_off and not c.settled]
    if new:
        said.append(
            f"What {', '.join(new)} gives was never seen: no hand-off of it is old "
            "enough, so it is left out."
        )
    return said
