"""What a plan is made of: the published marts, and what they do not know."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import duckdb

from orchestration.commands.finance.published import rows
from orchestration.errors import LeadFunnelError, listed, meant

MONTHS_OF_RATES = 12
"""A SAL rate is of the settled hand-offs of so many months before the running one."""
MONTHS_OF_PACE = 3
"""Today's pace and shares of channels are of so many months and the running one."""


@dataclass(frozen=True)
class Age:
    """The hand-offs that ended or were still open at an age in business days."""

    business_days: int
    accepted: int
    settled: int
    leaving: int


@dataclass(frozen=True)
class Channel:
    name: str | None
    handed_off: int
    """In the months of the pace."""
    accepted: int
    settled: int
    """In the months of the rates."""


@dataclass(frozen=True)
class History:
    today: date
    first: date
    last: date
    already: int
    """SALs from `first` to today."""
    working_days: tuple[date, ...]
    """From the day after today to `last`."""
    ages: tuple[Age, ...]
    open_ages: tuple[tuple[int, int], ...]
    """Business days since the hand-off of those still open, and how many."""
    channels: tuple[Channel, ...]
    only: tuple[str, ...]
    """The channels that were asked for; none: all of them."""
    pace_days: int
    """Working days of the months of the pace, up to today."""
    best_pace: float
    """Hand-offs a working day in the best month that there was."""
    best_month: date
    months: int
    """Months of hand-offs that are known."""


def read(
    connection: duckdb.DuckDBPyConnection,
    first: date | None,
    last: date,
    only: list[str],
) -> History:
    today = _today(connection)
    first = first or today + timedelta(days=1)
    _check_days(connection, today, first, last)
    month = today.replace(day=1)
    channels = _channels(connection, month, only)
    best_month, best_pace = _best_pace(connection, today, only)
    [counted] = rows(
        connection,
        "select coalesce(sum(accepted), 0)::bigint as sals "
        "from marts.mart_funnel_period where origin = 'marketing' "
        "and entered_date between ? and ? and (? or list_contains(?, channel))",
        first,
        today,
        not only,
        only,
    )
    [known] = rows(
        connection,
        "select count(*)::bigint as months from marts.mart_funnel_monthly "
        "where period_type = 'month' and dimension = 'all'",
    )
    return History(
        today=today,
        first=first,
        last=last,
        already=counted["sals"],
        working_days=tuple(_working_days(connection, today + timedelta(days=1), last)),
        ages=_ages(connection, month),
        open_ages=_open_ages(connection, only),
        channels=channels,
        only=tuple(only),
        pace_days=len(_working_days(connection, _back(month, MONTHS_OF_PACE), today)),
        best_pace=best_pace,
        best_month=best_month,
        months=known["months"],
    )


def _today(connection: duckdb.DuckDBPyConnection) -> date:
    found = rows(connection, "select max(date_day) as day from marts.mart_pacing "
                 "where is_today")  # fmt: skip
    day: date | None = found[0]["day"]
    if day is None:
        raise LeadFunnelError(
            "No lead is in what is published, so nothing can be planned by it: "
            "`lead-funnel run` reads your exports."
        )
    return day


def _check_days(
    connection: duckdb.DuckDBPyConnection, today: date, first: date, last: date
) -> None:
    if last <= today:
        raise LeadFunnelError(
            f"--by is {last}, but the data reaches {today} already: name a day after "
            "it."
        )
    if first > last:
        raise LeadFunnelError(f"--since is {first}, which is after --by, {last}.")
    if first > today + timedelta(days=1):
        raise LeadFunnelError(
            f"--since is {first}, and the data ends on {today}: what is handed over "
            "between the two would count for neither. Leave --since away, or name a "
            "day that has been."
        )
    [reach] = rows(connection, "select max(date_day) as day from marts.dim_dates")
    if last > reach["day"]:
        raise LeadFunnelError(
            f"--by is {last}, but the calendar that is published ends on "
            f"{reach['day']}: nobody knows the holidays after it. Plan up to then."
        )


