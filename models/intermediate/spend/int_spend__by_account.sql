-- What was spent, and the rule that says who bears it. Lines of one account,
-- source and currency are spread in one sum: a remainder of cents then stands
-- once.
with lines as (

    select * from {{ ref('fct_spend') }}

),

rules as (

    select
        {{ same_text('account') }} as account_text,
        max({{ same_text('rule') }}) as rule
    from {{ ref('def_cost_allocation_rules') }}
    group by 1

),

lines_summed as (

    select
        fiscal_period_id,
        source,
        account,
        currency,
        campaign_id,
        {{ cents('sum(amount)') }} as amount_cents,
        {{ cents('sum(amount_reporting)') }} as reporting_cents,
        cast(count(*) as bigint) as spend_lines
    from lines
    group by 1, 2, 3, 4, 5

),

final as (

    select
        lines_summed.*,
        case
            when lines_summed.campaign_id is null
                then coalesce(rules.rule, 'unallocated')
            else 'own'
        end as rule
    from lines_summed
    left join rules
        on {{ same_text('lines_summed.account') }} = rules.account_text

)

select * from final
