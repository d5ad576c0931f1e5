-- The ordered events of a person, cut into lifecycles. One opens at the first
-- event that is no exit and at any such event after an exit; an exit closes the
-- open one; an exit with none open belongs to no lifecycle. The raw row that
-- tells of an event stays in int_stage_events__deduplicated: a sort that
-- carries it along would cost several times as much.
with events as (

    select * from {{ ref('int_stage_events__deduplicated') }}

),

-- A person, stage and instant is one event, so the order is total.
events_ordered as (

    select
        person_key,
        stage_rank,
        occurred_at,
        is_exit,
        row_number() over in_order as event_no,
        lag(is_exit) over in_order as follows_exit
    from events
    window in_order as (
        partition by person_key
        order by occurred_at, stage_rank
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
        events.person_key,
        events.stage,
        events.stage_rank,
        events.is_exit,
        events.is_progress,
        events.occurred_at,
        events.record_key,
        events.actor_id,
        events.actor_key,
        events.is_sales_actor,
        events.definition_version,
        events.reason,
        events.opportunity_ref,
        numbered.event_no,
        numbered.is_exit_without_lifecycle,
        cast(
            case
                when not numbered.is_exit_without_lifecycle
                    then numbered.openings
            end as integer
        ) as lifecycle_no
    from events
    inner join lifecycles_numbered as numbered
        on
            events.person_key = numbered.person_key
            and events.stage_rank = numbered.stage_rank
            and events.occurred_at = numbered.occurred_at

)

select * from final
