with broken as (

    select
        source,
        source_table,
        source_key,
        rule,
        detail,
        person_key,
        seen_at
    from {{ ref('int_raw_rows__broken') }}

    union all

    select
        source,
        source_table,
        source_key,
        rule,
        detail,
        cast(null as bigint) as person_key,
        seen_at
    from {{ ref('int_costs__broken') }}

),

-- A row that breaks one rule in two readings is listed once.
broken_once as (

    select
        source,
        source_table,
        source_key,
        rule,
        min(detail) as detail,
        min(person_key) as person_key,
        min(seen_at) as seen_at
    from broken
    group by 1, 2, 3, 4

),

people as (

    select
        person_key,
        person_id
    from {{ ref('int_people') }}

)

select
    {{ hex_id(
        "broken_once.source || '|' || broken_once.source_table || '|' "
        ~ "|| broken_once.source_key || '|' || broken_once.rule"
    ) }} as quarantine_id,
    broken_once.source,
    broken_once.source_table,
    broken_once.source_key,
    broken_once.rule,
    broken_once.detail,
    people.person_id,
    broken_once.seen_at
from broken_once
left join people
    on broken_once.person_key = people.person_key
