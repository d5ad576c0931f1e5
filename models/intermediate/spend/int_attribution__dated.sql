-- What each campaign has of what a lifecycle reached, with the fiscal period in
-- which it was reached.
with weights as (

    select * from {{ ref('int_attribution__weights') }}

),

lifecycles as (

    select * from {{ ref('int_lifecycles') }}
    where is_in_marts

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

-- A person's touches of one campaign are put together first.
weights_by_campaign as (

    select
        person_key,
        lifecycle_no,
        stage,
        attribution_model,
        campaign_id,
        sum(weight_units) as weight_units
    from weights
    group by 1, 2, 3, 4, 5

),

weights_dated as (

    select
        lifecycles.person_id,
        lifecycles.lifecycle_id,
        lifecycles.lifecycle_no,
        weights_by_campaign.attribution_model,
        weights_by_campaign.stage,
        weights_by_campaign.campaign_id,
        cast(weights_by_campaign.weight_units as decimal(18, 0))
            as weight_units,
        case
            when weights_by_campaign.stage = 'won'
                then {{ cents('lifecycles.won_amount_reporting') }}
        end as won_cents,
        cast(
            {{ from_utc(
                "case weights_by_campaign.stage "
                ~ "when 'inquiry' then lifecycles.inquiry_at "
                ~ "when 'mql' then lifecycles.mql_at "
                ~ "when 'handed_off' then lifecycles.handed_off_at "
                ~ "when 'sal' then lifecycles.accepted_at "
                ~ "when 'sql' then lifecycles.sql_at "
                ~ "when 'opportunity' then lifecycles.opportunity_at "
                ~ "else lifecycles.exited_at end",
                'settings.reporting_timezone'
            ) }} as date
        ) as reached_date
    from weights_by_campaign
    inner join lifecycles
        on
            weights_by_campaign.person_key = lifecycles.person_key
            and weights_by_campaign.lifecycle_no = lifecycles.lifecycle_no
    cross join settings

),

final as (

    select
        weights_dated.*,
        days.fiscal_period_id
    from weights_dated
    inner join days
        on weights_dated.reached_date = days.date_day

)

select * from final
