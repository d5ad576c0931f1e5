{{ config(unique_key='person_id') }}

with events as (

    select * from {{ ref('int_stage_events__cut') }}
    where not is_exit_without_lifecycle and {{ in_batch('person_key') }}

),

people as (

    select
        person_key,
        person_id
    from {{ ref('int_people') }}
    where is_in_marts and {{ in_batch('person_key') }}

)

select
    {{ hex_id(
        "people.person_id || '|' || events.stage || '|' || events.source "
        ~ "|| '|' || events.source_table || '|' || events.source_key || '|' "
        ~ "|| cast(" ~ epoch_us('events.occurred_at') ~ " as "
        ~ dbt.type_string() ~ ")"
    ) }} as stage_event_id,
    people.person_id,
    events.lifecycle_no,
    cast(events.event_no as integer) as event_no,
    events.stage,
    events.occurred_at,
    events.source,
    events.source_table,
    events.source_key,
    events.actor_id,
    events.is_sales_actor,
    events.definition_version
from events
inner join people
    on events.person_key = people.person_key
