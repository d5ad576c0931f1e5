"""Japan's closing days, the special years included."""

from __future__ import annotations

import csv
from collections import Counter
from datetime import date, timedelta
from pathlib import Path

import pytest

SEED = Path(__file__).parents[2] / "seeds" / "holidays.csv"


def read() -> list[tuple[date, str]]:
    with SEED.open(encoding="utf-8", newline="") as file:
        return [
            (date.fromisoformat(row["holiday_date"]), row["name"])
            for row in csv.DictReader(file)
            if row["calendar_id"] == "japan"
        ]


def test_one_row_per_day_in_order() -> None:
    days = [day for day, _ in read()]
    assert days == sorted(set(days))
    assert {day.year for day in days} == set(range(2010, 2036))


def test_every_year_closes_from_29_december_to_3_january() -> None:
    days = {day for day, _ in read()}
    for year in range(2010, 2036):
        for month, number in [(1, 1), (1, 2), (1, 3), (12, 29), (12, 30), (12, 31)]:
            assert date(year, month, number) in days


@pytest.mark.parametrize(
    ("year", "public_holidays"),
    # The count of the Cabinet Office's list for the year.
    [(2019, 22), (2020, 18), (2021, 17), (2025, 19), (2026, 18)],
)
def test_public_holidays_of_a_year(year: int, public_holidays: int) -> None:
    names = [name for day, name in read() if day.year == year and name != "年末年始"]
    assert len(names) == public_holidays


@pytest.mark.parametrize(
    ("day", "is_closed"),
    [
        ("2019-04-30", True),  # between Showa Day and the accession
        ("2019-05-01", True),  # accession
        ("2019-05-02", True),
        ("2019-10-22", True),  # enthronement
        ("2020-07-23", True),  # Marine Day, moved for the games
        ("2020-07-24", True),
        ("2020-07-20", False),
        ("2020-08-10", True),
        ("2020-08-11", False),
        ("2021-07-22", True),
        ("2021-07-23", True),
        ("2021-08-09", True),  # substitute of Mountain Day
        ("2021-10-11", False),
        ("2026-09-22", True),  # between Respect for the Aged and the equinox
        ("2019-12-23", False),  # the former Emperor's birthday
        ("2019-02-23", False),
    ],
)
def test_special_days(day: str, is_closed: bool) -> None:
    assert (date.fromisoformat(day) in {day for day, _ in read()}) is is_closed


def test_a_holiday_on_a_sunday_is_made_up_for() -> None:
    found = read()
    days = {day for day, _ in found}
    names = Counter(name for _, name in found)
    assert names["国民の休日"] == 5
    for day, name in found:
        if day.weekday() == 6 and name != "年末年始" and "振替" not in name:
            assert day + timedelta(days=1) in days
