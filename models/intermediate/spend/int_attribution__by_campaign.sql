-- Inquiries, MQLs and so on to won deals, by the fiscal period that they were
-- reached in and the campaigns that their touches are of.
with dated as (

    select * from {{ ref('int_attribution__dated') }}

),

final as (

    select
        fiscal_period_id,
        attribution_model,
        stage,
        campaign_id,
        cast(sum(weight_units) as decimal(20, 0)) as weight_units,
        -- Cents by units of 1e-12; whole amounts only come out of the sum.
        cast(
            sum(
                cast(won_cents as decimal(19, 0))
                * cast(weight_units as decimal(14, 0))
            ) as decimal(38, 0)
        ) as won_cent_units
    from dated
    group by 1, 2, 3, 4

)

select * from final
