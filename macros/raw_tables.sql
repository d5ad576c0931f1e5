{#-
    The raw tables as the YAML of the staging folders lists them, each a source
    of dbt's; orchestration/sources/tables.py says what is in their meta.

    dbt knows them only when it executes: while it parses, there are none.
-#}
{% macro raw_tables() -%}
{%- set tables = [] -%}
{%- if execute -%}
    {%- for table in graph.sources.values() -%}
        {%- if table.source_name.startswith('raw_') -%}
            {%- do tables.append(table) -%}
        {%- endif -%}
    {%- endfor -%}
{%- endif -%}
{{ return(tables | sort(attribute='unique_id')) }}
{%- endmacro %}


{#-
    Stops where a raw table that is there has not what the list says it needs:
    one that another loader landed was not looked at before.
-#}
{% macro check_needed_columns(system, table, relation, named) -%}
{%- set listed = raw_tables()
    | selectattr('source_name', 'equalto', 'raw_' ~ system)
    | selectattr('name', 'equalto', table) | list -%}
{%- for raw_table in listed if named -%}
    {%- set needed = raw_table.config.meta.get('needed', {}) -%}
    {%- for name, purpose in needed.items() -%}
        {%- if not find_columns(named, system, name.split(' or ')) -%}
            {{ exceptions.raise_compiler_error(
                'The table ' ~ relation.schema ~ '.' ~ relation.identifier
                ~ ' has no column "' ~ name ~ '", which is needed ' ~ purpose
                ~ '. Add the column to the export, or take the table away.'
            ) }}
        {%- endif -%}
    {%- endfor -%}
{%- endfor -%}
{%- endmacro %}


{#-
    Warns where rows of another table stand in a column of one that dbt reads as
    another loader left it in the warehouse: only our own load takes them out.
-#}
{% macro check_nothing_is_inside(system, table, relation, named) -%}
{%- set parts = raw_tables()
    | selectattr('source_name', 'equalto', 'raw_' ~ system) | list -%}
{%- for part in parts if named and system in var('raw_schemas', {}) -%}
    {%- set inside = part.config.meta.get('inside', {}).get(table) -%}
    {%- if inside and not raw_columns(source(part.source_name, part.name)) -%}
        {%- for column in find_columns(named, system, inside['columns']) -%}
            {%- do exceptions.warn(
                'The column ' ~ column.name ~ ' of ' ~ relation.schema ~ '.'
                ~ relation.identifier ~ ' may hold rows of the table '
                ~ part.name ~ ', which is not there, and nothing is taken out '
                ~ 'of columns that dbt reads in the warehouse. Let a run load '
                ~ 'the schema instead: name it in LEAD_FUNNEL_SOURCE_'
                ~ system | upper ~ ' (docs/connecting-databases.md).'
            ) -%}
        {%- endfor -%}
    {%- endif -%}
{%- endfor -%}
{%- endmacro %}


{#-
    One row per raw table of the list, with the number of its rows, copies
    included; 0 where the table is not there.
-#}
{% macro raw_row_counts() -%}
{%- for table in raw_tables() %}
{%- set relation = source(table.source_name, table.name) %}
select
    '{{ table.source_name[4:] }}' as source,
    '{{ table.name }}' as source_table,
    {%- if raw_columns(relation) %}
    count(*) as raw_rows
from {{ relation }}
    {%- else %}
    cast(0 as bigint) as raw_rows
    {%- endif %}
{{ 'union all' if not loop.last }}
{%- else %}
select
    cast(null as string) as source,
    cast(null as string) as source_table,
    cast(null as bigint) as raw_rows
where 1 = 0
{%- endfor %}
{%- endmacro %}


{#-
    The raw tables that say one thing of themselves in their meta, each as
    system.table, for an `in`; a name that none has where there is none.
-#}
{% macro raw_tables_that(says) -%}
{%- set names = [] -%}
{%- for table in raw_tables() if table.config.meta.get(says) -%}
    {%- do names.append("'" ~ table.source_name[4:] ~ '.' ~ table.name ~ "'") -%}
{%- endfor -%}
{{ return('(' ~ (names or ["''"]) | join(', ') ~ ')') }}
{%- endmacro %}
