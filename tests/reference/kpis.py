"""Targets, pacing and the worth of a score, one lead and one day at a time.

Made of the published lifecycles, which the reference of §1 to §5 holds, of the
seeds' rows and of nothing else. Dates are days in Tokyo.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from fractions import Fraction
from math import ceil, sqrt
from typing import Any

Z = 1.959963984540054
TOKYO = timedelta(hours=9)
DAY = timedelta(days=1)
Row = dict[str, Any]

DIMENSIONS = {
    "channel": "channel",
    "campaign": "last_campaign_id",
    "team": "team",
    "owner": "owner_id",
    "definition_version": "definition_version",
}
MILESTONES = {
    "mql": "mql_at",
    "handed_off": "handed_off_at",
    "accepted": "accepted_at",
    "sql": "sql_at",
    "opportunity": "opportunity_at",
}


@dataclass(frozen=True)
class Target:
    metric: str
    dimension: str
    value: str
    since: date
    target: Fraction
    marketing_owner: str | None
    sales_owner: str | None


@dataclass(frozen=True)
class Period:
    start: date
    end: date
    year: int
    quarter: int


@dataclass
class Company:
    """What the numbers are made of."""

    lifecycles: list[Row]
    targets: list[Target]
    holidays: set[date]
    periods: list[Period] = field(default_factory=list)
    bands: list[tuple[str, float | None]] = field(default_factory=list)

    @property
    def today(self) -> date:
        return in_tokyo(self.lifecycles[0]["as_of"])

    def period_of(self, day: date) -> Period:
        """A fiscal period of the company's own, else the calendar month."""
        for period in self.periods:
            if period.start <= day <= period.end:
                return period
        start = day.replace(day=1)
        number = (day.month - 4) % 12
        year = day.year - (day.month < 4)
        return Period(start, month_after(start) - DAY, year, number // 3 + 1)

    def is_working(self, day: date) -> bool:
        return day.weekday() < 5 and day not in self.holidays

    def entries(self) -> Iterator[tuple[str, date, Row]]:
        """Each metric's entries; an MQL counts whatever becomes of it."""
        for row in self.lifecycles:
            is_marketing = row["origin"] == "marketing"
            for metric, column in MILESTONES.items():
                if row[column] and (is_marketing or metric == "mql"):
                    yield metric, in_tokyo(row[column]), row
            if is_marketing and row["exit_stage"] == "won":
                yield "won", in_tokyo(row["exited_at"]), row

    def handoffs(self) -> list[Row]:
        return [r for r in self.lifecycles if r["origin"] == "marketing"]


def in_tokyo(instant: datetime) -> date:
    return (instant + TOKYO).date()


def month_after(day: date) -> date:
    return (day.replace(day=28) + 4 * DAY).replace(day=1)


def month_of(row: Row) -> date:
    return in_tokyo(row["handed_off_at"]).replace(day=1)


def values(row: Row) -> dict[str, str | None]:
    return {"all": "all"} | {name: row[c] for name, c in DIMENSIONS.items()}


def days(start: date, end: date) -> Iterator[date]:
    while start <= end:
        yield start
        start += DAY


def wilson(successes: int, trials: int) -> tuple[float, float]:
    share = successes / trials
    centre = share + Z * Z / (2 * trials)
    half = Z * sqrt(share * (1 - share) / trials + Z * Z / (4 * trials**2))
    whole = 1 + Z * Z / trials
    return max(0.0, (centre - half) / whole), min(1.0, (centre + half) / whole)


# Scorecard


def targets_in_force(company: Company) -> dict[tuple, Target]:
    """By month, metric, dimension and value: the last one since its first day."""
    every_entry = [
        in_tokyo(row[column])
        for row in company.lifecycles
        for column in ("inquiry_at", *MILESTONES.values(), "tal_at", "exited_at")
        if row[column]
    ]
    month = min(every_entry).replace(day=1)
    found: dict[tuple, Target] = {}
    while company.period_of(month).year <= company.period_of(company.today).year:
        for target in sorted(company.targets, key=lambda t: t.since):
            if target.since <= month:
                found[month, target.metric, target.dimension, target.value] = target
        month = month_after(month)
    return found


def months_back(day: date, number: int) -> date:
    months = day.year * 12 + day.month - 1 - number
    return date(months // 12, months % 12 + 1, 1)


def needed(company: Company, month: date, target: Target) -> Row:
    """§6's SAL rate turned round: how many hand-offs a target of SALs takes."""
    now = company.today.replace(day=1)
    before = [
        row["outcome"]
        for row in company.handoffs()
        if row["outcome"] not in ("pending", "withdrawn")
        and values(row)[target.dimension] == target.value
        and months_back(month, 12) <= month_of(row) < min(month, now)
    ]
    accepted = before.count("accepted")
    row: Row = dict.fromkeys(
        ("needed_handoffs", "needed_handoffs_lower", "needed_handoffs_upper")
    )
    row["expected_sal_rate"] = accepted / len(before) if before else None
    if accepted:
        lower, upper = wilson(accepted, len(before))
        row["needed_handoffs"] = ceil(target.target * len(before) / accepted)
        row["needed_handoffs_lower"] = ceil(float(target.target) / upper)
        row["needed_handoffs_upper"] = ceil(float(target.target) / lower)
    return row


def scorecard(company: Company, rate: Callable[[str, list[Row]], Any]) -> dict:
    """Every row of mart_kpi_scorecard; `rate` gives a rate of some hand-offs."""
    entered: dict[tuple, int] = defaultdict(int)
    for metric, day, row in company.entries():
        for dimension, value in values(row).items():
            entered[day.replace(day=1), metric, dimension, value] += 1
    found = {}
    for key, target in targets_in_force(company).items():
        month, metric, dimension, value = key
        row: Row = {
            "target": target.target,
            "marketing_owner": target.marketing_owner,
            "sales_owner": target.sales_owner,
        }
        is_over = month < company.today.replace(day=1)
        if metric in (*MILESTONES, "won"):
            row["basis"] = "period"
            row["actual"] = entered[key] if month <= company.today else None
            row["is_final"] = is_over
        else:
            cohort = [
                r
                for r in company.handoffs()
                if month_of(r) == month and values(r)[dimension] == value
            ]
            row["basis"] = "cohort"
            row["actual"] = rate(metric, cohort)
            open_ones = any(r["outcome"] == "pending" for r in cohort)
            row["is_final"] = is_over and not open_ones
        if metric == "accepted":
            handed_off = entered[month, "handed_off", dimension, value]
            row |= needed(company, month, target)
            row["handed_off"] = handed_off
            row["missing_handoffs"] = (
                None
                if row["needed_handoffs"] is None
                else max(row["needed_handoffs"] - handed_off, 0)
            )
        found[key] = row
    return found


# Pacing


def period_of(company: Company, period_type: str, day: date) -> tuple[date, date]:
    """The days around a day that are of the same period or quarter."""

    def key(of: date) -> object:
        period = company.period_of(of)
        if period_type == "fiscal_period":
            return period
        return period.year, period.quarter

    start = end = day
    while key(start - DAY) == key(day):
        start -= DAY
    while key(end + DAY) == key(day):
        end += DAY
    return start, end


def by_working_day(
    company: Company, span: tuple[date, date], number: int, entered: dict[date, int]
) -> int:
    """How many a period had when its working day of that number was over."""
    start, end = span
    worked, counted, waiting = 0, 0, 0
    for day in days(start, end):
        if company.is_working(day):
            worked += 1
            if worked > number:
                return counted
            counted += waiting
            waiting = 0
            counted += entered.get(day, 0)
        else:
            waiting += entered.get(day, 0)
    return counted + waiting


def target_to_date(
    company: Company, key: tuple[str, str, str | None], start: date, day: date
) -> float | None:
    in_force = targets_in_force(company)
    total, known = Fraction(0), False
    for each in days(start, day):
        month = each.replace(day=1)
        target = in_force.get((month, *key))
        if target is None:
            continue
        known = True
        if company.is_working(each):
            whole = sum(map(company.is_working, days(month, month_after(month) - DAY)))
            total += target.target / whole
    return float(total) if known else None


def pacing(company: Company, period_type: str, day: date) -> dict[tuple, Row]:
    """The rows of one day of mart_pacing, by metric, dimension and value."""
    span = period_of(company, period_type, day)
    first = min(
        in_tokyo(row[c])
        for row in company.lifecycles
        for c in ("inquiry_at", *MILESTONES.values(), "tal_at", "exited_at")
        if row[c]
    )
    before: list[tuple[date, date]] = []
    while len(before) < 4:
        earlier = period_of(company, period_type, (before or [span])[-1][0] - DAY)
        if earlier[1] < first:
            break
        before.append(earlier)
    entered: dict[tuple, dict[date, int]] = defaultdict(lambda: defaultdict(int))
    for metric, at, row in company.entries():
        for dimension, value in values(row).items():
            entered[metric, dimension, value][at] += 1
    number = sum(map(company.is_working, days(span[0], day)))
    found = {}
    for key, counts in entered.items():
        past = [by_working_day(company, each, number, counts) for each in before]
        found[key] = {
            "working_day_no": number,
            "actual": (
                sum(n for at, n in counts.items() if span[0] <= at <= day)
                if day <= company.today
                else None
            ),
            "previous": past[0] if past else None,
            "mean_of_last_4": sum(past) / len(past) if past else None,
            "periods_compared": len(past),
            "target_to_date": target_to_date(company, key, span[0], day),
            "ever": target_to_date(company, key, *span) is not None
            or any(
                start <= at <= end
                for at, n in counts.items()
                if n
                for start, end in (span, *before)
            ),
        }
    return found


# The worth of a score


def band_of(company: Company, score: float) -> str:
    """The band with the highest lower bound that the score reaches."""
    bands = sorted(company.bands, key=lambda b: -1e300 if b[1] is None else b[1])
    reached = [name for name, bound in bands[1:] if score >= bound]
    return reached[-1] if reached else bands[0][0]


def auc(pairs: Iterable[tuple[float, bool]]) -> float | None:
    """Every accepted against every other one, a tie half."""
    pairs = list(pairs)
    accepted = [score for score, is_accepted in pairs if is_accepted]
    others = [score for score, is_accepted in pairs if not is_accepted]
    if not accepted or not others:
        return None
    won = sum(
        1.0 if a > b else 0.5 if a == b else 0.0 for a in accepted for b in others
    )
    return won / (len(accepted) * len(others))


def best_threshold(
    leads: list[tuple[float, bool]], target: Fraction
) -> tuple[float, int, int] | None:
    """Tries every score: the lowest from which on the target is met, and the
    hand-offs and acceptances below it."""
    for threshold in sorted({score for score, _ in leads}):
        kept = [is_accepted for score, is_accepted in leads if score >= threshold]
        if Fraction(sum(kept), len(kept)) >= target:
            lost = [is_accepted for score, is_accepted in leads if score < threshold]
            return threshold, len(lost), sum(lost)
    return None


def calibration(company: Company, target: Fraction) -> tuple[dict, dict]:
    """Bands by month, and what is said of each month as a whole."""
    told = [r for r in company.handoffs() if r["outcome"] != "withdrawn"]

    def band(row: Row) -> str:
        if row["is_score_merged"]:
            return "merged scores"
        if row["score_at_handoff"] is None:
            return "no score"
        return band_of(company, row["score_at_handoff"])

    scored = [
        r
        for r in told
        if not r["is_score_merged"] and r["score_at_handoff"] is not None
    ]
    bands: dict[tuple, list[Row]] = defaultdict(list)
    for row in told:
        bands[month_of(row), band(row)].append(row)
    by_band = {}
    for (month, name), rows in bands.items():
        whole = [r for r in scored if month_of(r) == month]
        accepted = [r["outcome"] for r in rows].count("accepted")
        all_accepted = [r["outcome"] for r in whole].count("accepted")
        by_band[month, name] = {
            "handed_off": len(rows),
            "accepted": accepted,
            "pending": [r["outcome"] for r in rows].count("pending"),
            "sal_rate": accepted / len(rows),
            "lift": (
                (accepted / len(rows)) / (all_accepted / len(whole))
                if all_accepted
                else None
            ),
        }
    by_month = {}
    for month in {month_of(r) for r in scored}:
        whole = [r for r in scored if month_of(r) == month]
        settled = [r for r in whole if r["outcome"] != "pending"]
        past = [r for r in scored if month_of(r) < month and r["outcome"] != "pending"]
        errors, base_errors = [], []
        past_of: dict[str, list[bool]] = defaultdict(list)
        for row in past:
            past_of[band(row)].append(row["outcome"] == "accepted")
        all_past = [row["outcome"] == "accepted" for row in past]
        for row in settled if past else []:
            like = past_of.get(band(row)) or all_past
            came = float(row["outcome"] == "accepted")
            errors.append((sum(like) / len(like) - came) ** 2)
            base_errors.append((sum(all_past) / len(all_past) - came) ** 2)
        found = best_threshold(
            [(r["score_at_handoff"], r["outcome"] == "accepted") for r in whole], target
        )
        threshold, lost, lost_accepted = found or (None, None, None)
        by_month[month] = {
            "auc": auc(
                (r["score_at_handoff"], r["outcome"] == "accepted") for r in settled
            ),
            "brier_score": sum(errors) / len(errors) if errors else None,
            "base_brier_score": (
                sum(base_errors) / len(base_errors) if base_errors else None
            ),
            "best_threshold": threshold,
            "threshold_lost_handoffs": lost,
            "threshold_lost_accepted": lost_accepted,
            "is_mature": len(settled) == len(whole),
        }
    return by_band, by_month
