-- Every weight by itself: a view, for who asks for those of one fiscal period,
-- as a close does. Sums are quicker made of spans, shares and places.
with spans as (

    select * from {{ ref('int_attribution__spans') }}

),

shares as (

    select * from {{ ref('int_attribution__shares') }}

),

places as (

    select * from {{ ref('int_attribution__places') }}

),

lifecycles as (

    select
        person_key,
        lifecycle_no,
        person_id,
        lifecycle_id
    from {{ ref('int_lifecycles') }}

),

final as (

    select
        spans.person_key,
        lifecycles.person_id,
        lifecycles.lifecycle_id,
        spans.lifecycle_no,
        spans.stage,
        spans.fiscal_period_id,
        places.attribution_model,
        shares.touch_no,
        shares.campaign_id,
        cast(
            coalesce(places.weight_units, shares.decayed_units)
            as decimal(18, 0)
        ) as weight_units,
        spans.won_cents
    from spans
    inner join shares
        on
            spans.person_key = shares.person_key
            and spans.first_touch_no = shares.first_touch_no
            and spans.touches = shares.touches
    inner join places
        on
            spans.window_days = places.window_days
            and spans.touches = places.touches
            and shares.place = places.place
            and shares.half_life_no = places.half_life_no
    inner join lifecycles
        on
            spans.person_key = lifecycles.person_key
            and spans.lifecycle_no = lifecycles.lifecycle_no
    where coalesce(places.weight_units, shares.decayed_units) > 0

)

select * from final
