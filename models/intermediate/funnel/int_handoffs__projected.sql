-- Each pending hand-off with the probability that it is still accepted: what
-- the older months' curve gives after its age, among those still open at that
-- age.
with pending as (

    select
        lifecycle_id,
        age_business_days,
        cast({{ dbt.date_trunc('month', 'handed_off_date') }} as date)
            as cohort_month
    from {{ ref('fct_lead_lifecycles') }}
    where outcome = 'pending'

),

curve as (

    select * from {{ ref('int_acceptance_curve__cumulated') }}

),

months_with_curve as (

    select
        cohort_month,
        max(share_accepted_finally) as share_accepted_finally,
        max(at_risk) as all_at_risk
    from curve
    group by 1

),

-- The last step of the curve that is not after the age; before the first step
-- nobody has left.
steps_found as (

    select
        pending.lifecycle_id,
        max(curve.age_business_days) as step_age
    from pending
    left join curve
        on
            pending.cohort_month = curve.cohort_month
            and pending.age_business_days >= curve.age_business_days
    group by 1

),

probabilities as (

    select
        pending.lifecycle_id,
        months_with_curve.cohort_month is not null as has_curve,
        coalesce(curve.at_risk, months_with_curve.all_at_risk) as at_risk,
        months_with_curve.share_accepted_finally,
        case
            when months_with_curve.cohort_month is null then null
            when coalesce(curve.share_open, 1e0) <= 0e0 then 0e0
            else least(
                1e0,
                greatest(
                    0e0,
                    (
                        months_with_curve.share_accepted_finally
                        - coalesce(curve.share_accepted, 0e0)
                    ) / coalesce(curve.share_open, 1e0)
                )
            )
        end as acceptance_probability
    from pending
    inner join steps_found
        on pending.lifecycle_id = steps_found.lifecycle_id
    left join curve
        on
            pending.cohort_month = curve.cohort_month
            and steps_found.step_age = curve.age_business_days
    left join months_with_curve
        on pending.cohort_month = months_with_curve.cohort_month

),

-- Sums of doubles depend on the order of rows, sums of decimals do not.
rounded as (

    select
        lifecycle_id,
        has_curve,
        at_risk,
        cast(acceptance_probability as decimal(28, 12))
            as acceptance_probability,
        cast(share_accepted_finally as decimal(28, 12))
            as share_accepted_finally
    from probabilities

),

final as (

    select
        lifecycle_id,
        has_curve,
        acceptance_probability,
        share_accepted_finally,
        cast(
            cast(acceptance_probability as double)
            * (1e0 - cast(acceptance_probability as double))
            as decimal(28, 12)
        ) as outcome_variance,
        cast(
            sqrt(
                cast(acceptance_probability as double)
                * (1e0 - cast(acceptance_probability as double))
                / (at_risk * 1e0)
            ) as decimal(28, 12)
        ) as curve_error
    from rounded

)

select * from final
