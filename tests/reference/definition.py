"""The funnel definition as data: seeds, a company's overlay, versions (§3)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from tests.reference.clock import BusinessCalendar
from tests.reference.parsing import (
    field_name,
    given,
    match_id,
    parse_flag,
    parse_instant,
    parse_number,
    same_text,
)
from tests.reference.reading import Row, csv_rows

EXITS = ("won", "lost", "rejected", "recycled", "disqualified")
PROGRESS = ("tal", "sal", "sql", "opportunity")
STAGES = ("inquiry", "mql", "handed_off", *PROGRESS, *EXITS)
RANK = {stage: rank for rank, stage in enumerate(STAGES)}
SALES_ROLES = ("adr", "inside_sales", "field_sales")
EVENT_FIELDS = ("", "leadconverted", "created", "leadmerged")


@dataclass
class Version:
    name: str
    effective_from: datetime | None
    based_on: str | None
    handoff_mode: str
    acceptance_roles: frozenset[str] = frozenset()
    """Each of them has to accept; where there is none, anyone may."""


@dataclass
class FieldRules:
    """What a version says about one field of one source."""

    equals: dict[str, list[str]] = field(default_factory=dict)
    crosses: list[tuple[Decimal, str]] = field(default_factory=list)
    exists: list[str] = field(default_factory=list)

    def reads(self, name: str, value: str | None) -> bool:
        if same_text(value) is not None:
            return bool(self.equals or self.crosses or self.exists)
        return bool(self.exists) and name in EVENT_FIELDS


@dataclass
class Policy:
    sla_business_hours: float
    calendar: BusinessCalendar
    max_pending: timedelta | None
    touches_stop_clock: bool


@dataclass
class User:
    user_id: str
    role: str | None = None
    team: str | None = None
    role_name: str | None = None


def read_seeds(seeds: Path, overlay: Path | None) -> dict[str, list[Row]]:
    """Every seed; the overlay's `<seed>.csv` replaces, `.add.csv` adds."""
    tables = {
        path.stem: list(csv_rows(_text(path))) for path in Path(seeds).glob("*.csv")
    }
    additions = {}
    for path in Path(overlay).glob("*.csv") if overlay else ():
        rows = list(csv_rows(_text(path)))
        if path.name.endswith(".add.csv"):
            additions[path.name[: -len(".add.csv")]] = rows
        else:
            tables[path.stem] = rows
    for seed, rows in additions.items():
        tables[seed] = tables.get(seed, []) + rows
    return tables


def _text(path: Path) -> str:
    return path.read_bytes().decode("utf-8-sig")


