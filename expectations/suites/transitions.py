"""Transitions: does each lifecycle read as one story?"""

from expectations.checks import Suite, no_rows, of_each_person, seldom

TABLE = "marts.fct_stage_transitions"

MUCH_FORBIDDEN = 0.2
"""A larger share than this says that the rules misread the sources."""

OF_EACH_PERSON = of_each_person(
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
                from {table}
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
            select * from {table}
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
                from {table}
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
        seldom(
            "few_are_forbidden",
            TABLE,
            "verdict",
            "forbidden",
            MUCH_FORBIDDEN,
            "Many forbidden steps mean that a status is mapped to the wrong stage, "
            "or that the history came in with its times mixed up.",
        ),
    ),
    "Look the steps up in fct_stage_transitions: where many are forbidden, mend "
    "stage_rules or stage_transitions; where they do not join, build everything anew "
    "(FULL_REFRESH=1).",
)
