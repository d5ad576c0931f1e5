{{ config(unique_key='person_id') }}

with weights as (

    select * from {{ ref('int_attribution__weights') }}
    where stage = 'sal' and {{ in_batch('person_key') }}

),

lifecycles as (

    select * from {{ ref('int_lifecycles') }}
    where is_in_marts and {{ in_batch('person_key') }}

),

touches as (

    select * from {{ ref('int_touches__numbered') }}
    where {{ in_batch('person_key') }}

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

touches_found as (

    select
        weights.person_key,
        weights.lifecycle_no,
        weights.attribution_model,
        weights.weight_units,
        touches.campaign_id,
        touches.touched_at,
        case
            when touches.person_key is not null
                then {{ touch_id('touches') }}
        end as touch_id
    from weights
    left join touches
        on
            weights.person_key = touches.person_key
            and weights.touch_no = touches.touch_no

)

select
    {{ hex_id(
        "lifecycles.lifecycle_id || '|' || coalesce(touches_found.touch_id, "
        ~ "'') || '|' || touches_found.attribution_model"
    ) }} as attributed_acceptance_id,
    lifecycles.lifecycle_id,
    lifecycles.person_id,
    lifecycles.lifecycle_no,
    lifecycles.origin,
    touches_found.attribution_model,
    touches_found.touch_id,
    touches_found.campaign_id,
    touches_found.touched_at,
    lifecycles.accepted_at,
    days.fiscal_period_id,
    cast({{ from_units('touches_found.weight_units') }} as decimal(18, 12))
        as weight
from touches_found
inner join lifecycles
    on
        touches_found.person_key = lifecycles.person_key
        and touches_found.lifecycle_no = lifecycles.lifecycle_no
cross join settings
inner join days
    on
        cast(
            {{ from_utc(
                'lifecycles.accepted_at', 'settings.reporting_timezone'
            ) }} as date
        ) = days.date_day
