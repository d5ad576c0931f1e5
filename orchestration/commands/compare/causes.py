"""Which row of the definition made a lead differ.

The temporary table lead_causes has one row for each changed lifecycle and row
of the definition that touched it and is not the same on both sides.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from orchestration.commands.compare import lookups
from orchestration.commands.compare.sides import Compared, Side
from orchestration.commands.explain.outcome import stage_name
from orchestration.commands.explain.words import plural

# These are told row by row, or cannot change a lead.
_TOLD_OTHERWISE = {"stage_rules", "sla_policies", "funnel_versions", "kpi_targets"}

_POLICY = ("name", "sla_business_hours", "calendar_id", "max_pending_days", "touches")


def collect(compared: Compared, changed_seeds: Sequence[str]) -> None:
    """Find the causes of every lead in changed_leads."""
    connection = compared.connection
    connection.execute(
        "create or replace temporary table lead_causes "
        "(person_id varchar, lifecycle_no integer, why varchar)"
    )
    _policies(compared)
    _of_versions(compared)
    _stage_rules(compared)
    _calendars(compared, changed_seeds)
    lookups.collect(compared, changed_seeds)
    _others(compared, changed_seeds)


def _tell(compared: Compared, pairs: Sequence[tuple[Any, ...]], why: list[str]) -> None:
    """Turn the rows of the temporary table found_pairs into sentences."""
    compared.connection.execute(
        "create or replace temporary table found_texts (pair_no bigint, why varchar)"
    )
    numbered = [[row[0], text] for row, text in zip(pairs, why, strict=True)]
    if numbered:
        compared.connection.executemany(
            "insert into found_texts values (?, ?)", numbered
        )
    compared.connection.execute(
        "insert into lead_causes "
        "select distinct found.person_id, found.lifecycle_no, texts.why "
        "from found inner join found_texts as texts on found.pair_no = texts.pair_no"
    )


# The policy of the first pass.


def _policies(compared: Compared) -> None:
    _fold(compared)
    columns = ", ".join(
        f"before.{name} as {name}_before, after.{name} as {name}_after"
        for name in _POLICY
    )
    differ = " or ".join(
        f"before.{name} is distinct from after.{name}" for name in _POLICY
    )
    pair = ", ".join(f"{name}_before, {name}_after" for name in _POLICY)
    compared.connection.execute(
        f"""
        create or replace temporary table found as
        with before as ({_applied(compared.before)}),
        after as ({_applied(compared.after)}),
        pairs as (
            select before.person_id, before.lifecycle_no, {columns}
            from changed_leads
            inner join before using (person_id, lifecycle_no)
            inner join after using (person_id, lifecycle_no)
            where {differ}
        )
        select *, dense_rank() over (order by {pair}) as pair_no from pairs
        """
    )
    pairs = compared.connection.execute(
        f"select distinct pair_no, {pair} from found order by 1"
    ).fetchall()
    _tell(compared, pairs, [policy_text(row[1:]) for row in pairs])


def _fold(compared: Compared) -> None:
    """Every team and channel as same text, as policies are looked up by."""
    connection = compared.connection
    texts = " union ".join(
        f"select {column} from {side.schema('intermediate')}.{table}"
        for side in (compared.before, compared.after)
        for column, table in (
            ("team", "int_passes__clocked"),
            ("channel", "int_people"),
        )
    )
    connection.execute(
        "create or replace temporary table folded (given varchar, same varchar)"
    )
    found = [
        [text, lookups.same_text(text)]
        for (text,) in connection.execute(texts).fetchall()
        if text is not None
    ]
    if found:
        connection.executemany("insert into folded values (?, ?)", found)


def _applied(side: Side) -> str:
    """Each lifecycle's policy: of the team, of the channel, the default."""
    intermediate = side.schema("intermediate")
    return f"""
        select
            people.person_id,
            passes.lifecycle_no,
            passes.calendar_id,
            passes.sla_business_hours,
            passes.max_pending_days,
            passes.touches_stop_clock as touches,
            case policies.match_on
                when 'default' then 'default'
                else policies.match_on || ' ' || policies.match_value
            end as name
        from {intermediate}.int_passes__clocked as passes
        inner join {intermediate}.int_people as people
            on passes.person_key = people.person_key
        left join folded as teams on passes.team = teams.given
        left join folded as channels on people.channel = channels.given
        left join {intermediate}.int_sla_policies__resolved as policies
            on
                passes.definition_version = policies.version
                and (
                    policies.match_on = 'default'
                    or (
                        policies.match_on = 'team'
                        and policies.match_value = teams.same
                    )
                    or (
                        policies.match_on = 'channel'
                        and policies.match_value = channels.same
                    )
                )
        where passes.pass_no = 1
        qualify row_number() over (
            partition by passes.person_key, passes.lifecycle_no
            order by
                case policies.match_on
                    when 'team' then 0 when 'channel' then 1 else 2
                end
        ) = 1
    """


