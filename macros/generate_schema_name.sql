{#-
    Gives the schema its configured name, without the target's schema in front:
    readers find `marts`, not `main_marts`. A what-if run (a named funnel
    version) writes every model into schemas of its own, so that the actual
    reading of the data stays as it is; raw tables, settings and seeds are
    shared by both.
-#}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {%- set prefix = env_var('LEAD_FUNNEL_SCHEMA_PREFIX', '') -%}
    {%- if custom_schema_name is none -%}
        {{ prefix }}{{ target.schema }}
    {%- elif node.resource_type == 'seed' -%}
        {{ custom_schema_name | trim }}
    {%- else -%}
        {{ prefix }}{{ custom_schema_name | trim }}
    {%- endif -%}
{%- endmacro %}
