{#-
    The effective rows of a seed: the seed itself, unless a DEFINITION folder
    replaces it, and the rows such a folder adds. Names and types come from the
    YAML of the calling model, which is their one home; blank text is null.
    A replacing file without rows leaves one row of the mode `emptied`.
-#}
{% macro definition(seed_name) -%}
{%- set overlay = source('definition_overlay', seed_name) -%}
with shipped as (

    select * from {{ ref(seed_name) }}
    where not exists (
        select 1 from {{ overlay }}
        where overlay_mode in ('replace', 'emptied')
    )

),

overlaid as (

    select * from {{ overlay }}
    where overlay_mode <> 'emptied'

),

united as (

{%- for relation in ['shipped', 'overlaid'] %}
    select
    {%- for column in model.columns.values() %}
        {%- set name = adapter.quote(column.name) %}
        cast(nullif(trim({{ name }}), '') as {{ column.data_type }})
            as {{ name }}{{ ',' if not loop.last }}
    {%- endfor %}
    from {{ relation }}
    {{ 'union all' if not loop.last }}
{%- endfor %}
)

select * from united
{%- endmacro %}


{#-
    How many versions one may be based on, one after another. What is based on
    more of them, or on itself, is refused before anything is built
    (orchestration/definition).
-#}
{% macro most_versions_of_a_line() -%}
{{ return(20) }}
{%- endmacro %}


{#-
    Whether a row of the field is an event by itself: it says that something
    happened and needs no new value, as a row without a field does.
-#}
{% macro is_event_field(field) -%}
{{ field }} in ('', 'leadconverted', 'leadmerged', 'created')
{%- endmacro %}


{#-
    How many roles a version may name that have to accept. More of them are
    refused before anything is built (orchestration/definition).
-#}
{% macro most_roles_that_accept() -%}
{{ return(10) }}
{%- endmacro %}
