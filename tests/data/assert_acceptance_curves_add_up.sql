-- Who ended or is still open leaves the curve, everybody else stays: else a
-- share is of the wrong whole. What was accepted by a day is a share of all and
-- never becomes less the day after.
with steps as (

    select
        *,
        accepted + rejected + ignored + withdrawn + censored as leaving,
        coalesce(lead(at_risk) over in_order, 0) as at_risk_next,
        coalesce(lag(cumulative_accepted_share) over in_order, 0)
            as share_before
    from {{ ref('mart_acceptance_curve') }}
    window in_order as (partition by cohort_month_date order by business_days)

)

select *
from steps
where
    at_risk - leaving <> at_risk_next
    or leaving < 1
    or cumulative_accepted_share < share_before - 1e-9
    or cumulative_accepted_share > 1
