-- Under the SLA that was in force the hand-offs that would have been ignored
-- are those that were: a mart that says otherwise of the rule that held is not
-- to be believed about another.
with handoffs as (

    select
        cast({{ dbt.date_trunc('month', 'handed_off_date') }} as date)
            as cohort_month_date,
        team,
        sla_business_hours,
        was_ignored,
        outcome
    from {{ ref('fct_lead_lifecycles') }}
    where origin = 'marketing'

),

-- Where a month and team had one SLA, of whole hours.
lived as (

    select
        cohort_month_date,
        team,
        max(sla_business_hours) as sla_business_hours,
        count(*) filter (where was_ignored) as was_ignored,
        count(*) filter (where outcome = 'ignored') as ignored,
        count(*) filter (where outcome <> 'withdrawn') as handed_off
    from handoffs
    group by 1, 2
    having min(sla_business_hours) = max(sla_business_hours)

)

select
    lived.*,
    told.was_ignored as would_be_ignored,
    told.ignored as ignored_under_it,
    told.handed_off as handed_off_under_it
from lived
inner join {{ ref('mart_sla_sensitivity') }} as told
    on
        lived.cohort_month_date = told.cohort_month_date
        and lived.team is not distinct from told.team
        and lived.sla_business_hours = told.sla_business_hours
where
    lived.was_ignored <> told.was_ignored
    or lived.ignored <> told.ignored
    or lived.handed_off <> told.handed_off
