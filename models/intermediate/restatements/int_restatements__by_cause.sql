-- The linter cannot indent what a loop writes.
-- noqa: disable=LT02
-- By how much each figure of a closed period changed through what became of
-- lines of spend and of lifecycles, by the cause.
with models as (

    select attribution_model from {{ ref('def_attribution_models') }}

),

line_changes as (

    select * from {{ ref('int_restatements__of_lines') }}

),

lead_changes as (

    select * from {{ ref('int_restatements__of_leads') }}

),

final as (

    select
        line_changes.fiscal_period_id,
        line_changes.close_no,
        models.attribution_model,
        line_changes.campaign_id,
        'campaign' as cost_kind,
        'spend_reporting' as metric,
        line_changes.cause,
        cast(sum(line_changes.change) as decimal(28, 12)) as change,
        count(*) as items,
        min(line_changes.source_key) as example
    from line_changes
    cross join models
    where line_changes.campaign_id is not null
    group by 1, 2, 3, 4, 5, 6, 7

    {%- for metric, stage in spend_metrics().items() if stage %}

    union all

    select
        fiscal_period_id,
        close_no,
        attribution_model,
        campaign_id,
        'campaign' as cost_kind,
        '{{ metric }}' as metric,
        cause,
        {{ from_units('sum(unit_change)') }} as change,
        count(*) as items,
        min(lifecycle_id) as example
    from lead_changes
    where stage = '{{ stage }}' and unit_change <> 0
    group by 1, 2, 3, 4, 5, 6, 7
    {%- endfor %}

    union all

    select
        fiscal_period_id,
        close_no,
        attribution_model,
        campaign_id,
        'campaign' as cost_kind,
        'attributed_won_amount_reporting' as metric,
        cause,
        cast(
            {{ from_cents(rounded_quotient(
                'sum(won_change)', '1', units_of_one()
            )) }} as decimal(28, 12)
        ) as change,
        count(*) as items,
        min(lifecycle_id) as example
    from lead_changes
    where won_change <> 0
    group by 1, 2, 3, 4, 5, 6, 7

)

select * from final
