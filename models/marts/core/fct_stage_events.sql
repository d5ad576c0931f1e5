with events as (

    select * from {{ ref('int_stage_events__deduplicated') }}

),

-- Narrow, so that it can be looked up.
places as (

    select
        cut.person_key,
        cut.stage_rank,
        cut.occurred_at,
        cut.event_no,
        cut.lifecycle_no,
        people.person_id
    from {{ ref('int_stage_events__cut') }} as cut
    inner join {{ ref('int_people') }} as people
        on cut.person_key = people.person_key
    where
        not cut.is_exit_without_lifecycle
        and people.is_in_marts

)

select
    {{ hex_id_of([
        'places.person_id',
        'events.stage',
        'events.source',
        'events.source_table',
        'events.source_key',
        "cast(" ~ epoch_us('events.occurred_at') ~ " as "
        ~ dbt.type_string() ~ ")",
    ]) }} as stage_event_id,
    places.person_id,
    places.lifecycle_no,
    cast(places.event_no as integer) as event_no,
    events.stage,
    events.occurred_at,
    events.source,
    events.source_table,
    events.source_key,
    events.actor_id,
    events.is_sales_actor,
    events.definition_version
from events
inner join places
    on
        events.person_key = places.person_key
        and events.stage_rank = places.stage_rank
        and events.occurred_at = places.occurred_at
