{#-
    A table or view is replaced by one statement of one transaction. What dbt
    ships builds under another name, renames twice and drops: five more
    statements a model, each with a macro, a context and log events of its own.
    Together they took more than the SQL of a small company. Readers see
    neither, for they open what is published, and a statement that fails or is
    killed leaves what was there.

    Grants, indexes and persisted docs, which DuckDB or this project does not
    have, are left out.
-#}
{% materialization table, adapter='duckdb' %}
{{ return(built_anew('table')) }}
{% endmaterialization %}


{% materialization view, adapter='duckdb' %}
{{ return(built_anew('view')) }}
{% endmaterialization %}


{#- The first build and a full refresh; a batch is done by dbt-duckdb's own. -#}
{% materialization incremental, adapter='duckdb' %}
{%- set existing = load_cached_relation(this) -%}
{%- if existing is not none and existing.is_table
    and not should_full_refresh() and is_told_incremental() -%}
    {{ return(dbt.materialization_incremental_duckdb()) }}
{%- endif -%}
{{ return(built_anew('table')) }}
{% endmaterialization %}


{% macro built_anew(kind) -%}
{%- set existing = load_cached_relation(this) -%}
{%- set target = this.incorporate(type=kind) -%}
{{ run_hooks(pre_hooks, inside_transaction=False) }}
{{ run_hooks(pre_hooks, inside_transaction=True) }}
{% call statement('main') -%}
{%- if existing is not none %}
drop {{ existing.type }} if exists {{ existing }};
{% endif %}
{%- if kind == 'view' %}
{{ create_view_as(target, compiled_code) }}
{%- else %}
{{ create_table_as(False, target, compiled_code) }}
{%- endif %}
{%- endcall %}
{{ run_hooks(post_hooks, inside_transaction=True) }}
{{ adapter.commit() }}
{{ run_hooks(post_hooks, inside_transaction=False) }}
{{ return({'relations': [target]}) }}
{%- endmacro %}
