"""What the report reads of the published tables, as SQL.

Each query gives additive counts only: the page adds them up for whatever is chosen
and divides afterwards. Those by cell have the five columns of CELL first.
"""

from __future__ import annotations

from collections.abc import Sequence

from orchestration.report.glossary import Measure
from orchestration.report.queries_apart import APART, histories
from orchestration.report.query import Query
from orchestration.warehouse import literal

CELL = ("month", "channel", "team", "campaign", "version")
"""What can be chosen on the page."""

PROJECTED = (
    "expected_acceptances",
    "expected_variance",
    "expected_curve_error",
    "pending_without_curve",
)

NOT_SHOWN = ("_hours", "_reporting")
"""No figure shows sums of these by rep, and they would be half of the page."""

RARE = 10
"""A reason that the seed does not know may be a rep's own words about a person: it
is shown only where at least so many leads have the very same."""

ENTRIES = ("inquiry", "mql", "handed_off", "accepted", "sql", "opportunity", "won")
EVERY_ORIGIN = ("inquiry", "mql")
"""What comes after an MQL says whose it was, so those are counted of all."""

_OF_LIFECYCLES = """
    date_trunc('month', handed_off_date)::date as month,
    coalesce(channel, '') as channel,
    coalesce(team, '') as team,
    coalesce(last_campaign_id, '') as campaign,
    coalesce(definition_version, '') as version"""


