-- The curve by which a cohort month is projected: Kaplan-Meier over all hand-
-- offs of older months, pending ones censored. Two ends compete: an acceptance,
-- and everything else that settles a hand-off. `share_open` is the share not
-- settled by the end of an age, `share_accepted` the share accepted until then.
with ages as (

    select
        cohort_month_date as cohort_month,
        business_days as age_business_days,
        accepted,
        accepted + rejected + ignored + withdrawn as settled,
        accepted + rejected + ignored + withdrawn + censored as leaving
    from {{ ref('mart_acceptance_curve') }}

),

months as (

    select distinct cohort_month from ages

),

older_ages as (

    select
        months.cohort_month,
        ages.age_business_days,
        sum(ages.leaving) as leaving,
        sum(ages.accepted) as accepted,
        sum(ages.settled) as settled
    from months
    inner join ages
        on months.cohort_month > ages.cohort_month
    group by 1, 2

),

accepted_steps as (

    {{ acceptance_steps('older_ages') }}

),

final as (

    select
        cohort_month,
        age_business_days,
        cast(at_risk as bigint) as at_risk,
        share_open,
        sum(accepted_step) over (
            partition by cohort_month
            order by age_business_days
            rows between unbounded preceding and current row
        ) as share_accepted,
        sum(accepted_step) over (
            partition by cohort_month
            order by age_business_days
            rows between unbounded preceding and unbounded following
        ) as share_accepted_finally
    from accepted_steps

)

select * from final
