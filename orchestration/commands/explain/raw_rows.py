"""Every raw row of a person that was read, and what came of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from orchestration.commands.explain.facts import RawRow, RowKey
from orchestration.commands.explain.find import same_text
from orchestration.commands.explain.outcome import stage_name
from orchestration.commands.explain.reading import Reading
from orchestration.commands.explain.users import Users

Row = dict[str, Any]

ReadingKey = tuple[int, str]
"""A raw row's `row_key`, and what was read of the row."""

_MATCHED = """
select * from {intermediate}.int_readings__matched
where person_key = ?
order by observed_at, source, source_table, source_key, field, stage
"""

_THRESHOLDS = """
select version, source, field, stage, min(threshold) as threshold
from {intermediate}.int_stage_rules__resolved
where operator = 'crosses'
group by all
"""

_FIRST_VALUES = """
select * from {intermediate}.int_records__first_values
where person_key = ? and has_first_value
"""

_OBSERVATIONS = """
select * from {intermediate}.int_observations__judged
where person_key = ? and is_read
"""

_ACTIVITIES = """
select
    said.*,
    judged.person_key,
    judged.is_read,
    judged.is_usable
from {intermediate}.int_activities__judged as judged
inner join {input_layer}.input_layer__activities as said
    on judged.row_key = said.row_key
where judged.person_key = ?
"""

_TOUCHES = """
select * from {intermediate}.int_touches__judged where person_key = ?
"""

_OPPORTUNITIES = """
select * from {intermediate}.int_opportunities__judged where person_key = ?
"""

_RECORDS = """
select record_key from {intermediate}.int_people__keys where person_key = ?
"""

_JUDGED = """
select row_key, reading, is_after_as_of from {intermediate}.int_readings__judged
where record_key in ({records})
"""

_BROKEN = """
select row_key, reading, rule from {intermediate}.int_raw_rows__broken
where person_key = ?
order by rule
"""

_TOUCH_TYPES = """
select touch_type, is_response from {definition}.def_touch_types
"""


@dataclass
class Evidence:
    """What the warehouse made of the readings."""

    matched: dict[tuple[RowKey, str, bool], list[Row]]
    events: dict[tuple[str, datetime], Row]
    thresholds: dict[tuple[str, str, str, str], float]
    users: Users
    as_of: datetime
    broken: dict[ReadingKey, list[str]]
    """The rules of quarantine that a reading breaks."""
    after_as_of: set[ReadingKey]
    """The readings that would take part if they were not after `as_of`."""

    def rules(self, row: Row, reading: str) -> list[str]:
        """What is told of a reading that breaks rules by what its row says."""
        if row["is_usable"]:
            return []
        broken = self.broken[row["row_key"], reading]
        return [f"quarantined: {rule}" for rule in broken]

    def is_late(self, row: Row, reading: str) -> bool:
        return (row["row_key"], reading) in self.after_as_of


def raw_rows(
    read: Reading,
    person_key: int,
    events: list[Row],
    users: Users,
    as_of: datetime,
) -> list[RawRow]:
    """All readings of a person's raw rows, in order of time."""
    matched = defaultdict(list)
    for row in read.rows(_MATCHED, [person_key]):
        matched[_key(row), row["field"], row["is_first_value"]].append(row)
    broken = defaultdict(list)
    for row in read.rows(_BROKEN, [person_key]):
        broken[row["row_key"], row["reading"]].append(row["rule"])
    evidence = Evidence(
        matched=matched,
        events={(event["stage"], event["occurred_at"]): event for event in events},
        thresholds={
            (row["version"], row["source"], row["field"], row["stage"]): row[
                "threshold"
            ]
            for row in read.rows(_THRESHOLDS)
        },
        users=users,
        as_of=as_of,
        broken=broken,
        after_as_of=_after_as_of(read, person_key),
    )
    response_types = {
        same_text(row["touch_type"] or ""): bool(row["is_response"])
        for row in read.rows(_TOUCH_TYPES)
    }
    found = [
        *_first_values(read.rows(_FIRST_VALUES, [person_key]), evidence),
        *_observations(read.rows(_OBSERVATIONS, [person_key]), evidence),
        *_touches(read.rows(_TOUCHES, [person_key]), evidence),
        *_opportunities(read.rows(_OPPORTUNITIES, [person_key]), evidence),
        *(
            _activity(row, response_types, evidence)
            for row in read.rows(_ACTIVITIES, [person_key])
        ),
    ]
    return sorted(
        found,
        key=lambda row: (
            row.occurred_at is None,
            row.occurred_at or datetime.min,
            row.row,
            row.said,
        ),
    )


