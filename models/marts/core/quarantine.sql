with broken as (

    select
        source,
        source_table,
        source_key,
        cast(1 as bigint) as line_no,
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
        line_no,
        rule,
        detail,
        cast(null as bigint) as person_key,
        seen_at
    from {{ ref('int_costs__broken') }}

),

-- A row that breaks one rule in two readings is listed once; rows of a report
-- that share a key are lines of their own.
broken_once as (

    select
        source,
        source_table,
        source_key,
        line_no,
        rule,
        min(detail) as detail,
        min(person_key) as person_key,
        min(seen_at) as seen_at
    from broken
    group by 1, 2, 3, 4, 5

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
        ~ "|| broken_once.source_key || '|' || broken_once.rule || "
        ~ "case when broken_once.line_no > 1 then '|' || "
        ~ "cast(broken_once.line_no as " ~ dbt.type_string() ~ ") else '' end"
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