def policy_text(values: Sequence[Any]) -> str:
    """Such as `sla_policies default: 18 h → 9 h`."""
    before, after = values[0::2], values[1::2]
    old, new = (dict(zip(_POLICY, side, strict=True)) for side in (before, after))
    name = old["name"]
    if old["name"] != new["name"]:
        name = f"{old['name']} → {new['name']}"
    parts = []
    if old["sla_business_hours"] != new["sla_business_hours"]:
        hours = [float(side["sla_business_hours"]) for side in (old, new)]
        parts.append("{:g} h → {:g} h".format(*hours))
    if old["calendar_id"] != new["calendar_id"]:
        parts.append(f"calendar {old['calendar_id']} → {new['calendar_id']}")
    if old["max_pending_days"] != new["max_pending_days"]:
        parts.append(
            f"{old['max_pending_days']} → {plural(new['max_pending_days'], 'day')} "
            "pending at most"
        )
    if old["touches"] != new["touches"]:
        parts.append(
            "a touch stops the clock"
            if new["touches"]
            else "a touch no longer stops the clock"
        )
    return f"sla_policies {name}" + (f": {', '.join(parts)}" if parts else "")


# What a version says itself: how leads are handed off, and who accepts them.


def _of_versions(compared: Compared) -> None:
    _of_version(compared, "handoff_mode")
    _of_version(compared, "acceptance_roles", otherwise="anyone", stage="sal")


def _of_version(
    compared: Compared, column: str, *, otherwise: str = "", stage: str | None = None
) -> None:
    """Lifecycles whose version says something else, of those with a stage."""
    compared.connection.execute(
        f"""
        create or replace temporary table found as
        with before as ({_versions(compared.before, column, stage)}),
        after as ({_versions(compared.after, column, stage)}),
        pairs as (
            select
                changed_leads.person_id,
                changed_leads.lifecycle_no,
                before.version as version_before,
                coalesce(before.said, '{otherwise}') as said_before,
                after.version as version_after,
                coalesce(after.said, '{otherwise}') as said_after
            from changed_leads
            inner join before using (person_id, lifecycle_no)
            inner join after using (person_id, lifecycle_no)
            where before.said is distinct from after.said
        )
        select
            *,
            dense_rank() over (
                order by version_before, said_before, version_after, said_after
            ) as pair_no
        from pairs
        """
    )
    pairs = compared.connection.execute(
        "select distinct pair_no, version_before, said_before, version_after, "
        "said_after from found order by 1"
    ).fetchall()
    texts = [
        f"funnel_versions {old} → {new}: {column} {old_said} → {new_said}"
        if old != new
        else f"funnel_versions {old}: {column} {old_said} → {new_said}"
        for _, old, old_said, new, new_said in pairs
    ]
    _tell(compared, pairs, texts)


def _versions(side: Side, column: str, stage: str | None) -> str:
    intermediate = side.schema("intermediate")
    reached = ""
    if stage is not None:
        reached = f"""
        where exists (
            select 1 from {intermediate}.int_stage_events__cut as events
            where
                events.person_key = lifecycles.person_key
                and events.lifecycle_no = lifecycles.lifecycle_no
                and events.stage = '{stage}'
        )
        """
    return f"""
        select
            lifecycles.person_id,
            lifecycles.lifecycle_no,
            versions.version,
            versions.{column} as said
        from {intermediate}.int_lifecycles as lifecycles
        inner join {intermediate}.int_funnel_versions__in_force as versions
            on lifecycles.definition_version = versions.version
        {reached}
    """


# The rules that read the person's raw rows.


