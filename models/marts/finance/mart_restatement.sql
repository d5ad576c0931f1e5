-- The linter cannot indent what a loop writes.
-- noqa: disable=LT02
{%- set key = [
    'fiscal_period_id', 'close_no', 'attribution_model', 'campaign_id',
    'cost_kind', 'metric',
] %}

with compared as (

    select * from {{ ref('int_restatements__cells') }}

),

changes as (

    select * from {{ ref('int_restatements__by_cause') }}

),

main_causes as (

    select * from {{ ref('int_restatements__main_causes') }}

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
        coalesce(changes_ranked.cause, main_causes.cause, 'correction')
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
    left join main_causes
        on
            compared.fiscal_period_id = main_causes.fiscal_period_id
            and compared.close_no = main_causes.close_no

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
