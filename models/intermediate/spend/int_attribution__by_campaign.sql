-- Inquiries, MQLs and so on to won deals, by the fiscal period that they were
-- reached in and the campaigns that their touches are of. What is equal to
-- every model is added up first; cents stand by units of 1e-12, since whole
-- amounts only come out of the sum.
with reached as (

    select * from {{ ref('int_attribution__reached') }}

),

shares as (

    select * from {{ ref('int_attribution__shares') }}

),

places as (

    select * from {{ ref('int_attribution__places') }}

),

summed as (

    select
        reached.fiscal_period_id,
        reached.stage,
        reached.window_days,
        reached.touches,
        shares.campaign_id,
        shares.place,
        shares.half_life_no,
        cast(count(*) as decimal(18, 0)) as times,
        cast(
            sum(cast(shares.decayed_units as decimal(18, 0)))
            as decimal(20, 0)
        ) as decayed_units,
        cast(sum(reached.won_cents) as decimal(22, 0)) as won_cents,
        cast(
            sum(
                cast(reached.won_cents as decimal(19, 0))
                * cast(shares.decayed_units as decimal(14, 0))
            ) as decimal(38, 0)
        ) as won_cent_units
    from reached
    inner join shares
        on
            reached.person_key = shares.person_key
            and reached.first_touch_no = shares.first_touch_no
            and reached.touches = shares.touches
    group by 1, 2, 3, 4, 5, 6, 7

),

weighed as (

    select
        summed.fiscal_period_id,
        summed.stage,
        summed.campaign_id,
        places.attribution_model,
        case
            when places.weight_units is null then summed.decayed_units
            else
                cast(
                    summed.times
                    * cast(places.weight_units as decimal(14, 0))
                    as decimal(38, 0)
                )
        end as weight_units,
        case
            when places.weight_units is null then summed.won_cent_units
            else
                cast(
                    summed.won_cents
                    * cast(places.weight_units as decimal(14, 0))
                    as decimal(38, 0)
                )
        end as won_cent_units
    from summed
    inner join places
        on
            summed.window_days = places.window_days
            and summed.touches = places.touches
            and summed.place = places.place
            and summed.half_life_no = places.half_life_no

),

final as (

    select
        fiscal_period_id,
        attribution_model,
        stage,
        campaign_id,
        cast(sum(weight_units) as decimal(20, 0)) as weight_units,
        cast(sum(won_cent_units) as decimal(38, 0)) as won_cent_units
    from weighed
    group by 1, 2, 3, 4
    having sum(weight_units) > 0

)

select * from final