def _stage_rules(compared: Compared) -> None:
    connection = compared.connection
    connection.execute(
        "create or replace temporary table changed_people as "
        "select distinct person_id from changed_leads"
    )
    connection.execute(
        f"""
        create or replace temporary table found as
        with before as ({_readings(compared.before)}),
        after as ({_readings(compared.after)}),
        pairs as (
            select
                coalesce(before.person_id, after.person_id) as person_id,
                coalesce(before.source, after.source) as source,
                coalesce(before.source_table, after.source_table) as source_table,
                coalesce(before.field, after.field) as field,
                coalesce(before.is_first_value, after.is_first_value)
                    as is_first_value,
                coalesce(after.said, before.said) as said,
                coalesce(before.stages, '') as stages_before,
                coalesce(after.stages, '') as stages_after
            from before
            full outer join after
                on
                    before.person_id = after.person_id
                    and before.source = after.source
                    and before.source_table = after.source_table
                    and before.source_key = after.source_key
                    and before.field = after.field
                    and before.is_first_value = after.is_first_value
            where before.stages is distinct from after.stages
        )
        select
            pairs.*,
            changed_leads.lifecycle_no,
            dense_rank() over (
                order by
                    pairs.source,
                    case when pairs.field = '' then pairs.source_table end,
                    pairs.field,
                    pairs.said,
                    pairs.stages_before,
                    pairs.stages_after
            ) as pair_no
        from pairs
        inner join changed_leads using (person_id)
        """
    )
    pairs = connection.execute(
        "select pair_no, any_value(source), any_value(source_table), "
        "any_value(field), any_value(said), any_value(stages_before), "
        "any_value(stages_after) from found group by 1 order by 1"
    ).fetchall()
    _tell(compared, pairs, [rule_text(*row[1:]) for row in pairs])


def _readings(side: Side) -> str:
    """What each raw row of the changed people means on one side."""
    intermediate = side.schema("intermediate")
    return f"""
        select
            people.person_id,
            readings.source,
            readings.source_table,
            readings.source_key,
            readings.field,
            readings.is_first_value,
            min(
                case
                    when readings.operator is distinct from 'crosses'
                        then lower(trim(coalesce(readings.new_value, '')))
                    else 'crosses'
                end
            ) as said,
            string_agg(
                distinct case
                    when readings.is_unmapped_status then 'unmapped'
                    else readings.stage
                end,
                ' and '
                order by case
                    when readings.is_unmapped_status then 'unmapped'
                    else readings.stage
                end
            ) as stages
        from {intermediate}.int_readings__matched as readings
        inner join {intermediate}.int_people as people
            on readings.person_key = people.person_key
        where people.person_id in (select person_id from changed_people)
        group by 1, 2, 3, 4, 5, 6
    """


def rule_text(
    source: str, table: str, field: str, said: str, before: str, after: str
) -> str:
    """Such as `stage_rules salesforce status = 'working': unmapped → TAL`."""
    what = f"{source} {field or table}"
    if said == "crosses":
        what += " crossing"
    elif said:
        what += f" = {said!r}"
    return f"stage_rules {what}: {_stages(before)} → {_stages(after)}"


def _stages(stages: str) -> str:
    if not stages:
        return "not read"
    names = {"none": "no stage", "unmapped": "unmapped"}
    return " and ".join(
        names.get(stage, stage_name(stage)) for stage in stages.split(" and ")
    )


# Opening hours, and everything that touches leads in other ways.


def _calendars(compared: Compared, changed_seeds: Sequence[str]) -> None:
    """A calendar that differs explains a due time that does."""
    for seed in ("business_calendars", "holidays"):
        if seed not in changed_seeds:
            continue
        before = compared.before.schema("definition")
        after = compared.after.schema("definition")
        compared.connection.execute(
            f"""
            insert into lead_causes
            select distinct
                changed_leads.person_id,
                changed_leads.lifecycle_no,
                '{seed} ' || passes.calendar_id
            from changed_leads
            inner join {compared.after.schema("intermediate")}.int_people as people
                on changed_leads.person_id = people.person_id
            inner join {compared.after.schema("intermediate")}.int_passes__clocked
                as passes
                on
                    people.person_key = passes.person_key
                    and changed_leads.lifecycle_no = passes.lifecycle_no
                    and passes.pass_no = 1
            where
                changed_leads.sla_due_at_before
                is distinct from changed_leads.sla_due_at_after
                and passes.calendar_id in (
                    select calendar_id from (
                        (
                            select * from {before}.def_{seed}
                            except select * from {after}.def_{seed}
                        )
                        union all
                        (
                            select * from {after}.def_{seed}
                            except select * from {before}.def_{seed}
                        )
                    )
                )
            """
        )


def _others(compared: Compared, changed_seeds: Sequence[str]) -> None:
    """What is left is explained by the seeds that differ, or by no row at all."""
    left = [
        seed
        for seed in changed_seeds
        if seed not in _TOLD_OTHERWISE
        and seed not in {"business_calendars", "holidays"}
    ]
    why = (
        " or ".join(left)
        if left
        else "no row that read it: the data or the program changed since"
    )
    compared.connection.execute(
        "insert into lead_causes "
        "select changed_leads.person_id, changed_leads.lifecycle_no, ? "
        "from changed_leads "
        "left join lead_causes using (person_id, lifecycle_no) "
        "where lead_causes.person_id is null",
        [why],
    )
