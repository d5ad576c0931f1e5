{#-
    Several percentiles of a column at once, as a list in the order asked for:
    an aggregate that interpolates and sorts or selects its values only once.
    `percentile_of` takes one out, counted from 1.
-#}
{% macro percentiles(column, shares) -%}
{{ return(adapter.dispatch('percentiles')(column, shares)) }}
{%- endmacro %}

{% macro duckdb__percentiles(column, shares) -%}
quantile_cont({{ column }}, [{{ shares | join(', ') }}])
{%- endmacro %}

{% macro spark__percentiles(column, shares) -%}
percentile({{ column }}, array({{ shares | join(', ') }}))
{%- endmacro %}


{% macro percentile_of(percentiles, position) -%}
{{ return(adapter.dispatch('percentile_of')(percentiles, position)) }}
{%- endmacro %}

{% macro duckdb__percentile_of(percentiles, position) -%}
{{ percentiles }}[{{ position }}]
{%- endmacro %}

{% macro spark__percentile_of(percentiles, position) -%}
{{ percentiles }}[{{ position - 1 }}]
{%- endmacro %}
