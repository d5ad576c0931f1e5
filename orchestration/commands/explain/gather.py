"""Collects what the warehouse knows of one person."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from orchestration.commands.explain.facts import (
    Acceptance,
    Lifecycle,
    Link,
    Milestone,
    Opening,
    Pass,
    Person,
    Policy,
    Quarantined,
    Record,
)
from orchestration.commands.explain.find import same_text
from orchestration.commands.explain.raw_rows import raw_rows
from orchestration.commands.explain.reading import Reading
from orchestration.commands.explain.users import Users

Row = dict[str, Any]

_PERSON = """
select * from {intermediate}.int_people where person_key = ?
"""

_RECORDS = """
select
    people.*,
    records.is_deleted,
    records.created_at,
    records.status,
    records.owner_id,
    records.full_name,
    records.email,
    deletions.record_key is not null as is_deleted_by_activity,
    merges.winners
from {intermediate}.int_people__records as people
inner join {input_layer}.input_layer__records as records
    on people.record_key = records.record_key
left join (
    select distinct record_key from {input_layer}.input_layer__record_deletions
) as deletions
    on people.record_key = deletions.record_key
left join (
    select
        left_key,
        string_agg(
            distinct right_source || ' ' || right_record_id, ', '
            order by right_source || ' ' || right_record_id
        ) as winners
    from {input_layer}.input_layer__record_links
    where link_type = 'merge'
    group by 1
) as merges
    on people.record_key = merges.left_key
where people.person_key = ? and not records.is_key_missing
order by people.record_key <> people.person_key, people.source, people.record_id
"""

# The links of the whole group, also of one too large to be a person.
_LINKS = """
with nodes as (
    select record_key from {intermediate}.int_people__keys where person_key = $key
)

select distinct
    link_type,
    left_source,
    left_record_id,
    right_source,
    right_record_id,
    linked_at,
    evidence_source,
    evidence_table,
    evidence_key
from {intermediate}.int_identity__links
where
    left_key in (select record_key from nodes)
    or right_key in (select record_key from nodes)
order by all
"""

_LIFECYCLES = """
select
    lifecycles.*,
    milestones.first_progress_stage
from {intermediate}.int_lifecycles as lifecycles
left join (
    select
        person_key,
        lifecycle_no,
        min_by(stage, event_no) filter (where is_progress) as first_progress_stage
    from {intermediate}.int_stage_events__cut
    group by 1, 2
) as milestones
    on
        lifecycles.person_key = milestones.person_key
        and lifecycles.lifecycle_no = milestones.lifecycle_no
where lifecycles.person_key = ?
order by lifecycles.lifecycle_no
"""

_EVENTS = """
select
    cut.*,
    told.source,
    told.source_table,
    told.source_key
from {intermediate}.int_stage_events__cut as cut
inner join {intermediate}.int_stage_events__deduplicated as told
    on
        cut.person_key = told.person_key
        and cut.stage_rank = told.stage_rank
        and cut.occurred_at = told.occurred_at
where cut.person_key = ?
order by cut.event_no
"""

_ACCEPTING = """
select version, role from {intermediate}.int_funnel_versions__accepting
order by version, role_no
"""

_PASSES = """
select
    outcomes.*,
    clocked.accepted_at,
    clocked.exited_at,
    clocked.next_passed_at,
    clocked.definition_version
from {intermediate}.int_passes__outcomes as outcomes
inner join {intermediate}.int_passes__clocked as clocked
    on outcomes.pass_key = clocked.pass_key
where outcomes.person_key = ?
order by outcomes.lifecycle_no, outcomes.pass_no
"""

_OPENINGS = """
select opened_at, closed_at from {intermediate}.int_calendar__openings
where calendar_id = ? and closed_at > ? and opened_at <= ?
order by opened_at
"""

_QUARANTINE = """
select * from {marts}.quarantine
where person_id = ?
order by source, source_table, source_key, rule
"""

_SETTINGS = """
select
    run.reporting_timezone,
    clock.as_of
