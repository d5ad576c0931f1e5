"""The dimensions in plain Python: who stands behind an id, from the raw rows.

It shares nothing with the SQL but what the reference reads and finds.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import date, datetime
from pathlib import Path

from tests.reference.inputs import Folder, Inputs
from tests.reference.parsing import given, match_id, parse_instant, same_text, to_local
from tests.reference.reading import Row, read_folder
from tests.reference.reference import Reference, Result

UNMAPPED = "What calls itself so; no row of the seed channels names it"
USERS = {"generic": ("user", ("userid",)), "salesforce": ("user", ("id",))}
CAMPAIGNS = {
    "generic": ("campaign", ("campaignid",), ("channel", "type")),
    "salesforce": ("campaign", ("id",), ("type",)),
    "marketo": ("program", ("id",), ("channel", "type")),
}


def only(values: list[str | None]) -> str | None:
    """The one that all say; none where they differ."""
    found = {value for value in values if value is not None}
    return found.pop() if len(found) == 1 else None


def together(values: list[str | None], delimiter: str) -> str | None:
    found = sorted({v for v in values if v is not None}, key=str.encode)
    return delimiter.join(found) or None


def raw_rows(landing: Path, system: str, table: str, key: tuple[str, ...]) -> list:
    folder = Folder(system, read_folder(landing), "UTC", Inputs())
    return [r for r in folder.survivors(table, key) if not r.is_key_missing]


# Reps ------------------------------------------------------------------


def appearances(result: Result) -> dict[str, list[datetime]]:
    """When each id got, gave away or moved a lead."""
    seen: dict[str, list[datetime]] = defaultdict(list)
    for row in result.handoffs:
        seen[row["owner_id"]] += [row["passed_at"], row["ended_at"]]
        seen[row["from_owner_id"]].append(row["passed_at"])
    for row in result.lifecycles:
        seen[row["owner_id"]].append(row["handed_off_at"])
    for row in result.stage_events:
        seen[row["actor_id"]].append(row["occurred_at"])
    seen.pop(None, None)
    return {name: [i for i in at if i is not None] for name, at in seen.items()}


def sales_reps(landing: Path, reference: Reference, result: Result) -> dict[str, dict]:
    names: dict[tuple[str, str], str | None] = {}
    ids: set[str] = set()
    for system, (table, key) in USERS.items():
        for row in raw_rows(landing, system, table, key):
            names[system, match_id(system, row.key)] = row.get("name")
            ids.add(row.key)
    for row in reference.definition.tables["user_roles"]:
        if (same_text(row.get("matchon")) or "user_id") == "user_id":
            key = same_text(row["source"]), match_id(row["source"], row["value"])
            if key not in names:
                names[key] = None
                ids.add(given(row["value"]))
    seen = appearances(result)
    users = reference.users
    found = {}
    for name in sorted(ids | seen.keys()):
        known = [
            (system, key) for system, key in names if match_id(system, name) == key
        ]
        days = [
            to_local(i, reference.reporting_timezone).date() for i in seen.get(name, [])
        ]
        found[name] = {
            "owner_id": name,
            "rep_name": together([names[key] for key in known], " / ") or name,
            "source": together([system for system, _ in known], ", "),
            "team": only([users.team(*key) for key in known]),
            "role": only([users.role(*key) for key in known]),
            "is_sales_user": not known or any(users.is_sales(*key) for key in known),
            "is_known": bool(known),
            "from_date": min(days, default=None),
            "until_date": max(days, default=None),
        }
    return found


# Campaigns and channels ------------------------------------------------


def campaigns(
    landing: Path,
    tables: dict[str, list[Row]],
    named: set[str],
    reported: dict[str, set[str]],
    platforms: dict[str, set[str]],
) -> dict[str, dict]:
    """`named` are the ids of facts, `reported` the names that platforms give to
    those that nobody else knows."""
    channels = {
        same_text(row["sourcevalue"]): given(row["channel"])
        for row in tables["channels"]
    }
    listed: dict[tuple[str, str], Row] = {}
    ids = set(named)
    for system, (table, key, types) in CAMPAIGNS.items():
        for row in raw_rows(landing, system, table, key):
            kind = row.get(*types)
            listed[system, match_id(system, row.key)] = {
                "name": row.get("name"),
                "type": kind,
                "channel": channels.get(same_text(kind), same_text(kind)),
                "start": _day(row.get("startdate"))
                or _day(row.get("createddate", "createdat")),
            }
            ids.add(row.key)
    found = {}
    for name in ids:
        known = {
            key: row for key, row in listed.items() if match_id(key[0], name) == key[1]
        }
        rows = list(known.values())
        found[name] = {
            "campaign_id": name,
            "campaign_name": together([row["name"] for row in rows], " / ")
            or together(list(reported.get(name, ())), " / ")
            or name,
            "source": together([system for system, _ in known], ", "),
            "platform": together(list(platforms.get(name, ())), ", "),
            "channel": only([row["channel"] for row in rows]),
            "campaign_type": only([row["type"] for row in rows]),
            "start_date": min(
                (row["start"] for row in rows if row["start"]), default=None
            ),
            "is_known": bool(known),
        }
    return found


def _day(text: str | None) -> date | None:
    instant = parse_instant(text)
    return instant.date() if instant else None


def channels(tables: dict[str, list[Row]], in_data: set[str]) -> dict[str, dict]:
    """`in_data` are the channels of people and of campaigns."""
    sources: dict[str, list[str]] = defaultdict(list)
    for row in tables["channels"]:
        sources[given(row["channel"])].append(given(row["sourcevalue"]))
    labels = {row["channel"]: row for row in tables["channel_labels"]}
    found = {}
    for name in sources.keys() | labels.keys() | in_data:
        label = labels.get(name, {})
        mapped = "What the seed channels maps to it" if name in sources else UNMAPPED
        found[name] = {
            "channel": name,
            "label_en": label.get("labelen") or name,
            "label_ja": label.get("labelja") or name,
            "covers": label.get("covers") or mapped,
            "source_values": together(sources.get(name, []), ", "),
            "is_mapped": name in sources,
        }
    return found
