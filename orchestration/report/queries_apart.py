"""What the report reads whose tables know fewer columns than a cell has."""

from __future__ import annotations

from orchestration.report.query import Query
from orchestration.warehouse import literal

APART: tuple[Query, ...] = (
    Query(
        "stock",
        ("mart_funnel_snapshot",),
        """
select
    snapshot_date as day,
    coalesce(channel, '') as channel,
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
        """
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
    period_type = 'fiscal_quarter'
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
)


def histories(zone: str) -> tuple[Query, ...]:
    """Since when there is history, by the days of a time zone."""

    def day(instant: str) -> str:
        local = f"timezone({literal(zone)}, timezone('UTC', {instant}))"
        return f"strftime({local}, '%Y-%m-%d')"

    return (
        Query(
            "history",
            ("mart_history_coverage",),
            f"""
select
    source || '.' || source_table as "table",
    field,
    changes,
    {day("first_at")} as first_day,
    {day("last_at")} as last_day,
    kept_days,
    days_until_lost,
    changes_gone,
    is_at_risk::int as is_at_risk
from marts.mart_history_coverage
order by all""",
            by_cell=False,
        ),
        Query(
            "coverage",
            ("fct_stage_events", "fct_spend"),
            f"""
select
    source || '.' || source_table as "table",
    {day("min(occurred_at)")} as first_day,
    {day("max(occurred_at)")} as last_day
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
    )
