{#- A setting of the run, e.g. as_of: the one value of settings.run. -#}
{% macro run_setting(name) -%}
(select run.{{ name }} from {{ source('settings', 'run') }} as run)
{%- endmacro %}


{#- A setting of one system, e.g. its time zone: from settings.sources. -#}
{% macro source_setting(system, name) -%}
(
    select sources.{{ name }}
    from {{ source('settings', 'sources') }} as sources
    where sources.source = '{{ system }}'
)
{%- endmacro %}
