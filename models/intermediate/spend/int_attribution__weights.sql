-- Every weight by itself: a view, for who asks for those of one fiscal period,
-- as a close does. Sums are quicker made of stages, shares and places.
with reached as (

    select * from {{ ref('int_attribution__reached') }}

),

shares as (

    select * from {{ ref('int_attribution__shares') }}

),

places as (

    select * from {{ ref('int_attribution__places') }}

),

final as (

    select
        reached.person_key,
        reached.person_id,
        reached.lifecycle_id,
        reached.lifecycle_no,
        reached.stage,
        reached.fiscal_period_id,
        places.attribution_model,
        shares.touch_no,
        shares.campaign_id,
        cast(
            coalesce(places.weight_units, shares.decayed_units)
            as decimal(18, 0)
        ) as weight_units,
        reached.won_cents
    from reached
    inner join shares
        on
            reached.person_key = shares.person_key
            and reached.first_touch_no = shares.first_touch_no
            and reached.touches = shares.touches
    inner join places
        on
            reached.window_days = places.window_days
            and reached.touches = places.touches
            and shares.place = places.place
            and shares.half_life_no = places.half_life_no
    where coalesce(places.weight_units, shares.decayed_units) > 0

)

select * from final
