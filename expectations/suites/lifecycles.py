"""Lifecycles: does each hand-off have exactly one outcome, and can it be so?"""

from expectations.checks import (
    Check,
    Suite,
    never,
    no_rows,
    of_each_person,
    one_of,
    unique_together,
)

TABLE = "marts.fct_lead_lifecycles"
PEOPLE = "marts.dim_people"
EVENTS = "marts.fct_stage_events"
PASSES = "marts.fct_handoffs"

OUTCOMES = ("accepted", "rejected", "ignored", "withdrawn", "pending")
PASSED_ON = ("ignored", "reassigned")
ORIGINS = ("marketing", "adr", "sales", "nurture")

# Milestones that are the first event of their stage, as it happened. A hand-off
# and an acceptance may be imputed, so they have checks of their own.
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
            from {{batch}} as lifecycles
            full join firsts
                on
                    lifecycles.person_id = firsts.person_id
                    and lifecycles.lifecycle_no = firsts.lifecycle_no
            where
                lifecycles.lifecycle_id is null
                or firsts.person_id is null
                or {differs}
        """,
        "Every milestone can be traced to an event, and every event's lifecycle is "
        "there: a re-MQL must not restate last month, nor a join lose a lead.",
    )


OF_EACH_PERSON = of_each_person(
    unique_together(
        "one_row_per_lifecycle",
        TABLE,
        ["person_id", "lifecycle_no"],
        "A lifecycle in two rows counts twice in every rate.",
    ),
    no_rows(
        "lifecycles_are_numbered_from_1",
        TABLE,
        """
            select person_id, max(lifecycle_no) as last_no, count(*) as row_count
            from {batch}
            group by person_id
            having max(lifecycle_no) <> count(*) or min(lifecycle_no) <> 1
            """,
        "A hole in the numbers is a lifecycle that was lost.",
    ),
    one_of(
        "origin_is_known",
        TABLE,
        "origin",
        ORIGINS,
        "Only marketing's own hand-offs enter its rates; an unknown origin "
        "would be in none of the counts.",
    ),
    one_of(
        "outcome_is_known",
        TABLE,
        "outcome",
        OUTCOMES,
        "An outcome outside the five would break handed_off = accepted + "
        "rejected + ignored + pending.",
    ),
    never(
        "marketing_has_one_outcome_and_nobody_else",
        TABLE,
        "origin is null or (origin = 'marketing') <> (outcome is not null)",
        "What marketing handed over ends in exactly one outcome; what sales "
        "found by itself has none and must not lift a rate.",
    ),
    never(
        "marketing_was_handed_over",
        TABLE,
        "origin = 'marketing' and handed_off_at is null",
        "Without an instant of hand-off there is no cohort to count it in.",
    ),
    never(
        "accepted_means_accepted_at",
        TABLE,
        "origin = 'marketing' and (outcome = 'accepted') <> (accepted_at is not null)",
        "The numerator of the SAL rate is those with an instant of acceptance, "
        "and all of them.",
    ),
    never(
        "accepted_not_before_hand_off",
        TABLE,
        "accepted_at < handed_off_at",
        "An acceptance before the hand-off belongs to another story and gives "
        "negative hours.",
    ),
    never(
        "every_hand_off_has_a_due_time",
        TABLE,
        "origin = 'marketing' and (sla_due_at is null or sla_due_at < handed_off_at)",
        "Without a policy and its clock, an ignored lead is never seen. Look "
        "into the seeds sla_policies and business_calendars.",
    ),
    never(
        "nobody_else_has_a_due_time",
        TABLE,
        "origin <> 'marketing' and sla_due_at is not null",
        "A due time on a lead that nobody handed over blames sales for nothing.",
    ),
    never(
        "ignored_only_after_due",
        TABLE,
        "was_ignored and (sla_due_at is null or as_of < sla_due_at)",
        "Sales cannot have ignored a lead whose time is not yet up.",
    ),
    never(
        "ignored_means_nothing_happened",
        TABLE,
        "was_ignored and (accepted_at <= sla_due_at or exited_at <= sla_due_at)",
        "A lead that was accepted or ended in time was not ignored.",
    ),
    never(
        "late_only_after_due",
        TABLE,
        "is_accepted_late <> coalesce(accepted_at > sla_due_at, false)",
        "Late is late by the clock of the policy, and nothing else.",
    ),
    never(
        "pending_means_open",
        TABLE,
        "outcome = 'pending' "
        "and (accepted_at is not null or exited_at is not null or was_ignored)",
        "A pending lead may still be accepted; one that ended may not, and "
        "would make the month look better than it is.",
    ),
    never(
        "rejected_or_withdrawn_has_ended",
        TABLE,
        "outcome in ('rejected', 'withdrawn') and exited_at is null",
        "What was rejected or taken back has an exit that says so.",
    ),
    never(
        "exit_is_whole",
        TABLE,
        "(exit_stage is null) <> (exited_at is null)",
        "An exit has a stage and an instant, or there is none.",
    ),
    never(
        "nothing_after_the_exit",
        TABLE,
        "exited_at < greatest("
        "coalesce(inquiry_at, exited_at), coalesce(mql_at, exited_at), "
        "coalesce(handed_off_at, exited_at), coalesce(tal_at, exited_at), "
        "coalesce(sal_at, exited_at), coalesce(accepted_at, exited_at), "
        "coalesce(sql_at, exited_at), coalesce(opportunity_at, exited_at))",
        "An exit closes the lifecycle: what follows belongs to the next.",
    ),
    never(
        "nothing_after_as_of",
        TABLE,
        "as_of < greatest("
        "coalesce(inquiry_at, as_of), coalesce(mql_at, as_of), "
        "coalesce(handed_off_at, as_of), coalesce(tal_at, as_of), "
        "coalesce(sal_at, as_of), coalesce(accepted_at, as_of), "
        "coalesce(sql_at, as_of), coalesce(opportunity_at, as_of), "
        "coalesce(exited_at, as_of), coalesce(first_response_at, as_of))",
        "A run as of a day must not know what happened later, or a report "
        "could not be made again.",
    ),
    never(
        "hours_are_not_negative",
        TABLE,
        "least(response_hours, response_business_hours, accept_hours, "
        "accept_business_hours) < 0",
        "Hours from hand-off are averaged; a negative one hides a slow one.",
    ),
    _milestones_are_first_events(),
    no_rows(
        "people_are_known",
        TABLE,
        """
            select * from {batch}
            where person_id not in (select person_id from {marts}.dim_people)
            """,
        "A lifecycle of nobody has no channel and is in no breakdown.",
    ),
    never(
        "channel_is_given",
        PEOPLE,
        "channel = 'unknown' and source is null",
        "No source and a source called unknown are different things.",
    ),
    no_rows(
        "one_event_per_person_stage_and_instant",
        EVENTS,
        """
            select person_id, stage, occurred_at, count(*) as event_count
            from {batch}
            group by person_id, stage, occurred_at
            having count(*) > 1
            """,
        "The same stage at the same instant counts once.",
    ),
    no_rows(
        "each_pass_has_one_outcome",
        PASSES,
        f"""
            select *
            from (
                select
                    *,
                    row_number() over passes as position,
                    lead(pass_no) over passes is null as is_last
                from {{batch}}
                window passes as (partition by lifecycle_id order by pass_no)
            )
            where
                pass_no <> position
                or outcome is null
                or (is_last and outcome not in {OUTCOMES})
                or (not is_last and outcome not in {PASSED_ON})
            """,
        "A pass that was passed on was ignored or reassigned, the last one ends "
        "as a hand-off does; another word would blame nobody, or a rep twice.",
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
                from {batch}
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
        no_rows(
            "one_as_of",
            TABLE,
            "select count(distinct as_of) as instants from {batch} "
            "having count(distinct as_of) > 1 or count(as_of) < count(*)",
            "All rows are seen at one instant, or they cannot be added up.",
        ),
        unique_together(
            "one_row_per_person",
            PEOPLE,
            ["primary_source", "primary_record_id"],
            "A person in two rows is a merge that was missed.",
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
            full join {batch} as published
                on people.person_id = published.person_id
            where people.person_id is null or published.person_id is null
            """,
            "Everybody whom the warehouse knows and who is still there is "
            "published, and nobody else: a join must lose no human being.",
        ),
    ),
)
