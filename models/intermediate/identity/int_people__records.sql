{#- Over this many records a link group is a data fault, not one person. -#}
{%- set most_records = 50 -%}

with records as (

    select
        source,
        source_table,
        source_key,
        record_id,
        record_key,
        is_deleted,
        created_at,
        loaded_at
    from {{ ref('input_layer__records') }}
    where not is_key_missing

),

components as (

    select * from {{ ref('int_identity__components') }}

),

merged_away as (

    select distinct left_key as record_key
    from {{ ref('input_layer__record_links') }}
    where
        link_type = 'merge'
        and not is_key_missing
        -- Merged into nobody is not merged.
        and right_key is not null

),

deleted as (

    select distinct record_key
    from {{ ref('input_layer__record_deletions') }}
    where not is_key_missing

),

records_grouped as (

    select
        records.source,
        records.source_table,
        records.source_key,
        records.record_id,
        records.record_key,
        records.created_at,
        records.loaded_at,
        not records.is_deleted
        and merged_away.record_key is null
        and deleted.record_key is null as is_live,
        coalesce(components.component_key, records.record_key)
            as component_key,
        count(*) over (
            partition by coalesce(components.component_key, records.record_key)
        ) as component_records
    from records
    left join components
        on records.record_key = components.node_key
    left join merged_away
        on records.record_key = merged_away.record_key
    left join deleted
        on records.record_key = deleted.record_key

),

oversized_groups_dissolved as (

    select
        *,
        component_records > {{ most_records }} as is_oversized,
        case
            when component_records > {{ most_records }} then record_key
            else component_key
        end as group_key
    from records_grouped

),

people_keyed as (

    select
        record_key,
        source,
        source_table,
        source_key,
        record_id,
        loaded_at,
        is_live,
        is_oversized,
        component_key,
        component_records,
        first_value(record_key) over live_first as person_key,
        first_value(source) over live_first as primary_source,
        first_value(record_id) over live_first as primary_record_id,
        -- The earliest reading of a person that can be true; a time of
        -- creation after the load cannot.
        min(case when created_at <= loaded_at then created_at end) over (
            partition by group_key
        ) as first_created_at,
        max(case when is_live then 1 else 0 end) over (
            partition by group_key
        ) = 1 as has_live_record
    from oversized_groups_dissolved
    window live_first as (
        partition by group_key
        order by is_live desc, source asc, record_id asc
    )

)

select * from people_keyed