class Definition:
    def __init__(
        self,
        seeds: Path,
        overlay: Path | None = None,
        reporting_timezone: str = "Asia/Tokyo",
        funnel_version: str | None = None,
    ) -> None:
        self.tables = read_seeds(seeds, overlay)
        self.reporting_timezone = reporting_timezone
        self.named = funnel_version
        self.versions = self._versions()
        self._rules = self._rules_by_version()
        self._field_rules: dict[tuple, FieldRules | None] = {}
        self.calendars = self._business_calendars()
        self._policies: dict[tuple[str, str, str | None], Row] = {}
        for row in self.tables["sla_policies"]:
            match_on = same_text(row.get("matchon")) or "default"
            value = same_text(row.get("matchvalue"))
            version = given(row["definitionversion"])
            self._policies[version, match_on, value] = row
        self.shared_mailboxes = {
            same_text(row["localpart"]) for row in self.tables["shared_mailboxes"]
        }
        self.responses = {
            same_text(row["touchtype"])
            for row in self.tables["touch_types"]
            if parse_flag(row.get("isresponse"))
        }
        self.verdicts = {
            (same_text(row["fromstage"]), same_text(row["tostage"])): row["verdict"]
            for row in self.tables["stage_transitions"]
        }
        self.channels = {
            same_text(row["sourcevalue"]): given(row["channel"])
            for row in self.tables["channels"]
        }
        self.rejection_categories = {
            same_text(row["reason"]): given(row.get("category"))
            for row in self.tables["rejection_reasons"]
        }
        self.merge_reasons = tuple(
            same_text(row["reasonprefix"])
            for row in self.tables.get("ignored_change_reasons", [])
        )

    # Versions ----------------------------------------------------------

    def _versions(self) -> list[Version]:
        versions = []
        for row in self.tables["funnel_versions"]:
            text = given(row.get("effectivefrom"))
            start = parse_instant(text, self.reporting_timezone)
            versions.append(
                Version(
                    given(row["version"]),
                    start,
                    given(row.get("basedon")),
                    same_text(row.get("handoffmode")) or "explicit",
                    _roles(row.get("acceptanceroles")),
                )
            )
        return sorted(
            versions,
            key=lambda v: (v.effective_from or datetime.min, v.name),
        )

    def version(self, name: str) -> Version:
        return next(v for v in self.versions if v.name == name)

    def in_force(self, instant: datetime) -> Version | None:
        """The version that an event of that instant is read with (§3)."""
        if self.named:
            return self.version(self.named)
        found = None
        for version in self.versions:
            start = version.effective_from
            if start is not None and start <= instant:
                found = version
        return found

    def lineage(self, version: Version) -> list[Version]:
        """A version and those it is based on, nearest first."""
        chain = [version]
        while chain[-1].based_on:
            parent = self.version(chain[-1].based_on)
            if parent in chain:
                break
            chain.append(parent)
        return chain

    # Stage rules -------------------------------------------------------

    def _rules_by_version(self) -> dict[str, dict[tuple, list[str]]]:
        own: dict[str, dict[tuple, list[str]]] = {}
        for row in self.tables["stage_rules"]:
            key = (
                same_text(row.get("source")) or "*",
                field_name(row.get("entity")),
                field_name(row.get("field")),
                same_text(row.get("operator")),
                same_text(row.get("value")) or "",
            )
            rules = own.setdefault(given(row["definitionversion"]), {})
            rules.setdefault(key, []).append(same_text(row["stage"]))
        merged = {}
        for version in self.versions:
            rules = {}
            for ancestor in reversed(self.lineage(version)):
                rules.update(own.get(ancestor.name, {}))
            merged[version.name] = rules
        return merged

    def field_rules(
        self, version: Version, source: str, table: str, entity: str, name: str
    ) -> FieldRules | None:
        key = (version.name, source, table, entity, name)
        if key not in self._field_rules:
            self._field_rules[key] = self._collect(*key)
        return self._field_rules[key]

    def _collect(
        self, version: str, source: str, table: str, entity: str, name: str
    ) -> FieldRules | None:
        found = FieldRules()
        entities = (field_name(table), field_name(entity))
        for rule, stages in self._rules[version].items():
            rule_source, rule_entity, rule_field, operator, value = rule
            if rule_source not in ("*", source):
                continue
            if rule_entity not in entities or rule_field != name:
                continue
            if operator == "equals":
                found.equals.setdefault(value, []).extend(stages)
            elif operator == "crosses":
                threshold = parse_number(value)
                found.crosses.extend((threshold, s) for s in stages)
            elif operator == "exists":
                found.exists.extend(stages)
        if found.equals or found.crosses or found.exists:
            return found
        return None

    def any_field_rules(
        self, source: str, table: str, entity: str, name: str
    ) -> list[FieldRules]:
        """The rules of every version, for a row whose time is unreadable."""
        versions = [v for v in self.versions if v.effective_from is not None]
        if self.named:
            versions = [self.version(self.named)]
        found = [self.field_rules(v, source, table, entity, name) for v in versions]
        return [rules for rules in found if rules]

    # Policies ----------------------------------------------------------

    def _business_calendars(self) -> dict[str, BusinessCalendar]:
        weekly: dict[str, list] = {}
        zones: dict[str, str] = {}
        for row in self.tables["business_calendars"]:
            name = given(row["calendarid"])
            zones[name] = given(row["timezone"])
            weekly.setdefault(name, []).append(
                (
                    int(row["weekday"]),
                    _wall_time(row["opensat"]),
                    _wall_time(row["closesat"]),
                )
            )
        holidays: dict[str, set[date]] = {}
        for row in self.tables["holidays"]:
            name = given(row["calendarid"])
            day = parse_instant(row["holidaydate"]).date()
            holidays.setdefault(name, set()).add(day)
        return {
            name: BusinessCalendar(zones[name], weekly[name], holidays.get(name, set()))
            for name in weekly
        }

    def policy(self, version: Version, team: str | None, channel: str | None) -> Policy:
        """By team, else by channel, else the default."""
        wanted = (
            ("team", same_text(team)),
            ("channel", same_text(channel)),
        )
        for match_on, value in (*wanted, ("default", None)):
            if match_on != "default" and value is None:
                continue
            for ancestor in self.lineage(version):
                row = self._policies.get((ancestor.name, match_on, value))
                if row is not None:
                    return self._as_policy(row)
        raise ValueError(f"version {version.name} has no default SLA policy")

    def _as_policy(self, row: Row) -> Policy:
        days = parse_number(row.get("maxpendingdays"))
        stops = parse_flag(row.get("touchesstopclock"))
        return Policy(
            float(parse_number(row["slabusinesshours"])),
            self.calendars[given(row["calendarid"])],
            None if days is None else timedelta(days=float(days)),
            True if stops is None else stops,
        )

    # Users -------------------------------------------------------------

    def users(self, users: Iterable[tuple[str, User]]) -> Users:
        return Users(self.tables["user_roles"], users)


