"""What the report reads of the published tables, as SQL.

Each query gives additive counts only: the page adds them up for whatever is chosen
and divides afterwards. Those by cell have the five columns of CELL first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from orchestration.report.glossary import Measure
from orchestration.warehouse import literal

CELL = ("month", "channel", "team", "campaign", "version")
"""What can be chosen on the page."""

PROJECTED = (
    "expected_acceptances",
    "expected_variance",
    "expected_curve_error",
    "pending_without_curve",
)

RARE = 10
"""A reason that the seed does not know may be a rep's own words about a person: it
is shown only where at least so many leads have the very same."""

ENTRIES = ("inquiry", "mql", "handed_off", "accepted", "sql", "opportunity", "won")
EVERY_ORIGIN = ("inquiry", "mql")
"""What comes after an MQL says whose it was, so those are counted of all."""

_OF_LIFECYCLES = """
    date_trunc('month', handed_off_date)::date as month,
    channel,
    coalesce(team, '') as team,
    coalesce(last_campaign_id, '') as campaign,
    coalesce(definition_version, '') as version"""


@dataclass(frozen=True)
class Query:
    """One table of the cube."""

    name: str
    needs: tuple[str, ...]
    """The published tables that it reads."""
    sql: str
    by_cell: bool = True


def queries(
    cohorts: Sequence[Measure], speed: Sequence[Measure], is_handed_off: str, zone: str
) -> list[Query]:
    """The tables of the cube; measures are those of dbt's semantic models."""
    plain = [measure for measure in cohorts if len(measure.signed) == 1]
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
    of_pacing = "fiscal_quarter"
    return [
        Query(
            "handoffs",
            ("mart_funnel_cohort",),
            f"""
select
    date_trunc('month', handed_off_date)::date as month,
    channel,
    coalesce(team, '') as team,
    coalesce(campaign_id, '') as campaign,
    coalesce(definition_version, '') as version,
    coalesce(owner_id, '') as owner,
    {sums},
    {projected}
from marts.mart_funnel_cohort
where origin = 'marketing'
group by all""",
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
    channel,
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
    round(coalesce(sum(response_hours::decimal(28, 9)), 0), 3) as response_hours
from placed
group by all""",
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
    round(sum(answered.routing_hours::decimal(28, 9)), 3) as routing_hours,
    round(sum(answered.rep_hours::decimal(28, 9)), 3) as rep_hours
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
    queue.channel,
    coalesce(queue.team, '') as team,
    coalesce(queue.campaign_id, '') as campaign,
    coalesce(lifecycles.definition_version, '') as version,
    coalesce(bands.age_band, '') as band,
    coalesce(bands.from_hours, 0) as from_hours,
    queue.next_step as step,
    queue.is_overdue::int as overdue,
    (queue.business_hours_left is not null)::int as clock_runs,
    date_diff(
        'day',
        timezone({literal(zone)}, timezone('UTC', queue.as_of))::date,
        timezone({literal(zone)}, timezone('UTC', queue.due_at))::date
    ) as days_until_due,
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
        ),
        Query(
            "stock",
            ("mart_funnel_snapshot",),
            """
select
    snapshot_date as day,
    channel,
    coalesce(team, '') as team,
    sum(open_handoffs) as open_handoffs,
    sum(overdue_handoffs) as overdue_handoffs
from marts.mart_funnel_snapshot
group by all
order by all""",
            by_cell=False,
        ),
        Query(
            "sla",
            ("mart_sla_sensitivity",),
            """
select
    cohort_month_date as month,
    coalesce(team, '') as team,
    sla_business_hours as hours,
    sum(handed_off) as handed_off,
    sum(ignored) as ignored
from marts.mart_sla_sensitivity
group by all
order by all""",
            by_cell=False,
        ),
        Query(
            "score_months",
            ("mart_score_calibration",),
            """
select
    month_start_date as month,
    round(max(auc), 6) as auc,
    round(max(brier_score), 6) as brier_score,
    round(max(base_brier_score), 6) as base_brier_score,
    max(best_threshold) as best_threshold
from marts.mart_score_calibration
group by all
order by all""",
            by_cell=False,
        ),
        Query(
            "spend",
            ("mart_spend_per_sal", "dim_campaigns"),
            """
select
    date_trunc('month', spend.period_start_date)::date as month,
    coalesce(campaigns.channel, '') as channel,
    coalesce(spend.campaign_id, '') as campaign,
    spend.attribution_model as model,
    spend.cost_kind as kind,
    sum(spend.spend_reporting)::double as spend,
    coalesce(sum(spend.spend_with_allocated_reporting), 0)::double as with_allocated,
    round(sum(spend.attributed_mqls)::double, 9) as mqls,
    round(sum(spend.attributed_sals)::double, 9) as sals,
    sum(spend.attributed_won_amount_reporting)::double as won_amount
from marts.mart_spend_per_sal as spend
left join marts.dim_campaigns as campaigns using (campaign_id)
group by all
order by all""",
            by_cell=False,
        ),
        Query(
            "pacing",
            ("mart_pacing",),
            f"""
select
    metric,
    dimension,
    coalesce(dimension_value, '') as value,
    date_day as day,
    actual,
    previous,
    round(mean_of_last_4, 3) as mean_of_last_4,
    round(target_to_date, 3) as target_to_date
from marts.mart_pacing
where
    period_type = '{of_pacing}'
    and metric in ('handed_off', 'accepted')
    and dimension in ('all', 'channel', 'team', 'campaign', 'definition_version')
    and (actual is not null or previous is not null)
order by all""",
            by_cell=False,
        ),
        Query(
            "plan",
            ("mart_kpi_scorecard",),
            """
select
    month_start_date as starts,
    metric,
    dimension,
    coalesce(dimension_value, '') as value,
    target::double as target,
    round(actual, 6) as actual,
    round(actual_lower, 6) as lower,
    round(actual_upper, 6) as upper,
    is_more_better::int as is_more_better,
    is_met::int as is_met,
    is_final::int as is_final,
    marketing_owner,
    sales_owner,
    needed_handoffs,
    missing_handoffs
from marts.mart_kpi_scorecard
order by all""",
            by_cell=False,
        ),
        Query(
            "quarantine",
            ("quarantine",),
            """
select source || '.' || source_table as "table", rule, count(*) as rows
from marts.quarantine
group by all
order by all""",
            by_cell=False,
        ),
        Query(
            "coverage",
            ("fct_stage_events", "fct_spend"),
            """
select
    source || '.' || source_table as "table",
    strftime(min(occurred_at), '%Y-%m-%d') as first_day,
    strftime(max(occurred_at), '%Y-%m-%d') as last_day
from marts.fct_stage_events
group by all
union all
select
    source || '.' || source_table,
    strftime(min(spend_date), '%Y-%m-%d'),
    strftime(max(spend_date), '%Y-%m-%d')
from marts.fct_spend
group by all
order by all""",
            by_cell=False,
        ),
    ]
