"""Versions of the funnel, their SLAs, and the calendars by which these run."""

from __future__ import annotations

import re
import unicodedata
import zoneinfo
from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

from orchestration.definition.columns import TIME, same_text
from orchestration.definition.problems import Problems, Row, quote
from orchestration.definition.rows import Definition
from orchestration.errors import listed
from orchestration.project import RunVars

MOST_VERSIONS_OF_A_LINE = 20
"""As macros/definition.sql has it."""
MOST_ROLES = 10
DAY = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?(.*)")
MOST_WEEKS = 150
"""Of a calendar that an SLA may take: no clock is read further ahead
(int_calendar__openings)."""
MINUTES_OF_A_DAY, MINUTES_OF_A_WEEK = 24 * 60, 7 * 24 * 60


def check(definition: Definition, given: RunVars, problems: Problems) -> None:
    versions = definition.rows["funnel_versions"]
    based_on = {row["version"]: row["based_on"] for row in versions}
    lines = {row["version"]: _line_of(row, based_on) for row in versions}
    _check_beginnings(versions, definition, given, problems)
    for row in versions:
        _check_roles(row, definition, problems)
        if len(lines[row["version"]]) > MOST_VERSIONS_OF_A_LINE:
            problems.error(
                row,
                f"{quote(row['version'])} is based on itself, or on more than "
                f"{MOST_VERSIONS_OF_A_LINE} versions one after another ("
                f"{' → '.join(lines[row['version']][:4])} …): mend based_on.",
            )
    _check_have(versions, lines, definition, given, problems)
    _check_calendars(definition, problems)
    weekly = _weekly_minutes(definition.rows["business_calendars"])
    for row in definition.rows["sla_policies"]:
        kind = same_text(row["match_on"]) or "default"
        if kind != "default" and not row["match_value"]:
            problems.error(
                row, f"match_value is blank: name the {kind} that the SLA is for."
            )
        if kind == "default" and row["match_value"]:
            problems.error(
                row,
                f"match_value is {quote(row['match_value'])}, but the default is for "
                "everybody else: take it out, or write team or channel as match_on.",
            )
        _check_sla_ends(row, weekly[row["calendar_id"]], problems)


def _weekly_minutes(calendars: list[Row]) -> Mapping[str, int]:
    """How long each calendar is open in a week."""
    weekly: dict[str, int] = defaultdict(int)
    for row in calendars:
        span = _minutes(row)
        weekly[row["calendar_id"]] += span[1] - span[0] if span is not None else 0
    return weekly


def _check_sla_ends(row: Row, weekly: int, problems: Problems) -> None:
    try:
        minutes = float(row["sla_business_hours"]) * 60
    except ValueError:
        return
    if weekly and minutes > weekly * MOST_WEEKS:
        problems.error(
            row,
            f"sla_business_hours is {row['sla_business_hours']}, which are "
            f"{minutes / weekly:,.0f} weeks of the calendar {quote(row['calendar_id'])}"
            f" ({weekly / 60:g} hours a week): at most {MOST_WEEKS} weeks can be "
            "waited for. Did you mean minutes or days?",
        )


# Versions.


def _line_of(row: Row, based_on: Mapping[str, str]) -> list[str]:
    """The version and those that it is based on, one after another."""
    line = [row["version"]]
    while len(line) <= MOST_VERSIONS_OF_A_LINE and based_on.get(line[-1]):
        line.append(based_on[line[-1]])
    return line


def instant_of(text: str, zone: str) -> datetime | None:
    """An instant or a day; naive ones are in the zone."""
    said = DAY.fullmatch(unicodedata.normalize("NFKC", text).strip())
    if said is None:
        return None
    year, month, day, time = said.groups()
    time = re.sub(r" ?UTC$", "+00:00", time)
    try:
        found = datetime.fromisoformat(f"{year}-{month:0>2}-{day:0>2}{time}")
        if found.tzinfo is None:
            found = found.replace(tzinfo=zoneinfo.ZoneInfo(zone))
        return found.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _check_beginnings(
    versions: list[Row], definition: Definition, given: RunVars, problems: Problems
) -> None:
    seen: dict[datetime, Row] = {}
    for row in versions:
        text = row["effective_from"]
        if not text:
            continue
        instant = instant_of(text, given.reporting_timezone)
        if instant is None:
            problems.error(
                row,
                f"effective_from is {quote(text)}, but must be a day such as "
                "2026-04-01 or an instant such as 2026-04-01T09:00:00Z.",
            )
            continue
        before = seen.setdefault(instant, row)
        if before is not row:
            problems.error(
                row,
                f"{quote(row['version'])} is in force from {text}, and so is "
                f"{quote(before['version'])} (line {before.line} of {before.file}): "
                "give one of them another day, or none.",
            )
    if versions and not seen and given.funnel_version is None:
        problems.of_file(
            definition.file_of("funnel_versions"),
            "No version has an effective_from, so none is ever in force: give one "
            "1970-01-01, or name one in the var funnel_version.",
        )


