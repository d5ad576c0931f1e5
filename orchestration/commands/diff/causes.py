"""Why each lifecycle and each line of spend differs between two publications.

The causes are those of a closed period's restatement (models/intermediate/
restatements), asked of any two publications, in the same order: because of whom
its person is now, else because of the definition, else because of what is told of
it. As time may go on between two publications, what happened since is told apart.
"""

from __future__ import annotations

from datetime import datetime

import duckdb

from orchestration.warehouse import literal

A, B = "publication_a", "publication_b"
"""The two databases, as they are attached."""

CAUSES = {
    "new_data": "new: it happened after A's as_of",
    "matured": "matured: settled after A's as_of",
    "as_of_back": "as_of lies before A's",
    "late_data": "late data: told only now",
    "recycle": "recycled: the lead came back",
    "correction": "correction: told otherwise now",
    "merge": "merge: people turned out to be one, or two",
    "erasure": "erasure: no record is left",
    "definition": "definition: rules or settings changed",
    "program": "program: models changed",
    "unknown": "not told by leads or lines",
}
"""In the order in which they are told."""

FLAGS = {
    "handed_off": "outcome <> 'withdrawn'",
    "accepted": "outcome = 'accepted'",
    "accepted_late": "is_accepted_late",
    "rejected": "outcome = 'rejected'",
    "ignored": "outcome = 'ignored'",
    "pending": "outcome = 'pending'",
    "withdrawn": "outcome = 'withdrawn'",
    "was_ignored": "was_ignored",
    "sla_due": "outcome <> 'withdrawn' and sla_due_at <= as_of",
    "mql": "mql_at is not null",
    "sql": "sql_at is not null",
    "opportunity": "opportunity_at is not null",
    "won": "exit_stage = 'won'",
}
"""What marketing's hand-offs are counted by, as mart_funnel_cohort has it."""

AMOUNTS = ("opportunity_amount_reporting", "won_amount_reporting")

MEASURES = (*FLAGS, *AMOUNTS)

_INSTANTS = ("settled_at", "sql_at", "opportunity_at", "exited_at")

_TOLD = (
    "handed_off_date",
    "handed_off_at",
    "origin",
    "outcome",
    "settled_at",
    "accepted_at",
    "is_accepted_late",
    "was_ignored",
    "sla_due_at",
    "mql_at",
    "sql_at",
    "opportunity_at",
    "exit_stage",
    "exited_at",
    "is_due",
    "opportunity_amount",
    "opportunity_currency",
)
"""What a lifecycle is compared by."""


def collect(
    connection: duckdb.DuckDBPyConnection,
    as_of: tuple[datetime | None, datetime | None],
    *,
    reads_leads_otherwise: bool,
    maps_campaigns_otherwise: bool,
    is_other_program: bool,
) -> None:
    """Write the temporary tables `lifecycle_causes` (lifecycle_id, cause: of those
    that differ) and `line_causes` (spend_id, cause)."""
    otherwise = (
        "'definition'"
        if reads_leads_otherwise
        else "'program'"
        if is_other_program
        else "null"
    )
    _people(connection)
    connection.execute(
        f"create or replace temporary table lifecycle_causes as "
        f"{_lifecycles(as_of, otherwise)}"
    )
    moved = "'definition'" if maps_campaigns_otherwise else otherwise
    connection.execute(
        "create or replace temporary table line_causes as "
        f"{_lines(as_of, otherwise, moved)}"
    )


def _people(connection: duckdb.DuckDBPyConnection) -> None:
    """What became of people, record by record, as a merge may give one another key:
    `person_causes` (person_id, cause), of all who are in either publication."""
    for side, database in (("a", A), ("b", B)):
        connection.execute(
            f"""
            create or replace temporary table records_{side} as
            select primary_source || '|' || primary_record_id as record, person_id
            from {database}.marts.dim_people
            union
            select left_source || '|' || left_record_id, person_id
            from {database}.marts.fct_identity_links
            union
            select right_source || '|' || right_record_id, person_id
            from {database}.marts.fct_identity_links
            where not is_dissolved
            """
        )
    connection.execute(
        """
        create or replace temporary table person_causes as
        with paired as (
            select
                records_a.person_id as a_person,
                records_b.person_id as b_person
            from records_a
            left join records_b on records_a.record = records_b.record
        ),
        of_b as (
            select b_person, count(distinct a_person) as people
            from paired
            where b_person is not null
            group by 1
        ),
        of_a as (
            select
                paired.a_person,
                count(distinct paired.b_person) as people,
                coalesce(max(of_b.people), 0) as joined
            from paired
            left join of_b on paired.b_person = of_b.b_person
            group by 1
        )
        select
            coalesce(of_a.a_person, people_b.person_id) as person_id,
            case
                when of_a.people = 0 then 'erasure'
                when of_a.people > 1 or of_a.joined > 1 or of_b.people > 1
                    then 'merge'
                when of_a.a_person is null and of_b.b_person is null
                    then 'unknown_before'
            end as cause
        from of_a
        full outer join (select distinct person_id from records_b) as people_b
            on of_a.a_person = people_b.person_id
        left join of_b
            on coalesce(of_a.a_person, people_b.person_id) = of_b.b_person
        """
    )


