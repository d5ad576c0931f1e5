with ages as (

    select
        cohort_month,
        age_business_days,
        count(*) as leaving,
        count(*) filter (where outcome = 'accepted') as accepted,
        count(*) filter (where outcome = 'rejected') as rejected,
        count(*) filter (where outcome = 'ignored') as ignored,
        count(*) filter (where outcome = 'withdrawn') as withdrawn,
        count(*) filter (where outcome = 'pending') as censored
    from {{ ref('int_acceptance_curve__ages') }}
    group by 1, 2

),

at_risk_counted as (

    select
        *,
        sum(leaving) over (
            partition by cohort_month
            order by age_business_days desc
            rows between unbounded preceding and current row
        ) as at_risk
    from ages

),

open_shares as (

    select
        *,
        case
            when
                max(case when leaving - censored = at_risk then 1 else 0 end)
                    over up_to
                = 1
                then 0.0
            else
                exp(
                    sum(
                        case
                            when leaving - censored < at_risk
                                then
                                    ln(
                                        1.0
                                        - (leaving - censored)
                                        / (at_risk * 1.0)
                                    )
                            else 0.0
                        end
                    ) over up_to
                )
        end as share_open
    from at_risk_counted
    window up_to as (
        partition by cohort_month
        order by age_business_days
        rows between unbounded preceding and current row
    )

),

accepted_steps as (

    select
        *,
        coalesce(
            lag(share_open) over (
                partition by cohort_month order by age_business_days
            ),
            1.0
        ) * accepted / (at_risk * 1.0) as accepted_step
    from open_shares

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
            1.0,
            sum(accepted_step) over (
                partition by cohort_month
                order by age_business_days
                rows between unbounded preceding and current row
            )
        ) as double
    ) as cumulative_accepted_share
from accepted_steps
