{#-
    One raw table as a staging view: columns found by name, renamed and cast,
    nothing else. Fivetran, Airbyte and our own loads spell names in different
    ways, so names are compared without case, underscores and the loader's
    prefix. A table that is not there is a view without rows.

    texts, instants, dates, decimals, numbers, booleans: staged name to raw
        name, or to a list of raw names of which the first filled one counts.
        White space around a text goes, a blank is null. An instant comes
        with its text as `<name>_text`.
    required: raw name, or several with commas between, to what it is needed
        for; a table without any of them is an error. Every other column that is missing is a typed null.
    key: the raw columns that hold a row's own id, the first filled one
        counts.
    content_key: the staged columns that tell rows apart in a table that has
        none of the key's columns; all of them without it.
    record: the staged column that must be filled in a table without ids.

    Every staged table ends in the same columns: source, source_table,
    source_key, is_key_missing, for telling copies apart match_key, row_key,
    row_changed_at, row_synced_at, row_loaded_at, row_md5, and for telling what
    is new row_file, file_key (null where another loader filled the table).
-#}
{% macro stage(
    system, table,
    texts={}, instants={}, dates={}, decimals={}, numbers={}, booleans={},
    required={}, key=[], content_key=[], record=none
) -%}
{%- set relation = source('raw_' ~ system, table) -%}
{%- set raw = raw_columns(relation) -%}
{%- set where = relation.schema ~ '.' ~ relation.identifier -%}
{%- for name, purpose in required.items() -%}
    {%- if raw and not find_columns(raw, system, name.split(', ')) -%}
        {{ exceptions.raise_compiler_error(
            'The table ' ~ where ~ ' has no column "' ~ name
            ~ '", which is needed ' ~ purpose ~ '. Add the column to the'
            ~ ' export, or take the table away.'
        ) }}
    {%- endif -%}
{%- endfor -%}
{%- set wanted = {} -%}
{%- for kind in [texts, instants, dates, decimals, numbers, booleans] -%}
    {%- do wanted.update(kind) -%}
{%- endfor -%}
{%- set changed = ['updated_at', 'last_modified_date', 'system_modstamp'] -%}
{%- set synced = [
    '_fivetran_synced', '_airbyte_extracted_at', '_airbyte_emitted_at'
] -%}
{%- set has_key = find_columns(raw, system, key) | length > 0 -%}
{%- set own_key = first_filled(raw, system, key) -%}
{%- set given = [] -%}
{%- for raw_names in wanted.values() -%}
    {%- do given.append(first_given(raw, system, raw_names)) -%}
{%- endfor -%}
{%- set match = sf_match_id('source_key') if system == 'salesforce'
    else 'source_key' -%}
{%- set key_columns = [match] -%}
{%- if not has_key -%}
    {%- set key_columns = [] -%}
    {%- for name in content_key or wanted -%}
        {%- do key_columns.append("coalesce(" ~ name ~ ", '')") -%}
    {%- endfor -%}
{%- endif -%}
with raw_rows as (
    select
        {%- for name, raw_names in wanted.items() %}
        {{ first_filled(raw, system, raw_names) | indent(8) }} as {{ name }},
        {%- endfor %}
        {%- if has_key %}
        {{ own_key | indent(8) }} is null as is_key_missing,
        {#- A row without an id is named by its content. A coalesce would
            compute the name for every row near one (DuckDB 2.0). #}
        case
            when {{ own_key | indent(12) }} is null
                then 'missing:' || {{ content_md5(given) | indent(16) }}
            else {{ own_key | indent(12) }}
        end as source_key,
        {%- endif %}
        {{ first_filled(raw, system, changed) | indent(8) }} as changed_text,
        {{ first_filled(raw, system, synced) | indent(8) }} as synced_text,
        {{ loaded_at(raw) }} as row_loaded_at,
        {{ own_column(raw, '_file', 'string') }} as row_file,
        {{ own_column(raw, '_file_sha256', 'string') }} as row_file_sha256,
        {{ source_setting(system, 'timezone') | indent(8) }} as zone
    {%- if raw %}
    from {{ relation }} as raw
    {%- else %}
    where 1 = 0
    {%- endif %}
)
{%- if not has_key -%}
,

keys_chosen as (
    select
        *,
        {{ (record ~ ' is null') if record else 'false' }} as is_key_missing,
        concat_ws(
            '|',
            {{ key_columns | join(',\n            ') }}
        ) as source_key
    from raw_rows
)
{%- endif %}

select
    {%- for name in texts %}
    {{ name }},
    {%- endfor %}
    {%- for name in instants %}
    {{ parse_instant(name, 'zone') | indent(4) }} as {{ name }},
    {{ name }} as {{ name }}_text,
    {%- endfor %}
    {%- for name in dates %}
    cast({{ parse_instant(name, "'UTC'") | indent(4) }} as date) as {{ name }},
    {%- endfor %}
    {%- for name in decimals %}
    {{ parse_decimal(name) | indent(4) }} as {{ name }},
    {%- endfor %}
    {%- for name in numbers %}
    {{ parse_number(name) | indent(4) }} as {{ name }},
    {%- endfor %}
    {%- for name in booleans %}
    {{ parse_boolean(name) | indent(4) }} as {{ name }},
    {%- endfor %}
    '{{ system }}' as source,
    '{{ table }}' as source_table,
    source_key,
    is_key_missing,
    {{ match }} as match_key,
    {{ key64_of(["'" ~ system ~ "." ~ table ~ "'"] + key_columns) | indent(4) }}
        as row_key,
    row_file,
    {{ file_key('row_file', 'row_file_sha256', 'row_loaded_at') | indent(4) }}
        as file_key,
    {{ parse_instant('changed_text', 'zone') | indent(4) }} as row_changed_at,
    {{ offset_text_to_utc('synced_text') }} as row_synced_at,
    coalesce(
        row_loaded_at, {{ offset_text_to_utc('synced_text') }}
    ) as row_loaded_at,
    {{ content_md5(wanted) | indent(4) }} as row_md5
from {{ 'raw_rows' if has_key else 'keys_chosen' }}
{%- endmacro %}


{#-
    What a row holds as one text. It stands where it is needed instead of in a
    step of its own, so that only rows without a key and copies pay for it.
-#}
{% macro content_md5(names) -%}
md5(concat_ws(
    '|'
    {%- for name in names %},
    coalesce({{ name }}, '')
    {%- endfor %}
))
{%- endmacro %}


{#- The columns of a raw table, empty where it is not there (or not yet). -#}
{% macro raw_columns(relation) -%}
{%- set columns = [] -%}
{%- if execute -%}
    {%- set existing = load_relation(relation) -%}
    {%- if existing -%}
        {%- set columns = adapter.get_columns_in_relation(existing) -%}
    {%- endif -%}
{%- endif -%}
{{ return(columns) }}
{%- endmacro %}


{#- A column's name as it is compared. -#}
{% macro bare_name(system, name) -%}
{%- set bare = name | lower | replace('_', '') | replace(' ', '') -%}
{%- if system == 'hubspot' -%}
    {%- for prefix in ['properties', 'property'] -%}
        {%- if bare.startswith(prefix) -%}
            {{ return(bare[prefix | length:]) }}
        {%- endif -%}
    {%- endfor -%}
{%- endif -%}
{{ return(bare) }}
{%- endmacro %}


{#-
    The raw columns that a wanted name, or any name of a list, stands for. A
    column of the loader's own (with a leading underscore) is only found by a
    name that has one too.
-#}
{% macro find_columns(raw, system, names) -%}
{%- set found = [] -%}
{%- for name in ([names] if names is string else names) -%}
    {%- set spelled = [] -%}
    {%- for column in raw
        if bare_name(system, column.name) == bare_name(system, name)
        and column.name.startswith('_') == name.startswith('_') -%}
        {%- do spelled.append(column) -%}
    {%- endfor -%}
    {%- do found.extend((spelled | sort(attribute='name'))[:1]) -%}
{%- endfor -%}
{{ return(found) }}
{%- endmacro %}


{#- The first filled one of the raw columns as text; null without any. -#}
{% macro first_filled(raw, system, names) -%}
{%- set filled = [] -%}
{%- for column in find_columns(raw, system, names) -%}
    {%- set name = 'raw.' ~ adapter.quote(column.name) -%}
    {%- if not column.is_string() -%}
        {%- set name = 'cast(' ~ name ~ ' as string)' -%}
    {%- endif -%}
    {%- do filled.append(trimmed(name)) -%}
{%- endfor -%}
{%- if not filled -%}
cast(null as string)
{%- elif filled | length == 1 -%}
{{ filled[0] }}
{%- else -%}
coalesce({{ filled | join(', ') }})
{%- endif -%}
{%- endmacro %}


{#-
    As `first_filled`, or a blank, for rows without an id alone: written in
    another way, so that no engine takes it for a part that all rows share and
    computes it for all of them.
-#}
{% macro first_given(raw, system, names) -%}
{%- set given = [] -%}
{%- for column in find_columns(raw, system, names) -%}
    {%- set text = 'cast(raw.' ~ adapter.quote(column.name) ~ ' as string)' -%}
    {%- do given.append(
        'nullif(' ~ plain_trim('coalesce(' ~ text ~ ", '')") ~ ", '')"
    ) -%}
{%- endfor -%}
{{ return('coalesce(' ~ (given + ["''"]) | join(', ') ~ ')') }}
{%- endmacro %}


{#- When our own load wrote the row; null in a table that others landed. -#}
{% macro loaded_at(raw) -%}
{{ own_column(raw, '_loaded_at', 'timestamp') }}
{%- endmacro %}

{#- A column that our own load adds. -#}
{% macro own_column(raw, name, type) -%}
{%- for column in raw if column.name == name -%}
cast(raw.{{ name }} as {{ type }})
{%- else -%}
cast(null as {{ type }})
{%- endfor -%}
{%- endmacro %}


{#- One version of a landed file; the program writes the same key. -#}
{% macro file_key(file, sha256, loaded_at) -%}
case
    when {{ file }} is not null
        then {{ key64_of([file, sha256, loaded_at]) }}
end
{%- endmacro %}