def _back(month: date, number: int) -> date:
    months = month.year * 12 + month.month - 1 - number
    return date(months // 12, months % 12 + 1, 1)


def _working_days(
    connection: duckdb.DuckDBPyConnection, first: date, last: date
) -> list[date]:
    found = rows(
        connection,
        "select date_day from marts.dim_dates where date_day between ? and ? "
        "and not is_weekend and not is_holiday order by 1",
        first,
        last,
    )
    return [row["date_day"] for row in found]


def _ages(connection: duckdb.DuckDBPyConnection, month: date) -> tuple[Age, ...]:
    found = rows(
        connection,
        "select business_days, sum(accepted)::bigint as accepted, "
        "sum(accepted + rejected + ignored + withdrawn)::bigint as settled, "
        "sum(accepted + rejected + ignored + withdrawn + censored)::bigint as leaving "
        "from marts.mart_acceptance_curve "
        "where cohort_month_date >= ? and cohort_month_date < ? group by 1 order by 1",
        _back(month, MONTHS_OF_RATES),
        month,
    )
    if not any(row["accepted"] for row in found):
        raise LeadFunnelError(
            f"Nothing was accepted of what was handed over in the {MONTHS_OF_RATES} "
            f"months before {month:%Y-%m}, so nobody can say what a hand-off gives: "
            "a plan needs a month with acceptances that is over."
        )
    return tuple(Age(**row) for row in found)


def _open_ages(
    connection: duckdb.DuckDBPyConnection, only: list[str]
) -> tuple[tuple[int, int], ...]:
    # The curve is of all channels; where some are asked for, the open ones are
    # theirs.
    found = rows(
        connection,
        "select age_business_days as age, count(*)::bigint as number "
        "from marts.fct_lead_lifecycles where outcome = 'pending' "
        "and (? or list_contains(?, channel)) group by 1 order by 1",
        not only,
        only,
    )
    return tuple((row["age"], row["number"]) for row in found)


def _channels(
    connection: duckdb.DuckDBPyConnection, month: date, only: list[str]
) -> tuple[Channel, ...]:
    found = rows(
        connection,
        "select dimension_value as name, "
        "coalesce(sum(handed_off) filter (where period_start_date >= ?), 0)::bigint "
        "as handed_off, "
        "coalesce(sum(accepted) filter (where period_start_date < ?), 0)::bigint "
        "as accepted, "
        "coalesce(sum(handed_off - pending) filter (where period_start_date < ?), 0)"
        "::bigint as settled "
        "from marts.mart_funnel_monthly "
        "where period_type = 'month' and dimension = 'channel' "
        "and period_start_date >= ? group by 1 order by 1",
        _back(month, MONTHS_OF_PACE),
        month,
        month,
        _back(month, MONTHS_OF_RATES),
    )
    channels = [Channel(**row) for row in found]
    names = [c.name for c in channels if c.name is not None]
    for name in only:
        if name not in names:
            raise LeadFunnelError(
                f"No hand-off of the last {MONTHS_OF_RATES} months came from the "
                f"channel {name!r}{meant(name, names)}, so nobody knows what it would "
                f"give. The channels are {listed(names, limit=20)}."
            )
    if only:
        channels = [c for c in channels if c.name in only]
    if not any(c.handed_off and c.accepted for c in channels):
        raise LeadFunnelError(
            f"Nothing was handed over in the last {MONTHS_OF_PACE} months from a "
            "channel of which sales accepts anything, so there is no rate to plan "
            "with: name channels with --channel that do come, or read newer exports."
        )
    return tuple(channels)


def _best_pace(
    connection: duckdb.DuckDBPyConnection, today: date, only: list[str]
) -> tuple[date, float]:
    """The month with the most hand-offs a working day, the running one aside."""
    found = rows(
        connection,
        "with days as (select month_start_date, count(*) as working_days "
        "from marts.dim_dates where not is_weekend and not is_holiday group by 1), "
        "months as (select date_trunc('month', entered_date)::date as month, "
        "sum(handed_off) as handed_off from marts.mart_funnel_period "
        "where origin = 'marketing' and (? or list_contains(?, channel)) group by 1) "
        "select month, (handed_off / working_days)::double as pace "
        "from months inner join days on month = month_start_date "
        "where month < ? order by pace desc, month limit 1",
        not only,
        only,
        today.replace(day=1),
    )
    [best] = found or [{"month": today.replace(day=1), "pace": 0.0}]
    return best["month"], best["pace"]
