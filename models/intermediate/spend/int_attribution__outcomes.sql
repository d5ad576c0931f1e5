-- What came of the leads that were accepted in a fiscal period, by the period
-- that they were won in; cents stand by units of 1e-12.
with acceptances as (

    select * from {{ ref('fct_attributed_acceptances') }}

),

lifecycles as (

    select * from {{ ref('fct_lead_lifecycles') }}

),

days as (

    select
        date_day,
        fiscal_period_id
    from {{ ref('int_fiscal_periods__days') }}

),

settings as (

    select * from {{ source('settings', 'run') }}

),

leads as (

    select
        acceptances.fiscal_period_id as cohort_period_id,
        acceptances.campaign_id,
        acceptances.attribution_model,
        {{ to_units('acceptances.weight') }} as weight_units,
        {{ cents('lifecycles.opportunity_amount_reporting') }}
            as opportunity_cents,
        {{ cents('lifecycles.won_amount_reporting') }} as won_cents,
        case when lifecycles.exit_stage = 'won' then 1 else 0 end as won,
        case
            when lifecycles.exit_stage = 'won'
                then cast(
                    {{ from_utc(
                        'lifecycles.exited_at', 'settings.reporting_timezone'
                    ) }} as date
                )
        end as won_date
    from acceptances
    inner join lifecycles
        on acceptances.lifecycle_id = lifecycles.lifecycle_id
    cross join settings
    -- Nothing comes of the others.
    where
        lifecycles.opportunity_amount_reporting is not null
        or lifecycles.exit_stage = 'won'

),

final as (

    select
        leads.cohort_period_id,
        days.fiscal_period_id as won_period_id,
        leads.campaign_id,
        leads.attribution_model,
        cast(
            sum(leads.opportunity_cents * leads.weight_units)
            as decimal(38, 0)
        ) as opportunity_units,
        cast(
            sum(leads.won_cents * leads.weight_units) as decimal(38, 0)
        ) as won_units,
        cast(
            sum(leads.won * leads.weight_units) as decimal(20, 0)
        ) as customer_units
    from leads
    left join days
        on leads.won_date = days.date_day
    group by 1, 2, 3, 4

)

select * from final
