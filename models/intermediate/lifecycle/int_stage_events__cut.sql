{{ config(unique_key='person_key') }}

-- The ordered events of a person, cut into lifecycles. One opens at the first
-- event that is no exit and at any such event after an exit; an exit closes the
-- open one; an exit with none open belongs to no lifecycle.
with events as (

    select * from {{ ref('int_stage_events__deduplicated') }}
    where {{ in_batch('person_key') }}

),

events_ordered as (

    select
        *,
        row_number() over in_order as event_no,
        lag(is_exit) over in_order as follows_exit
    from events
    window in_order as (
        partition by person_key
        order by occurred_at, stage_rank, source, source_table, source_key
    )

),

openings_marked as (

    select
        *,
        is_exit and coalesce(follows_exit, true) as is_exit_without_lifecycle,
        case
            when not is_exit and coalesce(follows_exit, true) then 1
            else 0
        end as opens_lifecycle
    from events_ordered

),

lifecycles_numbered as (

    select
        *,
        sum(opens_lifecycle) over (
            partition by person_key
            order by event_no
            rows between unbounded preceding and current row
        ) as openings
    from openings_marked

),

final as (

    select
        person_key,
        stage,
        stage_rank,
        is_exit,
        is_progress,
        occurred_at,
        source,
        source_table,
        source_key,
        record_key,
        actor_id,
        actor_key,
        is_sales_actor,
        definition_version,
        reason,
        loaded_at,
        opportunity_ref,
        event_no,
        is_exit_without_lifecycle,
        cast(
            case when not is_exit_without_lifecycle then openings end as integer
        ) as lifecycle_no
    from lifecycles_numbered

)

select * from final
