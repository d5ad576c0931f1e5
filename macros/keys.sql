{#- A 64-bit key of a text, to join on; null of null. -#}
{% macro key64(value) -%}
{{ return(adapter.dispatch('key64')(value)) }}
{%- endmacro %}

{% macro duckdb__key64(value) -%}
case
    when {{ value }} is not null
        then cast(hash({{ value }}) >> 1 as bigint)
end
{%- endmacro %}

{% macro spark__key64(value) -%}
case when {{ value }} is not null then xxhash64({{ value }}) end
{%- endmacro %}


{#- A 64-bit key of several values, none of which is null. -#}
{% macro key64_of(values) -%}
{{ return(adapter.dispatch('key64_of')(values)) }}
{%- endmacro %}

{% macro duckdb__key64_of(values) -%}
cast(hash({{ values | join(', ') }}) >> 1 as bigint)
{%- endmacro %}

{% macro spark__key64_of(values) -%}
xxhash64({{ values | join(', ') }})
{%- endmacro %}


{#-
    The id by which rows of a system are joined, of a staged text, which has no
    white space around it. Salesforce writes an id with 15 characters or, with
    a checksum behind it, with 18.
-#}
{% macro match_id(system, value) -%}
{%- if system == 'salesforce' -%}
{{ sf_match_id(value) }}
{%- else -%}
{{ value }}
{%- endif -%}
{%- endmacro %}

{% macro sf_match_id(value) -%}
case
    when length({{ unicode_trim(value) }}) = 18
        then substr({{ unicode_trim(value) }}, 1, 15)
    else nullif({{ unicode_trim(value) }}, '')
end
{%- endmacro %}


{#- The id by which users of a system are joined. -#}
{% macro user_match_id(source, value) -%}
case
    when {{ source }} = 'salesforce' then {{ sf_match_id(value) }}
    else trim({{ value }})
end
{%- endmacro %}


{#- The key of a record or user: its system and the id it is joined by. -#}
{% macro system_key(system, match_id) -%}
{{ system_key_of("'" ~ system ~ "'", match_id) }}
{%- endmacro %}

{#- The same where a column says which system it is. -#}
{% macro system_key_of(source, match_id) -%}
case
    when {{ match_id }} is not null
        then {{ key64_of([source, match_id]) }}
end
{%- endmacro %}


{#-
    The link to a person's record in its system, whose settings hold the pattern;
    null where they hold none.
-#}
{% macro record_url(systems, people) -%}
{{ dbt.replace(
    systems ~ '.record_url', "'{record_id}'", people ~ '.primary_record_id'
) }}
{%- endmacro %}
