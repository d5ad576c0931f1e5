"""A small company whose leads end in every way, around Monday, 7 April 2025.

Calendar of the shipped definition: Monday to Friday 09:00–18:00 in Tokyo, so
00:00–09:00 UTC; 18 hours from Monday 09:00 are due on Tuesday 18:00.
"""

from __future__ import annotations

import csv
from pathlib import Path

AS_OF = "2025-04-30 00:00:00"

USERS = [
    ("s1", "Sato Hanako", "field_sales", "East"),
    ("s2", "Ito Ken", "inside_sales", "West"),
    ("m1", "Mori Aya", "marketing", "Marketing"),
]

# Lead, e-mail, created, status now, merged into.
LEADS = [
    ("late", "late@example.com", "2025-04-05", "sal", ""),
    ("back", "back@example.com", "2025-04-05", "recycled", ""),
    ("march", "march@example.com", "2025-03-01", "sal", ""),
    ("called", "called@example.com", "2025-04-05", "Called back", ""),
    ("slow", "slow@example.com", "2025-04-05", "sal", ""),
    ("ignored", "ignored@example.com", "2025-04-05", "handed_off", ""),
    ("passed", "passed@example.com", "2025-04-05", "handed_off", ""),
    ("loser", "merged@example.com", "2025-04-05", "handed_off", "winner"),
    ("winner", "", "2025-04-06", "sal", ""),
    # The same address in full-width letters.
    ("again", "Ｌａｔｅ@example.com", "2025-04-06", "inquiry", ""),
    ("bounced", "bounced@example.com", "2025-04-05", "rejected", ""),
    ("open", "open@example.com", AS_OF, "inquiry", ""),
]

# Lead, instant in UTC, old and new status, user.
STATUSES = [
    ("late", "2025-04-07 00:00:00", "inquiry", "handed_off", "m1"),
    ("late", "2025-04-08 08:00:00", "handed_off", "sal", "s1"),
    ("back", "2025-04-07 00:00:00", "inquiry", "handed_off", "m1"),
    ("back", "2025-04-08 03:00:00", "handed_off", "recycled", "m1"),
    ("march", "2025-03-03 00:00:00", "inquiry", "handed_off", "m1"),
    ("march", "2025-03-04 08:00:00", "handed_off", "sal", "s1"),
    ("called", "2025-04-07 00:00:00", "inquiry", "handed_off", "m1"),
    ("called", "2025-04-07 05:00:00", "handed_off", "Called back", "s1"),
    ("slow", "2025-04-07 00:00:00", "inquiry", "handed_off", "m1"),
    ("slow", "2025-04-15 00:30:00", "handed_off", "sal", "s1"),
    ("ignored", "2025-04-07 00:00:00", "inquiry", "handed_off", "m1"),
    ("ignored", "not a time", "handed_off", "sal", "s1"),
    ("passed", "2025-04-07 00:00:00", "inquiry", "handed_off", "m1"),
    ("loser", "2025-04-07 00:00:00", "inquiry", "handed_off", "m1"),
    ("winner", "2025-04-07 03:00:00", "inquiry", "sal", "s1"),
]

OWNERS = [("passed", "2025-04-09 01:00:00", "s1", "s2", "m1")]

# Activity, lead, user, instant, type, completed.
ACTIVITIES = [
    ("a1", "slow", "s1", "2025-04-07 02:00:00", "call", "true"),
    ("a2", "ignored", "m1", "2025-04-07 02:00:00", "call", "true"),
    ("a3", "ignored", "s1", "2025-04-07 03:00:00", "call", "false"),
    ("a4", "ignored", "s1", "2025-04-07 04:00:00", "automated_email", "true"),
    ("a5", "ignored", "s1", "2025-04-10 01:00:00", "call", "true"),
    ("a6", "nobody", "s1", "2025-04-10 01:00:00", "call", "true"),
]


def write(landing: Path) -> Path:
    """The exports of the company as landing files."""
    _put(landing, "user", ["user_id", "name", "role", "team"], USERS)
    _put(
        landing,
        "lead",
        [
            *("lead_id", "email", "created_at", "status", "merged_into_id"),
            *("owner_id", "source"),
        ],
        [
            (
                *lead,
                "s2" if lead[0] == "passed" else "s1",
                "Ｅxpo" if lead[0] == "march" else "",
            )
            for lead in LEADS
        ],
    )
    _put(
        landing,
        "lead_status_history",
        ["lead_id", "changed_at", "field", "old_value", "new_value", "changed_by"],
        [
            *((lead, at, "status", *rest) for lead, at, *rest in STATUSES),
            *((lead, at, "owner_id", *rest) for lead, at, *rest in OWNERS),
        ],
    )
    _put(
        landing,
        "sales_activity",
        ["activity_id", "lead_id", "user_id", "occurred_at", "type", "is_completed"],
        ACTIVITIES,
    )
    return landing


def write_definition(folder: Path, **files: str) -> Path:
    """A DEFINITION folder: sla_policies_add="…" is sla_policies.add.csv."""
    folder.mkdir(parents=True)
    for name, text in files.items():
        seed = name.removesuffix("_add")
        ending = ".add.csv" if name.endswith("_add") else ".csv"
        (folder / f"{seed}{ending}").write_text(text, encoding="utf-8")
    return folder


def _put(landing: Path, table: str, header: list[str], rows: list[tuple]) -> None:
    path = landing / "generic" / f"{table}.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(header)
        writer.writerows(rows)
