"""Small situations worked out by hand from the text of the contract.

A case is a few raw rows of its own people and what the public tables must then
hold of them. All cases of a setting lie in one landing folder, so the warehouse
is built once for all of them; `tests/lifecycle/test_sentences.py` does so.

Days are 2025. Tokyo is UTC+9, so its opening hours are 00:00-09:00 UTC, and
2 June 2025 is a Monday without a holiday near.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

SECOND = timedelta(seconds=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)

CREATED = datetime(2025, 5, 30, 1)
MONDAY = datetime(2025, 6, 2, 1)  # 10:00 in Tokyo
DUE = datetime(2025, 6, 4, 1)  # 18 business hours later: 8 + 9 + 1

AS_OF = datetime(2025, 7, 16, 1)  # a Wednesday, 10:00 in Tokyo
DUE_AS_OF = datetime(2025, 7, 14, 1)  # handed off then, it is due at AS_OF
THIRTY_DAYS = AS_OF - 30 * DAY  # Monday, 16 June, 10:00 in Tokyo
FUTURE = "2099-01-01 00:00:00"

V2 = datetime(2025, 6, 20)  # a Friday, 09:00 in Tokyo
V3 = datetime(2025, 7, 1)

KEPT_AS_OF = datetime(2025, 9, 1)

Row = tuple[str, dict]
"""A raw table, as `<system>/<table>`, and a row of it by column."""

Expected = Mapping[str, list[dict]]
"""By table, all rows of the case in their order; a column that is not named may
hold anything."""


@dataclass(frozen=True)
class Setting:
    """How a folder of cases is run."""

    vars: Mapping[str, object]
    definition: Mapping[str, str] = field(default_factory=dict)


SETTINGS = {
    "shipped": Setting({"as_of": f"{AS_OF}"}),
    # Half the time and a new status from 20 June, the MQL hands over from 1 July.
    "changed": Setting(
        {"as_of": f"{AS_OF}"},
        {
            "funnel_versions.add.csv": (
                "version,effective_from,based_on,handoff_mode\n"
                f"v2,{V2}Z,v1,explicit\n"
                f"v3,{V3}Z,v2,mql\n"
            ),
            "stage_rules.add.csv": (
                "definition_version,source,entity,field,operator,value,stage\n"
                "v1,generic,lead,grade,equals,Ａ,mql\n"
                "v1,generic,lead,asked_for_demo,exists,,inquiry\n"
                "v1,generic,lead,visits,crosses,10,mql\n"
                "v1,generic,lead,tier,equals,gold,mql\n"
                "v1,generic,lead,tier,exists,,mql\n"
                "v2,generic,lead,status,equals,triaged,tal\n"
            ),
            "sla_policies.add.csv": (
                "definition_version,match_on,match_value,sla_business_hours,"
                "calendar_id,max_pending_days,touches_stop_clock\n"
                "v1,channel,patient fair,18,japan,30,false\n"
                "v2,default,,9,japan,30,true\n"
            ),
        },
    ),
    # Rules for what has no value of its own, and ways to write the rest.
    "own rules": Setting(
        {"as_of": f"{AS_OF}"},
        {
            "funnel_versions.add.csv": (
                "version,effective_from,based_on,handoff_mode\n"
                f"v2,{V2} UTC,v1,explicit\n"
                "v3,2025-07-01T09:00:00+09:00,v2,explicit\n"
                # Each month another name; the rules are those of v1.
                + "".join(f"v{no},,v{no - 1},explicit\n" for no in range(4, 15))
                + "v15,2025-07-10,v14,explicit\n"
            ),
            "stage_rules.add.csv": (
                "definition_version,source,entity,field,operator,value,stage\n"
                "v1,generic,touch,,exists,,inquiry\n"
                "v1,generic,lead,score,crosses,100,mql\n"
                "v3,generic,lead,status,exists,,inquiry\n"
            ),
            "user_roles.add.csv": (
                "source,match_on,value,role,team\n"
                "Generic,User_ID,agency,marketing,Agency\n"
            ),
        },
    ),
    # Field sales decides from 20 June, inside sales and field sales from 1 July.
    "who accepts": Setting(
        {"as_of": f"{AS_OF}"},
        {
            "funnel_versions.add.csv": (
                "version,effective_from,based_on,handoff_mode,acceptance_roles\n"
                f"v2,{V2}Z,v1,explicit,field_sales\n"
                f"v3,{V3}Z,v2,explicit,Inside_Sales + ｆield_sales\n"
            ),
            "sla_policies.add.csv": (
                "definition_version,match_on,match_value,sla_business_hours,"
                "calendar_id,max_pending_days,touches_stop_clock\n"
                "v1,channel,patient fair,18,japan,30,false\n"
            ),
        },
    ),
    # All vars but as_of: everything that the shipped ones leave as it is.
    "other vars": Setting(
        {
            "keep_deleted": True,
            "source_timezones": {"generic": "Asia/Tokyo"},
            "reporting_timezone": "UTC",
            "fiscal_year_start_month": 1,
            "reporting_currency": "USD",
        }
    ),
}


@dataclass(frozen=True)
class Case:
    """Raw rows and, worked out by hand, what must become of them."""

    name: str
    """Starts with the sections it holds, such as `§4 an exit closes …`."""
    rows: list[Row]
    expected: Expected
    setting: str = "shipped"
    what_if: Expected = field(default_factory=dict)
    """What a run of the version v2 makes of it."""
    owns: tuple[str, ...] = ()
    """Raw tables that no other case of the setting writes, told as a whole."""

    def slug(self) -> str:
        """In front of all ids of the generic system: no two cases share one."""
        import hashlib

        return "c" + hashlib.md5(self.name.encode()).hexdigest()[:6]


IDS = {"lead_id", "merged_into_id", "activity_id", "touch_id", "opportunity_id"}

USERS: list[Row] = [
    ("generic/user", {"user_id": "rep", "role": "inside_sales", "team": "East"}),
    ("generic/user", {"user_id": "rep2", "role": "field_sales", "team": "West"}),
    ("generic/user", {"user_id": "adr", "role": "adr", "team": "ADR"}),
    ("generic/user", {"user_id": "mark", "role": "marketing", "team": "Marketing"}),
    ("generic/user", {"user_id": "norole", "role": "", "team": ""}),
    ("salesforce/user", {"Id": "005000000000REP", "UserRoleId": "00E000000000EAS"}),
    ("salesforce/user", {"Id": "005000000000MAR", "UserRoleId": "00E000000000MAR"}),
    (
        "salesforce/user_role",
        {"Id": "00E000000000EAS", "Name": "東日本インサイドセールス"},
    ),
    ("salesforce/user_role", {"Id": "00E000000000MAR", "Name": "マーケティング"}),
]
REP, MARKETER = "005000000000REP", "005000000000MAR"


def text(value: object) -> object:
    return f"{value:%Y-%m-%d %H:%M:%S}" if isinstance(value, datetime) else value


def write(landing: Path, cases: Iterable[Case]) -> Path:
    """All rows of the cases, as files of a landing folder."""
    tables: dict[str, list[dict]] = {}
    for table, columns in USERS:
        tables.setdefault(table, []).append(columns)
    for case in cases:
        for table, columns in case.rows:
            row = {name: text(value) for name, value in columns.items()}
            if table.startswith("generic/"):
                for name in IDS & row.keys():
                    row[name] = row[name] and f"{case.slug()}.{row[name]}"
            tables.setdefault(table, []).append(row)
    for table, rows in tables.items():
        path = landing / f"{table}.csv"
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(
                file, list(dict.fromkeys(c for r in rows for c in r))
            )
            writer.writeheader()
            writer.writerows(rows)
    return landing


# Rows of the generic system.


def lead(lead_id: str = "L1", **columns: object) -> Row:
    return "generic/lead", {
        "lead_id": lead_id,
        "created_at": CREATED,
        "owner_id": "rep",
        **columns,
    }


def change(
    old: str,
    new: str,
    at: object,
    by: str = "rep",
    lead_id: str = "L1",
    field: str = "status",
) -> Row:
    return "generic/lead_status_history", {
        "lead_id": lead_id,
        "changed_at": at,
        "field": field,
        "old_value": old,
        "new_value": new,
        "changed_by": by,
    }


def owner(old: str, new: str, at: object, lead_id: str = "L1") -> Row:
    return change(old, new, at, "mark", lead_id, "owner_id")


def story(first: str, *steps: tuple, lead_id: str = "L1", **columns: object) -> list:
    """A lead created with a status, and its later ones: (status, instant, by)."""
    rows, status = [], first
    for new, at, *by in steps:
        rows.append(change(status, new, at, *(by or ["rep"]), lead_id=lead_id))
        status = new
    return [lead(lead_id, status=status, **columns), *rows]


def handed(
    *steps: tuple, lead_id: str = "L1", at: datetime = MONDAY, **columns
) -> list:
    """A lead that marketing qualified and handed over to `rep`."""
    return story("mql", ("handed_off", at, "mark"), *steps, lead_id=lead_id, **columns)


def call(at: object, lead_id: str = "L1", key: str = "A1", **columns: object) -> Row:
    return "generic/sales_activity", {
        "activity_id": f"{lead_id}-{key}",
        "lead_id": lead_id,
        "user_id": "rep",
        "occurred_at": at,
        "type": "call",
        "is_completed": "",
        **columns,
    }


def deal(at: object, lead_id: str = "L1", **columns: object) -> Row:
    return "generic/opportunity", {
        "opportunity_id": f"{lead_id}-deal",
        "lead_id": lead_id,
        "owner_id": "rep2",
        "created_at": at,
        "is_closed": "",
        "is_won": "",
        "closed_at": "",
        "amount": "",
        **columns,
    }


# Rows of Salesforce and Marketo, whose ids a case chooses itself.


def sf_lead(key: str, **columns: object) -> Row:
    return "salesforce/lead", {"Id": key, "CreatedDate": CREATED, **columns}


def sf_contact(key: str, **columns: object) -> Row:
    return "salesforce/contact", {"Id": key, "CreatedDate": CREATED, **columns}


def sf_change(key: str, of: str, old: str, new: str, at: object, by: str = REP) -> Row:
    return "salesforce/lead_history", {
        "Id": key,
        "LeadId": of,
        "Field": "Status",
        "OldValue": old,
        "NewValue": new,
        "CreatedDate": at,
        "CreatedById": by,
    }


def mk_lead(key: str, **columns: object) -> Row:
    return "marketo/lead", {"id": key, "created_at": CREATED, **columns}


def score(key: str, of: str, old: str, new: str, at: object, reason: str = "") -> Row:
    return "marketo/activity_change_score", {
        "id": key,
        "lead_id": of,
        "activity_date": at,
        "primary_attribute_value": "Lead Score",
        "old_value": old,
        "new_value": new,
        "reason": reason,
    }


def stages(*names: str) -> list[dict]:
    return [{"stage": name} for name in names]
