with handoffs as (

    select
        cast({{ dbt.date_trunc('month', 'handed_off_date') }} as date)
            as cohort_month,
        age_business_days,
        outcome
    from {{ ref('fct_lead_lifecycles') }}
    where origin = 'marketing'

),

ages as (

    select
        cohort_month,
        age_business_days,
        count(*) as leaving,
        count(*) filter (where outcome = 'accepted') as accepted,
        count(*) filter (where outcome = 'rejected') as rejected,
        count(*) filter (where outcome = 'ignored') as ignored,
        count(*) filter (where outcome = 'withdrawn') as withdrawn,
        count(*) filter (where outcome = 'pending') as censored,
        count(*) filter (where outcome <> 'pending') as settled
    from handoffs
    group by 1, 2

),

accepted_steps as (

    {{ acceptance_steps('ages') }}

)

select
    cohort_month as cohort_month_date,
    age_business_days as business_days,
    cast(at_risk as bigint) as at_risk,
    accepted,
    rejected,
    ignored,
    withdrawn,
    censored,
    cast(
        least(
            1e0,
            sum(accepted_step) over (
                partition by cohort_month
                order by age_business_days
                rows between unbounded preceding and current row
            )
        ) as double
    ) as cumulative_accepted_share
from accepted_steps
