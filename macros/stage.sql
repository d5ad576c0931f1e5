{#-
    One raw table as a staging view: columns found by name, renamed and cast,
    nothing else. Fivetran, Airbyte and our own loads spell names in different
    ways, so names are compared without case, blanks and underscores. A table
    that is not there is a view without rows.

    texts, instants, dates, decimals, numbers, booleans: staged name to raw
        name, or to a list of raw names of which the first filled one counts.
        White space around a text goes; a blank is null, and so is a word
        that means nothing in its kind of column (the seed blank_words): a
        text called `<entity>_id` is an id, `email` an e-mail. An instant
        comes with its text as `<name>_text`. What a day, an amount or an id
        means is decided for the column as a whole (macros/conventions.sql).
        A column that is missing is a typed null, but for those that the list
        of raw tables says it needs (macros/raw_tables.sql).
    key: the raw columns that hold a row's own id, the first filled one
        counts.
    content_key: the staged columns that tell rows apart in a table that has
        none of the key's columns; all of them without it.
    record: the staged column that must be filled in a table without ids.
    currency: the text that names the currency of the decimals. A currency
        that is written in an amount counts where it is blank; an amount that
        contradicts it is none.
    is_history: the rows tell what happened, which stays true when the source
        keeps them no longer: a loader's deletion of one says nothing.

    Every staged table ends in the same columns: source, source_table,
    source_key, is_key_missing, for telling copies apart match_key, row_key,
    row_version_at, row_is_past, row_is_bare, row_changed_at, row_synced_at,
    row_loaded_at, row_content, whether the loader says that the row is deleted
    (row_is_deleted), and for telling what is new row_file, file_key (null
    where another loader filled the table).
-#}
{% macro stage(
    system, table,
    texts={}, instants={}, dates={}, decimals={}, numbers={}, booleans={},
    key=[], content_key=[], record=none, currency=none, is_history=false
) -%}
{%- set relation = source('raw_' ~ system, table) -%}
{%- set raw = raw_columns(relation) -%}
{%- set named = columns_by_name(system, raw) -%}
{%- do check_needed_columns(system, table, relation, named) -%}
{%- do check_nothing_is_inside(system, table, relation, named) -%}
{#- Of a table that is not there nothing is read, so nothing is asked; while dbt
    parses, the seeds are named. -#}
{%- set is_read = raw or not execute -%}
{%- set words = blank_words() if is_read else {} -%}
{%- set conventions = column_conventions(system, table) if is_read else {} -%}
{%- set kinds = kinds_of_columns(
    texts, instants, dates, decimals, numbers, booleans
) -%}
{%- set changed_names = [
    'updated_at', 'last_modified_date', 'system_modstamp', 'hs_lastmodifieddate',
    '_ab_cdc_updated_at',
] -%}
{%- do tell_what_is_read(
    system, table, kinds,
    [texts, instants, dates, decimals, numbers, booleans],
    {'source_key': key, 'row_changed_at': changed_names}
) -%}
{#- Words and signs are looked for only in columns that have any. -#}
{%- set time_names = time_words() if is_read and (instants or dates) else {} -%}
{%- set worded = [] -%}
{%- for name, convention in conventions.items() if convention.has_words -%}
    {%- do worded.append(name) -%}
{%- endfor -%}
{%- set signs = currency_signs() if is_read and decimals else {} -%}
{%- set usual = source_setting(system, 'currency') -%}
{%- set wanted = {} -%}
{%- for kind in [texts, instants, dates, decimals, numbers, booleans] -%}
    {%- for name, raw_names in kind.items() -%}
        {%- do wanted.update({name: find_columns(named, system, raw_names)}) -%}
    {%- endfor -%}
{%- endfor -%}
{%- set changed = find_columns(named, system, changed_names) -%}
{%- set told = columns_of_loaders(named, system) -%}
{%- set synced_at -%}
{% call if_found(told.synced, 'timestamp') -%}
{{ parse_instant('synced_text', "'UTC'") }}
{%- endcall %}
{%- endset -%}
{%- set own = find_columns(named, system, key) -%}
{%- set has_key = own | length > 0 -%}
{%- set own_key = first_filled(
    own, words, 'id', conventions.get('source_key', {})
) -%}
{%- set given = [] -%}
{%- for columns in wanted.values() if has_key -%}
    {%- do given.append(first_given(columns)) -%}
{%- endfor -%}
{%- set match = match_id(system, 'source_key') -%}
{%- set key_columns = [match] -%}
{%- if not has_key -%}
    {%- set key_columns = [] -%}
    {%- for name in content_key or wanted -%}
        {%- do key_columns.append("coalesce(" ~ name ~ ", '')") -%}
    {%- endfor -%}
{%- endif -%}
with raw_rows as (
    select
        {%- for name, columns in wanted.items() %}
        {{ first_filled(
            columns, words, kinds[name], conventions.get(name, {})
        ) | indent(8) }} as {{ name }},
        {%- endfor %}
        {%- if has_key %}
        {{ own_key | indent(8) }} is null as is_key_missing,
        {#- A row without an id is named by its content. A coalesce would
            compute the name for every row near one (DuckDB 2.0). #}
        case
            when {{ own_key | indent(12) }} is null
                then 'missing:' || md5({{ content(given) | indent(16) }})
            else {{ own_key | indent(12) }}
        end as source_key,
        {%- endif %}
        {{ first_filled(changed, words, 'instant') | indent(8) }}
            as changed_text,
        {%- for name, columns in told.items() if columns %}
        {{ first_filled(columns, words, 'instant') | indent(8) }}
            as {{ name }}_text,
        {%- endfor %}
        {{ loaded_at(raw) }} as row_loaded_at,
        {%- if '_first_loaded_at' in raw | map(attribute='name') | list %}
        {{ own_column(raw, '_first_loaded_at', 'timestamp') }}
            as row_first_loaded_at,
        {%- endif %}
        {{ own_column(raw, '_file', 'string') }} as row_file,
        {{ own_column(raw, '_file_sha256', 'string') }} as row_file_sha256,
        {%- if decimals %}
        {{ usual | indent(8) }} as usual_currency,
        {%- endif %}
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
    {%- if name == currency %}
    {{ currency_of_row(
        currency, decimals.keys() | select('in', worded), signs
    ) | indent(4) }}
        as {{ name }},
    {%- else %}
    {{ name }},
    {%- endif %}
    {%- endfor %}
    {%- for name in instants %}
    {% call if_found(wanted[name], 'timestamp') -%}
    {{ parse_instant(
        name, 'zone', conventions.get(name, {}),
        time_names if name in worded else {}
    ) | indent(4) }}
    {%- endcall %} as {{ name }},
    {{ name }} as {{ name }}_text,
    {%- endfor %}
    {%- for name in dates %}
    {% call if_found(wanted[name], 'date') -%}
    cast({{ parse_instant(
        name, "'UTC'", conventions.get(name, {}),
        time_names if name in worded else {}
    ) | indent(4) }} as date)
    {%- endcall %} as {{ name }},
    {%- endfor %}
    {%- for name in decimals %}
    {% call if_found(wanted[name], 'decimal(18, 2)') -%}
    {{ amount_of_row(
        name, currency, conventions.get(name, {}).get('decimal_mark'),
        signs if name in worded else {}
    ) | indent(4) }}
    {%- endcall %} as {{ name }},
    {%- endfor %}
    {%- for name in numbers %}
    {% call if_found(wanted[name], 'decimal(28, 9)') -%}
    {{ parse_number(name) | indent(4) }}
    {%- endcall %} as {{ name }},
    {%- endfor %}
    {%- for name in booleans %}
    {% call if_found(wanted[name], 'boolean') -%}
    {{ parse_boolean(name) | indent(4) }}
    {%- endcall %} as {{ name }},
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
    {% call if_found(told.version_start, 'timestamp') -%}
    {{ parse_instant('version_start_text', "'UTC'") | indent(4) }}
    {%- endcall %} as row_version_at,
    {{ is_past_version(told) | indent(4) }} as row_is_past,
    {{ is_deleted_by_loader(told, is_history) | indent(4) }}
        as row_is_deleted,
    {{ is_bare_deletion(told, wanted, own + changed) | indent(4) }} as row_is_bare,
    {% call latest_of(told.deleted_at if changed else []) -%}
    {% call if_found(changed, 'timestamp') -%}
    {{ parse_instant(
        'changed_text', 'zone', conventions.get('row_changed_at', {}),
        time_names if 'row_changed_at' in worded else {}
    ) | indent(4) }}
    {%- endcall %}
    {%- endcall %} as row_changed_at,
    {{ synced_at | indent(4) }} as row_synced_at,
    {#- Of a file in place of many each row says when it was loaded first. #}
    coalesce(
        {%- if '_first_loaded_at' in raw | map(attribute='name') | list %}
        row_first_loaded_at,
        {%- endif %}
        row_loaded_at,
        {{ synced_at | indent(8) }}
    ) as row_loaded_at,
    {{ content(wanted) | indent(4) }} as row_content
from {{ 'raw_rows' if has_key else 'keys_chosen' }}
{%- endmacro %}


{#- The kind of each staged column, which says what words mean nothing there. -#}
{% macro kinds_of_columns(
    texts, instants, dates, decimals, numbers, booleans
) -%}
{%- set kinds = {} -%}
{%- set times = instants.values() | list + dates.values() | list -%}
{%- set amounts = decimals.values() | list + numbers.values() | list -%}
{%- for name, raw_names in texts.items() -%}
    {%- if raw_names in times -%}
        {%- do kinds.update({name: 'instant'}) -%}
    {%- elif raw_names in amounts -%}
        {%- do kinds.update({name: 'amount'}) -%}
    {%- elif name == 'email' or name.endswith('_id') -%}
        {%- do kinds.update({name: 'email' if name == 'email' else 'id'}) -%}
    {%- else -%}
        {%- do kinds.update({name: 'text'}) -%}
    {%- endif -%}
{%- endfor -%}
{%- for kind, columns in [
    ('instant', instants), ('instant', dates), ('amount', decimals),
    ('amount', numbers), ('flag', booleans),
] -%}
    {%- for name in columns -%}
        {%- do kinds.update({name: kind}) -%}
    {%- endfor -%}
{%- endfor -%}
{{ return(kinds) }}
{%- endmacro %}


{#-
    Writes into the manifest which raw columns are read as times, amounts and
    ids, so that the program knows what to look at as a whole.
-#}
{% macro tell_what_is_read(system, table, kinds, given, others) -%}
{%- set read = {'instant': {}, 'amount': {}, 'id': {}} -%}
{%- for columns in given -%}
    {%- for name, raw_names in columns.items()
        if kinds[name] in read and not (columns is sameas given[0]
            and kinds[name] != 'id')
        and not columns is sameas given[4] -%}
        {%- do read[kinds[name]].update({
            name: [raw_names] if raw_names is string else raw_names
        }) -%}
    {%- endfor -%}
{%- endfor -%}
{%- do read['id'].update({'source_key': others.source_key}) -%}
{%- do read['instant'].update({'row_changed_at': others.row_changed_at}) -%}
{%- do config(meta={'reads': dict(read, system=system, table=table)}) -%}
{%- endmacro %}


{#- The currency of a row's amounts; of several, the one that says it. -#}
{% macro currency_of_row(currency, worded, signs) -%}
{%- set given = currency_code(currency, 'usual_currency', signs) -%}
{%- set said = [] -%}
{%- for name in worded -%}
    {%- do said.append(
        "nullif("
        ~ currency_of_amount(name, given, 'usual_currency', signs) ~ ", '!')"
    ) -%}
{%- endfor -%}
{%- if said -%}
coalesce({{ (said + [given]) | join(', ') }})
{%- else -%}
{{ given }}
{%- endif -%}
{%- endmacro %}


{#- An amount, or null where it is in another currency than its row says. -#}
{% macro amount_of_row(name, currency, mark, signs) -%}
{%- set amount = parse_decimal(
    name, mark=mark, signs=signs.keys() | list or ['¥', '$', '€', '£', '円']
) -%}
{%- if not signs -%}
{{ amount }}
{%- else -%}
case
    when {{ matches('coalesce(' ~ name ~ ", '')", '[-0-9.,() ]*') }}
        or coalesce(
            {{ currency_of_amount(
                name,
                currency_code(currency, 'usual_currency', signs)
                if currency else 'cast(null as string)',
                'usual_currency', signs
            ) | indent(12) }}, ''
        ) <> '!'
        then {{ amount | indent(8) }}
end
{%- endif -%}
{%- endmacro %}


{#-
    What a row holds as one text. It stands where it is needed instead of in a
    step of its own, and is hashed there, so that only rows without a key and
    copies pay for it.
-#}
{% macro content(names) -%}
concat_ws(
    '|'
    {%- for name in names %},
    coalesce({{ name }}, '')
    {%- endfor %}
)
{%- endmacro %}


{#-
    What is read of a text; where the table has no such column, a plain null,
    which no engine needs to plan a parser for.
-#}
{% macro if_found(columns, type) -%}
{%- if columns -%}
{{ caller() }}
{%- else -%}
cast(null as {{ type }})
{%- endif -%}
{%- endmacro %}


{#-
    What loaders say of a row beside what its source does, by meaning. Nothing
    else knows their names.

    synced: when the row was fetched.
    version_start, version_end, version_active: of a table that keeps a row
        for each version, from when to when this one was in force, and whether
        it is; the end of the one in force is blank or lies beyond all time.
    deleted_flag, deleted_at: the source has the row no longer.
-#}
{% macro columns_of_loaders(named, system) -%}
{%- set found = {} -%}
{%- for meaning, names in {
    'synced': [
        '_fivetran_synced', '_airbyte_extracted_at', '_airbyte_emitted_at',
        '_sdc_batched_at', '_sdc_extracted_at', '_sdc_received_at',
        '_extracted_at',
    ],
    'version_start': ['_fivetran_start', '_dlt_valid_from'],
    'version_end': ['_fivetran_end', '_dlt_valid_to'],
    'version_active': ['_fivetran_active'],
    'deleted_flag': ['_fivetran_deleted'],
    'deleted_at': ['_ab_cdc_deleted_at', '_sdc_deleted_at'],
}.items() -%}
    {%- do found.update({meaning: find_columns(named, system, names)}) -%}
{%- endfor -%}
{{ return(found) }}
{%- endmacro %}


{#- Whether a row is a version that is not in force any more. -#}
{% macro is_past_version(told) -%}
{%- set has_ended = parse_instant('version_end_text', "'UTC'") ~ ' is not null'
    if told.version_end else 'false' -%}
{%- if told.version_active -%}
not coalesce(
    {{ parse_boolean('version_active_text') | indent(4) }},
    not {{ has_ended | indent(4) }}
)
{%- else -%}
{{ has_ended }}
{%- endif -%}
{%- endmacro %}


{#- A record of which no version is in force is deleted at its source, too. -#}
{% macro is_deleted_by_loader(told, is_history) -%}
{%- set said = [] -%}
{%- if told.version_active or told.version_end -%}
    {%- do said.append(is_past_version(told)) -%}
{%- endif -%}
{%- if told.deleted_flag -%}
    {%- do said.append(
        'coalesce(' ~ parse_boolean('deleted_flag_text') ~ ', false)'
    ) -%}
{%- endif -%}
{%- if told.deleted_at -%}
    {%- do said.append('deleted_at_text is not null') -%}
{%- endif -%}
{{ 'false' if is_history or not said else said | join(' or ') }}
{%- endmacro %}


{#-
    A database's log tells of a deletion with the row's key and nothing else.
    `bare` are the columns that such a row has.
-#}
{% macro is_bare_deletion(told, wanted, bare) -%}
{%- set filled = [] -%}
{%- for name, columns in wanted.items() if columns and columns[0] not in bare -%}
    {%- do filled.append(name) -%}
{%- endfor -%}
{%- if told.deleted_at and filled -%}
deleted_at_text is not null
and coalesce({{ filled | join(', ') }}) is null
{%- else -%}
false
{%- endif -%}
{%- endmacro %}


{#- When a row was changed last: its deletion is a change. -#}
{% macro latest_of(deleted_at) -%}
{%- if deleted_at -%}
greatest(
    {{ caller() }},
    {{ parse_instant('deleted_at_text', "'UTC'") | indent(4) }}
)
{%- else -%}
{{ caller() }}
{%- endif -%}
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


{#-
    A column's name as it is compared. A column of the loader's own (with a
    leading underscore) is only found by a name that has one too.
-#}
{% macro bare_name(system, name) -%}
{%- set loader = '_' if name.startswith('_') else '' -%}
{%- set bare = name | lower | replace('_', '') | replace(' ', '') -%}
{%- if system == 'hubspot' -%}
    {%- for prefix in ['properties', 'property'] -%}
        {%- if bare.startswith(prefix) -%}
            {{ return(loader ~ bare[prefix | length:]) }}
        {%- endif -%}
    {%- endfor -%}
{%- endif -%}
{{ return(loader ~ bare) }}
{%- endmacro %}


{#-
    The raw columns by bare name. Several share one where the files of a table
    spell it in several ways; each row is in one of them.
-#}
{% macro columns_by_name(system, raw) -%}
{%- set named = {} -%}
{%- for column in raw | sort(attribute='name') -%}
    {%- do named.setdefault(bare_name(system, column.name), []).append(column) -%}
{%- endfor -%}
{{ return(named) }}
{%- endmacro %}


{#- The raw columns that a wanted name, or any name of a list, stands for. -#}
{% macro find_columns(named, system, names) -%}
{%- set found = [] -%}
{%- for name in ([names] if names is string else names) -%}
    {%- set bare = bare_name(system, name) -%}
    {%- do found.extend(named.get(bare, [])) -%}
{%- endfor -%}
{{ return(found) }}
{%- endmacro %}


{#-
    The first filled one of the columns as text; null without any. A word that
    means nothing in this kind of column is blank.
-#}
{% macro first_filled(columns, words={}, kind=none, convention={}) -%}
{%- set filled = [] -%}
{%- for column in columns -%}
    {%- set name = 'raw.' ~ adapter.quote(column.name) -%}
    {%- if not column.is_string() -%}
        {%- set name = 'cast(' ~ name ~ ' as string)' -%}
    {%- endif -%}
    {%- do filled.append(
        restored_id(
            without_words(trimmed(name), words, kind), convention
        ) if kind == 'id'
        else without_words(trimmed(name), words, kind)
    ) -%}
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
{% macro first_given(columns) -%}
{%- set given = [] -%}
{%- for column in columns -%}
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
