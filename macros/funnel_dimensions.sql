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
    The types of period of mart_funnel_monthly and the column of dim_dates with
    the first day of each.
-#}
{% macro funnel_periods() -%}
{{ return({
    'month': 'month_start_date',
    'fiscal_quarter': 'fiscal_quarter_start_date',
    'fiscal_year': 'fiscal_year_start_date',
}) }}
{%- endmacro %}


{#-
    `relation` by each type of period and each dimension: a branch for each, so
    no row is copied before it is aggregated. Expects the columns behind both;
    writes period_type, period_start_date, dimension and dimension_value before
    the aggregates that the caller calls for. `period_types` are some of
    funnel_periods(); all of them by default.
-#}
{% macro by_period_and_dimension(relation, period_types=none) -%}
{%- set aggregates = caller() -%}
{%- for period_type in period_types or funnel_periods() %}
{%- set last_period = loop.last %}
{%- for dimension, column in funnel_dimensions().items() %}
select
    '{{ period_type }}' as period_type,
    {{ funnel_periods()[period_type] }} as period_start_date,
    '{{ dimension }}' as dimension,
    {{ column or "'all'" }} as dimension_value,
    {{ aggregates }}
from {{ relation }}
group by 1, 2, 3, 4
{{ 'union all' if not (loop.last and last_period) }}
{%- endfor %}
{%- endfor %}
{%- endmacro %}


{#- The same by day: writes `day`, dimension and dimension_value. -#}
{% macro by_day_and_dimension(relation, day) -%}
{%- set aggregates = caller() -%}
{%- for dimension, column in funnel_dimensions().items() %}
select
    {{ day }},
    '{{ dimension }}' as dimension,
    {{ column or "'all'" }} as dimension_value,
    {{ aggregates }}
from {{ relation }}
group by 1, 2, 3
{{ 'union all' if not loop.last }}
{%- endfor %}
{%- endmacro %}


{#-
    The percentiles of the hours from hand-off, by one type of period and each
    dimension. A median cannot be made of medians, so every hand-off's hours are
    held in memory once for each dimension. The types of period are models of
    their own, so that it is not all at once: with little memory dbt builds one
    model after the other.
-#}
{% macro hours_ranked(period_type) -%}
{%- set hours = [
    'response_hours', 'response_business_hours',
    'accept_hours', 'accept_business_hours',
] -%}
with lifecycles as (

    select * from {{ ref('fct_lead_lifecycles') }}
    where
        origin = 'marketing'
        and (response_hours is not null or accept_hours is not null)

),

dates as (

    select * from {{ ref('dim_dates') }}

),

lifecycles_in_periods as (

    select
        dates.{{ funnel_periods()[period_type] }},
        lifecycles.channel,
        lifecycles.last_campaign_id as campaign_id,
        lifecycles.team,
        lifecycles.owner_id,
        lifecycles.definition_version,
        {%- for column in hours %}
        lifecycles.{{ column }}{{ ',' if not loop.last }}
        {%- endfor %}
    from lifecycles
    inner join dates
        on lifecycles.handed_off_date = dates.date_day

),

final as (

    {% call by_period_and_dimension('lifecycles_in_periods', [period_type]) %}
    {%- for column in hours %}
    {{ percentiles(column, [0.5, 0.9]) }} as {{ column }}
    {{- ',' if not loop.last }}
    {%- endfor %}
    {% endcall %}

)

select
    period_type,
    period_start_date,
    dimension,
    dimension_value,
    {%- for column in hours %}
    {{ percentile_of(column, 1) }} as {{ column }}_median,
    {{ percentile_of(column, 2) }} as {{ column }}_p90
    {{- ',' if not loop.last }}
    {%- endfor %}
from final
{%- endmacro %}
