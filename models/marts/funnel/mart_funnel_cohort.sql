{#- The additive counts of hand-offs; every rate is made of these. -#}

-- Hours and chances are summed as decimals: a sum of doubles would depend on
-- the order of rows.
with lifecycles as (

    select * from {{ ref('fct_lead_lifecycles') }}
    where origin = 'marketing'

),

projected as (

    select * from {{ ref('int_handoffs__projected') }}

),

cohorts as (

    select
        lifecycles.handed_off_date,
        lifecycles.channel,
        lifecycles.last_campaign_id as campaign_id,
        lifecycles.team,
        lifecycles.owner_id,
        lifecycles.origin,
        lifecycles.definition_version,
        count(*) filter (where outcome <> 'withdrawn') as handed_off,
        {%- for outcome in [
            'accepted', 'rejected', 'ignored', 'pending', 'withdrawn'
        ] %}
        count(*) filter (where outcome = '{{ outcome }}') as {{ outcome }},
        {%- endfor %}
        count(*) filter (where is_accepted_late) as accepted_late,
        count(*) filter (where was_ignored) as was_ignored,
        count(*) filter (where outcome <> 'withdrawn' and sla_due_at <= as_of)
            as sla_due,
        count(*) filter (where mql_at is not null) as mql,
        count(*) filter (where mql_at is not null and outcome = 'accepted')
            as mql_accepted,
        count(*) filter (where sql_at is not null) as sql,
        count(*) filter (where sql_at is not null and outcome = 'accepted')
            as accepted_sql,
        count(*) filter (where opportunity_at is not null) as opportunity,
        count(*) filter (
            where opportunity_at is not null and sql_at is not null
        ) as sql_opportunity,
        count(*) filter (where exit_stage = 'won') as won,
        count(*) filter (
            where exit_stage = 'won' and opportunity_at is not null
        ) as opportunity_won,
        count(response_hours) as responded,
        sum(cast(response_hours as decimal(28, 9))) as response_hours,
        sum(cast(response_business_hours as decimal(28, 9)))
            as response_business_hours,
        sum(cast(accept_hours as decimal(28, 9))) as accept_hours,
        sum(cast(accept_business_hours as decimal(28, 9)))
            as accept_business_hours,
        sum(opportunity_amount_reporting) as opportunity_amount_reporting,
        sum(won_amount_reporting) as won_amount_reporting,
        sum(acceptance_probability) as expected_acceptances,
        sum(outcome_variance) as expected_variance,
        sum(curve_error) as expected_curve_error,
        count(*) filter (where not has_curve) as pending_without_curve
    from lifecycles
    left join projected
        on lifecycles.lifecycle_id = projected.lifecycle_id
    group by 1, 2, 3, 4, 5, 6, 7

)

select
    {{ hex_id(null_safe_text([
        'handed_off_date',
        'channel',
        'campaign_id',
        'team',
        'owner_id',
        'origin',
        'definition_version',
    ])) }} as cohort_id,
    handed_off_date,
    channel,
    campaign_id,
    team,
    owner_id,
    origin,
    definition_version,
    handed_off,
    accepted,
    accepted_late,
    rejected,
    ignored,
    pending,
    withdrawn,
    was_ignored,
    sla_due,
    mql,
    mql_accepted,
    sql,
    accepted_sql,
    opportunity,
    sql_opportunity,
    won,
    opportunity_won,
    responded,
    cast(coalesce(response_hours, 0) as double) as response_hours,
    cast(coalesce(response_business_hours, 0) as double)
        as response_business_hours,
    cast(coalesce(accept_hours, 0) as double) as accept_hours,
    cast(coalesce(accept_business_hours, 0) as double) as accept_business_hours,
    cast(coalesce(opportunity_amount_reporting, 0) as decimal(18, 2))
        as opportunity_amount_reporting,
    cast(coalesce(won_amount_reporting, 0) as decimal(18, 2))
        as won_amount_reporting,
    cast(coalesce(expected_acceptances, 0) as decimal(28, 12))
        as expected_acceptances,
    cast(coalesce(expected_variance, 0) as decimal(28, 12))
        as expected_variance,
    cast(coalesce(expected_curve_error, 0) as decimal(28, 12))
        as expected_curve_error,
    pending_without_curve
from cohorts
