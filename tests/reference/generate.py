"""Random landing folders that walk into every branch of the lifecycle.

`write_folder` writes thousands of people to a folder of exports, as one, two
or three systems would; `write_definition` a company's own definition. Both
are decided by their seed alone. Times lie in 2024-2026, so that holidays,
the end of the year and daylight saving matter.
"""

from __future__ import annotations

import contextlib
import csv
import gzip
import io
import itertools
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from random import Random

from tests.reference import hubspot_companies as hubspot
from tests.reference.clock import BusinessCalendar
from tests.reference.parsing import to_local

Row = dict[str, object]

START = datetime(2024, 1, 4)
END = datetime(2026, 9, 30)
MAX_PENDING = timedelta(days=30)
FUTURE = datetime(2099, 1, 1)

TOKYO = BusinessCalendar(
    "Asia/Tokyo",
    [(d, timedelta(hours=9), timedelta(hours=18)) for d in range(1, 6)],
    {date(y, 1, d) for y in (2024, 2025, 2026) for d in (1, 2, 3)},
)
NEW_YORK = BusinessCalendar(
    "America/New_York",
    [
        (d, timedelta(hours=h), timedelta(hours=c))
        for d in range(1, 6)
        for h, c in ((9, 12), (13, 17.5))
    ],
    set(),
)

# Openings, closings, lunches, week-ends, holidays, clock changes (UTC).
SPECIAL_INSTANTS = [
    datetime(2025, 5, 2, 9),  # closing before Golden Week, Tokyo
    datetime(2025, 5, 6, 3),  # substitute holiday
    datetime(2025, 12, 26, 8, 59, 59),  # one second before the year closes
    datetime(2025, 12, 28, 15),  # midnight to 29 December in Tokyo
    datetime(2026, 1, 5, 0),  # first opening of the year
    datetime(2024, 8, 12, 1),  # 山の日 substitute
    datetime(2025, 3, 9, 6, 59, 59),  # New York springs forward
    datetime(2025, 3, 9, 7),
    datetime(2025, 11, 2, 5, 30),  # 01:30 twice in New York
    datetime(2025, 11, 2, 6, 30),
    datetime(2026, 3, 8, 7),
    datetime(2025, 3, 30, 1),  # London springs forward
    datetime(2025, 10, 26, 0, 30),  # 01:30 twice in London
    datetime(2025, 10, 26, 1, 30),
    datetime(2026, 3, 29, 0, 59, 59),
    datetime(2025, 4, 1, 0),  # new definitions start around here
    datetime(2025, 3, 31, 15),
    datetime(2025, 9, 30, 15),
    datetime(2025, 7, 4, 15),
    datetime(2025, 7, 5, 3),  # a Saturday
]

# Around these days a run may be asked to stand still: much is open then.
HOT_DAYS = [datetime(2025, 6, 20), datetime(2026, 2, 12), datetime(2025, 4, 9)]

SPELLINGS: dict[str, dict[str, list[str]]] = {
    "generic": {
        "inquiry": ["inquiry", "問い合わせ"],
        "mql": ["mql", "マーケティング適格"],
        "handed_off": ["handed_off", "営業引き渡し"],
        "tal": ["tal", "ADR受入"],
        "sal": ["sal", "営業受入"],
        "sql": ["sql", "営業適格"],
        "opportunity": ["opportunity", "商談"],
        "won": ["won", "受注"],
        "lost": ["lost", "失注"],
        "rejected": ["rejected", "却下"],
        "recycled": ["recycled", "ナーチャリング"],
        "disqualified": ["disqualified", "対象外"],
    }
}
SPELLINGS["marketo"] = SPELLINGS["generic"]
SPELLINGS["salesforce"] = {
    stage: list(values) for stage, values in SPELLINGS["generic"].items()
}
for _stage, _values in {
    "inquiry": ["Open - Not Contacted", "Open", "New", "新規"],
    "mql": ["Marketing Qualified"],
    "handed_off": ["Assigned", "Sent to Sales", "Handed Off"],
    "tal": ["ADR Accepted", "TAL"],
    "sal": ["Accepted", "Sales Accepted", "SAL"],
    "sql": ["Qualified", "Sales Qualified", "Closed - Converted"],
    "rejected": ["Closed - Not Converted"],
    "recycled": ["Nurture"],
    "disqualified": ["Unqualified", "Junk"],
    "none": ["Working", "Working - Contacted", "Contacted", "対応中"],
}.items():
    SPELLINGS["salesforce"].setdefault(_stage, []).extend(_values)

EXITS = ("won", "lost", "rejected", "recycled", "disqualified")

ROLES = {
    "adr": "Inside ADR",
    "inside_sales": "Inside Sales Desk",
    "field_sales": "Field Sales Desk",
    "marketing": "Marketing Desk",
    "": "Nobody Special",
}
# Who accepts, as a version says it; without an entry, anyone.
ACCEPTANCE_ROLES = [
    "",
    "field_sales",
    "ｆｉｅｌｄ＿ｓａｌｅｓ",
    "inside_sales+field_sales",
    " Field_Sales + INSIDE_SALES ",
]
TEAMS = ["Tokyo", "大阪", "New York", "London", None]
CHANNELS = [
    "展示会",
    "webinar",
    " Web Site ",
    "Ｗｅｂ　Ｓｉｔｅ",
    "referral",
    None,
]
ACTIVITY_TYPES = [
    "Call",
    "電話",
    "email",
    "メール",
    "Meeting",
    "visit",
    None,
    "  ",
    "ListEmail",
    "automated email",
    "メルマガ",
    "note",
    "unheard of",
]
REASONS = ["予算なし", "no budget", "競合", None, None, "timing "]


# Text as people and loaders write it -----------------------------------


def full_width(text: str) -> str:
    return "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text)


def respelled(rnd: Random, text: str) -> str:
    """The same text in another case or width, with spaces around it."""
    return rnd.choice(
        [
            text,
            text,
            text,
            text.upper(),
            text.title(),
            text.lower(),
            full_width(text),
            text + " ",
            "\u3000" + text,
            text + "\u00a0",
        ]
    )


TimeFormat = Callable[[datetime], str]


def _clock(form: str, zone: str = "UTC", suffix: str = "") -> TimeFormat:
    def write(instant: datetime) -> str:
        local = to_local(instant, zone) if zone != "UTC" else instant
        return local.strftime(form) + suffix

    return write


