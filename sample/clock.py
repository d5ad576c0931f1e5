"""Instants of the sample: whole seconds of UTC, and Tokyo business time.

Everything here is integer arithmetic, so the same seed gives the same bytes
on any machine.
"""

from __future__ import annotations

import csv
from bisect import bisect_right
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

DAY = 86_400
TOKYO = 9 * 3_600
OPENING = 9 * 3_600
BUSINESS_DAY = 9 * 3_600
EPOCH = date(1970, 1, 1)

TIMES = [
    f"{second // 3600:02d}:{second // 60 % 60:02d}:{second % 60:02d}"
    for second in range(DAY)
]


def utc(text: str) -> int:
    """Seconds of UTC for a wall-clock text of Tokyo, `YYYY-MM-DD HH:MM`."""
    local = datetime.strptime(text, "%Y-%m-%d %H:%M")
    return int(local.replace(tzinfo=UTC).timestamp()) - TOKYO


class Dates(dict[int, str]):
    """Day number → ISO date, each made once."""

    def __missing__(self, day: int) -> str:
        text = (EPOCH + timedelta(days=day)).isoformat()
        self[day] = text
        return text


DATES = Dates()


def seconds_text(instant: int) -> str:
    """As Fivetran writes a Salesforce datetime: `2026-04-01 00:30:00`."""
    return DATES[instant // DAY] + " " + TIMES[instant % DAY]


def millis_text(instant: int) -> str:
    """As Fivetran writes a Marketo datetime: `2026-04-01 00:30:00.000`."""
    return DATES[instant // DAY] + " " + TIMES[instant % DAY] + ".000"


def utc_date_text(instant: int) -> str:
    return DATES[instant // DAY]


def tokyo_date_text(instant: int) -> str:
    return DATES[(instant + TOKYO) // DAY]


def synced_text(instant: int) -> str:
    """The next quarter-day sync after an instant."""
    return seconds_text(instant - instant % 21_600 + 21_600 + 437)


class BusinessClock:
    """Weekdays 09:00–18:00 in Tokyo without the seed's closing days."""

    def __init__(self, holidays: set[date], first: date, last: date) -> None:
        self.first_day = (first - EPOCH).days
        self.open_days: list[int] = []
        for number in range(self.first_day, (last - EPOCH).days + 1):
            day = EPOCH + timedelta(days=number)
            if day.weekday() < 5 and day not in holidays:
                self.open_days.append(number)

    @classmethod
    def from_seed(cls, path: Path) -> BusinessClock:
        with path.open(encoding="utf-8", newline="") as file:
            holidays = {
                date.fromisoformat(row["holiday_date"])
                for row in csv.DictReader(file)
                if row["calendar_id"] == "japan"
            }
        return cls(holidays, date(2024, 1, 1), date(2028, 12, 31))

    def position(self, instant: int) -> int:
        """Business seconds elapsed since the first opening."""
        local = instant + TOKYO
        day = local // DAY
        index = bisect_right(self.open_days, day) - 1
        if index < 0:
            return 0
        if self.open_days[index] != day:
            return (index + 1) * BUSINESS_DAY
        into = min(max(local % DAY - OPENING, 0), BUSINESS_DAY)
        return index * BUSINESS_DAY + into

    def instant(self, position: int) -> int:
        """The instant at which so many business seconds have elapsed."""
        index, into = divmod(position, BUSINESS_DAY)
        return self.open_days[index] * DAY + OPENING + into - TOKYO

    def after(self, instant: int, hours: float) -> int:
        """So many business hours later, always inside opening hours."""
        return self.instant(self.position(instant) + int(hours * 3_600))
