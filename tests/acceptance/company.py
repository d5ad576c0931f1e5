"""A company whose exports hold something to learn: sales takes nearly every lead of
a partner, few of an event, and half of what the web brings."""

from __future__ import annotations

import csv
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

from tests.acceptance.synthetic import CHANCES

START = datetime(2025, 6, 2, 1, 0)
AS_OF = datetime(2026, 3, 20, 0, 0)
TEAMS = {"rep": "East", "other": "West", "adr": "ADR"}

RULES = [
    {"match_on": "default", "match_value": "", "least_probability": "0.6"},
    {"match_on": "channel", "match_value": "event", "least_probability": "0.15"},
    {"match_on": "team", "match_value": "West", "least_probability": "0.75"},
]
"""From which probability a lead is proposed."""


def write(folder: Path, leads: int = 1100) -> tuple[Path, Path]:
    """The landing folder and the definition."""
    rnd = Random(11)
    rows: dict[str, list[dict[str, Any]]] = {
        "user": [
            {"user_id": user, "name": user, "role": "field_sales", "team": team}
            for user, team in TEAMS.items()
        ],
        "lead": [],
        "lead_status_history": [],
    }
    minutes = int((AS_OF - START) / timedelta(minutes=1))
    for number in range(leads):
        source = rnd.choice(list(CHANCES))
        created = START + timedelta(minutes=rnd.randrange(minutes))
        owner = rnd.choice(list(TEAMS))
        rows["lead"].append(
            {
                "lead_id": f"L{number:05d}",
                "email": f"lead{number}@example.jp",
                "source": source,
                "owner_id": owner,
                "status": "inquiry",
                "created_at": _text(created),
            }
        )
        for days, status in _steps(rnd, source):
            at = created + timedelta(days=days)
            if at <= AS_OF:
                rows["lead_status_history"].append(
                    {
                        "lead_id": f"L{number:05d}",
                        "changed_at": _text(at),
                        "field": "status",
                        "new_value": status,
                        "changed_by": owner,
                    }
                )
    for table, records in rows.items():
        _write(folder / "landing" / "generic" / f"{table}.csv", records)
    _write(folder / "definition" / "acceptance_proposals.csv", RULES)
    _write(
        folder / "definition" / "channels.csv",
        [{"source_value": source, "channel": source} for source in CHANCES],
    )
    return folder / "landing", folder / "definition"


def change(landing: Path) -> int:
    """A month more: what was open is decided, and new leads come; how many changed."""
    folder = landing / "generic"
    late = AS_OF + timedelta(days=9)
    rows = {
        table: list(csv.DictReader((folder / f"{table}.csv").open(encoding="utf-8")))
        for table in ("lead", "lead_status_history")
    }
    last = {row["lead_id"]: row["new_value"] for row in rows["lead_status_history"]}
    waiting = sorted(lead for lead, status in last.items() if status == "handed_off")
    for number, lead in enumerate(waiting[::3]):
        rows["lead_status_history"].append(
            {
                "lead_id": lead,
                "changed_at": _text(late + timedelta(minutes=number)),
                "field": "status",
                "new_value": "sal" if number % 2 else "rejected",
                "changed_by": "rep",
            }
        )
    new = rows["lead"][0] | {
        "lead_id": "N1",
        "email": "new@example.jp",
        "created_at": _text(late),
    }
    rows["lead"].append(new)
    for table, records in rows.items():
        _write(folder / f"{table}.csv", records)
    return len(waiting[::3]) + 1


def _steps(rnd: Random, source: str) -> list[tuple[float, str]]:
    days = rnd.random() * 5
    steps = [(days, "mql")]
    if rnd.random() < 0.1:
        return steps
    steps.append((days + rnd.random(), "handed_off"))
    days += 1 + rnd.random() * 12
    is_accepted = rnd.random() < CHANCES[source]
    if is_accepted or rnd.random() < 0.8:
        steps.append((days, "sal" if is_accepted else "rejected"))
    return steps


def _text(instant: datetime) -> str:
    return instant.isoformat(sep=" ")


def _write(path: Path, rows: list[dict[str, Any]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
