with spans as (

    select * from {{ ref('int_attribution__spans') }}
    where stage = 'sal'

),

shares as (

    select * from {{ ref('int_attribution__shares') }}

),

places as (

    select * from {{ ref('int_attribution__places') }}

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

touches as (

    select * from {{ ref('int_touches__numbered') }}

),

touches_found as (

    select
        lifecycles.lifecycle_id,
        lifecycles.person_id,
        lifecycles.lifecycle_no,
        lifecycles.origin,
        lifecycles.accepted_at,
        days.fiscal_period_id,
        spans.window_days,
        spans.touches,
        shares.place,
        shares.half_life_no,
        shares.decayed_units,
        touches.campaign_id,
        touches.touched_at,
        case
            when touches.person_key is not null
                then {{ touch_id('touches') }}
        end as touch_id
    from spans
    inner join lifecycles
        on
            spans.person_key = lifecycles.person_key
            and spans.lifecycle_no = lifecycles.lifecycle_no
    cross join settings
    inner join days
        on
            cast(
                {{ from_utc(
                    'lifecycles.accepted_at', 'settings.reporting_timezone'
                ) }} as date
            ) = days.date_day
    inner join shares
        on
            spans.person_key = shares.person_key
            and spans.first_touch_no = shares.first_touch_no
            and spans.touches = shares.touches
    left join touches
        on
            shares.person_key = touches.person_key
            and shares.touch_no = touches.touch_no

),

weighed as (

    select
        touches_found.*,
        places.attribution_model,
        coalesce(places.weight_units, touches_found.decayed_units)
            as weight_units
    from touches_found
    inner join places
        on
            touches_found.window_days = places.window_days
            and touches_found.touches = places.touches
            and touches_found.place = places.place
            and touches_found.half_life_no = places.half_life_no

)

select
    {{ hex_id(
        "lifecycle_id || '|' || coalesce(touch_id, '') || '|' "
        ~ "|| attribution_model"
    ) }} as attributed_acceptance_id,
    lifecycle_id,
    person_id,
    lifecycle_no,
    origin,
    attribution_model,
    touch_id,
    campaign_id,
    touched_at,
    accepted_at,
    fiscal_period_id,
    cast({{ from_units('weight_units') }} as decimal(18, 12)) as weight
from weighed
where weight_units > 0