def _roles(text: str | None) -> frozenset[str]:
    """§3: a `+`-separated set of roles."""
    parts = (same_text(part) for part in (same_text(text) or "").split("+"))
    return frozenset(part for part in parts if part)


def _wall_time(text: str) -> timedelta:
    hour, minute = re.fullmatch(r"(\d{1,2}):(\d{2})(?::\d{2})?", text.strip()).groups()
    return timedelta(hours=int(hour), minutes=int(minute))


class Users:
    """Who is a sales user, and in which team."""

    def __init__(self, roles: list[Row], users: Iterable[tuple[str, User]]) -> None:
        self._known: dict[tuple[str, str], User] = {}
        for source, user in users:
            self._known[source, match_id(source, user.user_id)] = user
        self._seeded: dict[tuple[str, str, str], Row] = {}
        for row in roles:
            source = same_text(row.get("source")) or "*"
            match_on = same_text(row.get("matchon")) or "user_id"
            value = given(row["value"])
            if match_on == "user_id":
                key = match_id(source, value)
            else:
                match_on, key = "role_name", same_text(value)
            self._seeded[source, match_on, key] = row

    def _lookup(self, source: str, user_id: str | None, column: str) -> str | None:
        key = match_id(source, user_id)
        if key is None:
            return None
        user = self._known.get((source, key))
        asked = [("user_id", key)]
        if user and same_text(user.role_name):
            asked.append(("role_name", same_text(user.role_name)))
        for match_on, value in asked:
            for of in (source, "*"):
                row = self._seeded.get((of, match_on, value))
                if row is not None and given(row.get(column)):
                    return given(row[column])
        return given(getattr(user, column)) if user else None

    def published_id(self, source: str | None, user_id: str | None) -> str | None:
        """One user is published under one id, however a row spells it."""
        key = match_id(source, user_id)
        user = self._known.get((source, key))
        if user is not None:
            return user.user_id
        seeded = self._seeded.get((source, "user_id", key))
        return given(seeded["value"]) if seeded is not None else user_id

    def role(self, source: str, user_id: str | None) -> str | None:
        return same_text(self._lookup(source, user_id, "role"))

    def team(self, source: str, user_id: str | None) -> str | None:
        return self._lookup(source, user_id, "team")

    def is_sales(self, source: str, user_id: str | None) -> bool:
        """Unknown, blank or without a role counts as a sales user."""
        role = self.role(source, user_id)
        return role is None or role in SALES_ROLES
