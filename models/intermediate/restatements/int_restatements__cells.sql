-- The linter cannot indent what a loop writes.
-- noqa: disable=LT02
-- Each figure of a closed period as it was reported, beside what it is now.
{%- set key = [
    'fiscal_period_id', 'close_no', 'attribution_model', 'campaign_id',
    'cost_kind', 'metric',
] %}

with closes as (

    select * from {{ source('closings', 'closes') }}
    where reopened_at is null

),

reported as (

    select cells.*
    from {{ source('closings', 'cells') }} as cells
    inner join closes
        on
            cells.fiscal_period_id = closes.fiscal_period_id
            and cells.close_no = closes.close_no

),

current_rows as (

    select
        spend_per_sal.*,
        closes.close_no
    from {{ ref('mart_spend_per_sal') }} as spend_per_sal
    inner join closes
        on spend_per_sal.fiscal_period_id = closes.fiscal_period_id

),

current_cells as (

    {%- for metric in spend_metrics() %}

    select
        fiscal_period_id,
        close_no,
        attribution_model,
        campaign_id,
        cost_kind,
        '{{ metric }}' as metric,
        cast({{ metric }} as decimal(28, 12)) as value
    from current_rows
    {{ 'union all' if not loop.last }}
    {%- endfor %}

),

final as (

    select
        {%- for column in key %}
        coalesce(reported.{{ column }}, current_cells.{{ column }})
            as {{ column }},
        {%- endfor %}
        coalesce(reported.value, 0) as reported_value,
        coalesce(current_cells.value, 0) as current_value
    from reported
    full outer join current_cells
        on
            {%- for column in key %}
            reported.{{ column }}
            is not distinct from current_cells.{{ column }}
            {{ 'and' if not loop.last }}
            {%- endfor %}

)

select * from final