def _after_as_of(read: Reading, person_key: int) -> set[ReadingKey]:
    # The records are named, so that only their rows are looked at.
    records = ", ".join(
        str(row["record_key"]) for row in read.rows(_RECORDS, [person_key])
    )
    return {
        (row["row_key"], row["reading"])
        for row in read.rows(_JUDGED.replace("{records}", records))
        if row["is_after_as_of"]
    }


def _key(row: Row) -> RowKey:
    return row["source"], row["source_table"], row["source_key"]


def _first_values(rows: list[Row], evidence: Evidence) -> Iterator[RawRow]:
    for row in rows:
        value = row["first_value"]
        if value is None or not value.strip():
            continue
        effects = evidence.rules(row, "record") or _stages(
            row, "status", True, evidence
        )
        yield RawRow(
            occurred_at=row["observed_at"],
            row=_key(row),
            said=f"created with status {value!r}",
            effects=tuple(effects) or ("no rule reads it",),
            actor=evidence.users.name(row["source"], row["actor_id"]),
            is_minor=not effects,
        )


def _observations(rows: list[Row], evidence: Evidence) -> Iterator[RawRow]:
    for row in rows:
        effects = evidence.rules(row, "change")
        is_late = evidence.is_late(row, "change")
        if not effects:
            effects = _stages(row, row["field"], False, evidence)
            if row["entity"] == "lead" and row["field"] == "owner":
                effects.append("after as_of: not yet" if is_late else "owner change")
        yield RawRow(
            occurred_at=row["observed_at"],
            row=_key(row),
            said=_change(row, evidence.users),
            effects=tuple(effects) or _without_effect(row, is_late),
            actor=evidence.users.name(row["source"], row["actor_id"]),
            is_minor=not effects,
        )


def _without_effect(row: Row, is_late: bool) -> tuple[str, ...]:
    if is_late:
        return ("after as_of: not yet",)
    if row["field"] == "score":
        return ("score, crosses no threshold",)
    return ("changes nothing",)


def _change(row: Row, users: Users) -> str:
    if row["entity"] != "lead":
        return row["entity"].replace("_", " ")
    old, new = row["old_value"], row["new_value"]
    if row["field"] == "owner":
        old = users.name(row["source"], old) if old else old
        new = users.name(row["source"], new) if new else new
        return f"owner: {old or 'nobody'} → {new or 'nobody'}"
    if not old and not new:
        return row["field"]
    return f"{row['field']}: {old or 'blank'} → {new or 'blank'}"


def _touches(rows: list[Row], evidence: Evidence) -> Iterator[RawRow]:
    for row in rows:
        kind = row["touch_type"] or "touch"
        said = f"touch: {kind}"
        if row["member_status"]:
            said += f" ({row['member_status']})"
        if row["campaign_id"]:
            said += f" of campaign {row['campaign_id']}"
        effects = (
            evidence.rules(row, "touch") if row["is_read"] else ["deleted: not read"]
        )
        if not effects:
            here = {**row, "observed_at": row["touched_at"]}
            effects = [
                *_stages(here, "type", False, evidence),
                *_stages(here, "status", False, evidence),
            ]
            is_late = evidence.is_late(row, "touch")
            effects.append("after as_of: not yet" if is_late else "touch of marketing")
        yield RawRow(row["touched_at"], _key(row), said, tuple(effects))


