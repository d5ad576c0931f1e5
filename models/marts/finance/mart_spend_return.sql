-- The leads that were accepted in one fiscal period are a cohort: what was
-- spent in the period, against all that came of its leads, whenever it came.
with outcomes as (

    select * from {{ ref('int_attribution__outcomes') }}

),

spend as (

    select * from {{ ref('mart_spend_per_sal') }}
    where cost_kind = 'campaign'

),

periods as (

    select
        fiscal_period_id,
        period_start_date,
        row_number() over (order by period_start_date, fiscal_period_id)
            as period_no
    from {{ ref('dim_fiscal_periods') }}

),

cohorts as (

    select
        cohort_period_id,
        campaign_id,
        attribution_model,
        cast(sum(opportunity_units) as decimal(38, 0)) as pipeline_cent_units,
        cast(sum(won_units) as decimal(38, 0)) as won_cent_units,
        cast(sum(customer_units) as decimal(20, 0)) as won_units
    from outcomes
    group by 1, 2, 3

),

won_by_period as (

    select
        outcomes.cohort_period_id,
        outcomes.campaign_id,
        outcomes.attribution_model,
        periods.period_no,
        cast(sum(outcomes.won_units) as decimal(38, 0))
            as won_cent_units
    from outcomes
    inner join periods
        on outcomes.won_period_id = periods.fiscal_period_id
    where outcomes.won_units is not null
    group by 1, 2, 3, 4

),

won_cumulated as (

    select
        cohort_period_id,
        campaign_id,
        attribution_model,
        period_no,
        cast(
            sum(won_cent_units) over (
                partition by cohort_period_id, campaign_id, attribution_model
                order by period_no
                rows between unbounded preceding and current row
            ) as decimal(38, 0)
        ) as won_cent_units
    from won_by_period

),

spend_counted as (

    select
        spend.*,
        {{ cents('spend.spend_with_allocated_reporting') }} as spend_cents,
        periods.period_no as cohort_no
    from spend
    inner join periods
        on spend.fiscal_period_id = periods.fiscal_period_id
    where spend.spend_with_allocated_reporting <> 0 or spend.attributed_sals > 0

),

paid_back as (

    select
        spend_counted.spend_per_sal_id,
        min(won_cumulated.period_no) as period_no
    from spend_counted
    inner join won_cumulated
        on
            spend_counted.fiscal_period_id = won_cumulated.cohort_period_id
            and spend_counted.campaign_id
            is not distinct from won_cumulated.campaign_id
            and spend_counted.attribution_model
            = won_cumulated.attribution_model
    where
        spend_counted.spend_cents > 0
        and won_cumulated.won_cent_units
        >= cast(spend_counted.spend_cents as decimal(19, 0))
        * cast({{ units_of_one() }} as decimal(14, 0))
    group by 1

),

joined as (

    select
        spend_counted.spend_per_sal_id as spend_return_id,
        spend_counted.fiscal_period_id,
        spend_counted.period_start_date,
        spend_counted.campaign_id,
        spend_counted.attribution_model,
        spend_counted.spend_reporting,
        spend_counted.spend_with_allocated_reporting,
        spend_counted.spend_cents,
        spend_counted.attributed_sals,
        {{ from_units('coalesce(cohorts.won_units, 0)') }}
            as attributed_customers,
        {{ rounded_quotient(
            'coalesce(cohorts.pipeline_cent_units, 0)', '1', units_of_one()
        ) }} as pipeline_cents,
        {{ rounded_quotient(
            'coalesce(cohorts.won_cent_units, 0)', '1', units_of_one()
        ) }} as won_cents,
        payback_periods.fiscal_period_id as payback_period_id,
        cast(
            payback_periods.period_no - spend_counted.cohort_no as integer
        ) as payback_periods
    from spend_counted
    left join cohorts
        on
            spend_counted.fiscal_period_id = cohorts.cohort_period_id
            and spend_counted.campaign_id
            is not distinct from cohorts.campaign_id
            and spend_counted.attribution_model = cohorts.attribution_model
    left join paid_back
        on spend_counted.spend_per_sal_id = paid_back.spend_per_sal_id
    left join periods as payback_periods
        on paid_back.period_no = payback_periods.period_no

)

select
    spend_return_id,
    fiscal_period_id,
    period_start_date,
    campaign_id,
    attribution_model,
    spend_reporting,
    spend_with_allocated_reporting,
    attributed_sals,
    attributed_customers,
    {{ from_cents('pipeline_cents') }}
        as attributed_opportunity_amount_reporting,
    {{ from_cents('won_cents') }} as attributed_won_amount_reporting,
    case
        when spend_cents > 0
            then cast(
                cast(
                    {{ rounded_quotient('won_cents', '10000', 'spend_cents') }}
                    as decimal(19, 0)
                ) * cast(0.0001 as decimal(5, 4)) as decimal(18, 4)
            )
    end as won_per_spend,
    case
        when spend_cents > 0
            then cast(
                cast(
                    {{ rounded_quotient(
                        'pipeline_cents', '10000', 'spend_cents'
                    ) }} as decimal(19, 0)
                ) * cast(0.0001 as decimal(5, 4)) as decimal(18, 4)
            )
    end as pipeline_per_spend,
    payback_period_id,
    payback_periods
from joined