def _lifecycles(as_of: tuple[datetime | None, datetime | None], otherwise: str) -> str:
    a_as_of, b_as_of = map(_instant, as_of)
    differ = " or ".join(f"a.{name} is distinct from b.{name}" for name in _TOLD)
    # The same amount in its own currency, at another rate.
    converted = " or ".join(f"a.{name} is distinct from b.{name}" for name in AMOUNTS)
    settled = " or ".join(f"b.{name} > {a_as_of}" for name in _INSTANTS)
    unsettled = " or ".join(f"a.{name} > {b_as_of}" for name in _INSTANTS)
    told = ", ".join(name for name in (*_TOLD, *AMOUNTS) if name != "is_due")
    sides = ", ".join(
        f"{side} as (select lifecycle_id, person_id, lifecycle_no, "
        f"sla_due_at <= as_of as is_due, {told} "
        f"from {database}.marts.fct_lead_lifecycles)"
        for side, database in (("a", A), ("b", B))
    )
    return f"""
        with {sides}
        select
            coalesce(a.lifecycle_id, b.lifecycle_id) as lifecycle_id,
            case
                when {b_as_of} < {a_as_of}
                    and (a.handed_off_at > {b_as_of} or {unsettled}
                        or (a.is_due and a.sla_due_at > {b_as_of}))
                    then 'as_of_back'
                when people.cause in ('erasure', 'merge') then people.cause
                when b.handed_off_at > {a_as_of} then 'new_data'
                when a.lifecycle_id is not null
                    and ({settled} or (b.is_due and b.sla_due_at > {a_as_of}))
                    then 'matured'
                when people.cause = 'unknown_before' then 'late_data'
                when {otherwise} is not null then {otherwise}
                when a.lifecycle_id is not null and b.lifecycle_id is not null
                    and not ({differ}) then 'definition'
                when a.lifecycle_id is null and b.lifecycle_no > 1 then 'recycle'
                when a.lifecycle_id is null then 'late_data'
                when b.lifecycle_id is null then 'correction'
                when (a.handed_off_at is null and b.handed_off_at is not null)
                    or (a.settled_at is null and b.settled_at is not null)
                    or (a.sql_at is null and b.sql_at is not null)
                    or (a.opportunity_at is null and b.opportunity_at is not null)
                    or (a.exited_at is null and b.exited_at is not null)
                    then 'late_data'
                else 'correction'
            end as cause
        from a
        full outer join b on a.lifecycle_id = b.lifecycle_id
        left join person_causes as people
            on coalesce(a.person_id, b.person_id) = people.person_id
        where
            a.lifecycle_id is null or b.lifecycle_id is null
            or {differ} or {converted}
    """


def _lines(
    as_of: tuple[datetime | None, datetime | None], otherwise: str, moved: str
) -> str:
    """Lines that are another amount, of another period or another campaign's."""
    a_as_of, b_as_of = map(_instant, as_of)
    same = " and ".join(
        f"a.{name} is not distinct from b.{name}"
        for name in ("amount", "currency", "given_campaign_id", "account")
    )
    return f"""
        select
            coalesce(a.spend_id, b.spend_id) as spend_id,
            case
                when a.spend_id is null and b.spend_date > cast({a_as_of} as date)
                    then 'new_data'
                when a.spend_id is null then 'late_data'
                when b.spend_id is null and a.spend_date > cast({b_as_of} as date)
                    then 'as_of_back'
                when b.spend_id is null then 'correction'
                when
                    {same}
                    and a.amount_reporting is not distinct from b.amount_reporting
                    and a.fiscal_period_id is not distinct from b.fiscal_period_id
                    then coalesce({moved}, 'correction')
                when {same} then coalesce({otherwise}, 'definition')
                else 'correction'
            end as cause
        from {A}.marts.fct_spend as a
        full outer join {B}.marts.fct_spend as b on a.spend_id = b.spend_id
        where
            a.amount_reporting is distinct from b.amount_reporting
            or a.fiscal_period_id is distinct from b.fiscal_period_id
            or a.campaign_id is distinct from b.campaign_id
    """


def _instant(value: datetime | None) -> str:
    """The instant as SQL; of a publication without any event, never."""
    if value is None:
        return "cast(null as timestamp)"
    return f"timestamp {literal(value.isoformat(sep=' '))}"
