"""A small company in Salesforce, as the loaders of three days bring it.

Each day is a list of rows that are new or others, by table, with when they were
synced. `as_files` is the same company as a folder of exports, each row as it was
told last.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

START = datetime(2026, 4, 1, 1, 0, tzinfo=UTC)
AS_OF = "2026-05-15 00:00:00"
SYNC = datetime(2026, 4, 10, tzinfo=UTC)
"""Of the first day; everything of a day shares an instant, but for what is late."""

REP, MARKETER = "005000000000001AAA", "005000000000002AAA"

Row = dict[str, Any]


@dataclass(frozen=True)
class Told:
    """A row as a loader wrote it."""

    table: str
    row: Row
    synced: datetime
    is_deleted: bool = False


def lead_id(number: int) -> str:
    return f"00Q{number:012d}AAA"


def lead(number: int, status: str, day: int, **more: Any) -> Row:
    created = START + timedelta(hours=5 * number)
    return {
        "id": lead_id(number),
        "name": f"Lead {number} 佐藤" if number % 2 else f'Lead "{number}", Jr.',
        "email": f"lead{number}@example{number % 7}.jp",
        "company": ("株式会社サンプル", None)[number % 2],
        "status": status,
        "owner_id": REP,
        "lead_source": ("展示会", "Web", None)[number % 3],
        "created_date": created,
        "created_by_id": MARKETER,
        "last_modified_date": START + timedelta(days=day, hours=number),
        "is_deleted": False,
        "master_record_id": None,
        "score_c": 10.5 * number,
        **more,
    }


def _change(number: int, step: int, old: str, new: str, field: str = "Status") -> Row:
    return {
        "id": f"017{number:09d}{step:03d}AAA",
        "lead_id": lead_id(number),
        "field": field,
        "old_value": old,
        "new_value": new,
        "created_date": START + timedelta(hours=5 * number, days=step),
        "created_by_id": MARKETER if step < 3 else REP,
        "is_deleted": False,
    }


def _task(number: int, **more: Any) -> Row:
    at = START + timedelta(hours=5 * number, days=2, minutes=30)
    return {
        "id": f"00T{number:012d}AAA",
        "who_id": lead_id(number),
        "owner_id": REP,
        "type": "Call",
        "status": "Completed",
        "is_closed": True,
        "created_date": at,
        "completed_date_time": at,
        "is_deleted": False,
        **more,
    }


def days() -> Iterator[list[Told]]:
    """Three days of syncs."""
    first, second, third = (SYNC + timedelta(days=day) for day in range(3))
    yield [
        *(
            Told("user", {"id": key, "name": name, "is_active": True}, first)
            for key, name in ((REP, "Sato 佐藤"), (MARKETER, "Tanaka"))
        ),
        *(Told("lead", lead(number, "MQL", 1), first) for number in range(1, 25)),
        *(
            Told("lead_history", _change(number, 1, "Open", "MQL"), first)
            for number in range(1, 25)
        ),
    ]
    yield [
        # The same instant as on the first day, and a little before it: late.
        Told("lead", lead(25, "MQL", 1), first),
        Told("lead_history", _change(25, 1, "Open", "MQL"), first),
        Told("lead", lead(26, "Open", 1), first - timedelta(minutes=30)),
        *(
            Told("lead", lead(number, "Handed Off", 2), second)
            for number in range(1, 13)
        ),
        *(
            Told("lead_history", _change(number, 2, "MQL", "Handed Off"), second)
            for number in range(1, 13)
        ),
        *(Told("task", _task(number), second) for number in range(1, 7)),
        # What was filled is blank now.
        Told("lead", lead(20, "MQL", 2, lead_source=None), second),
    ]
    merged = {"is_deleted": True, "master_record_id": lead_id(1)}
    yield [
        Told("lead", lead(2, "Handed Off", 3, **merged), third),
        Told("lead", lead(1, "Accepted", 3), third),
        Told("lead_history", _change(1, 3, "Handed Off", "Accepted"), third),
        Told("lead", lead(3, "Rejected", 3), third),
        Told("lead_history", _change(3, 3, "Handed Off", "Rejected"), third),
        # Deleted: by Salesforce, as its loader says; and a task.
        Told("lead", lead(21, "MQL", 1), third, is_deleted=True),
        Told("task", _task(6), third, is_deleted=True),
        Told("user", {"id": REP, "name": "Suzuki", "is_active": True}, third),
    ]


VANISHED = ("lead_history", f"017{1:09d}{1:03d}AAA")
"""A row that the database has on the first two days only."""


def as_told_last() -> dict[tuple[str, str], Told]:
    return {(told.table, told.row["id"]): told for day in days() for told in day}


def as_files(folder: Path) -> Path:
    """The company as exports: text in CSV, by the names that Fivetran uses."""
    rows: dict[str, list[Row]] = {}
    for told in as_told_last().values():
        rows.setdefault(told.table, []).append(
            {
                **told.row,
                "_fivetran_deleted": told.is_deleted,
                "_fivetran_synced": told.synced,
            }
        )
    for table, told_rows in rows.items():
        path = folder / "salesforce" / f"{table}.csv"
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("w", encoding="utf-8", newline="") as lines:
            writer = csv.DictWriter(lines, list(told_rows[0]))
            writer.writeheader()
            writer.writerows(
                {name: _said(value) for name, value in row.items()} for row in told_rows
            )
    return folder


def _said(value: Any) -> str:
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M:%S")
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value)
