"""A warehouse by hand: three leads, right in every check, easy to break."""

import duckdb

from expectations.suites.funnel import COUNTS, ENTRIES, EXITS
from orchestration.project import Project

TABLES = f"""
create schema raw_generic;
create schema definition;
create schema marts;
create schema quality;
create schema intermediate;
create schema settings;

create table settings.run as select 'Asia/Tokyo' as reporting_timezone;

create table raw_generic.lead as
select
    'lead-' || range as lead_id,
    '2026-04-01' as created_at,
    'generic/lead.csv' as _file,
    'abc' as _file_sha256,
    timestamp '2026-06-01 00:00:00' as _loaded_at
from range(3);

create table definition.def_stages as
select * from (values
    ('inquiry', 'marker'), ('mql', 'marker'), ('handed_off', 'marker'),
    ('tal', 'progress'), ('sal', 'progress'), ('sql', 'progress'),
    ('opportunity', 'progress'), ('won', 'exit'), ('lost', 'exit'),
    ('rejected', 'exit'), ('recycled', 'exit'), ('disqualified', 'exit'),
    ('none', 'none')
) as stages (stage, kind);

create table marts.dim_people as
select
    'p' || range as person_id,
    'generic' as primary_source,
    'lead-' || range as primary_record_id,
    'web' as source,
    'web' as channel
from range(3);

create table intermediate.int_people as
select person_id, true as is_in_marts from marts.dim_people;

create table intermediate.int_funnel_versions__in_force as
select * from (values
    ('v1', null), ('both', 'inside_sales+field_sales')
) as versions (version, acceptance_roles);

-- p0 is accepted, p1 is rejected, p2 is ignored.
create table marts.fct_stage_events as
select * from (values
    ('p0', 1, 'mql', timestamp '2026-04-01 01:00:00'),
    ('p0', 1, 'handed_off', timestamp '2026-04-02 01:00:00'),
    ('p0', 1, 'sal', timestamp '2026-04-03 01:00:00'),
    ('p1', 1, 'handed_off', timestamp '2026-04-02 01:00:00'),
    ('p1', 1, 'rejected', timestamp '2026-04-03 01:00:00'),
    ('p2', 1, 'handed_off', timestamp '2026-04-02 01:00:00')
) as events (person_id, lifecycle_no, stage, occurred_at);

create table marts.fct_stage_transitions as
select
    's' || person_id[2:] || '-' || transition_no as transition_id,
    'l' || person_id[2:] as lifecycle_id,
    'rep' as actor_id,
    *,
    date_diff('second', from_at, to_at) / 3600 as hours
from (values
    (
        'p0', 1, 1, 'mql', 'handed_off', timestamp '2026-04-01 01:00:00',
        timestamp '2026-04-02 01:00:00', 'expected'
    ),
    (
        'p0', 1, 2, 'handed_off', 'sal', timestamp '2026-04-02 01:00:00',
        timestamp '2026-04-03 01:00:00', 'expected'
    ),
    (
        'p1', 1, 1, 'handed_off', 'rejected', timestamp '2026-04-02 01:00:00',
        timestamp '2026-04-03 01:00:00', 'expected'
    )
) as steps (
    person_id, lifecycle_no, transition_no, from_stage, to_stage, from_at, to_at,
    verdict
);

create table marts.fct_lead_lifecycles as
select
    'l' || person_id[2:] as lifecycle_id,
    person_id,
    1 as lifecycle_no,
    'v1' as definition_version,
    'marketing' as origin,
    'v1' as definition_version,
    cast(null as timestamp) as inquiry_at,
    mql_at,
    timestamp '2026-04-02 01:00:00' as handed_off_at,
    cast(null as timestamp) as tal_at,
    sal_at,
    sal_at as accepted_at,
    cast(null as timestamp) as sql_at,
    cast(null as timestamp) as opportunity_at,
    exit_stage,
    exited_at,
    outcome,
    timestamp '2026-04-06 01:00:00' as sla_due_at,
    outcome = 'ignored' as was_ignored,
    false as is_accepted_late,
    cast(null as timestamp) as first_response_at,
    1.5 as response_hours,
    1.5 as response_business_hours,
    1.5 as accept_hours,
    1.5 as accept_business_hours,
    if(outcome = 'ignored', null, 9e0) as acted_business_hours,
    18.0 as sla_business_hours,
    'East' as team,
    date '2026-04-02' as handed_off_date,
    timestamp '2026-05-01 00:00:00' as as_of
from (values
    (
        'p0', timestamp '2026-04-01 01:00:00', timestamp '2026-04-03 01:00:00',
        null, null, 'accepted'
    ),
    ('p1', null, null, 'rejected', timestamp '2026-04-03 01:00:00', 'rejected'),
    ('p2', null, null, null, null, 'ignored')
) as leads (person_id, mql_at, sal_at, exit_stage, exited_at, outcome);

create table marts.fct_handoffs as
select
    lifecycle_id,
    person_id,
    1 as pass_no,
    outcome
from marts.fct_lead_lifecycles;

create table marts.quarantine as
select
    'q0' as quarantine_id,
    'generic' as source,
    'lead_status_history' as source_table,
    'x' as source_key,
    'unmapped_status' as rule;

create table quality.raw_row_fates as
select
    'generic' as source,
    'lead' as source_table,
    3 as raw_rows,
    0 as duplicates,
    3 as readings,
    0 as quarantined,
    0 as after_as_of,
    0 as unread;

create table definition.def_history_retention as
select * from (values
    ('marketo', 'activity_change_score', 90, 90, null, 14),
    ('hubspot', 'contact_property_history', null, null, 45, null)
) as limits (
    source, source_table, kept_days, gone_after_days, kept_values, warn_days
);

-- Scores are kept 90 days and were loaded on the 25th of April.
create table marts.mart_history_coverage as
select
    'marketo' as source,
    'activity_change_score' as source_table,
    'score' as field,
    4 as changes,
    timestamp '2026-01-02 00:00:00' as first_at,
    timestamp '2026-04-24 00:00:00' as last_at,
    timestamp '2026-04-25 00:00:00' as last_loaded_at,
    90 as kept_days,
    14 as warn_days,
    1 as changes_gone,
    84 as days_until_lost,
    timestamp '2026-05-01 00:00:00' as as_of;

create table marts.mart_funnel_cohort as
select
    'c0' as cohort_id,
    date '2026-04-02' as handed_off_date,
    'web' as channel,
    3 as handed_off, 1 as accepted, 0 as accepted_late, 1 as rejected,
    1 as ignored, 0 as pending, 0 as withdrawn, 1 as was_ignored, 3 as sla_due,
    0 as "sql", 0 as opportunity, 0 as won;

create table marts.mart_funnel_monthly as
select
    period_type || ' ' || dimension as funnel_monthly_id,
    period_type,
    date '2026-04-01' as period_start_date,
    dimension,
    'web' as dimension_value,
    {", ".join(f'cohorts."{count}"' for count in COUNTS)},
    1 / 3 as sal_rate, 0.06 as sal_rate_lower, 0.79 as sal_rate_upper,
    1 / 3 as ignore_rate, 0.06 as ignore_rate_lower, 0.79 as ignore_rate_upper,
    1 / 3 as rejection_rate,
    0.0 as pending_rate,
    1 / 3 as resolved_sal_rate,
    1 / 3 as sla_breach_rate
from marts.mart_funnel_cohort as cohorts
cross join (
    values ('month'), ('fiscal_quarter'), ('fiscal_year')
) as periods (period_type)
cross join (values ('all'), ('channel')) as dimensions (dimension);

create table marts.mart_funnel_period as
select * from (values
    (date '2026-04-01', 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
    (date '2026-04-02', 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0),
    (date '2026-04-03', 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0)
) as days (entered_date, {", ".join(f'"{entry}"' for entry in (*ENTRIES, *EXITS))});

create table marts.mart_acceptance_curve as
select * from (values
    (date '2026-04-01', 1, 3, 1, 1, 0, 0, 0, 1 / 3),
    (date '2026-04-01', 2, 1, 0, 0, 1, 0, 0, 1 / 3)
) as steps (
    cohort_month_date, business_days, at_risk, accepted, rejected, ignored,
    withdrawn, censored, cumulative_accepted_share
);

-- 1 SAL of 3 that were to be; a day of its month; the score that it came with.
create table marts.mart_kpi_scorecard as
select
    'k0' as kpi_scorecard_id,
    'period' as basis,
    cast(3 as decimal(18, 4)) as target,
    cast(1 as double) as actual,
    cast(-2 as double) as gap,
    false as is_met,
    9 as needed_handoffs,
    4 as needed_handoffs_lower,
    50 as needed_handoffs_upper,
    6 as missing_handoffs;

create table marts.mart_pacing as
select
    'g0' as pacing_id,
    date '2026-04-01' as period_start_date,
    date '2026-04-30' as period_end_date,
    date '2026-04-02' as date_day,
    true as is_today,
    2 as working_day_no,
    22 as working_days,
    1 as actual,
    4 as periods_compared,
    cast(0.5 as double) as target_gap;

create table marts.mart_score_calibration as
select
    'b0' as score_calibration_id,
    3 as handed_off, 1 as accepted, 1 as rejected, 1 as ignored, 0 as pending,
    cast(0.5 as double) as forecast_rate,
    cast(0.75 as double) as auc,
    cast(0.2 as double) as brier_score,
    cast(0.25 as double) as base_brier_score,
    cast(110 as double) as best_threshold,
    2 as threshold_lost_handoffs,
    1 as threshold_lost_accepted;

-- 100 yen of campaign C1 and 1 dollar of nobody; p0 was brought by C1.
create table definition.def_attribution_models as
select 'linear' as attribution_model;

create table marts.fct_spend as
select
    currency || ' of the ledger' as spend_id,
    '2026-04' as fiscal_period_id,
    'ledger' as source,
    currency,
    campaign_id,
    cast(amount as decimal(18, 2)) as amount,
    cast(rate as decimal(18, 8)) as rate,
    cast(amount * rate as decimal(18, 2)) as amount_reporting
from (values ('JPY', 'C1', 100, 1), ('USD', null, 1, 150)) as lines (
    currency, campaign_id, amount, rate
);

create table marts.fct_spend_shares as
select
    fiscal_period_id,
    source,
    currency,
    campaign_id,
    if(campaign_id is null, 'unallocated', 'campaign') as cost_kind,
    'linear' as attribution_model,
    amount,
    amount_reporting
from marts.fct_spend;

create table marts.fct_attributed_acceptances as
select
    'a0' as attributed_acceptance_id,
    'l0' as lifecycle_id,
    'p0' as person_id,
    'linear' as attribution_model,
    timestamp '2026-04-01 01:00:00' as touched_at,
    timestamp '2026-04-03 01:00:00' as accepted_at,
    cast(1 as decimal(18, 12)) as weight;

create table marts.dim_channels as select 'web' as channel;
create table marts.dim_campaigns as select 'C1' as campaign_id;
create table marts.dim_sales_reps as select 'rep' as owner_id;
create table marts.dim_funnel_definitions as select 'v1' as definition_version;

create table marts.mart_sla_sensitivity as
select
    's' || hours as sla_sensitivity_id,
    date '2026-04-01' as cohort_month_date,
    'East' as team,
    hours as sla_business_hours,
    3 as handed_off,
    ignored,
    ignored as was_ignored,
    3 as sla_due,
    ignored / 3 as ignore_rate,
    ignored / 3 as sla_breach_rate
from (values (1, 3), (18, 1)) as slas (hours, ignored);

create table marts.mart_response_heatmap as
select
    'h0' as response_heatmap_id,
    4 as iso_weekday,
    10 as hour_of_day,
    3 as handed_off, 1 as ignored, 2 as responded, 3.0 as response_hours,
    3 as old_enough_for_5_minutes, 0 as reached_within_5_minutes,
    0.0 as reached_within_5_minutes_rate,
    3 as old_enough_for_15_minutes, 0 as reached_within_15_minutes,
    0.0 as reached_within_15_minutes_rate,
    3 as old_enough_for_1_hour, 1 as reached_within_1_hour,
    1 / 3 as reached_within_1_hour_rate,
    3 as old_enough_for_4_hours, 2 as reached_within_4_hours,
    2 / 3 as reached_within_4_hours_rate,
    0 as old_enough_for_24_hours, 0 as reached_within_24_hours,
    cast(null as double) as reached_within_24_hours_rate;

create table marts.mart_stage_flow as
select
    stage || ' ' || became as stage_flow_id,
    *,
    1.0 as days_median,
    2.0 as days_p90
from (values
    ('mql', 'advanced', 1, 1.0),
    ('handed_off', 'advanced', 1, 1 / 3),
    ('handed_off', 'left', 1, 1 / 3),
    ('handed_off', 'still_there', 1, 1 / 3),
    ('sal', 'still_there', 1, 1.0)
) as stays (stage, became, entries, entries_share);

create table marts.mart_rejection_reasons as
select
    'r0' as rejection_reason_id,
    'fit' as rejection_category,
    'Not a fit' as rejection_reason,
    'web' as channel,
    'marketing' as owner_department,
    1 as rejected,
    1.0 as rejected_share;

-- Nothing is open any more, so what the queue and the proposals hold is of before:
-- p2 on its last day in time, as likely as the seed wants.
create table marts.mart_handoff_queue as
select
    'q0' as handoff_id,
    'pending' as outcome,
    false as is_overdue,
    2.0 as business_hours_left;

create table marts.mart_funnel_snapshot as
select
    't0' as funnel_snapshot_id,
    1 as open_handoffs,
    0 as overdue_handoffs,
    4.0 as age_from_business_hours,
    5.0 as oldest_age_business_hours;

create table marts.mart_rep_scorecard as
select
    'c0' as rep_scorecard_id,
    3 as passes, 1 as accepted, 1 as rejected, 1 as ignored, 0 as pending,
    0 as withdrawn, 0 as reassigned, 3 as sla_due, 1 as was_ignored,
    2 as answered, 1 as mqls, 1 as tals, 1 as mql_tals, 1 as tals_accepted;

create table intermediate.int_acceptance__features as
select
    lifecycle_id,
    'handoff' as stage,
    handed_off_at,
    cast(1 as double) as days_to_mql,
    cast(1 as double) as days_to_handoff,
    cast(0 as double) as touches
from marts.fct_lead_lifecycles;

create table marts.mart_acceptance_proposals as
select
    'l2' as lifecycle_id,
    0.75 as model_probability,
    0.7 as acceptance_probability,
    0.6 as least_probability,
    true as is_proposed,
    cast(null as varchar) as no_proposal;

create table marts.mart_acceptance_proposal_outcomes as
select
    'o0' as proposal_outcome_id,
    3 as handed_off,
    2 as proposed, 1 as proposed_accepted, 1 as proposed_rejected,
    0 as proposed_ignored, 0 as proposed_pending,
    1 as not_proposed, 0 as not_proposed_accepted, 0 as not_proposed_rejected,
    1 as not_proposed_ignored, 0 as not_proposed_pending;

create table marts.mart_acceptance_model as
select
    'm0' as acceptance_model_id,
    0.7 as auc, 0.2 as brier_score, 0.05 as calibration_error,
    0.01 as gain_over_score_lower, 0.02 as gain_over_base_rate_lower,
    true as is_better;

create table marts.mart_data_quality as
select
    'd' || range as data_quality_id,
    timestamp '2026-05-01 00:00:00' as run_as_of,
    true as is_last_run,
    rules.rule,
    'generic' as source,
    3 as rows_checked, 0 as rows_failed, 0 as rows_quarantined,
    'passed' as state,
    cast(null as timestamp) as failing_since,
    cast(null as varchar) as detail
from (values
    (0, 'volume_low'), (1, 'silent'), (2, 'unmapped_status'),
    (3, 'unknown_owner'), (4, 'missing_key'), (5, 'before_first_version')
) as rules (range, rule);

create table marts.mart_spend_per_sal as
select
    cost_kind || ' ' || fiscal_period_id as spend_per_sal_id,
    fiscal_period_id,
    attribution_model,
    campaign_id,
    cost_kind,
    amount_reporting as spend_reporting,
    0 as attributed_inquiries,
    cast(cost_kind = 'campaign' as decimal(28, 12)) as attributed_sals,
    0 as attributed_won_amount_reporting,
    if(cost_kind = 'campaign', amount_reporting, null) as cost_per_sal_reporting
from marts.fct_spend_shares;
"""


def write(project: Project, *statements: str) -> None:
    """Make the warehouse, then run the statements that break it."""
    project.prepare_out()
    connection = duckdb.connect(str(project.warehouse))
    try:
        connection.execute(TABLES)
        for statement in statements:
            connection.execute(statement)
    finally:
        connection.close()
