{#- The dimensions of mart_funnel_monthly and the column behind each. -#}
{% macro funnel_dimensions() -%}
{{ return({
    'all': none,
    'channel': 'channel',
    'campaign': 'campaign_id',
    'team': 'team',
    'owner': 'owner_id',
    'definition_version': 'definition_version',
}) }}
{%- endmacro %}


{#-
    Each row of `relation` once per period type and dimension, with
    period_type, period_start_date, dimension and dimension_value. Expects
    handed_off_date and the columns behind the dimensions. Aggregate afterwards.
-#}
{% macro exploded_by_dimension(relation, columns) -%}
select
    periods.period_type,
    case periods.period_type
        when 'month' then periods.month_start_date
        when 'fiscal_quarter' then periods.fiscal_quarter_start_date
        else periods.fiscal_year_start_date
    end as period_start_date,
    periods.dimension,
    case periods.dimension
        when 'all' then 'all'
        {%- for dimension, column in funnel_dimensions().items() if column %}
        when '{{ dimension }}' then periods.{{ column }}
        {%- endfor %}
    end as dimension_value,
    {%- for column in columns %}
    periods.{{ column }}{{ ',' if not loop.last }}
    {%- endfor %}
from (
    select
        {{ relation }}.*,
        period_types.period_type,
        dimensions.dimension
    from {{ relation }}
    cross join (
        {%- for period_type in ['month', 'fiscal_quarter', 'fiscal_year'] %}
        select '{{ period_type }}' as period_type
        {{ 'union all' if not loop.last }}
        {%- endfor %}
    ) as period_types
    cross join (
        {%- for dimension in funnel_dimensions() %}
        select '{{ dimension }}' as dimension
        {{ 'union all' if not loop.last }}
        {%- endfor %}
    ) as dimensions
) as periods
{%- endmacro %}