def _check_roles(row: Row, definition: Definition, problems: Problems) -> None:
    if not row["acceptance_roles"]:
        return
    known = [same_text(each["role"]) for each in definition.rows["sales_roles"]]
    roles = [same_text(role) for role in row["acceptance_roles"].split("+")]
    for role in dict.fromkeys(roles):
        if role not in known:
            problems.error(
                row,
                f"acceptance_roles names {quote(role)}, which is not a role of "
                f"sales_roles: write {listed(known, limit=15)}, with + between them.",
            )
        if roles.count(role) > 1:
            problems.error(
                row, f"acceptance_roles names {quote(role)} more than once: once is it."
            )
    if len(roles) > MOST_ROLES:
        problems.error(
            row,
            f"acceptance_roles names {len(roles)} roles, and at most {MOST_ROLES} are "
            "read: take some out.",
        )


def _check_have(
    versions: list[Row],
    lines: Mapping[str, list[str]],
    definition: Definition,
    given: RunVars,
    problems: Problems,
) -> None:
    """A version that is in force needs an SLA for everybody, and rules."""
    with_rules = {row["definition_version"] for row in definition.rows["stage_rules"]}
    with_default = {
        row["definition_version"]
        for row in definition.rows["sla_policies"]
        if (same_text(row["match_on"]) or "default") == "default"
    }
    for row in versions:
        is_used = row["effective_from"] or row["version"] == given.funnel_version
        if not is_used:
            continue
        line = lines[row["version"]]
        if with_default and not with_default & set(line):
            problems.error(
                row,
                f"{quote(row['version'])} has no SLA of its own and inherits none: add "
                f"a row with match_on default to {definition.file_of('sla_policies')}, "
                "or name in based_on a version that has one.",
            )
        if with_rules and not with_rules & set(line):
            problems.error(
                row,
                f"{quote(row['version'])} has no stage rule of its own and inherits "
                "none, so its funnel is empty: add rules to "
                f"{definition.file_of('stage_rules')}, or name in based_on a version "
                "that has some.",
            )


# Calendars.


def _check_calendars(definition: Definition, problems: Problems) -> None:
    openings: dict[str, list[Row]] = defaultdict(list)
    for row in definition.rows["business_calendars"]:
        openings[row["calendar_id"]].append(row)
    for rows in openings.values():
        zones = {row["timezone"] for row in rows if row["timezone"]}
        if len(zones) > 1:
            problems.odd(
                rows[-1],
                f"The calendar has several time zones ({listed(sorted(zones))}): look "
                "whether that is meant.",
            )
        else:
            _check_overlaps(rows, problems)
    holidays: dict[str, list[Row]] = defaultdict(list)
    for row in definition.rows["holidays"]:
        holidays[row["calendar_id"]].append(row)
    for calendar, rows in holidays.items():
        if openings[calendar]:
            _check_opens(calendar, openings[calendar], rows, problems)


def _minutes(row: Row) -> tuple[int, int] | None:
    """An opening in minutes from Monday's midnight."""
    if not (TIME.fullmatch(row["opens_at"]) and TIME.fullmatch(row["closes_at"])):
        return None
    if row["weekday"] not in tuple("1234567"):
        return None
    opens, closes = (
        int(text.split(":")[0]) * 60 + int(text.split(":")[1])
        for text in (row["opens_at"], row["closes_at"])
    )
    if closes <= opens:
        closes += MINUTES_OF_A_DAY
    day = (int(row["weekday"]) - 1) * MINUTES_OF_A_DAY
    return day + opens, day + closes


def _check_overlaps(rows: list[Row], problems: Problems) -> None:
    spans = sorted(
        ((span, row) for row in rows if (span := _minutes(row)) is not None),
        key=lambda each: (each[0], each[1].line),
    )
    for ((_, closes), before), ((opens, _), row) in _neighbours(spans):
        if closes > opens and before["opens_at"] != row["opens_at"]:
            problems.error(
                row,
                f"The calendar {quote(row['calendar_id'])} is open then already: "
                f"{before['opens_at']} to {before['closes_at']} on weekday "
                f"{before['weekday']} (line {before.line} of {before.file}) overlaps. "
                "Its hours would count twice.",
            )


Span = tuple[tuple[int, int], Row]


def _neighbours(spans: list[Span]) -> Iterator[tuple[Span, Span]]:
    """Each with the next, and the last with the first of the next week."""
    yield from pairwise(spans)
    if len(spans) > 1:
        (opens, closes), row = spans[0]
        week = MINUTES_OF_A_WEEK
        yield spans[-1], ((opens + week, closes + week), row)


def _check_opens(
    calendar: str, openings: list[Row], holidays: list[Row], problems: Problems
) -> None:
    """No year in which each day that it would open is a holiday."""
    weekdays = {int(row["weekday"]) for row in openings if row["weekday"].isdigit()}
    closed = {day for row in holidays if (day := _day(row["holiday_date"]))}
    for year in sorted({day.year for day in closed}):
        days = (date(year, 1, 1) + timedelta(days=n) for n in range(365))
        if not any(day.isoweekday() in weekdays and day not in closed for day in days):
            first = next(
                row
                for row in holidays
                if (day := _day(row["holiday_date"])) and day.year == year
            )
            problems.error(
                first,
                f"With its {len(holidays):,} holidays the calendar {quote(calendar)} "
                f"does not open on any day of {year}, so no SLA would ever be over: "
                "take days out.",
            )


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text.replace("/", "-"))
    except ValueError:
        return None
