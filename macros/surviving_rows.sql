{#-
    One row for each row that a staged table tells of: loaders deliver at
    least once, so the same row may be there in several copies. The copy that
    was changed, then synced, then loaded last survives, with its nulls; a tie
    is settled by content, so neither file nor row order matters.

    Nearly every row has no copy, so only those that have one are sorted.
    Stands behind `from`, and is called survivors there.

    In an incremental run it gives the rows of new files, and those of which
    another copy came or went (see batch.sql); `whole` gives all in any case.
    Two ids of one row_key would be a collision of 64-bit keys: both survive
    with `has_copies`, and the test that row_key is unique among those finds
    them.
-#}
{% macro surviving_rows(staged, whole=false) -%}
{%- if not whole and is_batch_run() -%}
    {{ surviving_changed_rows(staged) }}
{%- else -%}
(
    with copied_keys as (
        select row_key
        from {{ staged }}
        group by row_key
        having count(*) > 1
    ),

    copies_ranked as (
        select
            staged.*,
            {{ copy_rank('staged') | indent(12) }} as copy_no
        from {{ staged }} as staged
        where staged.row_key in (select copied_keys.row_key from copied_keys)
    )

    select
        staged.*,
        1 as copy_no,
        false as has_copies
    from {{ staged }} as staged
    where not exists (
        select 1
        from copied_keys
        where copied_keys.row_key = staged.row_key
    )
    union all
    select
        copies_ranked.*,
        true as has_copies
    from copies_ranked
    where copy_no = 1
) as survivors
{%- endif -%}
{%- endmacro %}


{% macro surviving_changed_rows(staged) -%}
{%- set is_new = in_new_files('staged') -%}
{%- set known = {'rows': 0} -%}
{%- if execute -%}
    {%- set counted = run_query(
        'with fresh as (select distinct row_key from ' ~ staged
        ~ ' as staged where ' ~ is_new ~ ') select '
        ~ '(select count(*) from ' ~ this ~ ' as known where '
        ~ 'known.row_key in (select fresh.row_key from fresh)) '
        ~ '+ (select count(*) from ' ~ this ~ ' as known where '
        ~ 'known.file_key in (select gone.file_key from '
        ~ settings_relation('gone_files') ~ ' as gone)) as known_rows'
    ) -%}
    {%- do known.update({'rows': counted.columns[0].values()[0]}) -%}
{%- endif -%}
(
    with copies_ranked as (
        select
            staged.*,
            {{ copy_rank('staged') | indent(12) }} as copy_no,
            count(*) over (partition by staged.row_key) > 1 as has_copies
        from {{ staged }} as staged
        where
            {{ is_new }}
            {%- if known['rows'] > 0 %}
            -- Another copy may be in a file that was there before.
            or staged.row_key in (
                select fresh.row_key
                from {{ staged }} as fresh
                where {{ in_new_files('fresh') }}
                union all
                select known.row_key
                from {{ this }} as known
                inner join {{ settings_relation('gone_files') }} as gone
                    on known.file_key = gone.file_key
            )
            {%- endif %}
    )

    select *
    from copies_ranked
    where copy_no = 1
) as survivors
{%- endmacro %}


{% macro copy_rank(staged) -%}
row_number() over (
    partition by {{ staged }}.row_key, {{ staged }}.match_key
    order by
        {{ staged }}.row_changed_at desc nulls last,
        {{ staged }}.row_synced_at desc nulls last,
        {{ staged }}.row_loaded_at desc nulls last,
        {{ staged }}.row_md5 desc,
        {{ staged }}.source_key asc
)
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
