{#-
    The columns of a contract as DuckDB creates them: names, types and not
    null, but no index for a primary key. An index over every public key takes
    more memory than the table and must be kept up as rows are replaced; the
    contract declares the key all the same, and a `unique` test proves it.
-#}
{% macro duckdb__get_table_columns_and_constraints() -%}
{%- set columns = {} -%}
{%- for name, column in model['columns'].items() -%}
    {%- set kept = [] -%}
    {%- for constraint in column['constraints'] or []
        if constraint['type'] | string | lower not in ['primary_key', 'unique']
    -%}
        {%- do kept.append(constraint) -%}
    {%- endfor -%}
    {%- set plain = {} -%}
    {%- do plain.update(column) -%}
    {%- do plain.update({'constraints': kept}) -%}
    {%- do columns.update({name: plain}) -%}
{%- endfor -%}
(
    {{ adapter.render_raw_columns_constraints(raw_columns=columns)
        | join(',\n    ') }}
)
{%- endmacro %}
