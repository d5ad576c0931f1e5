{#-
    One row for each row that a staged table tells of: loaders deliver at
    least once, so the same row may be there in several copies. The copy that
    was changed, then synced, then loaded last survives, with its nulls; a tie
    is settled by content, so neither file nor row order matters.

    Nearly every row has no copy, so only those that have one are sorted.
    Stands behind `from`, and is called survivors there.
-#}
{% macro surviving_rows(staged) -%}
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
            row_number() over (
                partition by staged.row_key
                order by
                    staged.row_changed_at desc nulls last,
                    staged.row_synced_at desc nulls last,
                    staged.row_loaded_at desc nulls last,
                    staged.row_md5 desc,
                    staged.source_key asc
            ) as copy_no
        from {{ staged }} as staged
        where staged.row_key in (select copied_keys.row_key from copied_keys)
    )

    select
        staged.*,
        1 as copy_no
    from {{ staged }} as staged
    where staged.row_key not in (
        select copied_keys.row_key from copied_keys
    )
    union all
    select *
    from copies_ranked
    where copy_no = 1
) as survivors
{%- endmacro %}
