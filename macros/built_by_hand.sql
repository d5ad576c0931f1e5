{#-
    What `dbt build`, typed by hand, is about to build in a warehouse that runs
    use: their log gets the names (orchestration/increment/state.py). Nobody
    knows of these tables by which version of a model they were made, so the
    next run builds everything. A run itself says that it is one.
-#}
{% macro built_by_hand() %}
    {%- set is_run = env_var('LEAD_FUNNEL_RUN', '') != '' -%}
    {%- if execute and not is_run and target.type == 'duckdb'
        and flags.WHICH in ('build', 'run', 'seed', 'retry') -%}
        {%- set log = adapter.get_relation(
            database=target.database,
            schema=env_var('LEAD_FUNNEL_SCHEMA_PREFIX', '') ~ 'settings',
            identifier='built_by_hand'
        ) -%}
        {%- if log is not none -%}
            {%- for node in selected_resources
                if node.split('.')[0] in ('model', 'seed') -%}
                insert into {{ log }} values ('{{ node }}');
            {%- endfor -%}
            {#- dbt takes back what the transaction of a hook has written. -#}
            commit; begin;
        {%- endif -%}
    {%- endif -%}
{% endmacro %}
