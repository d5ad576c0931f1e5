{#- The different texts of a group in one, in byte order; null without any. -#}
{% macro joined_texts(column, delimiter=', ') -%}
{{ return(adapter.dispatch('joined_texts')(column, delimiter)) }}
{%- endmacro %}

{% macro duckdb__joined_texts(column, delimiter) -%}
string_agg(distinct {{ column }}, '{{ delimiter }}' order by {{ column }})
{%- endmacro %}

{% macro spark__joined_texts(column, delimiter) -%}
nullif(
    array_join(array_sort(collect_set({{ column }})), '{{ delimiter }}'), ''
)
{%- endmacro %}


{#- The one text that a group has; null where it has several or none. -#}
{% macro only_value(column) -%}
case when min({{ column }}) = max({{ column }}) then min({{ column }}) end
{%- endmacro %}


{#- A decimal as a text without the zeros at its end. -#}
{% macro plain_number(value) -%}
{{ replace_pattern(
    'cast(' ~ value ~ ' as ' ~ dbt.type_string() ~ ')', '[.]?0+$', ''
) }}
{%- endmacro %}