def _opportunities(rows: list[Row], evidence: Evidence) -> Iterator[RawRow]:
    for row in rows:
        if row["reading"] == "created":
            stage, said = "opportunity", "opportunity created"
        else:
            stage = "won" if row["is_won"] else "lost"
            said = f"opportunity closed, {stage}"
        if not row["is_read"]:
            effects = ["deleted: not read"]
        else:
            effects = evidence.rules(row, row["reading"]) or [
                _event(stage, row["occurred_at"], _key(row), evidence)
            ]
        yield RawRow(
            row["occurred_at"],
            _key(row),
            said,
            tuple(effects),
            evidence.users.name(row["source"], row["owner_id"]),
        )


def _activity(row: Row, response_types: dict[str, bool], evidence: Evidence) -> RawRow:
    kind = row["activity_type"] or "no type"
    users = evidence.users
    effects = evidence.rules(row, "activity")
    if not row["is_read"]:
        effects = [f"no response: {_no_response(row, response_types, users)}"]
    elif not effects:
        is_late = evidence.is_late(row, "activity")
        effects = ["after as_of: not yet" if is_late else "response of sales"]
    return RawRow(
        occurred_at=row["occurred_at"],
        row=_key(row),
        said=f"activity: {kind}",
        effects=tuple(effects),
        actor=users.name(row["source"], row["user_id"]) or "nobody named",
    )


def _no_response(row: Row, response_types: dict[str, bool], users: Users) -> str:
    """Why a sales activity does not count, every reason there is."""
    reasons = []
    if row["is_deleted"]:
        reasons.append("deleted")
    if row["is_completed"] is False:
        reasons.append("not completed")
    if not users.is_sales(row["source"], row["user_id"]):
        user = users.find(row["source"], row["user_id"])
        reasons.append(f"the user is {user.role if user else 'unknown'}, not sales")
    kind = same_text(row["activity_type"] or "")
    if kind and kind not in response_types:
        reasons.append("its type is not in touch_types")
    elif kind and not response_types[kind]:
        reasons.append("its type is none that counts in touch_types")
    return ", ".join(reasons) or "it is not read"


def _stages(
    row: Row, field: str, is_first_value: bool, evidence: Evidence
) -> list[str]:
    """What the rules made of the reading."""
    effects = []
    for match in evidence.matched.get((_key(row), field, is_first_value), ()):
        if match["is_unmapped_status"]:
            effects.append(
                "quarantined: unmapped_status (no rule of "
                f"{match['definition_version']} knows it)"
            )
        elif match["stage"] is not None:
            told = _event(match["stage"], match["observed_at"], _key(row), evidence)
            effects.append(f"{told}, by {_rule(match, evidence)}")
    return effects


def _rule(match: Row, evidence: Evidence) -> str:
    version = match["definition_version"]
    if match["operator"] == "crosses":
        place = (version, match["source"], match["field"], match["stage"])
        threshold = evidence.thresholds.get(place)
        return f"rule crosses {threshold:g} of {version}"
    if match["operator"] == "exists":
        return f"rule exists of {version}"
    return f"rule equals {match['new_value']!r} of {version}"


def _event(stage: str, occurred_at: datetime, key: RowKey, evidence: Evidence) -> str:
    """What became of a stage that a row told."""
    if stage == "none":
        return "known, means no stage"
    told = f"→ {stage_name(stage)}"
    if occurred_at > evidence.as_of:
        return f"{told}: after as_of, not yet"
    event = evidence.events.get((stage, occurred_at))
    if event is None:
        return f"{told}: takes no part"
    if _key(event) != key:
        return f"{told}: counted once, told by {event['source_table']} as well"
    if event["is_exit_without_lifecycle"]:
        return f"{told}: quarantined, exit_without_lifecycle"
    partial = "; not yet the acceptance" if event["is_partial_sal"] else ""
    return f"{told} (lifecycle {event['lifecycle_no']}{partial})"
