-- Each merge and deletion with whether it speaks of a record that is known.
-- Both hold as they are known now, so the time of their load is judged, which
-- breaks no rule, and not their own.
with links as (

    select
        source,
        source_table,
        source_key,
        is_key_missing,
        left_key,
        right_key,
        left_record_id,
        loaded_at,
        row_key
    from {{ ref('input_layer__record_links') }}

    union all

    select
        source,
        source_table,
        source_key,
        is_key_missing,
        record_key as left_key,
        record_key as right_key,
        cast(null as {{ dbt.type_string() }}) as left_record_id,
        loaded_at,
        row_key
    from {{ ref('input_layer__record_deletions') }}

),

people as (

    select
        keys.record_key,
        keys.person_key,
        coalesce(records.is_oversized, false) as is_oversized
    from {{ ref('int_people__keys') }} as keys
    left join {{ ref('int_people__records') }} as records
        on keys.record_key = records.record_key

),

-- A merge that names several losers is one raw row.
raw_rows_found as (

    select
        links.source,
        links.source_table,
        links.source_key,
        bool_or(links.is_key_missing) as is_key_missing,
        -- All the records of one raw row are one component.
        coalesce(min(links.left_key), min(links.right_key)) as record_key,
        coalesce(min(left_people.person_key), min(right_people.person_key))
            as person_key,
        cast(null as timestamp) as first_created_at,
        min(links.left_record_id) as left_record_id,
        min(links.loaded_at) as loaded_at,
        min(links.row_key) as row_key,
        -- A merge that does not say into what links nothing. A group that is
        -- too large to be one person voids its links, but a deletion names one
        -- record only.
        not bool_or(
            links.left_key is not null and links.right_key is not null
        )
        or bool_or(
            links.left_key <> links.right_key
            and (
                coalesce(left_people.is_oversized, false)
                or coalesce(right_people.is_oversized, false)
            )
        ) as is_void
    from links
    left join people as left_people
        on links.left_key = left_people.record_key
    left join people as right_people
        on links.right_key = right_people.record_key
    group by 1, 2, 3

),

judged as (

    select
        *,
        {{ breaks_no_rule(rules_of_readings('loaded_at')) | indent(8) }}
            as is_usable
    from raw_rows_found

)

select * from judged
