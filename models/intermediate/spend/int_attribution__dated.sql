{{ config(unique_key='person_key') }}

-- What each campaign has of what a lifecycle reached, with the fiscal period in
-- which it was reached.
with weights as (

    select * from {{ ref('int_attribution__weights') }}
    where {{ in_batch('person_key') }}

),

lifecycles as (

    select * from {{ ref('int_lifecycles') }}
    where is_in_marts and {{ in_batch('person_key') }}

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

stages as (

    select distinct stage from weights_by_campaign

),

reached as (

    select
        lifecycles.person_key,
        lifecycles.person_id,
        lifecycles.lifecycle_id,
        lifecycles.lifecycle_no,
        stages.stage,
        case
            when stages.stage = 'won'
                then {{ cents('lifecycles.won_amount_reporting') }}
        end as won_cents,
        case stages.stage
            when 'inquiry' then lifecycles.inquiry_at
            when 'mql' then lifecycles.mql_at
            when 'handed_off' then lifecycles.handed_off_at
            when 'sal' then lifecycles.accepted_at
            when 'sql' then lifecycles.sql_at
            when 'opportunity' then lifecycles.opportunity_at
            else lifecycles.exited_at
        end as reached_at
    from lifecycles
    cross join stages

),

reached_dated as (

    select
        reached.*,
        cast(
            {{ from_utc('reached.reached_at', 'settings.reporting_timezone') }}
            as date
        ) as reached_date
    from reached
    cross join settings
    where reached.reached_at is not null

),

final as (

    select
        weights_by_campaign.person_key,
        reached_dated.person_id,
        reached_dated.lifecycle_id,
        reached_dated.lifecycle_no,
        weights_by_campaign.attribution_model,
        weights_by_campaign.stage,
        weights_by_campaign.campaign_id,
        cast(weights_by_campaign.weight_units as decimal(18, 0))
            as weight_units,
        reached_dated.won_cents,
        reached_dated.reached_date,
        days.fiscal_period_id
    from weights_by_campaign
    inner join reached_dated
        on
            weights_by_campaign.person_key = reached_dated.person_key
            and weights_by_campaign.lifecycle_no = reached_dated.lifecycle_no
            and weights_by_campaign.stage = reached_dated.stage
    inner join days
        on reached_dated.reached_date = days.date_day

)

select * from final
