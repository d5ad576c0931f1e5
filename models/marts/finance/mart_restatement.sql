-- The linter cannot indent what a loop writes.
-- noqa: disable=LT02
{%- set key = [
    'fiscal_period_id', 'close_no', 'attribution_model', 'campaign_id',
    'cost_kind', 'metric',
] %}

with closes as (

    select * from {{ source('closings', 'closes') }}
    where reopened_at is null

),

definition as (

    select * from {{ source('closings', 'definition') }}

),

models as (

    select attribution_model from {{ ref('def_attribution_models') }}

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

compared as (

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

),

line_changes as (

    select * from {{ ref('int_restatements__of_lines') }}

),

lead_changes as (

    select * from {{ ref('int_restatements__of_leads') }}

),

changes as (

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

),

-- What is spread over campaigns changes because its lines did, or the leads
-- that it is spread by: the cause that moved most in the period stands for it.
causes_weighed as (

    select
        closes.fiscal_period_id,
        closes.close_no,
        'definition' as cause,
        3 as rank_no,
        cast(1 as decimal(38, 2)) as size
    from closes
    cross join definition
    where closes.spend_fingerprint <> definition.spend_fingerprint

    union all

    select
        fiscal_period_id,
        close_no,
        cause,
        2 as rank_no,
        cast(sum(abs(change)) as decimal(38, 2)) as size
    from line_changes
    where campaign_id is null
    group by 1, 2, 3

    union all

    select
        fiscal_period_id,
        close_no,
        cause,
        1 as rank_no,
        cast(sum(abs(unit_change)) as decimal(38, 2)) as size
    from lead_changes
    where stage = 'sal'
    group by 1, 2, 3

    union all

    select
        fiscal_period_id,
        close_no,
        cause,
        0 as rank_no,
        cast(sum(abs(change)) as decimal(38, 2)) as size
    from line_changes
    where campaign_id is not null
    group by 1, 2, 3

),

causes_ranked as (

    select
        *,
        row_number() over (
            partition by fiscal_period_id, close_no
            order by rank_no desc, size desc, cause asc
        ) as cause_no
    from causes_weighed

),

changes_ranked as (

    select
        *,
        row_number() over (
            partition by {{ key | join(', ') }}
            order by abs(change) desc, cause asc
        ) as size_no,
        sum(change) over (partition by {{ key | join(', ') }}) as change_total
    from changes

),

joined as (

    select
        {%- for column in key %}
        compared.{{ column }},
        {%- endfor %}
        coalesce(changes_ranked.cause, causes_ranked.cause, 'correction')
            as cause,
        compared.reported_value,
        compared.current_value,
        -- What rounding moved to or from a cell is of its largest cause.
        cast(
            case
                when changes_ranked.cause is null
                    then compared.current_value - compared.reported_value
                when changes_ranked.size_no = 1
                    then changes_ranked.change
                        + compared.current_value - compared.reported_value
                        - changes_ranked.change_total
                else changes_ranked.change
            end as decimal(28, 12)
        ) as change,
        cast(coalesce(changes_ranked.items, 0) as bigint) as items,
        changes_ranked.example
    from compared
    left join changes_ranked
        on
            {%- for column in key %}
            compared.{{ column }}
            is not distinct from changes_ranked.{{ column }}
            {{ 'and' if not loop.last }}
            {%- endfor %}
    left join causes_ranked
        on
            compared.fiscal_period_id = causes_ranked.fiscal_period_id
            and compared.close_no = causes_ranked.close_no
            and causes_ranked.cause_no = 1

)

select
    {{ hex_id(null_safe_text(key + ['cause'])) }} as restatement_id,
    fiscal_period_id,
    close_no,
    attribution_model,
    campaign_id,
    cost_kind,
    metric,
    cause,
    reported_value,
    current_value,
    change,
    items,
    example
from joined
where change <> 0
