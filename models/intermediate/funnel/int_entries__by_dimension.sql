-- The linter cannot indent what a loop writes.
-- noqa: disable=LT02
-- How many entered each stage on a day. An MQL counts whatever becomes of it:
-- its origin is told by what comes later. All that follows is marketing's.
with entries as (

    select * from {{ ref('mart_funnel_period') }}

),

final as (

    {% call by_day_and_dimension('entries', 'entered_date') %}
    {%- for stage in kpi_counts() %}
    {%- if stage == 'mql' %}
    cast(sum({{ stage }}) as bigint) as {{ stage }},
    {%- else %}
    cast(
        sum(case when origin = 'marketing' then {{ stage }} else 0 end)
        as bigint
    ) as {{ stage }}{{ ',' if not loop.last }}
    {%- endif %}
    {%- endfor %}
    {% endcall %}

)

select * from final