def queries(
    cohorts: Sequence[Measure], speed: Sequence[Measure], is_handed_off: str, zone: str
) -> list[Query]:
    """The tables of the cube; measures are those of dbt's semantic models."""
    plain = [
        measure
        for measure in cohorts
        if len(measure.signed) == 1 and not measure.column.endswith(NOT_SHOWN)
    ]
    sums = ",\n    ".join(
        f"sum({measure.expression}) as {measure.column}" for measure in plain
    )
    projected = ",\n    ".join(f"sum({name}) as {name}" for name in PROJECTED)
    reached = ",\n    ".join(
        f"sum({measure.expression}) as {measure.name}" for measure in speed
    )
    entered = ",\n    ".join(
        f"sum({name}) as {name}"
        if name in EVERY_ORIGIN
        else f"coalesce(sum({name}) filter (origin = 'marketing'), 0) as {name}"
        for name in ENTRIES
    )
    return [
        Query(
            "handoffs",
            ("mart_funnel_cohort",),
            f"""
select
    date_trunc('month', handed_off_date)::date as month,
    coalesce(channel, '') as channel,
    coalesce(team, '') as team,
    coalesce(campaign_id, '') as campaign,
    coalesce(definition_version, '') as version,
    coalesce(owner_id, '') as owner,
    {sums},
    {projected}
from marts.mart_funnel_cohort
where origin = 'marketing'
group by all""",
            keys=("owner",),
        ),
        Query(
            "reached",
            ("fct_lead_lifecycles",),
            f"""
select {_OF_LIFECYCLES},
    {reached}
from marts.fct_lead_lifecycles
where {is_handed_off}
group by all""",
        ),
        Query(
            "entries",
            ("mart_funnel_period",),
            f"""
select
    date_trunc('month', entered_date)::date as month,
    coalesce(channel, '') as channel,
    coalesce(team, '') as team,
    coalesce(campaign_id, '') as campaign,
    coalesce(definition_version, '') as version,
    {entered}
from marts.mart_funnel_period
group by all""",
        ),
        Query(
            "reasons",
            ("fct_lead_lifecycles", "mart_rejection_reasons"),
            f"""
with known as (
    select
        lower(nfc_normalize(trim(rejection_reason))) as reason_text,
        min(rejection_reason) as reason,
        min(owner_department) as whose
    from marts.mart_rejection_reasons
    where rejection_reason is not null
    group by 1
),
handoffs as (
    select *, lower(nfc_normalize(trim(rejection_reason))) as reason_text
    from marts.fct_lead_lifecycles
    where origin = 'marketing' and outcome = 'rejected'
),
often as (
    select reason_text from handoffs group by 1 having count(*) >= {RARE}
)
select {_OF_LIFECYCLES},
    case
        when coalesce(rejection_reason, '') = '' then ''
        when rejection_category is not null
        or reason_text in (select reason_text from often)
            then coalesce(known.reason, rejection_reason)
        else '…'
    end as reason,
    coalesce(known.whose, '') as whose,
    count(*) as rejected
from handoffs
left join known using (reason_text)
group by all""",
            keys=("reason", "whose"),
        ),
        Query(
            "ages",
            ("fct_lead_lifecycles",),
            f"""
select {_OF_LIFECYCLES},
    age_business_days as age,
    count(*) filter (outcome = 'accepted') as accepted,
    count(*) filter (outcome <> 'pending') as settled,
    count(*) as leaving
from marts.fct_lead_lifecycles
where origin = 'marketing' and age_business_days is not null
group by all""",
            keys=("age",),
        ),
        Query(
            "hours",
            ("fct_lead_lifecycles",),
            f"""
with placed as (
    select
        *,
        timezone({literal(zone)}, timezone('UTC', handed_off_at)) as local_at
    from marts.fct_lead_lifecycles
    where {is_handed_off}
)
select {_OF_LIFECYCLES},
    (isodow(local_at) - 1) * 24 + hour(local_at) as hour_of_week,
    count(*) as handed_off,
    count(*) filter (outcome = 'ignored') as ignored,
    count(response_hours) as responded,
    round(coalesce(sum(response_hours::decimal(28, 9)), 0), 1) as response_hours
from placed
group by all""",
            keys=("hour_of_week",),
        ),
        Query(
            "delays",
            ("fct_lead_lifecycles", "fct_handoffs"),
            f"""
with answered as (
    select lifecycle_id, routing_hours, rep_hours
    from marts.fct_handoffs
    where rep_hours is not null
)
select {_OF_LIFECYCLES},
    count(*) as answered,
    round(sum(answered.routing_hours::decimal(28, 9)), 1) as routing_hours,
    round(sum(answered.rep_hours::decimal(28, 9)), 1) as rep_hours
from marts.fct_lead_lifecycles
inner join answered using (lifecycle_id)
where {is_handed_off}
group by all""",
        ),
        Query(
            "scores",
            ("fct_lead_lifecycles", "mart_score_calibration"),
            f"""
with bands as (
    select
        lower_bound,
        lead(lower_bound) over (order by band_no) as next_bound,
        band_no,
        score_band
    from (
        select distinct score_band, band_no, lower_bound
        from marts.mart_score_calibration
        where is_scored
    )
),
handoffs as (
    select
        *,
        case when not is_score_merged then score_at_handoff end as score
    from marts.fct_lead_lifecycles
    where {is_handed_off}
)
select {_OF_LIFECYCLES},
    case
        when is_score_merged then 'merged scores'
        when score is null then 'no score'
        else coalesce(bands.score_band, 'any score')
    end as band,
    case
        when is_score_merged then 1001
        when score is null then 1000
        else coalesce(bands.band_no, 1)
    end as band_no,
    count(*) as handed_off,
    count(*) filter (outcome = 'accepted') as accepted
from handoffs
left join bands
    on
        (bands.lower_bound is null or handoffs.score >= bands.lower_bound)
        and (bands.next_bound is null or handoffs.score < bands.next_bound)
        and handoffs.score is not null
group by all""",
            keys=("band", "band_no"),
        ),
        Query(
            "queue",
            ("mart_handoff_queue", "fct_lead_lifecycles", "mart_funnel_snapshot"),
            f"""
with bands as (
    select
        age_band,
        age_from_business_hours as from_hours,
        lead(age_from_business_hours) over (order by age_from_business_hours)
            as until_hours
    from (
        select distinct age_band, age_from_business_hours
        from marts.mart_funnel_snapshot
    )
)
select
    date_trunc('month', lifecycles.handed_off_date)::date as month,
    coalesce(queue.channel, '') as channel,
    coalesce(queue.team, '') as team,
    coalesce(queue.campaign_id, '') as campaign,
    coalesce(lifecycles.definition_version, '') as version,
    coalesce(bands.age_band, '') as band,
    coalesce(bands.from_hours, 0) as from_hours,
    queue.next_step as step,
    queue.is_overdue::int as overdue,
    (queue.business_hours_left is not null)::int as clock_runs,
    case
        when queue.business_hours_left is not null and not queue.is_overdue
            then date_diff(
                'day',
                timezone({literal(zone)}, timezone('UTC', queue.as_of))::date,
                timezone({literal(zone)}, timezone('UTC', queue.due_at))::date
            )
    end as days_until_due,
    count(*) as leads
from marts.mart_handoff_queue as queue
inner join marts.fct_lead_lifecycles as lifecycles using (lifecycle_id)
left join bands
    on
        queue.open_business_hours >= bands.from_hours
        and (
            bands.until_hours is null
            or queue.open_business_hours < bands.until_hours
        )
group by all""",
            keys=(
                "band",
                "from_hours",
                "step",
                "overdue",
                "clock_runs",
                "days_until_due",
            ),
        ),
        *APART,
        *histories(zone),
    ]
