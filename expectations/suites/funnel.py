"""The funnel's marts: do the numbers that people read add up?"""

from expectations.checks import Check, Suite, between, never, no_rows

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

RATES = {
    "sal_rate": ("accepted", "handed_off"),
    "ignore_rate": ("ignored", "handed_off"),
    "rejection_rate": ("rejected", "handed_off"),
    "pending_rate": ("pending", "handed_off"),
    "resolved_sal_rate": ("accepted", "handed_off - pending"),
}
"""Each rate's numerator and denominator, as the specification has them."""

BOUNDED = ("sal_rate", "ignore_rate")
UNIT_RATES = (*RATES, "sla_breach_rate")


def _adds_up(table: str) -> Check:
    return never(
        "hand_offs_add_up",
        table,
        "handed_off is distinct from accepted + rejected + ignored + pending",
        "Every hand-off is accepted, rejected, ignored or pending, at every grain: "
        "else somebody's leads are missing from the denominator.",
    )


def _counts_are_plausible(table: str) -> Check:
    return never(
        "counts_are_plausible",
        table,
        f"least({', '.join(COUNTS)}) < 0 or accepted_late > accepted "
        "or sla_due > handed_off or was_ignored > handed_off + withdrawn",
        "A part is never larger than its whole, nor below nothing.",
    )


def _is_what_it_says(rate: str, above: str, below: str) -> Check:
    return never(
        f"{rate}_is_its_definition",
        MONTHLY,
        f"case when ({below}) = 0 then {rate} is not null "
        f"else {rate} is null or abs({rate} - ({above}) / cast({below} as double))"
        " > 1e-6 end",
        f"{rate} is {above} / ({below}), recomputed at each grain and never "
        "averaged; over nothing it is null.",
    )


def _lies_within_bounds(rate: str) -> Check:
    return never(
        f"{rate}_lies_within_its_bounds",
        MONTHLY,
        f"({rate} is null) <> ({rate}_lower is null or {rate}_upper is null) "
        f"or {rate}_lower > {rate} + 1e-9 or {rate} > {rate}_upper + 1e-9 "
        f"or {rate}_lower < 0 or {rate}_upper > 1",
        "An interval that does not hold its rate says nothing about how sure it is.",
    )


def _same_sums(name: str, counted: str, protects: str) -> Check:
    """The sums of `counted` per period type equal those of the cohorts."""
    differs = "\n                or ".join(
        f"coalesce(counted.{count}, 0) <> coalesce(cohorts.{count}, 0)"
        for count in COUNTS
    )
    sums = ", ".join(f"sum({count}) as {count}" for count in COUNTS)
    return no_rows(
        name,
        MONTHLY,
        f"""
            with
            cohorts as (select {sums} from {{marts}}.mart_funnel_cohort),

            counted as (
                select period_type, dimension, {sums}
                from {{batch}}
                where {counted}
                group by period_type, dimension
            )

            select counted.*
            from counted
            cross join cohorts
            where
                {differs}
        """,
        protects,
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
                select entered_date, {sums} from {{batch}} group by entered_date
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
        _adds_up(COHORT),
        _counts_are_plausible(COHORT),
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
                from {batch}
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
        _adds_up(MONTHLY),
        _counts_are_plausible(MONTHLY),
        *(_is_what_it_says(rate, *parts) for rate, parts in RATES.items()),
        *(
            between(
                f"{rate}_is_a_share",
                MONTHLY,
                rate,
                0,
                1,
                "A rate is a share: it lies between 0 and 1.",
            )
            for rate in UNIT_RATES
        ),
        *(_lies_within_bounds(rate) for rate in BOUNDED),
        _same_sums(
            "months_hold_every_cohort",
            "true",
            "Months, quarters and years, by any dimension, add up to the same "
            "hand-offs; a lead without a value has a row too.",
        ),
        no_rows(
            "dimensions_add_up_to_all",
            MONTHLY,
            """
            with
            summed as (
                select
                    period_type,
                    period_start_date,
                    dimension,
                    sum(handed_off) as handed_off,
                    sum(accepted) as accepted,
                    sum(ignored) as ignored
                from {batch}
                group by period_type, period_start_date, dimension
            )

            select summed.*
            from summed
            inner join summed as whole
                on
                    summed.period_type = whole.period_type
                    and summed.period_start_date = whole.period_start_date
                    and whole.dimension = 'all'
            where
                summed.handed_off <> whole.handed_off
                or summed.accepted <> whole.accepted
                or summed.ignored <> whole.ignored
            """,
            "In each period the channels together are the whole, and so are the "
            "teams: a breakdown that loses leads blames the wrong people.",
        ),
        _periods_hold_every_event(),
        no_rows(
            "at_risk_loses_who_left",
            CURVE,
            """
            select *
            from (
                select
                    *,
                    accepted + rejected + ignored + withdrawn + censored as leaving,
                    lead(at_risk, 1, 0) over (
                        partition by cohort_month_date order by business_days
                    ) as at_risk_next
                from {batch}
            )
            where at_risk - leaving <> at_risk_next or leaving < 1
            """,
            "Who ended or is still open leaves the curve, everybody else stays: "
            "else a share is of the wrong whole.",
        ),
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
                from {batch}
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
        no_rows(
            "accepted_share_rises_within_bounds",
            CURVE,
            """
            select *
            from (
                select
                    *,
                    lag(cumulative_accepted_share, 1, 0.0) over (
                        partition by cohort_month_date order by business_days
                    ) as share_before
                from {batch}
            )
            where
                cumulative_accepted_share is null
                or cumulative_accepted_share < share_before - 1e-9
                or cumulative_accepted_share > 1
            """,
            "What was accepted by a day is a share of all, and never becomes less "
            "the day after.",
        ),
    ),
)
