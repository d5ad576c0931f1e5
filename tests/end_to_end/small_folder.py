"""A small folder of exports in the generic layout, with one of everything."""

import csv
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

START = datetime(2026, 4, 1, 1, 0)

Rows = dict[str, list[dict[str, Any]]]


def tables(leads: int = 60) -> Rows:
    """Leads that are accepted, rejected, ignored, taken back or still open.

    What becomes of lead number n is decided by n modulo 6, so that a test can
    count on it.
    """
    rows: Rows = {"lead": [], "lead_status_history": [], "sales_activity": []}
    rows["user"] = [
        {"user_id": "rep", "name": "Sato 佐藤", "role": "field_sales", "team": "東京"},
        {"user_id": "mkt", "name": "Tanaka", "role": "marketing", "team": "HQ"},
    ]
    for number in range(leads):
        lead = f"L{number:04d}"
        created = START + timedelta(hours=7 * number)
        rows["lead"].append(
            {
                "lead_id": lead,
                "email": f"lead{number}@example.jp",
                "company": "株式会社サンプル",
                "status": "inquiry",
                "owner_id": "rep",
                "source": ("展示会", "web", "")[number % 3],
                "created_at": _text(created),
            }
        )
        for step, (status, actor) in enumerate(_steps(number % 6), start=1):
            rows["lead_status_history"].append(
                {
                    "lead_id": lead,
                    "changed_at": _text(created + timedelta(days=step)),
                    "field": "status",
                    "old_value": "inquiry" if step == 1 else "",
                    "new_value": status,
                    "changed_by": actor,
                }
            )
    # Broken rows: nobody's, from the future, without a key, of no known status.
    rows["lead_status_history"] += [
        _change("nobody", START, "mql"),
        _change("L0000", datetime(2199, 1, 1), "sal"),
        _change("", START, "mql"),
        _change("L0001", START + timedelta(days=9), "dancing"),
    ]
    return rows


def _steps(kind: int) -> list[tuple[str, str]]:
    return {
        0: [("mql", "mkt"), ("handed_off", "mkt"), ("sal", "rep")],
        1: [("mql", "mkt"), ("handed_off", "mkt"), ("rejected", "rep")],
        2: [("mql", "mkt"), ("handed_off", "mkt")],
        3: [("mql", "mkt"), ("handed_off", "mkt"), ("recycled", "mkt")],
        4: [("mql", "mkt")],
        5: [("sal", "rep"), ("sql", "rep")],
    }[kind]


def _change(lead: str, instant: datetime, status: str) -> dict[str, Any]:
    return {
        "lead_id": lead,
        "changed_at": _text(instant),
        "field": "status",
        "new_value": status,
        "changed_by": "rep",
    }


def _text(instant: datetime) -> str:
    return instant.isoformat(sep=" ")


def write(
    landing: Path, leads: int = 60, change: Callable[[Rows], None] | None = None
) -> Path:
    rows = tables(leads)
    if change is not None:
        change(rows)
    folder = landing / "generic"
    folder.mkdir(parents=True, exist_ok=True)
    for table, records in rows.items():
        columns = list(dict.fromkeys(name for record in records for name in record))
        if not columns:
            continue
        with (folder / f"{table}.csv").open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, columns)
            writer.writeheader()
            writer.writerows(records)
    return landing
