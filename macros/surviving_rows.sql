{#-
    A model of the input layer: the columns of its contract, each system's rows
    one below the other, one row for each that the raw tables tell of. A
    system's model gives the contract's columns, copies included, and with
    `row_columns` what tells copies apart.
-#}
{% macro surviving_rows_of_systems(relations, whole=false) -%}
{%- set of_rows = row_columns().split(', ') -%}
{%- set given = of_rows | list -%}
{%- set kept = [] -%}
{%- for column in contract_columns() -%}
    {%- do kept.append({
        'loaded_at': 'row_loaded_at as loaded_at',
        'is_deleted': 'is_deleted or is_deleted_by_loader as is_deleted',
    }.get(column, column)) -%}
    {%- if column not in of_rows + ['loaded_at', 'has_copies'] -%}
        {%- do given.append(column) -%}
    {%- endif -%}
{%- endfor -%}
select
    {{ kept | join(',\n    ') }}
from {{ surviving_rows(relations, whole, given) }}
{%- endmacro %}


{#- The same of models that have no copies and give all of the contract. -#}
{% macro rows_of_systems(relations) -%}
{{ union_of(relations, contract_columns()) }}
{%- endmacro %}


{#-
    The columns of the model's contract, in its order: by name, so that none
    of a system can come under another. dbt shows a unit test no contract: it
    says the columns in its `overrides`.
-#}
{% macro contract_columns() -%}
{%- if not execute -%}
    {{ return(['*']) }}
{%- endif -%}
{{ return(model.columns.keys() | list) }}
{%- endmacro %}


{#- What every staged row says of itself beside its content (`stage`). -#}
{% macro row_columns(table=none) -%}
{%- set names = [] -%}
{%- for name in [
    'source', 'source_table', 'source_key', 'is_key_missing', 'match_key',
    'row_key', 'row_file', 'file_key', 'row_version_at', 'row_is_past',
    'row_is_deleted', 'row_is_bare', 'row_changed_at', 'row_synced_at',
    'row_loaded_at', 'row_content',
] -%}
    {%- do names.append((table ~ '.' if table else '') ~ name) -%}
{%- endfor -%}
{{ return(names | join(', ')) }}
{%- endmacro %}


{#-
    The same of rows whose copies another key tells apart, which is no longer
    than what `stage` would make. `is_joined`: a row is made of several raw
    rows, so that its file does not say whether it is new: in a run after a
    change all of them are compared.
-#}
{% macro row_columns_of_key(key, table=none, is_joined=false) -%}
{%- set prefix = table ~ '.' if table else '' -%}
{%- set own = {
    'source_key': key,
    'match_key': key,
    'row_key': key64_of(
        [prefix ~ "source || '.' || " ~ prefix ~ 'source_table', key]
    ),
} -%}
{%- if is_joined -%}
    {%- do own.update({
        'row_file': 'cast(null as string)',
        'file_key': 'cast(null as bigint)',
    }) -%}
{%- endif -%}
{%- set columns = [] -%}
{%- for name in row_columns().split(', ') -%}
    {%- do columns.append(
        own[name] ~ ' as ' ~ name if name in own else prefix ~ name
    ) -%}
{%- endfor -%}
{{ return(columns | join(', ')) }}
{%- endmacro %}


{#-
    Whether a row that stood in a list of its holder stands there no more: the
    holder's last copy is newer than the row's and has a list, be it empty. Null
    stamps tell nothing, nor does a copy without the list.
-#}
{% macro is_listed_no_more(rows, holders) -%}
({{ holders }}.listed is not null
and coalesce(
    {{ holders }}.row_changed_at > {{ rows }}.row_changed_at,
    {{ holders }}.row_synced_at > {{ rows }}.row_synced_at,
    {{ holders }}.row_loaded_at > {{ rows }}.row_loaded_at,
    false
))
{%- endmacro %}


{% macro union_of(relations, columns) -%}
{%- for relation in relations %}
select {{ columns | join(', ') }} from {{ relation }}
{{- '\nunion all' if not loop.last }}
{%- endfor %}
{%- endmacro %}


{#-
    One row for each row that staged tables tell of: loaders deliver at least
    once, so the same row may be there in several copies. Of several versions
    the one in force survives, else the last; of its copies the one that was
    changed, then synced, then loaded last, with its nulls. Of a tie a deletion
    survives, else content decides, so neither file nor row order matters. A
    row_key holds its system and table, so that rows of two tables are never
    copies.

    `is_deleted_by_loader` says of each survivor whether the last that the
    loader tells of its row is that it is gone: no version is in force, or it
    was deleted. Where a deletion tells nothing but the key, the copy before it
    survives, as deleted.

    Nearly every row has no copy, so only those that have one are sorted.
    Stands behind `from`, and is called survivors there.

    In a run after a change it gives the rows of new files, and those of which
    another copy came or went (see touched_records.sql); `whole` gives all in
    any case.
    Two ids of one row_key would be a collision of 64-bit keys: both survive
    with `has_copies`, and the test that row_key is unique among those finds
    them.
-#}
{% macro surviving_rows(relations, whole=false, columns=['*']) -%}
{%- if not whole and is_update() -%}
    {{ surviving_changed_rows(relations, columns) }}
{%- else -%}
    {{ survivors_among_all(relations, columns) }}
{%- endif -%}
{%- endmacro %}


{% macro survivors_among_all(relations, columns) -%}
{%- set staged = '(' ~ union_of(relations, columns) ~ '\n)' -%}
{%- set copied_keys -%}
{%- for relation in relations %}
select row_key
from {{ relation }}
group by row_key
having count(*) > 1
{{- '\nunion all' if not loop.last }}
{%- endfor %}
{%- endset -%}
{%- set named = keys_to_name(copied_keys) -%}
(
    {%- if named != '' %}
    with {% if named is none -%}
    copied_keys as (
        {{ copied_keys | indent(8) }}
    ),

    {% endif -%}
    versions_told as (
        select
            staged.*,
            {{ version_is_past('staged') | indent(12) }} as version_is_past,
            true as has_copies
        from {{ staged }} as staged
        where staged.row_key in (
            {{ named or 'select copied_keys.row_key from copied_keys' }}
        )
    ),

    copies_ranked as (
        {{ copies_ranked('versions_told') | indent(8) }}
    )

    select *
    from copies_ranked
    where copy_no = 1
    union all
    {%- endif %}
    select
        staged.*,
        staged.row_is_past as version_is_past,
        false as has_copies,
        1 as copy_no,
        staged.row_is_deleted as is_deleted_by_loader
    from {{ staged }} as staged
    {%- if named %}
    where staged.row_key not in ({{ named }})
    {%- elif named is none %}
    where not exists (
        select 1
        from copied_keys
        where copied_keys.row_key = staged.row_key
    )
    {%- endif %}
) as survivors
{%- endmacro %}


{% macro surviving_changed_rows(relations, columns) -%}
{%- set staged = '(' ~ union_of(relations, columns) ~ '\n)' -%}
{%- set is_new = in_new_files('staged') -%}
{#- Of these keys there is another copy in a file that was there before. -#}
{%- set known_keys -%}
select known.row_key
from {{ this }} as known
where known.row_key in (
    select fresh.row_key
    from {{ staged }} as fresh
    where {{ in_new_files('fresh') }}
)
union
select known.row_key
from {{ this }} as known
inner join {{ settings_relation('gone_files') }} as gone
    on known.file_key = gone.file_key
{%- endset -%}
{%- set named = keys_to_name(known_keys) -%}
(
    with versions_told as (
        select
            staged.*,
            {{ version_is_past('staged') | indent(12) }} as version_is_past,
            count(*) over (partition by staged.row_key) > 1 as has_copies
        from {{ staged }} as staged
        where
            {{ is_new }}
            {%- if named != '' %}
            or staged.row_key in (
                {{ named or known_keys | indent(16) }}
            )
            {%- endif %}
    ),

    copies_ranked as (
        {{ copies_ranked('versions_told') | indent(8) }}
    )

    select *
    from copies_ranked
    where copy_no = 1
) as survivors
{%- endmacro %}


{#-
    The keys that a query finds, as a list to be named in another query: empty
    without any, none where they are too many or there is nothing to ask yet.
    Rows are picked by named keys before anything else of them is parsed; by
    the keys of a subquery only after all of it is.
-#}
{% macro keys_to_name(query) -%}
{{ return(adapter.dispatch('keys_to_name')(query)) }}
{%- endmacro %}

{% macro duckdb__keys_to_name(query) -%}
{%- if this is none or not execute or flags.WHICH not in ['run', 'build']
    or model.config.materialized == 'view' -%}
    {{ return(none) }}
{%- endif -%}
{%- set most = 5000 -%}
{%- set found = run_query(
    'select row_key from (' ~ query ~ ') as found limit ' ~ (most + 1)
) -%}
{%- if found.rows | length > most -%}
    {{ return(none) }}
{%- endif -%}
{{ return(found.columns[0].values() | join(', ')) }}
{%- endmacro %}

{#- Spark's staged tables are tables, in which all is parsed already. -#}
{% macro spark__keys_to_name(query) -%}
{{ return(none) }}
{%- endmacro %}


{#-
    Whether the version that a copy tells of is in force no longer. A file that
    came earlier may show it as it was then: its last copy says so. Versions
    without a beginning are told apart by what they say.
-#}
{% macro version_is_past(staged) -%}
first_value({{ staged }}.row_is_past) over (
    partition by
        {{ staged }}.row_key,
        {{ staged }}.match_key,
        coalesce(
            cast({{ staged }}.row_version_at as {{ dbt.type_string() }}),
            {{ staged }}.row_content
        )
    order by
        {{ staged }}.row_synced_at desc nulls last,
        {{ staged }}.row_loaded_at desc nulls last,
        {{ staged }}.row_is_past asc
)
{%- endmacro %}


{#- The copies with their place, of which the first survives. -#}
{% macro copies_ranked(copies) -%}
{%- set last_first -%}
{{ copies }}.version_is_past asc,
        {{ copies }}.row_version_at desc nulls last,
        {{ copies }}.row_changed_at desc nulls last,
        {{ copies }}.row_synced_at desc nulls last,
        {{ copies }}.row_loaded_at desc nulls last,
        {{ copies }}.row_is_deleted desc,
        md5({{ copies }}.row_content) desc,
        {{ copies }}.source_key asc
{%- endset -%}
select
    {{ copies }}.*,
    row_number() over (
        partition by {{ copies }}.row_key, {{ copies }}.match_key
        order by
        {{ copies }}.row_is_bare asc,
        {{ last_first }}
    ) as copy_no,
    first_value({{ copies }}.row_is_deleted) over (
        partition by {{ copies }}.row_key, {{ copies }}.match_key
        order by
        {{ last_first }}
    ) as is_deleted_by_loader
from {{ copies }}
{%- endmacro %}


{#-
    Whether a staged row came from a file that is new since the last complete
    run; a table that another loader filled has no files, so all of it is.
-#}
{% macro in_new_files(staged) -%}
{%- set names = [] -%}
{%- if execute -%}
    {%- for name in run_query(
        'select file from ' ~ settings_relation('new_files') ~ ' order by file'
    ).columns[0].values() -%}
        {%- do names.append("'" ~ name | replace("'", "''") ~ "'") -%}
    {%- endfor -%}
{%- endif -%}
({{ staged }}.row_file is null
{%- if names %} or {{ staged }}.row_file in ({{ names | join(', ') }})
{%- endif %})
{%- endmacro %}


{#-
    Of what the versions of a thing say in a column, what the last one that says
    anything does; the version in force is the last. Aggregates.
-#}
{% macro last_known(column) -%}
max_by(
    {{ column }},
    case when row_is_past then '0' else '1' end
    || coalesce(
        cast(
            coalesce(row_version_at, version_at, row_synced_at)
            as {{ dbt.type_string() }}
        ), ''
    ) || '|' || {{ column }}
)
{%- endmacro %}
