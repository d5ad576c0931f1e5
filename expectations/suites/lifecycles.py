"""Lifecycles: do events, hand-offs and people say the same of them?

What must hold of each row alone is a dbt test of its model.
"""

from expectations.checks import (
    OF_MODELS,
    Check,
    Suite,
    no_rows,
    of_each_person,
    one_value,
)

TABLE = "marts.fct_lead_lifecycles"
PEOPLE = "marts.dim_people"
PASSES = "marts.fct_handoffs"

# Milestones that are the first event of their stage, as it happened (an SAL where
# the version names no roles that have to accept). A hand-off and an acceptance may be
# imputed, so they have checks of their own.
MILESTONES = {
    "inquiry": "inquiry_at",
    "mql": "mql_at",
    "tal": "tal_at",
    "sal": "sal_at",
    "sql": "sql_at",
    "opportunity": "opportunity_at",
}


def _milestones_are_first_events() -> Check:
    firsts = ",\n                    ".join(
        f"min(occurred_at) filter (where stage = '{stage}') as first_{stage}"
        for stage in MILESTONES
    )
    differs = "\n                or ".join(
        f"lifecycles.{column} is distinct from firsts.first_{stage}"
        + (" and versions.acceptance_roles is null" if stage == "sal" else "")
        for stage, column in MILESTONES.items()
    )
    return no_rows(
        "milestones_are_first_events",
        TABLE,
        f"""
            with
            firsts as (
                select
                    person_id,
                    lifecycle_no,
                    {firsts}
                from {{marts}}.fct_stage_events
                where lifecycle_no is not null
                group by person_id, lifecycle_no
            )

            select lifecycles.*
            from {{table}} as lifecycles
            full join firsts
                on
                    lifecycles.person_id = firsts.person_id
                    and lifecycles.lifecycle_no = firsts.lifecycle_no
            left join {{intermediate}}.int_funnel_versions__in_force as versions
                on lifecycles.definition_version = versions.version
            where
                lifecycles.lifecycle_id is null
                or firsts.person_id is null
                or {differs}
        """,
        "Every milestone can be traced to an event, and every event's lifecycle is "
        "there: a re-MQL must not restate last month, nor a join lose a lead.",
    )


OF_EACH_PERSON = of_each_person(
    _milestones_are_first_events(),
    no_rows(
        "complete_acceptances_are_events",
        TABLE,
        """
            select lifecycles.*
            from {table} as lifecycles
            inner join {intermediate}.int_funnel_versions__in_force as versions
                on
                    lifecycles.definition_version = versions.version
                    and versions.acceptance_roles is not null
            left join {marts}.fct_stage_events as events
                on
                    lifecycles.person_id = events.person_id
                    and lifecycles.lifecycle_no = events.lifecycle_no
                    and lifecycles.sal_at = events.occurred_at
                    and events.stage = 'sal'
            where lifecycles.sal_at is not null and events.person_id is null
        """,
        "Where several roles have to accept, it is an SAL that completes them: an "
        "acceptance that nobody gave would be counted as sales'.",
    ),
    no_rows(
        "last_passes_are_the_hand_offs",
        PASSES,
        """
            with
            last_passes as (
                select
                    lifecycle_id,
                    count(*) as pass_count,
                    max_by(outcome, pass_no) as outcome
                from {table}
                group by lifecycle_id
            ),

            handed_over as (
                select lifecycle_id, outcome
                from {marts}.fct_lead_lifecycles
                where origin = 'marketing'
            )

            select handed_over.*, last_passes.outcome as outcome_of_last_pass
            from handed_over
            full join last_passes
                on handed_over.lifecycle_id = last_passes.lifecycle_id
            where
                handed_over.lifecycle_id is null
                or last_passes.lifecycle_id is null
                -- A later pass has a clock of its own, so what was ignored at the
                -- first may be pending, or withdrawn, at the last.
                or (
                    last_passes.outcome <> handed_over.outcome
                    and (
                        last_passes.pass_count = 1
                        or last_passes.outcome in ('accepted', 'rejected')
                        or handed_over.outcome in ('accepted', 'rejected')
                    )
                )
            """,
        "Each of marketing's hand-offs has its passes, so over all of them the "
        "last passes are accepted + rejected + ignored + pending + withdrawn as "
        "well, and a rep is told nothing else than marketing.",
    ),
)

SUITE = Suite(
    "lifecycles",
    "Lifecycles and the outcomes of hand-offs",
    (
        *OF_EACH_PERSON,
        one_value(
            "one_as_of",
            TABLE,
            "as_of",
            "All rows are seen at one instant, or they cannot be added up.",
        ),
        no_rows(
            "people_of_the_warehouse_are_published",
            PEOPLE,
            """
            select
                coalesce(people.person_id, published.person_id) as person_id,
                people.person_id is not null as is_in_the_warehouse,
                published.person_id is not null as is_published
            from (
                select person_id from {intermediate}.int_people where is_in_marts
            ) as people
            full join {table} as published
                on people.person_id = published.person_id
            where people.person_id is null or published.person_id is null
            """,
            "Everybody whom the warehouse knows and who is still there is "
            "published, and nobody else: a join must lose no human being.",
        ),
    ),
    OF_MODELS,
)