def _epoch_ms(instant: datetime) -> str:
    return str((instant - datetime(1970, 1, 1)) // timedelta(milliseconds=1))


def _month_first(zone: str) -> TimeFormat:
    def write(instant: datetime) -> str:
        local = to_local(instant, zone)
        return f"{local.month}/{local.day}/{local.year} {local.hour}:{local.minute:02d}"

    return write


def time_formats(zone: str) -> list[TimeFormat]:
    """Every way sources.md names, offset-free ones in the source's zone."""
    return [
        _clock("%Y-%m-%d %H:%M:%S", zone),
        _clock("%Y-%m-%d %H:%M:%S.%f", zone),
        _clock("%Y-%m-%dT%H:%M:%SZ"),
        _clock("%Y-%m-%dT%H:%M:%S.%f", suffix="+0000"),
        _clock("%Y-%m-%dT%H:%M:%S", "Asia/Tokyo", "+09:00"),
        _clock("%Y-%m-%d %H:%M:%S", suffix=" UTC"),
        _clock("%Y/%m/%d %H:%M:%S", zone),
        _month_first(zone),
        _epoch_ms,
    ]


def checksum18(identifier: str) -> str:
    """The 18-character form of a 15-character Salesforce id."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
    suffix = ""
    for block in (identifier[0:5], identifier[5:10], identifier[10:15]):
        bits = sum(1 << i for i, c in enumerate(block) if c.isupper())
        suffix += alphabet[bits]
    return identifier + suffix


# A life ----------------------------------------------------------------


@dataclass
class Step:
    stage: str
    at: datetime
    reason: str | None = None


def random_instant(rnd: Random) -> datetime:
    if rnd.random() < 0.15:
        shift = rnd.choice([0, 0, 1, -1])
        return rnd.choice(SPECIAL_INSTANTS) + timedelta(seconds=shift)
    if rnd.random() < 0.25:
        instant = rnd.choice(HOT_DAYS) - timedelta(days=40) * rnd.random()
    else:
        instant = START + (END - timedelta(days=60) - START) * rnd.random()
    instant = instant.replace(microsecond=0)
    if rnd.random() < 0.25:
        # An opening, a closing or lunch in Tokyo, New York or London.
        hour = rnd.choice([0, 9, 3, 4, 13, 14, 16, 17, 18, 22])
        instant = instant.replace(hour=hour, minute=0, second=0)
    return instant


def next_instant(rnd: Random, now: datetime, handed_off: datetime | None) -> datetime:
    """Later or at once; often exactly where a rule turns."""
    second = rnd.choice([-1, 0, 0, 1])
    if handed_off is not None and rnd.random() < 0.3:
        calendar = rnd.choice([TOKYO, TOKYO, NEW_YORK])
        hours = rnd.choice([18, 18, 18, 9, 4, 0.5])
        due = calendar.due(handed_off, hours) + timedelta(seconds=second)
        if due >= now:
            return due
    if handed_off is not None and rnd.random() < 0.08:
        limit = handed_off + rnd.choice([MAX_PENDING, timedelta(days=10)])
        return max(now, limit + timedelta(seconds=second))
    unit = rnd.choice(["none", "second", "minute", "hour", "day", "month"])
    return (
        now
        + {
            "none": timedelta(0),
            "second": timedelta(seconds=1),
            "minute": timedelta(minutes=rnd.randint(1, 59)),
            "hour": timedelta(minutes=rnd.randint(60, 2000)),
            "day": timedelta(minutes=rnd.randint(1440, 17000)),
            "month": timedelta(minutes=rnd.randint(20000, 70000)),
        }[unit]
    )


def random_path(rnd: Random, depth: int = 0) -> list[str]:
    """The stages of one person, in the order they happen."""
    kind = rnd.random()
    if kind < 0.06:
        known = list(SPELLINGS["generic"])
        return [rnd.choice(known) for _ in range(rnd.randint(1, 7))]
    if kind < 0.16:
        stages = ["sal", "sql", "opportunity"]
    elif kind < 0.26:
        stages = ["tal", "sal", "sql", "opportunity"]
        if rnd.random() < 0.3:
            stages.insert(rnd.randint(1, 4), "handed_off")
    elif kind < 0.33:
        stages = ["mql", "sal", "sql", "opportunity"]
    else:
        stages = [
            "inquiry",
            "mql",
            "handed_off",
            "tal",
            "sal",
            "sql",
            "opportunity",
        ]
    stages = stages[: rnd.randint(1, len(stages))]
    stages = [s for s in stages if rnd.random() > 0.15] or stages[:1]
    if rnd.random() < 0.15:
        stages.insert(rnd.randint(0, len(stages)), rnd.choice(stages))
    if "sal" in stages:
        # Where two roles check, each of them accepts.
        for _ in range(rnd.choice([0, 0, 1, 2])):
            stages.insert(rnd.randint(stages.index("sal"), len(stages)), "sal")
    if rnd.random() < 0.08 and len(stages) > 1:
        stages.reverse()
    if rnd.random() < 0.2:
        stages.insert(rnd.randint(1, len(stages)), "none")
    if rnd.random() < 0.55:
        stages.append(
            rnd.choice(["won", "lost", "rejected", "recycled", "disqualified"])
        )
        if rnd.random() < 0.45 and depth < 3:
            stages += random_path(rnd, depth + 1)
    return stages


def random_life(rnd: Random) -> list[Step]:
    now = random_instant(rnd)
    handed_off = None
    steps = []
    for stage in random_path(rnd):
        if steps:
            now = next_instant(rnd, now, handed_off)
            if now > END - timedelta(days=60):
                break
        if stage == "handed_off" or (stage == "mql" and handed_off is None):
            handed_off = now
        steps.append(Step(stage, now, rnd.choice(REASONS)))
    return steps


# The folder ------------------------------------------------------------


@dataclass
class World:
    """The tables of a folder while its people are made up."""

    rnd: Random
    zones: dict[str, str]
    clean: bool = False
    currencies: tuple[str | None, ...] = (None,)
    tables: dict[tuple[str, str], list[Row]] = field(default_factory=dict)
    formats: dict[tuple[str, str], TimeFormat] = field(default_factory=dict)
    users: dict[str, list[str]] = field(default_factory=dict)
    marketers: dict[str, list[str]] = field(default_factory=dict)
    sellers: dict[str, list[str]] = field(default_factory=dict)
    emails: list[str] = field(default_factory=list)
    serial: int = 0

    def number(self) -> int:
        self.serial += 1
        return self.serial

    def sf_id(self, prefix: str, number: int | None = None) -> str:
        number = self.number() if number is None else number
        alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnop"
        text = ""
        for _ in range(12):
            number, digit = divmod(number, len(alphabet))
            text = alphabet[digit] + text
        return checksum18(prefix + text)

    def sf_ref(self, identifier: str) -> str:
        """An id as another table may hold it: 15 or 18 characters."""
        return identifier[:15] if self.rnd.random() < 0.3 else identifier

    def add(self, system: str, table: str, row: Row) -> Row:
        self.tables.setdefault((system, table), []).append(row)
        return row

    def time(self, system: str, table: str, instant: datetime | None) -> str | None:
        """The instant as the table writes it, now and then impossible."""
        rnd = self.rnd
        place = (system, table)
        if place not in self.formats:
            self.formats[place] = rnd.choice(time_formats(self.zones[system]))
        if instant is None:
            return None
        if instant > END:
            instant = END + timedelta(seconds=rnd.randint(0, 900_000))
        if not self.clean and rnd.random() < 0.012:
            broken = rnd.choice(["future", "text", "blank", "before", "edge"])
            if broken == "text":
                return rnd.choice(["soon", "2025-02-30", "31/31/2025", "-"])
            if broken == "blank":
                return rnd.choice([None, " "])
            instant = {
                "future": FUTURE,
                "before": instant - timedelta(days=900),
                "edge": instant - timedelta(days=1, seconds=rnd.randint(0, 1)),
            }[broken]
        if rnd.random() < 0.03:
            return rnd.choice(time_formats(self.zones[system]))(instant)
        return self.formats[place](instant)

    def user(self, system: str, blank: float = 0.05) -> str | None:
        if self.rnd.random() < blank:
            return None
        return self.rnd.choice(self.users[system])

    def actor(self, system: str, stage: str) -> str | None:
        """Who set a status: marketing takes leads back now and then, and those who
        accept mostly are inside or field sales."""
        marketers = self.marketers.get(system)
        sellers = self.sellers.get(system)
        if stage == "sal" and sellers and self.rnd.random() < 0.7:
            return self.rnd.choice(sellers)
        if stage in EXITS and marketers and self.rnd.random() < 0.35:
            return self.rnd.choice(marketers)
        return self.user(system)

    def email(self) -> str | None:
        """Mostly new; also shared, shared mailboxes, odd and blank."""
        rnd = self.rnd
        kind = rnd.random()
        if kind < 0.12:
            return None
        if kind < 0.2:
            local = rnd.choice(["info", "sales", "No-Reply", "ｉｎｆｏ"])
            return f"{local}@company{rnd.randint(1, 9)}.example.jp"
        if kind < 0.22:
            return "not an address"
        if kind < 0.3 and self.emails:
            return respelled(rnd, rnd.choice(self.emails[-200:]))
        number = self.number()
        plus = "+news" if rnd.random() < 0.05 else ""
        address = f"person{number}{plus}@example{number % 97}.com"
        self.emails.append(address)
        return respelled(rnd, address)


def write_folder(
    path: Path,
    seed: int,
    people: int,
    system_mix: dict[str, float] | None = None,
    zones: dict[str, str] | None = None,
    clean: bool = False,
    currencies: tuple[str | None, ...] = (None,),
) -> None:
    """Writes a landing folder of about that many people.

    `system_mix` weighs the systems a person's first record may live in;
    `zones` are the source time zones the text of each system is in.
    """
    rnd = Random(seed)
    mix = system_mix or {"generic": 1.0}
    known_zones = dict.fromkeys(("generic", "salesforce", "hubspot", "marketo"), "UTC")
    world = World(rnd, known_zones | (zones or {}), clean, currencies)
    for system in mix:
        add_users(world, system)
        world.tables.setdefault((system, first_table(system)), [])
    records: list[tuple[str, Row]] = []
    for _ in range(people):
        system = rnd.choices(list(mix), list(mix.values()))[0]
        records += PEOPLE[system](world, random_life(rnd), mix)
    add_merges(world, records)
    hubspot.merge_deals(world, Random(seed + 4))
    add_oversized_group(world, mix)
    spoil(world)
    if not clean:
        # Of its own chance: the people are the same without it.
        add_contact_roles(world, Random(seed + 1))
        add_loaders_state(world, Random(seed + 2))
        shorten_actors(world, Random(seed + 3))
    write_tables(world, Path(path))


def first_table(system: str) -> str:
    """The table of the people themselves."""
    return "contact" if system == "hubspot" else "lead"


def add_users(world: World, system: str) -> None:
    rnd = world.rnd
    if system == "hubspot":
        hubspot.hubspot_users(world, ROLES)
        return
    users = world.users.setdefault(system, [])
    if system == "marketo":
        users.append("marketo-api")
        return
    role_ids = {}
    for role, name in ROLES.items():
        if system == "salesforce":
            role_ids[role] = world.sf_id("00E")
            world.add(system, "user_role", {"id": role_ids[role], "name": name})
    for number in range(24):
        role = list(ROLES)[number % len(ROLES)]
        if system == "generic":
            identifier = f"U{number:02d}"
            row = {
                "user_id": identifier,
                "name": f"User {number}",
                "team": rnd.choice(TEAMS),
                "role": respelled(rnd, role) if role else None,
                "timezone": "Asia/Tokyo",
                "is_active": "true",
            }
        else:
            identifier = world.sf_id("005")
            row = {
                "id": identifier,
                "name": f"User {number}",
                "user_role_id": world.sf_ref(role_ids[role]),
                "is_active": "true",
            }
        world.add(system, "user", row)
        users.append(identifier)
        if role == "marketing":
            world.marketers.setdefault(system, []).append(identifier)
        if role in ("inside_sales", "field_sales"):
            world.sellers.setdefault(system, []).append(identifier)
    # A user that nobody knows, and a queue.
    users.append("ghost" if system == "generic" else world.sf_id("005"))
    users.append("queue" if system == "generic" else world.sf_id("00G"))


def shorten_actors(world: World, rnd: Random) -> None:
    """Some of Salesforce's history names a user by the 15 characters of the id; a
    row and its copies do alike."""
    for table in ("lead_history", "contact_history"):
        rows = world.tables.get(("salesforce", table), ())
        short = {
            key
            for key in sorted({row.get("id") or "" for row in rows})
            if rnd.random() < 0.2
        }
        for row in rows:
            if row.get("created_by_id") and (row.get("id") or "") in short:
                row["created_by_id"] = row["created_by_id"][:15]


def spelled(world: World, system: str, stage: str) -> str:
    values = SPELLINGS[system].get(stage)
    if stage == "none" and values is None:
        # Where nothing means nothing, the value is simply not mapped.
        values = ["Working", "なぞ"]
    return respelled(world.rnd, world.rnd.choice(values))


def status_walk(
    world: World, system: str, steps: list[Step]
) -> tuple[str | None, list[tuple[Step, str | None, str | None]], str | None]:
    """First value, (step, old, new) rows, current value."""
    rnd = world.rnd
    first = None
    if rnd.random() < 0.85:
        first = spelled(world, system, steps[0].stage)
        steps = steps[1:]
    current = first
    rows = []
    for step in steps:
        new = spelled(world, system, step.stage)
        if not world.clean and rnd.random() < 0.01:
            new = rnd.choice(["???", "未定義の状態", None, " "])
        old = current if rnd.random() < 0.97 else None
        rows.append((step, old, new))
        current = new
    return first, rows, current


# generic ---------------------------------------------------------------


def generic_person(world: World, life: list[Step], mix: dict) -> list:
    rnd = world.rnd
    made = [generic_lead(world, life, None)]
    if rnd.random() < 0.15:
        # A second record of the same person, with a life of its own.
        other = generic_lead(world, random_life(rnd), None)
        kind = rnd.random()
        if kind < 0.5 and made[0][1]["email"]:
            other[1]["email"] = respelled(rnd, str(made[0][1]["email"]))
        elif kind < 0.9:
            other[1]["merged_into_id"] = made[0][1]["lead_id"]
            other[1]["is_deleted"] = rnd.choice(["true", "TRUE", "1", None])
        made.append(other)
    if mix.get("salesforce") and rnd.random() < 0.1 and made[0][1]["email"]:
        lead = salesforce_person(world, random_life(rnd), mix)
        lead[0][1]["email"] = respelled(rnd, str(made[0][1]["email"]))
        made += lead
    return made


def generic_lead(
    world: World, life: list[Step], born: datetime | None
) -> tuple[str, Row]:
    rnd = world.rnd
    system = "generic"
    born = born or life[0].at
    lead_id = f"L{world.number():07d}"
    first, changes, current = status_walk(world, system, life)
    owners = owner_walk(world, system, life)
    lead = world.add(
        system,
        "lead",
        {
            "lead_id": lead_id,
            "email": world.email(),
            "name": f"名前 {lead_id}",
            "company": rnd.choice(["株式会社テスト", "㈱テスト", None]),
            "owner_id": owners[-1][2] if owners else world.user(system, 0.3),
            "status": current if changes or first else None,
            "status_reason": rnd.choice(REASONS),
            "source": rnd.choice(CHANNELS),
            "campaign_id": f"C{rnd.randint(1, 9)}" if rnd.random() < 0.3 else None,
            "created_at": world.time(system, "lead", born),
            "updated_at": world.time(system, "lead_updated", life[-1].at),
            "is_deleted": rnd.choices([None, "false", "FALSE", "true"], [5, 4, 2, 0.4])[
                0
            ],
            "merged_into_id": None,
        },
    )
    if rnd.random() < 0.08:
        changes = []  # the history was lost
    told: set[tuple[str, datetime]] = set()
    for step, old, new in changes:
        # A table without ids does not say which of two rows of one stage and instant
        # has the smaller key, and some forms of an instant have no seconds.
        at = step.at
        while (step.stage, at.replace(second=0)) in told:
            at += timedelta(minutes=1)
        told.add((step.stage, at.replace(second=0)))
        world.add(
            system,
            "lead_status_history",
            {
                "lead_id": lead_id,
                "changed_at": world.time(system, "lead_status_history", at),
                "field": rnd.choice(["status", "Status", "status"]),
                "old_value": old,
                "new_value": new,
                "changed_by": world.actor(system, step.stage),
                "reason": step.reason,
            },
        )
    for at, old, new in owners:
        world.add(
            system,
            "lead_status_history",
            {
                "lead_id": lead_id,
                "changed_at": world.time(system, "lead_status_history", at),
                "field": rnd.choice(["owner_id", "owner"]),
                "old_value": old,
                "new_value": new,
                "changed_by": world.user(system),
                "reason": None,
            },
        )
    if rnd.random() < 0.05:
        world.add(
            system,
            "lead_status_history",
            {
                "lead_id": lead_id,
                "changed_at": world.time(system, "lead_status_history", born),
                "field": "phone",
                "old_value": "1",
                "new_value": "2",
                "changed_by": None,
                "reason": None,
            },
        )
    for at in contact_times(rnd, life):
        world.add(
            system,
            "sales_activity",
            {
                "activity_id": f"A{world.number()}",
                "lead_id": lead_id,
                "user_id": rnd.choice(
                    [owners[-1][2] if owners else None, world.user(system)]
                ),
                "occurred_at": world.time(system, "sales_activity", at),
                "type": rnd.choice(ACTIVITY_TYPES),
                "is_completed": rnd.choice([None, "true", "Yes", "false", "はい"]),
            },
        )
    for _ in range(rnd.choice([0, 0, 1, 2])):
        at = rnd.choice(life).at + rnd.choice(
            [timedelta(0), timedelta(hours=-3), timedelta(days=2)]
        )
        world.add(
            system,
            "touch",
            {
                "touch_id": f"T{world.number()}",
                "lead_id": lead_id,
                "campaign_id": rnd.choice([None, f"C{rnd.randint(1, 9)}"]),
                "touched_at": world.time(system, "touch", at),
                "type": rnd.choice(["webinar", "form", "demo request", None]),
            },
        )
    score = 0
    at = born
    for _ in range(rnd.choice([0, 0, 0, 3, 5])):
        score = max(0, score + rnd.choice([-20, 5, 30, 60, 100]))
        at = next_instant(rnd, at, None)
        world.add(
            system,
            "score_change",
            {
                "lead_id": lead_id,
                "changed_at": world.time(system, "score_change", at),
                "score": str(score) if score < 1000 else f"{score:,}",
                "reason": rnd.choice([None, "click", "Merge", "merged in"]),
            },
        )
    for at, closed, won in deal_times(rnd, life):
        world.add(
            system,
            "opportunity",
            {
                "opportunity_id": f"O{world.number()}",
                "lead_id": lead_id,
                "owner_id": world.user(system),
                "created_at": world.time(system, "opportunity", at),
                "stage": rnd.choice(["提案", "交渉"]),
                "is_closed": rnd.choice(["true", "1"])
                if closed
                else rnd.choice([None, "false"]),
                "is_won": won,
                "closed_at": world.time(system, "opportunity", closed),
                "amount": rnd.choice(["1000", "1,234,567", "¥9,800", "1,234.56", None]),
                "currency": rnd.choice(world.currencies),
            },
        )
    return system, lead


def owner_walk(
    world: World, system: str, life: list[Step]
) -> list[tuple[datetime, str | None, str | None]]:
    """(at, old owner, new owner): at hand-offs, between, in chains."""
    rnd = world.rnd
    if rnd.random() < 0.4:
        return []
    owner = world.user(system, 0.2)
    changes = []
    times = [rnd.choice(life).at for _ in range(rnd.choice([1, 1, 2, 3]))]
    times += [
        step.at + timedelta(seconds=rnd.choice([0, 0, 1, 3600, 200000]))
        for step in life
        if step.stage == "handed_off" and rnd.random() < 0.6
    ]
    for at in sorted(times):
        new = world.user(system, 0.06)
        if new == owner:
            continue
        changes.append((at, owner, new))
        owner = new
    return changes


def contact_times(rnd: Random, life: list[Step]) -> list[datetime]:
    """Calls and mails: before, at and after a hand-off and its due."""
    times = []
    for step in life:
        if step.stage not in ("handed_off", "mql") or rnd.random() < 0.35:
            continue
        for _ in range(rnd.choice([1, 1, 2])):
            times.append(next_instant(rnd, step.at, step.at))
        if rnd.random() < 0.15:
            times.append(step.at - timedelta(seconds=rnd.choice([1, 4000])))
    if rnd.random() < 0.1:
        times.append(life[-1].at)
    return times


def deal_times(
    rnd: Random, life: list[Step]
) -> list[tuple[datetime, datetime | None, str | None]]:
    """(created, closed, is_won) of a person's opportunities."""
    deals = []
    for step in life:
        if step.stage != "opportunity" or rnd.random() < 0.5:
            continue
        created = step.at + timedelta(seconds=rnd.choice([0, 1, 600]))
        kind = rnd.random()
        if kind < 0.4:
            deals.append((created, None, rnd.choice([None, "false", "true"])))
        else:
            later = timedelta(days=rnd.choice([0, 1, 20]), hours=5)
            closed = created + later
            if rnd.random() < 0.05:
                closed = created - timedelta(hours=2)
            deals.append(
                (closed if closed < created else created, closed, None)
                if kind < 0.45
                else (created, closed, rnd.choice(["true", "false"]))
            )
    return deals


# salesforce ------------------------------------------------------------


def salesforce_person(world: World, life: list[Step], mix: dict) -> list:
    rnd = world.rnd
    made = [salesforce_lead(world, life)]
    if rnd.random() < 0.12:
        other = salesforce_lead(world, random_life(rnd))
        if rnd.random() < 0.5 and made[0][1]["email"]:
            other[1]["email"] = respelled(rnd, str(made[0][1]["email"]))
        else:
            other[1]["master_record_id"] = world.sf_ref(str(made[0][1]["id"]))
            other[1]["is_deleted"] = "true"
        made.append(other)
    if mix.get("marketo") and rnd.random() < 0.5:
        marketing = marketo_lead(world, random_life(rnd), life[0].at)
        kind = rnd.random()
        lead = made[0][1]
        if kind < 0.6:
            marketing[1]["sfdc_lead_id"] = world.sf_ref(str(lead["id"]))
        elif kind < 0.8 and lead.get("converted_contact_id"):
            marketing[1]["sfdc_contact_id"] = lead["converted_contact_id"]
        elif lead["email"]:
            marketing[1]["email"] = respelled(rnd, str(lead["email"]))
        made.append(marketing)
    return made


def salesforce_lead(world: World, life: list[Step]) -> tuple[str, Row]:
    rnd = world.rnd
    system = "salesforce"
    lead_id = world.sf_id("00Q")
    life = [
        Step("sql" if s.stage == "opportunity" else s.stage, s.at, s.reason)
        if rnd.random() < 0.5
        else s
        for s in life
    ]
    first, changes, current = status_walk(world, system, life)
    owners = owner_walk(world, system, life)
    lead = world.add(
        system,
        "lead",
        {
            "id": lead_id,
            "email": world.email(),
            "name": f"名前 {lead_id}",
            "company": rnd.choice(["株式会社テスト", "Acme", None]),
            "owner_id": owners[-1][2] if owners else world.user(system, 0.3),
            "status": current if changes or first else None,
            "lead_source": rnd.choice(CHANNELS),
            "created_date": world.time(system, "lead", life[0].at),
            "created_by_id": world.user(system),
            "last_modified_date": world.time(system, "lead_modified", life[-1].at),
            "is_deleted": rnd.choices([None, "false", "true"], [5, 5, 0.3])[0],
            "master_record_id": None,
            "is_converted": "false",
            "converted_date": None,
            "converted_contact_id": None,
            "converted_opportunity_id": None,
        },
    )
    history = "lead_history"

    def remember(
        field_changed: str,
        old: object,
        new: object,
        at: datetime,
        stage: str = "",
    ) -> None:
        world.add(
            system,
            history,
            {
                "id": world.sf_id("017"),
                "lead_id": world.sf_ref(lead_id),
                "field": field_changed,
                "old_value": old,
                "new_value": new,
                "created_date": world.time(system, history, at),
                "created_by_id": world.actor(system, stage),
            },
        )

    if rnd.random() < 0.1:
        changes = []
    if rnd.random() < 0.3:
        remember("created", None, None, life[0].at)
    for step, old, new in changes:
        remember("Status", old, new, step.at, step.stage)
    for at, old, new in owners:
        remember("Owner", old and "前の 担当", new and "山田 太郎", at)
        remember("Owner", old, new, at)
    contact_id = None
    converted = [s for s in life if s.stage in ("sql", "opportunity")]
    if converted and rnd.random() < 0.6:
        at = converted[-1].at
        contact_id = salesforce_contact(world, lead, at)
        lead["is_converted"] = "true"
        lead["converted_date"] = at.strftime("%Y-%m-%d")
        remember("leadConverted", None, None, at)
        for created, closed, won in deal_times(rnd, [Step("opportunity", at)]):
            salesforce_deal(world, lead, contact_id, created, closed, won)
    for at in contact_times(rnd, life):
        owner = rnd.choice([owners[-1][2] if owners else None, world.user(system)])
        who = contact_id if contact_id and rnd.random() < 0.5 else lead_id
        salesforce_activity(world, who, owner, at)
    for _ in range(rnd.choice([0, 0, 1])):
        at = rnd.choice(life).at - rnd.choice([timedelta(0), timedelta(hours=5)])
        world.add(
            system,
            "campaign_member",
            {
                "id": world.sf_id("00v"),
                "campaign_id": world.sf_id("701", rnd.randint(1, 9)),
                "lead_id": None if contact_id else lead_id,
                "contact_id": contact_id,
                "status": rnd.choice(["Sent", "Responded"]),
                "created_date": world.time(system, "campaign_member", at),
                "first_responded_date": None,
                "is_deleted": rnd.choice([None, "false", "false", "true"]),
            },
        )
    return system, lead


def salesforce_contact(world: World, lead: Row, at: datetime) -> str:
    contact_id = world.sf_id("003")
    lead["converted_contact_id"] = contact_id
    if world.rnd.random() < 0.9:
        world.add(
            "salesforce",
            "contact",
            {
                "id": contact_id,
                "email": world.rnd.choice([lead["email"], world.email()]),
                "owner_id": lead["owner_id"],
                "lead_source": lead["lead_source"],
                "created_date": world.time("salesforce", "contact", at),
                "created_by_id": world.user("salesforce"),
                "is_deleted": "false",
                "master_record_id": None,
            },
        )
    return contact_id


def salesforce_deal(
    world: World,
    lead: Row,
    contact_id: str,
    created: datetime,
    closed: datetime | None,
    won: str | None,
) -> None:
    rnd = world.rnd
    system = "salesforce"
    deal_id = world.sf_id("006")
    by_lead = rnd.random() < 0.7
    if by_lead:
        lead["converted_opportunity_id"] = world.sf_ref(deal_id)
    stage = "Closed Won" if won == "true" else "Closed Lost"
    world.add(
        system,
        "opportunity",
        {
            "id": deal_id,
            "owner_id": world.user(system),
            "contact_id": None if by_lead else contact_id,
            "stage_name": stage if closed else "Proposal",
            "is_closed": "true" if closed else rnd.choice([None, "false"]),
            "is_won": won if closed else "false",
            "close_date": (closed or created + timedelta(days=90)).strftime("%Y-%m-%d"),
            "created_date": world.time(system, "opportunity", created),
            "amount": rnd.choice(["5000", "120000.50", None]),
            "is_deleted": rnd.choices(["false", "true"], [20, 1])[0],
        },
    )
    if closed and rnd.random() < 0.7:
        world.add(
            system,
            "opportunity_field_history",
            {
                "id": world.sf_id("017"),
                "opportunity_id": deal_id,
                "field": "StageName",
                "old_value": "Proposal",
                "new_value": stage,
                "created_date": closed.strftime("%Y-%m-%dT%H:%M:%SZ"),
                "created_by_id": world.user(system),
            },
        )


def salesforce_activity(
    world: World, who: str, owner: str | None, at: datetime
) -> None:
    rnd = world.rnd
    system = "salesforce"
    common = {
        "who_id": world.sf_ref(who),
        "owner_id": owner,
        "is_deleted": rnd.choices([None, "false", "true"], [6, 6, 1])[0],
    }
    if rnd.random() < 0.75:
        done = rnd.random() < 0.75
        known = rnd.random() < 0.6
        world.add(
            system,
            "task",
            {
                "id": world.sf_id("00T"),
                **common,
                "type": rnd.choice(["Call", "Email", None, None, "note"]),
                "task_subtype": rnd.choice(
                    ["Task", "Call", "Email", "ListEmail", "Cadence", None]
                ),
                "status": rnd.choice([None, "Completed"]) if done else "Not Started",
                "is_closed": rnd.choice([str(done).lower(), None]),
                "created_date": world.time(
                    system, "task", at - timedelta(hours=2) if known else at
                ),
                "completed_date_time": world.time(system, "task", at)
                if known
                else None,
            },
        )
    else:
        world.add(
            system,
            "event",
            {
                "id": world.sf_id("00U"),
                **common,
                "type": rnd.choice(["Meeting", None, "Call"]),
                "start_date_time": world.time(system, "event", at),
                "created_date": world.time(system, "event", at - timedelta(days=1)),
            },
        )


# marketo ---------------------------------------------------------------


def marketo_person(world: World, life: list[Step], mix: dict) -> list:
    return [marketo_lead(world, life, None)]


def marketo_lead(
    world: World, life: list[Step], born: datetime | None
) -> tuple[str, Row]:
    rnd = world.rnd
    system = "marketo"
    if born is not None and rnd.random() < 0.9:
        late = born - life[0].at
        life = [Step(s.stage, s.at + late, s.reason) for s in life]
        life = [s for s in life if s.at < END] or life[:1]
    born = born or life[0].at
    lead_id = str(1_000_000 + world.number())
    lead = world.add(
        system,
        "lead",
        {
            "id": lead_id,
            "email": world.email(),
            "company": rnd.choice(["株式会社テスト", None]),
            "lead_source": rnd.choice(CHANNELS),
            "created_at": world.time(system, "lead", born),
            "updated_at": world.time(system, "lead_updated", life[-1].at),
            "sfdc_lead_id": None,
            "sfdc_contact_id": None,
            "_fivetran_deleted": rnd.choices([None, "false", "true"], [5, 5, 0.2])[0],
        },
    )

    def act(table: str, at: datetime, **columns: object) -> None:
        number = str(world.number())
        row: Row = {
            "id": number,
            "lead_id": lead_id,
            "activity_date": world.time(system, table, at),
            **columns,
        }
        world.add(system, table, row)

    if rnd.random() < 0.8:
        act("activity_new_lead", born)
    for _ in range(rnd.choice([0, 0, 1, 2])):
        act("activity_fill_out_form", next_instant(rnd, born, None))
    score, at = 0, born
    for _ in range(rnd.choice([0, 2, 4, 6])):
        at = next_instant(rnd, at, None)
        old = score
        score = max(0, score + rnd.choice([-30, 10, 40, 70, 100]))
        merged = rnd.random() < 0.1
        act(
            "activity_change_score",
            at,
            primary_attribute_value=rnd.choice(
                ["Lead Score", "Lead Score", "score", None, "123"]
            )
            if rnd.random() < 0.95
            else "Demo Score",
            old_value=str(old) if rnd.random() < 0.8 else None,
            new_value=str(score),
            reason=rnd.choice(["Merge", "merge leads"])
            if merged
            else rnd.choice(["Web visit", None]),
        )
    if rnd.random() < 0.5:
        _first, changes, _ = status_walk(world, system, life)
        for step, old, new in changes:
            act(
                "activity_change_data_value",
                step.at,
                primary_attribute_value=rnd.choice(
                    ["Lead Status", "lead_status", "LeadStatus"]
                ),
                old_value=old,
                new_value=new,
                reason=step.reason,
            )
    if rnd.random() < 0.1:
        act(
            "activity_change_data_value",
            born,
            primary_attribute_value=rnd.choice(["Phone", "982"]),
            old_value="1",
            new_value="2",
            reason=None,
        )
    if rnd.random() < 0.02:
        act("activity_delete_lead", life[-1].at)
    if rnd.random() < 0.3:
        at = rnd.choice(life).at
        world.add(
            system,
            "program_membership",
            {
                "id": str(world.number()),
                "lead_id": lead_id,
                "program_id": str(rnd.randint(1001, 1009)),
                "membership_date": world.time(system, "program_membership", at),
            },
        )
    return system, lead


PEOPLE = {
    "generic": generic_person,
    "salesforce": salesforce_person,
    "hubspot": lambda *given: hubspot.hubspot_person(*given),
    "marketo": marketo_person,
}


# What identity has to survive ------------------------------------------


def add_merges(world: World, records: list[tuple[str, Row]]) -> None:
    """Chains up to 30, loops, merges into what is not there."""
    rnd = world.rnd
    column = {
        "generic": ("lead_id", "merged_into_id"),
        "salesforce": ("id", "master_record_id"),
    }
    for system in ("generic", "salesforce"):
        key, into = column[system]
        leads = [r for s, r in records if s == system and into in r]
        rnd.shuffle(leads)
        for length in (30, 2, 3, 4, 7):
            if len(leads) < 12 * length:
                continue
            chain = [leads.pop() for _ in range(length + 1)]
            for loser, winner in itertools.pairwise(chain):
                loser[into] = winner[key]
                loser["is_deleted"] = rnd.choice(["true", "false"])
        for length in (1, 2, 3):
            if len(leads) < 20 * length:
                continue
            loop = [leads.pop() for _ in range(length)]
            for loser, winner in zip(loop, loop[1:] + loop[:1], strict=True):
                loser[into] = winner[key]
        for _ in range(min(5, len(leads) // 50)):
            gone = "L_gone" if system == "generic" else world.sf_id("00Q")
            leads.pop()[into] = gone
    leads = [r for s, r in records if s == "marketo"]
    rnd.shuffle(leads)
    for number in range(len(leads) // 12):
        if len(leads) < 5:
            break
        winner = leads.pop()["id"]
        losers = [leads.pop()["id"] for _ in range(rnd.choice([1, 1, 2]))]
        if number % 17 == 16:
            losers = ["404404", "404405"]
            winner = rnd.choice([winner, "404406"])
        world.add(
            "marketo",
            "activity_merge_leads",
            {
                "id": str(world.number()),
                "lead_id": winner,
                "activity_date": world.time(
                    "marketo", "activity_merge_leads", random_instant(rnd)
                ),
                "merge_ids": "[" + ", ".join(map(str, losers)) + "]",
            },
        )


def add_oversized_group(world: World, mix: dict) -> None:
    """Fifty records are one person, fifty-one are nobody's."""
    rnd = world.rnd
    system = next(iter(mix))
    made = {
        "generic": lambda: generic_lead(world, random_life(rnd), None),
        "salesforce": lambda: salesforce_lead(world, random_life(rnd)),
        "hubspot": lambda: hubspot.hubspot_contact(world, random_life(rnd)),
        "marketo": lambda: marketo_lead(world, random_life(rnd), None),
    }[system]
    if len(world.tables[system, first_table(system)]) < 400:
        return
    for size, address in ((50, "fifty@group.example"), (51, "one@too.many")):
        for _ in range(size):
            made()[1]["email"] = respelled(rnd, address)


# What loaders and people do to rows ------------------------------------

KEYS = {
    ("generic", "lead"): "lead_id",
    ("generic", "touch"): "touch_id",
    ("generic", "sales_activity"): "activity_id",
    ("generic", "opportunity"): "opportunity_id",
    ("generic", "lead_status_history"): "lead_id",
    ("generic", "score_change"): "lead_id",
    ("hubspot", "contact_property_history"): "contact_id",
    ("hubspot", "contact_form_submission"): "contact_id",
    ("hubspot", "contact_list_member"): "contact_id",
    ("hubspot", "deal"): "deal_id",
    ("hubspot", "engagement_contact"): "engagement_id",
}
LOOKED_UP = (
    "user", "user_role", "opportunity_field_history", "owner", "owner_team", "team",
    "contact_list", "deal_pipeline_stage", "deal_stage", "deal_contact",
    "merged_deal",
)  # fmt: skip
REFERENCES = ("lead_id", "who_id", "contact_id")
UPDATED = {
    ("generic", "lead"): "updated_at",
    ("salesforce", "lead"): "last_modified_date",
    ("marketo", "lead"): "updated_at",
    ("hubspot", "contact"): "lastmodifieddate",
}
SYNCED = {
    ("salesforce", "task"): "owner_id",
    ("salesforce", "campaign_member"): "campaign_id",
    ("marketo", "activity_change_score"): "new_value",
    ("generic", "sales_activity"): "user_id",
}
OPTIONAL_TABLES = {
    "generic": [
        "touch",
        "score_change",
        "opportunity",
        "sales_activity",
        "lead_status_history",
        "user",
    ],
    "salesforce": [
        "campaign_member",
        "event",
        "opportunity",
        "task",
        "opportunity_field_history",
        "user_role",
    ],
    "marketo": [
        "activity_new_lead",
        "activity_fill_out_form",
        "activity_change_data_value",
        "activity_change_score",
    ],
}
ID_COLUMNS = {
    ("generic", "touch"): "touch_id",
    ("generic", "sales_activity"): "activity_id",
    ("generic", "opportunity"): "opportunity_id",
}
OPTIONAL_COLUMNS = {
    ("generic", "lead"): [
        "status_reason",
        "company",
        "campaign_id",
        "merged_into_id",
        "source",
        "owner_id",
    ],
    ("generic", "lead_status_history"): ["changed_by", "reason"],
    ("generic", "sales_activity"): ["is_completed", "type"],
    ("generic", "touch"): ["campaign_id", "type"],
    ("generic", "opportunity"): ["owner_id", "currency", "amount"],
    ("salesforce", "task"): ["task_subtype", "is_closed", "status"],
    ("salesforce", "lead_history"): ["created_by_id"],
    ("salesforce", "lead"): ["created_by_id", "lead_source"],
    ("marketo", "activity_change_score"): ["reason", "old_value"],
    ("marketo", "lead"): ["sfdc_contact_id", "_fivetran_deleted"],
}


def as_api_layout(row: Row) -> None:
    """A Marketo activity as the API gives it: attributes in a list."""
    names = {"old_value": "Old Value", "new_value": "New Value", "reason": "Reason"}
    found = [
        {"name": name, "value": row.pop(column)}
        for column, name in names.items()
        if row.get(column) is not None
    ]
    for column in names:
        row.pop(column, None)
    row["attributes"] = json.dumps(found, ensure_ascii=False)


def spoil(world: World) -> None:
    """Duplicates, superseded copies, missing keys, unknown persons."""
    rnd = world.rnd
    if rnd.random() < 0.3:
        for row in world.tables.get(("marketo", "activity_change_score"), []):
            as_api_layout(row)
    for place, rows in list(world.tables.items()):
        key = KEYS.get(place, "id")
        is_fact = place[1] not in LOOKED_UP
        extra = []
        for row in rows:
            chance = rnd.random()
            if chance < 0.02:
                extra.append(dict(row))
            elif place in UPDATED and chance < 0.05:
                # Impossible times are left out: they decide nothing.
                row[UPDATED[place]] = "2026-09-01 00:00:00"
                older = dict(row)
                older[UPDATED[place]] = "2026-08-01 00:00:00"
                older["status"] = "inquiry"
                older["email"] = None
                extra.append(older)
            elif place in SYNCED and chance < 0.06:
                # A row without a date of its own: the loader's decides.
                row["_fivetran_synced"] = "2026-10-02 00:00:00"
                older = dict(row)
                older["_fivetran_synced"] = "2026-10-01 00:00:00"
                older[SYNCED[place]] = None
                older.pop("attributes", None)
                extra.append(older)
            elif is_fact and not world.clean and 0.06 < chance < 0.064:
                row[key] = rnd.choice([None, " "])
            elif not world.clean and 0.064 < chance < 0.072:
                for column in REFERENCES:
                    if column in row and column != key and row[column]:
                        row[column] = rnd.choice(["nobody", None])
        rows.extend(extra)
        rnd.shuffle(rows)
    for place, column in ID_COLUMNS.items():
        if rnd.random() < 0.1:
            for row in world.tables.get(place, []):
                row.pop(column, None)
                row.pop("_fivetran_synced", None)
    for system, tables in OPTIONAL_TABLES.items():
        if not world.clean and rnd.random() < 0.15:
            world.tables.pop((system, rnd.choice(tables)), None)
    for place, columns in OPTIONAL_COLUMNS.items():
        if not world.clean and rnd.random() < 0.1:
            dropped = rnd.choice(columns)
            for row in world.tables.get(place, []):
                row.pop(dropped, None)


def add_contact_roles(world: World, rnd: Random) -> None:
    """Which contacts deals belong to: those that they name, others, nobody's."""
    deals = world.tables.get(("salesforce", "opportunity"), [])
    contacts = world.tables.get(("salesforce", "contact"), [])
    if not deals or not contacts or rnd.random() < 0.2:
        return
    roles = world.tables.setdefault(("salesforce", "opportunity_contact_role"), [])
    # By deal: which of two copies of one time counts is not said, so they agree.
    by_roles_alone: dict[str | None, bool] = {}
    for deal in deals:
        for _ in range(rnd.choice([0, 0, 1, 1, 2, 3])):
            contact = rnd.choice(contacts)["id"]
            at = datetime(2025, 3, 1) + timedelta(days=rnd.randint(0, 30))
            roles.append(
                {
                    "id": world.sf_id("00K"),
                    "opportunity_id": deal["id"] and deal["id"][:15],
                    "contact_id": rnd.choice([contact, contact, contact, "nobody"]),
                    "role": rnd.choice(["Decision Maker", None]),
                    "is_primary": rnd.choice(["true", "false", "false", None]),
                    "created_date": rnd.choice([None, f"{at:%Y-%m-%dT%H:%M:%SZ}"]),
                    "is_deleted": rnd.choices([None, "false", "true"], [5, 5, 1])[0],
                }
            )
        if by_roles_alone.setdefault(deal["id"], rnd.random() < 0.5):
            deal["contact_id"] = None


STATEFUL = (
    "lead", "contact", "user", "touch", "campaign_member", "program_membership",
    "sales_activity", "task", "event", "opportunity", "opportunity_contact_role",
)  # fmt: skip
"""Tables of things that a source may delete, or change in place."""


def add_loaders_state(world: World, rnd: Random) -> None:
    """What loaders say beside the source: versions, deletions, a database's log."""
    for place, rows in world.tables.items():
        kind = rnd.choice(["none", "none", "versions", "flags", "times", "log"])
        key = KEYS.get(place, "id")
        if place[1] not in STATEFUL or not any(row.get(key) for row in rows):
            continue
        extra = []
        for row in rows:
            chance = rnd.random()
            if kind == "versions":
                extra += versions_of(row, chance)
            elif kind == "flags":
                row["_fivetran_deleted"] = "true" if chance < 0.03 else "false"
            elif kind == "times":
                row["_sdc_deleted_at"] = "2026-09-15T00:00:00Z" if chance < 0.03 else ""
            elif kind == "log":
                row.setdefault("_ab_cdc_deleted_at", None)
                if chance < 0.04 and row.get(key):
                    # Told after the row, before its latest change, or of nobody.
                    at = rnd.choice(["2026-09-20", "2026-08-20"]) + "T00:00:00Z"
                    known = row[key] if chance < 0.038 else f"{row[key]}?"
                    extra.append({key: known, "_ab_cdc_deleted_at": at})
        rows.extend(extra)
        rnd.shuffle(rows)


def versions_of(row: Row, chance: float) -> list[Row]:
    """Makes a row a version, and gives other versions of it."""
    times = [f"2026-0{month}-01T00:00:00Z" for month in (3, 4, 5)]
    forever = "9999-12-31T23:59:59.999Z"

    def state(active: bool, start: str, end: str) -> Row:
        return {
            "_fivetran_active": "true" if active else "false",
            "_fivetran_start": start,
            "_fivetran_end": end,
        }

    older = {name: None if "status" in name else text for name, text in row.items()}
    if chance < 0.05:
        # Gone, and told twice: as it was before, and as it is.
        row.update(state(False, times[1], times[2]))
        return [older | state(False, times[0], times[1])]
    row.update(state(True, times[2], forever))
    if chance < 0.2:
        return [older | state(False, times[0], times[1])]
    return []


# Files -----------------------------------------------------------------


def camel(name: str) -> str:
    return "".join(part.capitalize() for part in name.split("_"))


def other_spelling(table: str) -> str:
    """A table as Airbyte calls it: in the plural."""
    if table.startswith("activity_"):
        return table.replace("activity_", "activities_")
    return table[:-1] + "ies" if table.endswith("y") else table + "s"


def write_tables(world: World, path: Path) -> None:
    rnd = world.rnd
    plural = {"salesforce": rnd.random() < 0.2, "marketo": rnd.random() < 0.3}
    for (system, table), rows in world.tables.items():
        is_plain = table in ("lead", "contact") or "activity_" in table
        if plural.get(system) and is_plain:
            table = other_spelling(table)
        folder = path / system
        folder.mkdir(parents=True, exist_ok=True)
        style = rnd.choice([str, str, camel, lambda n: n.replace("_", "")])
        columns = list(dict.fromkeys(c for row in rows for c in row))
        if not columns:
            columns = ["lead_id" if system == "generic" else "id"]
            columns.append("created_date" if system == "salesforce" else "created_at")
        named = {c: c if c.startswith("_") else style(c) for c in columns}
        plain = [{named[c]: row.get(c) for c in columns} for row in rows]
        header = list(named.values())
        kind = rnd.choice(
            [
                "csv",
                "csv",
                "csv.gz",
                "jsonl",
                "jsonl.gz",
                "parquet",
                "split",
                "cp932",
                "bom",
                "tab",
            ]
        )
        if kind == "split" and len(plain) > 3:
            (folder / table).mkdir(exist_ok=True)
            parts = rnd.randint(2, 4)
            for part in range(parts):
                target = folder / table / f"part{part}.csv"
                target.write_bytes(_csv(header, plain[part::parts]).encode())
        else:
            _write(folder, table, kind, header, plain)


def _write(
    folder: Path, table: str, kind: str, header: list[str], rows: list[Row]
) -> None:
    if kind.startswith("jsonl"):
        lines = "".join(
            json.dumps(
                {k: v for k, v in row.items() if v is not None or len(k) % 2},
                ensure_ascii=False,
            )
            + "\n"
            for row in rows
        ).encode()
        if not rows:
            kind = "csv"
        elif kind.endswith(".gz"):
            content = gzip.compress(lines, mtime=0)
            (folder / f"{table}.jsonl.gz").write_bytes(content)
            return
        else:
            (folder / f"{table}.jsonl").write_bytes(lines)
            return
    if kind == "parquet" and rows:
        import pyarrow as pa
        import pyarrow.parquet as pq

        columns = {c: pa.array([row[c] for row in rows], pa.string()) for c in header}
        pq.write_table(pa.table(columns), folder / f"{table}.parquet")
        return
    text = _csv(header, rows, "\t" if kind == "tab" else ",")
    content = text.encode()
    if kind == "cp932":
        with contextlib.suppress(UnicodeEncodeError):
            content = text.encode("cp932")
    elif kind == "bom":
        content = b"\xef\xbb\xbf" + content
    elif kind == "csv.gz":
        compressed = gzip.compress(content, mtime=0)
        (folder / f"{table}.csv.gz").write_bytes(compressed)
        return
    (folder / f"{table}.csv").write_bytes(content)


def _csv(header: list[str], rows: list[Row], delimiter: str = ",") -> str:
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter, lineterminator="\n")
    writer.writerow(header)
    for number, row in enumerate(rows):
        writer.writerow(["" if row[c] is None else row[c] for c in header])
        if number == 2:
            out.write("\n")  # a wholly blank line is no row
    return out.getvalue()


# A company's own definition --------------------------------------------


def write_definition(path: Path, seed: int) -> None:
    """Calendars with breaks and clock changes, a second and third version,
    policies by team and channel, more stage rules, roles of users."""
    rnd = Random(seed)
    path = Path(path)
    path.mkdir(parents=True, exist_ok=True)

    def add(seed_name: str, header: str, lines: list[str]) -> None:
        text = "\n".join([header, *lines]) + "\n"
        (path / f"{seed_name}.add.csv").write_text(text, encoding="utf-8")

    weekly = []
    for day in range(1, 6):
        weekly.append(f"new_york,America/New_York,{day},09:00,12:00")
        weekly.append(f"new_york,America/New_York,{day},13:00,17:30")
        weekly.append(f"london,Europe/London,{day},08:30,17:00")
        weekly.append(f"night,Europe/London,{day},22:00,06:00")
    weekly.append("london,Europe/London,7,00:00,24:00")
    weekly.append("new_york,America/New_York,7,00:00,06:00")
    add(
        "business_calendars",
        "calendar_id,timezone,weekday,opens_at,closes_at",
        weekly,
    )
    add(
        "holidays",
        "calendar_id,holiday_date,name",
        [
            "new_york,2025-07-04,Independence Day",
            "new_york,2025-12-25,Christmas Day",
            "london,2025-12-25,Christmas Day",
            "london,2025-12-26,Boxing Day",
            "night,2025-12-24,Christmas Eve",
        ],
    )
    mode = rnd.choice(["explicit", "explicit", "mql"])
    # Of its own chance, so that the rest stays as it was.
    accepting = Random(seed * 7919 + 161)
    versions = [
        f"v2,2025-04-01,v1,{mode},{accepting.choice(ACCEPTANCE_ROLES)},The second"
    ]
    if rnd.random() < 0.6:
        versions.append(
            "v3,2025-10-01T00:00:00Z,v2,explicit,"
            f"{accepting.choice(ACCEPTANCE_ROLES)},The third"
        )
    add(
        "funnel_versions",
        "version,effective_from,based_on,handoff_mode,acceptance_roles,description",
        versions,
    )
    policies = [
        f"v2,default,,{rnd.choice([9, 4, 0.5])},"
        f"{rnd.choice(['new_york', 'london', 'japan'])},"
        f"{rnd.choice([10, 30])},{rnd.choice(['true', 'false'])}",
        "v1,team,New York,8,new_york,30,true",
        "v1,team,Ｌｏｎｄｏｎ,12,london,20,false",
        "v1,channel,webinar,6,japan,15,true",
        "v2,team,大阪,27,night,45,true",
    ]
    add(
        "sla_policies",
        "definition_version,match_on,match_value,sla_business_hours,"
        "calendar_id,max_pending_days,touches_stop_clock",
        rnd.sample(policies, rnd.randint(2, len(policies))),
    )
    rules = [
        "v1,generic,lead,status,equals,Working,none",
        "v1,generic,lead,score,crosses,100,mql",
        "v1,generic,touch,type,exists,,inquiry",
        "v2,generic,lead,status,equals,なぞ,tal",
        "v2,salesforce,lead,status,equals,Working,tal",
        "v1,salesforce,lead,status,equals,Sales Accepted,tal",
        "v2,salesforce,campaign_member,status,exists,,inquiry",
        "v2,*,lead,score,crosses,60,handed_off",
    ]
    add(
        "stage_rules",
        "definition_version,source,entity,field,operator,value,stage",
        rnd.sample(rules, rnd.randint(3, len(rules))),
    )
    roles = [
        f"salesforce,user_role,{name},{role},{team or ''}"
        for (role, name), team in zip(ROLES.items(), TEAMS, strict=True)
        if role
    ]
    roles += [
        f"hubspot,team,{name},{role},{team or ''}"
        for (role, name), team in zip(ROLES.items(), TEAMS, strict=True)
        if role
    ]
    roles.append("generic,user_id,ghost,marketing,")
    roles.append("generic,user_id,U05,field_sales,大阪")
    add("user_roles", "source,match_on,value,role,team", roles)
    add(
        "fx_rates",
        "rate_date,currency,rate",
        ["2000-01-01,USD,110", "2000-01-01,EUR,130.25", "2025-06-01,EUR,160"],
    )
    add("channels", "source_value,channel", ["web site,website"])
    add("shared_mailboxes", "local_part", ["team"])


# A whole situation -----------------------------------------------------


@dataclass
class Situation:
    system_mix: dict[str, float]
    with_definition: bool
    settings: dict


SYSTEMS = [
    {"generic": 1.0},
    {"salesforce": 1.0},
    {"salesforce": 0.7, "marketo": 0.3},
    {"generic": 0.4, "salesforce": 0.4, "marketo": 0.2},
]
WITH_HUBSPOT = [
    {"hubspot": 1.0},
    {"hubspot": 1.0},
    {"hubspot": 0.6, "salesforce": 0.4},
    {"hubspot": 0.5, "generic": 0.3, "marketo": 0.2},
]
FIRST_WITH_HUBSPOT = 1000


def situation(seed: int) -> Situation:
    """The systems, definition and vars that a seed stands for."""
    rnd = Random(seed * 7919 + 1)
    mix = (WITH_HUBSPOT if seed >= FIRST_WITH_HUBSPOT else SYSTEMS)[seed % 4]
    # World.time writes the month first, and a small column may not say so itself.
    settings: dict = {"source_day_orders": dict.fromkeys(mix, "month_first")}
    if rnd.random() < 0.6:
        day = rnd.choice(HOT_DAYS) + timedelta(days=3) * rnd.random()
        settings["as_of"] = day.strftime("%Y-%m-%dT%H:%M:%SZ")
    if rnd.random() < 0.3:
        zones = {s: rnd.choice(["Asia/Tokyo", "Asia/Kolkata"]) for s in mix}
        settings["source_timezones"] = zones
    if rnd.random() < 0.2:
        settings["reporting_timezone"] = "America/New_York"
    if rnd.random() < 0.2:
        settings["keep_deleted"] = True
    if rnd.random() < 0.15:
        settings["funnel_version"] = "mql_handoff"
    return Situation(mix, rnd.random() < 0.6, settings)


def write_situation(
    path: Path, seed: int, people: int
) -> tuple[Path, Path | None, dict]:
    """Writes landing and definition; returns both and the vars."""
    chosen = situation(seed)
    landing = Path(path) / "landing"
    rates = (None, "JPY", "USD", "eur") if chosen.with_definition else (None,)
    write_folder(
        landing,
        seed,
        people,
        chosen.system_mix,
        chosen.settings.get("source_timezones"),
        currencies=rates,
    )
    definition = None
    if chosen.with_definition:
        definition = Path(path) / "definition"
        write_definition(definition, seed)
    return landing, definition, chosen.settings
