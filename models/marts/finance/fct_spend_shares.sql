-- Who bears which spend: a campaign its own lines, the campaigns together what
-- the rule of an account spreads over them, nobody what is left unallocated.
with lines_summed as (

    select * from {{ ref('int_spend__by_account') }}

),

bases_totalled as (

    select * from {{ ref('int_spend__bases') }}

),

models as (

    select attribution_model from {{ ref('def_attribution_models') }}

),

pools as (

    select
        *,
        {{ hex_id(null_safe_text([
            'fiscal_period_id', 'source', 'account', 'currency',
        ])) }} as pool_id
    from lines_summed
    where campaign_id is null

),

pools_spread as (

    select
        pools.pool_id,
        pools.fiscal_period_id,
        pools.source,
        pools.account,
        pools.currency,
        pools.rule,
        pools.spend_lines,
        pools.amount_cents as pool_amount_cents,
        pools.reporting_cents as pool_reporting_cents,
        bases_totalled.attribution_model,
        bases_totalled.campaign_id,
        bases_totalled.size_no,
        {{ rounded_quotient(
            'pools.amount_cents',
            'bases_totalled.basis',
            'bases_totalled.basis_total'
        ) }} as amount_cents,
        {{ rounded_quotient(
            'pools.reporting_cents',
            'bases_totalled.basis',
            'bases_totalled.basis_total'
        ) }} as reporting_cents
    from pools
    inner join bases_totalled
        on
            pools.rule = bases_totalled.rule
            and pools.fiscal_period_id = bases_totalled.fiscal_period_id

),

-- What rounding leaves goes to the largest share, the first id of equal ones.
remainders_given as (

    select
        *,
        case
            when size_no = 1
                then pool_amount_cents - sum(amount_cents) over one_pool
            else 0
        end as amount_remainder,
        case
            when size_no = 1
                then pool_reporting_cents - sum(reporting_cents) over one_pool
            else 0
        end as reporting_remainder
    from pools_spread
    window one_pool as (partition by pool_id, attribution_model)

),

shares_united as (

    select
        lines_summed.fiscal_period_id,
        lines_summed.source,
        lines_summed.account,
        lines_summed.currency,
        lines_summed.campaign_id,
        'campaign' as cost_kind,
        lines_summed.rule,
        models.attribution_model,
        lines_summed.amount_cents,
        lines_summed.reporting_cents,
        lines_summed.spend_lines
    from lines_summed
    cross join models
    where lines_summed.campaign_id is not null

    union all

    select
        fiscal_period_id,
        source,
        account,
        currency,
        campaign_id,
        'allocated' as cost_kind,
        rule,
        attribution_model,
        amount_cents + amount_remainder as amount_cents,
        reporting_cents + reporting_remainder as reporting_cents,
        spend_lines
    from remainders_given

    union all

    -- Also where a rule found nobody to bear the cost in the period.
    select
        pools.fiscal_period_id,
        pools.source,
        pools.account,
        pools.currency,
        pools.campaign_id,
        'unallocated' as cost_kind,
        pools.rule,
        models.attribution_model,
        pools.amount_cents,
        pools.reporting_cents,
        pools.spend_lines
    from pools
    cross join models
    left join bases_totalled
        on
            pools.rule = bases_totalled.rule
            and pools.fiscal_period_id = bases_totalled.fiscal_period_id
            and models.attribution_model = bases_totalled.attribution_model
            and bases_totalled.size_no = 1
    where bases_totalled.rule is null

)

select
    {{ hex_id(null_safe_text([
        'fiscal_period_id',
        'source',
        'account',
        'currency',
        'campaign_id',
        'cost_kind',
        'attribution_model',
    ])) }} as spend_share_id,
    fiscal_period_id,
    source,
    account,
    currency,
    campaign_id,
    cost_kind,
    rule,
    attribution_model,
    {{ from_cents('amount_cents') }} as amount,
    {{ from_cents('reporting_cents') }} as amount_reporting,
    spend_lines
from shares_united