from {settings}.run as run
cross join {intermediate}.int_run__clock as clock
"""


def person(read: Reading, person_key: int, *, names: bool = True) -> Person:
    """Everything that is known of the person in this reading; users by their ids
    without `names`."""
    found = read.row(_PERSON, [person_key])
    settings = read.row(_SETTINGS)
    users = Users.of(read, names=names)
    record_rows = read.rows(_RECORDS, [person_key])
    lifecycles = read.rows(_LIFECYCLES, [person_key])
    events = _events(read, person_key, lifecycles)
    accepting: dict[str, list[str]] = defaultdict(list)
    for row in read.rows(_ACCEPTING):
        accepting[row["version"]].append(row["role"])
    passes = _passes(read, person_key, found["channel"], users, settings["as_of"])
    is_oversized = any(row["is_oversized"] for row in record_rows)
    return Person(
        person_id=found["person_id"],
        primary_source=found["primary_source"],
        primary_record_id=found["primary_record_id"],
        company=found["company"],
        channel=found["channel"],
        region=found["region"],
        is_deleted=found["is_deleted"],
        is_in_marts=found["is_in_marts"],
        is_oversized=is_oversized,
        group_records=max((row["component_records"] for row in record_rows), default=0),
        first_created_at=found["first_created_at"],
        records=tuple(_record(row, users) for row in record_rows),
        links=tuple(
            _link(row, is_oversized) for row in read.rows(_LINKS, {"key": person_key})
        ),
        rows=tuple(raw_rows(read, person_key, events, users, settings["as_of"])),
        lifecycles=tuple(
            _lifecycle(
                row,
                [e for e in events if e["lifecycle_no"] == row["lifecycle_no"]],
                passes[row["lifecycle_no"]],
                accepting[row["definition_version"]],
                users,
            )
            for row in lifecycles
        ),
        quarantined=tuple(
            Quarantined(_key(row), row["rule"], row["detail"], row["seen_at"])
            for row in read.rows(_QUARANTINE, [found["person_id"]])
        ),
        as_of=settings["as_of"],
        timezone=settings["reporting_timezone"],
        calendars={
            row["calendar_id"]: row["timezone"]
            for row in read.rows(
                "select distinct calendar_id, timezone "
                "from {definition}.def_business_calendars order by all"
            )
        },
        what_if=read.what_if,
    )


def _key(row: Row) -> tuple[str, str, str]:
    return row["source"], row["source_table"], row["source_key"]


def _record(row: Row, users: Users) -> Record:
    reasons = []
    if row["winners"]:
        reasons.append(f"merged into {row['winners']}")
    if row["is_deleted"] or row["is_deleted_by_activity"]:
        reasons.append("deleted")
    return Record(
        source=row["source"],
        source_table=row["source_table"],
        record_id=row["record_id"],
        is_primary=row["record_key"] == row["person_key"],
        is_live=row["is_live"],
        not_live_because=" and ".join(reasons),
        created_at=row["created_at"],
        status=row["status"],
        owner=users.name(row["source"], row["owner_id"]) if row["owner_id"] else "",
        full_name=row["full_name"],
        email=row["email"],
    )


def _link(row: Row, is_dissolved: bool) -> Link:
    evidence = None
    if row["evidence_key"] is not None:
        evidence = (row["evidence_source"], row["evidence_table"], row["evidence_key"])
    return Link(
        link_type=row["link_type"],
        left=f"{row['left_source']} {row['left_record_id']}",
        right=f"{row['right_source']} {row['right_record_id']}",
        linked_at=row["linked_at"],
        evidence=evidence,
        is_dissolved=is_dissolved,
    )


def _events(read: Reading, person_key: int, lifecycles: list[Row]) -> list[Row]:
    """The person's stage events, in order; an SAL says whether it is partial."""
    sal_at = {row["lifecycle_no"]: row["sal_at"] for row in lifecycles}
    events = read.rows(_EVENTS, [person_key])
    for event in events:
        complete_at = sal_at.get(event["lifecycle_no"])
        event["is_partial_sal"] = event["stage"] == "sal" and (
            complete_at is None or event["occurred_at"] < complete_at
        )
    return events


