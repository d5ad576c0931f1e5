-- Whoever entered a stage became something there: each event is an entry, but
-- for those that say the stage again in which the lead already was. What is
-- missing here drops out of every share of the funnel.
with stages as (

    select stage from {{ ref('def_stages') }}
    where kind <> 'exit'

),

events as (

    select
        stage,
        count(*) as events
    from {{ ref('fct_stage_events') }}
    group by 1

),

repeated as (

    select
        to_stage as stage,
        count(*) as repetitions
    from {{ ref('fct_stage_transitions') }}
    where from_stage = to_stage
    group by 1

),

told as (

    select
        stage,
        sum(entries) as entries
    from {{ ref('mart_stage_flow') }}
    group by 1

)

select
    stages.stage,
    events.events,
    repeated.repetitions,
    told.entries
from stages
left join events
    on stages.stage = events.stage
left join repeated
    on stages.stage = repeated.stage
left join told
    on stages.stage = told.stage
where
    coalesce(events.events, 0) - coalesce(repeated.repetitions, 0)
    <> coalesce(told.entries, 0)
