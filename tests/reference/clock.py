"""The business-hours clock (semantics.md §5), walked opening by opening."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from tests.reference.parsing import to_local, to_utc

DAY = timedelta(days=1)
PATIENCE_DAYS = 366 * 30


class BusinessCalendar:
    """Weekly opening hours of one place, without its holidays."""

    def __init__(
        self,
        zone: str,
        weekly: list[tuple[int, timedelta, timedelta]],
        holidays: set[date],
    ) -> None:
        self.zone = zone
        self.holidays = holidays
        self.weekly: dict[int, list[tuple[timedelta, timedelta]]] = {}
        for weekday, opens, closes in weekly:
            until = closes if closes > opens else closes + DAY
            self.weekly.setdefault(weekday, []).append((opens, until))
        self._days: dict[date, list[tuple[datetime, datetime]]] = {}

    def _day(self, day: date) -> list[tuple[datetime, datetime]]:
        if day not in self._days:
            midnight = datetime(day.year, day.month, day.day)
            openings = []
            if day not in self.holidays:
                for opens, closes in self.weekly.get(day.isoweekday(), []):
                    openings.append(
                        (
                            to_utc(midnight + opens, self.zone),
                            to_utc(midnight + closes, self.zone),
                        )
                    )
            self._days[day] = sorted(openings)
        return self._days[day]

    def openings(self, since: datetime) -> Iterator[tuple[datetime, datetime]]:
        """What is left of each opening from `since` on, never twice."""
        if not self.weekly:
            return
        day = to_local(since, self.zone).date() - DAY
        reached = since
        for _ in range(PATIENCE_DAYS):
            for opens, closes in self._day(day):
                opens = max(opens, reached)
                if opens < closes:
                    reached = closes
                    yield opens, closes
            day += DAY

    def due(self, since: datetime, hours: float) -> datetime | None:
        """The earliest instant by which that many open hours elapsed."""
        left = timedelta(hours=hours)
        if left <= timedelta(0):
            return since
        for opens, closes in self.openings(since):
            if closes - opens >= left:
                return opens + left
            left -= closes - opens
        return None

    def hours_between(self, since: datetime, until: datetime) -> float:
        """Open hours from one instant to another."""
        open_time = timedelta(0)
        for opens, closes in self.openings(since):
            if opens >= until:
                break
            open_time += min(closes, until) - opens
        return open_time.total_seconds() / 3600