def _lifecycle(
    row: Row,
    events: list[Row],
    passes: Iterable[Pass],
    accepting: Iterable[str],
    users: Users,
) -> Lifecycle:
    exit_event = next((event for event in events if event["is_exit"]), None)
    acceptance_roles = tuple(dict.fromkeys(accepting))
    return Lifecycle(
        lifecycle_no=row["lifecycle_no"],
        lifecycle_id=row["lifecycle_id"],
        definition_version=row["definition_version"],
        origin=row["origin"],
        as_of=row["as_of"],
        handed_off_at=row["handed_off_at"],
        is_handoff_imputed=row["is_handoff_imputed"],
        is_mql_handoff=row["is_mql_handoff"],
        sal_at=row["sal_at"],
        sql_at=row["sql_at"],
        opportunity_at=row["opportunity_at"],
        first_progress_stage=row["first_progress_stage"],
        accepted_at=row["accepted_at"],
        is_acceptance_imputed=row["is_acceptance_imputed"],
        accepted_by=users.any_name(row["accepted_by"]),
        exit_stage=row["exit_stage"],
        exited_at=row["exited_at"],
        exited_by=(
            users.name(exit_event["source"], row["exited_by"]) if exit_event else ""
        ),
        is_exit_by_sales=bool(row["is_exit_by_sales"]),
        rejection_reason=row["rejection_reason"],
        outcome=row["outcome"],
        sla_due_at=row["sla_due_at"],
        was_ignored=row["was_ignored"],
        is_accepted_late=bool(row["is_late"]),
        first_response_at=row["first_response_at"],
        owner=users.any_name(row["owner_id"]),
        score_at_handoff=(
            None if row["score_at_handoff"] is None else float(row["score_at_handoff"])
        ),
        acceptance_roles=acceptance_roles,
        acceptances=tuple(_acceptances(events, users)) if acceptance_roles else (),
        milestones=tuple(_milestones(events, users)),
        passes=tuple(passes),
    )


def _milestones(events: list[Row], users: Users) -> Iterable[Milestone]:
    """The first event of each stage, in order, and every partial SAL."""
    seen: set[str] = set()
    for event in events:
        if event["stage"] in seen:
            continue
        if not event["is_partial_sal"]:
            seen.add(event["stage"])
        yield Milestone(
            stage=event["stage"],
            occurred_at=event["occurred_at"],
            row=_key(event),
            actor=users.name(event["source"], event["actor_id"]),
            is_partial=event["is_partial_sal"],
        )


def _acceptances(events: list[Row], users: Users) -> Iterable[Acceptance]:
    for event in events:
        if event["stage"] == "sal":
            user = users.find(event["source"], event["actor_id"])
            yield Acceptance(
                occurred_at=event["occurred_at"],
                actor=users.name(event["source"], event["actor_id"]) or "nobody named",
                role=user.role if user else None,
            )


# The policy of a pass.


def policies(read: Reading) -> list[Policy]:
    return [
        Policy(
            version=row["version"],
            match_on=row["match_on"],
            match_value=row["match_value"],
            sla_business_hours=float(row["sla_business_hours"]),
            calendar_id=row["calendar_id"],
            max_pending_days=row["max_pending_days"],
            touches_stop_clock=row["touches_stop_clock"],
        )
        for row in read.rows(
            "select * from {intermediate}.int_sla_policies__resolved order by all"
        )
    ]


def policy_of(
    known: Iterable[Policy], version: str, team: str | None, channel: str | None
) -> Policy:
    """The most particular policy: of the team, of the channel, the default."""
    wanted = [
        ("team", same_text(team or "")),
        ("channel", same_text(channel or "")),
        ("default", None),
    ]
    of_version = [policy for policy in known if policy.version == version]
    for match_on, value in wanted:
        for policy in of_version:
            if policy.match_on == match_on and value in (None, policy.match_value):
                return policy
    raise LookupError(f"the version {version} has no default policy")


def _passes(
    read: Reading,
    person_key: int,
    channel: str | None,
    users: Users,
    as_of: datetime,
) -> dict[int, list[Pass]]:
    known = policies(read)
    found: dict[int, list[Pass]] = defaultdict(list)
    for row in read.rows(_PASSES, [person_key]):
        until = max(
            instant
            for instant in (
                row["passed_at"],
                row["due_at"],
                row["accepted_at"],
                row["exited_at"],
                row["next_passed_at"],
                row["responded_at"],
                as_of,
            )
            if instant is not None
        )
        openings = read.rows(_OPENINGS, [row["calendar_id"], row["passed_at"], until])
        found[row["lifecycle_no"]].append(
            Pass(
                pass_no=row["pass_no"],
                passed_at=row["passed_at"],
                owner=users.any_name(row["owner_id"]) or "nobody",
                team=row["team"],
                from_owner=users.any_name(row["from_owner_id"]),
                due_at=row["due_at"],
                ended_at=row["ended_at"],
                owner_response_at=row["first_response_at"],
                responded_at=row["responded_at"],
                accepted_at=row["accepted_at"],
                exited_at=row["exited_at"],
                next_passed_at=row["next_passed_at"],
                outcome=row["outcome"],
                was_ignored=bool(row["was_ignored"]),
                policy=policy_of(
                    known, row["definition_version"], row["team"], channel
                ),
                openings=tuple(Opening(**opening) for opening in openings),
            )
        )
    return found
