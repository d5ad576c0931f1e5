with links as (

    select * from {{ ref('int_identity__links') }}

),

records as (

    select
        record_key,
        person_key,
        is_oversized
    from {{ ref('int_people__records') }}

),

keys as (

    select * from {{ ref('int_people__keys') }}

),

people as (

    select
        person_key,
        person_id
    from {{ ref('int_people') }}
    where is_in_marts

),

people_found as (

    select
        links.*,
        people.person_id,
        coalesce(records.is_oversized, other_records.is_oversized, false)
            as is_dissolved
    from links
    left join keys as left_keys
        on links.left_key = left_keys.record_key
    left join keys as right_keys
        on links.right_key = right_keys.record_key
    left join records
        on links.left_key = records.record_key
    left join records as other_records
        on links.right_key = other_records.record_key
    inner join people
        on
            coalesce(left_keys.person_key, right_keys.person_key)
            = people.person_key

),

links_once as (

    select
        person_id,
        link_type,
        left_source,
        left_record_id,
        right_source,
        right_record_id,
        min(linked_at) as linked_at,
        min(evidence_source) as evidence_source,
        min(evidence_table) as evidence_table,
        min(evidence_key) as evidence_key,
        bool_or(is_dissolved) as is_dissolved
    from people_found
    group by 1, 2, 3, 4, 5, 6

)

select
    {{ hex_id(
        "link_type || '|' || left_source || '|' || left_record_id || '|' "
        ~ "|| right_source || '|' || right_record_id"
    ) }} as identity_link_id,
    person_id,
    link_type,
    left_source,
    left_record_id,
    right_source,
    right_record_id,
    linked_at,
    evidence_source,
    evidence_table,
    evidence_key,
    is_dissolved
from links_once
