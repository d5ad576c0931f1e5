with broken as (

    select * from {{ ref('int_quarantine') }}

),

people as (

    select
        person_key,
        person_id
    from {{ ref('int_people') }}

)

select
    {{ hex_id(
        "broken.source || '|' || broken.source_table || '|' "
        ~ "|| broken.source_key || '|' || broken.rule"
    ) }} as quarantine_id,
    broken.source,
    broken.source_table,
    broken.source_key,
    broken.rule,
    broken.detail,
    people.person_id,
    broken.seen_at
from broken
left join people
    on broken.person_key = people.person_key
