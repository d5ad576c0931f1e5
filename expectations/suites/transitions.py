"""Transitions: does each lifecycle read as one story?"""

from expectations.checks import Suite, in_order, never, no_rows, of_each_person, one_of

TABLE = "marts.fct_stage_transitions"

VERDICTS = ("expected", "skipped", "repeated", "backward", "forbidden")

MUCH_FORBIDDEN = 0.2
"""A larger share than this says that the rules misread the sources."""

OF_EACH_PERSON = of_each_person(
    one_of(
        "verdict_is_known",
        TABLE,
        "verdict",
        VERDICTS,
        "Each step of a lead is judged by one of five words; another word would "
        "drop out of every count of them.",
    ),
    never(
        "verdict_is_given",
        TABLE,
        "verdict is null",
        "A step without a verdict is one that nobody has judged.",
    ),
    no_rows(
        "stages_are_known",
        TABLE,
        """
            select * from {batch}
            where
                from_stage not in (select stage from {definition}.def_stages)
                or to_stage not in (select stage from {definition}.def_stages)
                or from_stage is null
                or to_stage is null
                or 'none' in (from_stage, to_stage)
            """,
        "A stage outside the definition has no rank, no label and no rate.",
    ),
    in_order(
        "time_runs_forwards",
        TABLE,
        "from_at",
        "to_at",
        "A step that ends before it begins gives negative hours and a funnel "
        "told backwards.",
    ),
    never(
        "hours_are_elapsed_time",
        TABLE,
        "hours is null or hours < 0",
        "Times in a stage are averaged; a missing or negative one spoils them.",
    ),
    no_rows(
        "steps_follow_each_other",
        TABLE,
        """
            select *
            from (
                select
                    *,
                    lag(to_stage) over steps as stage_before,
                    lag(to_at) over steps as instant_before,
                    row_number() over steps as position
                from {batch}
                window steps as (
                    partition by lifecycle_id order by transition_no
                )
            )
            where
                transition_no <> position
                or (position > 1 and from_stage is distinct from stage_before)
                or (position > 1 and from_at is distinct from instant_before)
            """,
        "Each step starts where the one before it ended; a gap means that an "
        "event was lost or counted twice.",
    ),
    no_rows(
        "nothing_leaves_an_exit",
        TABLE,
        """
            select * from {batch}
            where from_stage in (
                select stage from {definition}.def_stages where kind = 'exit'
            )
            """,
        "An exit ends its lifecycle: what comes after it is a new one, with a "
        "hand-off and an outcome of its own.",
    ),
    no_rows(
        "one_step_less_than_events",
        TABLE,
        """
            with
            events as (
                select person_id, lifecycle_no, count(*) as event_count
                from {marts}.fct_stage_events
                where lifecycle_no is not null
                group by person_id, lifecycle_no
            ),

            steps as (
                select person_id, lifecycle_no, count(*) as step_count
                from {batch}
                group by person_id, lifecycle_no
            )

            select
                person_id,
                lifecycle_no,
                coalesce(event_count, 0) as event_count,
                coalesce(step_count, 0) as step_count
            from events
            full join steps using (person_id, lifecycle_no)
            where coalesce(step_count, 0) <> coalesce(event_count, 0) - 1
            """,
        "The steps of a lifecycle join all of its events; fewer or more means "
        "that a join lost or doubled rows.",
    ),
)

SUITE = Suite(
    "transitions",
    "Transitions between stages",
    (
        *OF_EACH_PERSON,
        no_rows(
            "few_are_forbidden",
            TABLE,
            f"""
            select *
            from {{batch}}
            where
                verdict = 'forbidden'
                and (
                    select
                        count(*) filter (where verdict = 'forbidden')
                        > {MUCH_FORBIDDEN} * count(*)
                    from {{batch}}
                )
            """,
            "Many forbidden steps mean that a status is mapped to the wrong stage, "
            "or that the history came in with its times mixed up.",
        ).warning(),
    ),
)
