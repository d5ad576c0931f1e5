{#- So many reasons are said; the points are those of all. -#}
{%- set reasons_said = 3 -%}

-- The linter cannot indent what a loop writes.
-- noqa: disable=LT02
with measured as (

    select * from {{ ref('int_handoffs__measured') }}

),

rules as (

    select * from {{ ref('def_queue_priorities') }}

),

-- Of the rules of one measure the one with the nearest threshold counts.
rules_met as (

    select
        measured.handoff_id,
        measured.measure,
        rules.points,
        rules.priority_rule,
        rules.reason_en,
        rules.reason_ja,
        case
            when measured.measured = floor(measured.measured)
                then cast(
                    cast(measured.measured as bigint) as {{ dbt.type_string() }}
                )
            -- By way of nine digits: of 51.45, which no binary number is, one
            -- engine makes 51.4 and another 51.5.
            else cast(
                cast(
                    cast(measured.measured as decimal(28, 9)) as decimal(18, 1)
                ) as {{ dbt.type_string() }}
            )
        end as value_text,
        row_number() over (
            partition by measured.handoff_id, measured.measure
            order by
                abs(measured.measured - rules.threshold),
                rules.priority_rule
        ) as rank_in_measure
    from measured
    inner join rules
        on
            measured.measure = rules.measure
            and (
                (
                    rules.comparison = 'at_least'
                    and measured.measured >= rules.threshold
                )
                or (
                    rules.comparison = 'at_most'
                    and measured.measured <= rules.threshold
                )
            )

),

reasons_ranked as (

    select
        handoff_id,
        points,
        {{ dbt.replace('reason_en', "'{value}'", 'value_text') }} as reason_en,
        {{ dbt.replace('reason_ja', "'{value}'", 'value_text') }} as reason_ja,
        row_number() over (
            partition by handoff_id
            order by points desc, priority_rule asc
        ) as reason_rank
    from rules_met
    where rank_in_measure = 1

),

final as (

    select
        handoff_id,
        sum(points) as priority_points,
        {%- for column, reason, between in [
            ('priority_reasons', 'reason_en', '; '),
            ('priority_reasons_ja', 'reason_ja', '、'),
        ] %}
        max(case when reason_rank = 1 then {{ reason }} end)
        {%- for rank in range(2, reasons_said + 1) %}
            || coalesce(
                '{{ between }}'
                || max(
                    case when reason_rank = {{ rank }} then {{ reason }} end
                ),
                ''
            )
        {%- endfor %}
            as {{ column }}{{ ',' if not loop.last }}
        {%- endfor %}
    from reasons_ranked
    group by 1

)

select * from final
