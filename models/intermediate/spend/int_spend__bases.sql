-- By what a rule spreads spend over campaigns: their accepted leads, or what
-- was spent on them.
with lines_summed as (

    select * from {{ ref('int_spend__by_account') }}

),

models as (

    select attribution_model from {{ ref('def_attribution_models') }}

),

accepted_leads as (

    select * from {{ ref('int_attribution__by_campaign') }}
    where stage = 'sal'

),

campaigns_by_spend as (

    select
        fiscal_period_id,
        campaign_id,
        cast(sum(reporting_cents) as decimal(20, 0)) as basis
    from lines_summed
    where campaign_id is not null
    group by 1, 2
    having sum(reporting_cents) > 0

),

bases as (

    select
        'by_accepted_leads' as rule,
        attribution_model,
        fiscal_period_id,
        campaign_id,
        weight_units as basis
    from accepted_leads
    where weight_units > 0

    union all

    select
        'by_spend' as rule,
        models.attribution_model,
        campaigns_by_spend.fiscal_period_id,
        campaigns_by_spend.campaign_id,
        campaigns_by_spend.basis
    from campaigns_by_spend
    cross join models

),

final as (

    select
        *,
        cast(
            sum(basis) over (
                partition by rule, attribution_model, fiscal_period_id
            ) as decimal(20, 0)
        ) as basis_total,
        row_number() over (
            partition by rule, attribution_model, fiscal_period_id
            order by basis desc, campaign_id asc nulls last
        ) as size_no
    from bases

)

select * from final
