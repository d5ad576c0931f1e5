{#-
    Gives the schema its configured name, without the target's schema in front:
    readers find `marts`, not `main_marts`. A what-if (a named funnel version,
    or an edited definition that is compared) has every seed and model in
    schemas of its own, and its settings too, so that the actual reading of
    the data stays as it is; only the raw tables are shared by both.
-#}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {%- set prefix = env_var('LEAD_FUNNEL_SCHEMA_PREFIX', '') -%}
    {%- if custom_schema_name is none -%}
        {{ prefix }}{{ target.schema }}
    {%- else -%}
        {{ prefix }}{{ custom_schema_name | trim }}
    {%- endif -%}
{%- endmacro %}
