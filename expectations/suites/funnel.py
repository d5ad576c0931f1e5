"""The funnel's marts: do they count what the facts hold?

That a mart's own columns agree with each other is a dbt test of it.
"""

from expectations.checks import OF_MODELS, Check, Suite, no_rows

COHORT = "marts.mart_funnel_cohort"
MONTHLY = "marts.mart_funnel_monthly"
PERIOD = "marts.mart_funnel_period"
CURVE = "marts.mart_acceptance_curve"

COUNTS = (
    "handed_off",
    "accepted",
    "accepted_late",
    "rejected",
    "ignored",
    "pending",
    "withdrawn",
    "was_ignored",
    "sla_due",
    "sql",
    "opportunity",
    "won",
)


def _months_hold_every_cohort() -> Check:
    differs = "\n                or ".join(
        f"coalesce(counted.{count}, 0) <> coalesce(cohorts.{count}, 0)"
        for count in COUNTS
    )
    sums = ", ".join(f"sum({count}) as {count}" for count in COUNTS)
    return no_rows(
        "months_hold_every_cohort",
        MONTHLY,
        f"""
            with
            cohorts as (select {sums} from {{marts}}.mart_funnel_cohort),

            counted as (
                select period_type, dimension, {sums}
                from {{table}}
                group by period_type, dimension
            )

            select counted.*
            from counted
            cross join cohorts
            where
                {differs}
        """,
        "Months, quarters and years, by any dimension, add up to the same "
        "hand-offs; a lead without a value has a row too.",
    )


ENTRIES = ("inquiry", "mql", "handed_off", "tal", "accepted", "sql", "opportunity")
"""What a lifecycle enters; the milestone <entry>_at dates it. That these are what the
events say is checked of each person: milestones_are_first_events."""

EXITS = ("won", "lost", "rejected", "recycled", "disqualified")


def _periods_hold_every_event() -> Check:
    """Days are in the reporting time zone, each event on its own."""
    entered = "\n                union all\n                ".join(
        f"select '{entry}' as stage, {entry}_at as entered_at "
        f"from {{marts}}.fct_lead_lifecycles where {entry}_at is not null"
        for entry in ENTRIES
    )
    exits = ", ".join(f"'{stage}'" for stage in EXITS)
    names = (*ENTRIES, *EXITS)
    counts = ",\n                    ".join(
        f"count(*) filter (where stage = '{name}') as {name}" for name in names
    )
    sums = ", ".join(f"sum({name}) as {name}" for name in names)
    differs = "\n                or ".join(
        f"coalesce(events.{name}, 0) <> coalesce(counted.{name}, 0)" for name in names
    )
    return no_rows(
        "periods_hold_every_event",
        PERIOD,
        f"""
            with
            entries as (
                {entered}
                union all
                select stage, occurred_at as entered_at
                from {{marts}}.fct_stage_events
                where lifecycle_no is not null and stage in ({exits})
            ),

            events as (
                select
                    cast(
                        timezone(reporting_timezone, timezone('UTC', entered_at))
                        as date
                    ) as entered_date,
                    {counts}
                from entries
                cross join {{settings}}.run
                group by 1
            ),

            counted as (
                select entered_date, {sums} from {{table}} group by entered_date
            )

            select counted.*
            from events
            full join counted on events.entered_date = counted.entered_date
            where
                {differs}
        """,
        "On each day as many enter a stage as events say so, in the reporting time "
        "zone: a day that loses events makes the next one look like a campaign.",
    )


SUITE = Suite(
    "funnel",
    "The marts of the funnel",
    (
        no_rows(
            "cohorts_hold_every_hand_off",
            COHORT,
            """
            with
            lifecycles as (
                select
                    count(*) filter (where outcome <> 'withdrawn') as handed_off,
                    count(*) filter (where outcome = 'accepted') as accepted,
                    count(*) filter (where outcome = 'rejected') as rejected,
                    count(*) filter (where outcome = 'ignored') as ignored,
                    count(*) filter (where outcome = 'pending') as pending,
                    count(*) filter (where outcome = 'withdrawn') as withdrawn
                from {marts}.fct_lead_lifecycles
                where origin = 'marketing'
            ),

            cohorts as (
                select
                    coalesce(sum(handed_off), 0) as handed_off,
                    coalesce(sum(accepted), 0) as accepted,
                    coalesce(sum(rejected), 0) as rejected,
                    coalesce(sum(ignored), 0) as ignored,
                    coalesce(sum(pending), 0) as pending,
                    coalesce(sum(withdrawn), 0) as withdrawn
                from {table}
            )

            select
                lifecycles.handed_off as hand_offs_of_lifecycles,
                cohorts.handed_off as hand_offs_of_cohorts
            from lifecycles
            cross join cohorts
            where
                lifecycles.handed_off <> cohorts.handed_off
                or lifecycles.accepted <> cohorts.accepted
                or lifecycles.rejected <> cohorts.rejected
                or lifecycles.ignored <> cohorts.ignored
                or lifecycles.pending <> cohorts.pending
                or lifecycles.withdrawn <> cohorts.withdrawn
            """,
            "The marts count what the lifecycles hold: a join on a dimension must "
            "neither lose nor double a lead.",
        ),
        _months_hold_every_cohort(),
        _periods_hold_every_event(),
        no_rows(
            "curve_holds_every_hand_off",
            CURVE,
            """
            with
            curves as (
                select
                    cohort_month_date,
                    sum(accepted) as accepted,
                    sum(rejected) as rejected,
                    sum(ignored) as ignored,
                    sum(withdrawn) as withdrawn,
                    sum(censored) as pending
                from {table}
                group by cohort_month_date
            ),

            months as (
                select * from {marts}.mart_funnel_monthly
                where period_type = 'month' and dimension = 'all'
            )

            select curves.*
            from curves
            full join months
                on curves.cohort_month_date = months.period_start_date
            where
                coalesce(curves.accepted, 0) <> coalesce(months.accepted, 0)
                or coalesce(curves.rejected, 0) <> coalesce(months.rejected, 0)
                or coalesce(curves.ignored, 0) <> coalesce(months.ignored, 0)
                or coalesce(curves.withdrawn, 0) <> coalesce(months.withdrawn, 0)
                or coalesce(curves.pending, 0) <> coalesce(months.pending, 0)
            """,
            "The curve of a month ends what that month handed over, so accepted + "
            "rejected is never more: the projection is made of it.",
        ),
    ),
    OF_MODELS,
)
