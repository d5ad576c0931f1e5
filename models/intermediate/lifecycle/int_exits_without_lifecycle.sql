-- Exits that close nothing, with the raw row that each was read from. A view:
-- of all events it keeps a few, and nothing else need be written down.
with exits_without_lifecycle as (

    select
        events.person_key,
        events.stage,
        events.occurred_at,
        events.source,
        events.source_table,
        events.source_key,
        events.row_key,
        events.record_key,
        events.loaded_at
    from {{ ref('int_stage_events__cut') }} as cut
    inner join {{ ref('int_stage_events__deduplicated') }} as events
        on
            cut.person_key = events.person_key
            and cut.stage_rank = events.stage_rank
            and cut.occurred_at = events.occurred_at
    where cut.is_exit_without_lifecycle and events.is_exit

)

select * from exits_without_lifecycle
