-- Each hand-off that is neither accepted nor ended, on the pass that it waits
-- in: how much of its opening time is left, and what is to be done next.
with passes as (

    select * from {{ ref('fct_handoffs') }}
    where is_open

),

lifecycles as (

    select * from {{ ref('fct_lead_lifecycles') }}

),

clock as (

    select as_of from {{ ref('int_run__clock') }}

),

instants as (

    select
        passes.handoff_id,
        passes.sla_calendar_id as calendar_id,
        passes.passed_at,
        clock.as_of
    from passes
    cross join clock

),

starts as (

    {{ business_us('instants', 'handoff_id', 'passed_at') }}

),

ends as (

    {{ business_us('instants', 'handoff_id', 'as_of') }}

),

aged as (

    select
        passes.*,
        clock.as_of,
        {{ hours_of('ends.business_us - starts.business_us') }}
            as open_business_hours,
        -- What still has to come before the due time: a response, or where a
        -- response is not enough the decision itself.
        passes.first_response_at is null
        or not passes.touches_stop_clock as is_clock_running
    from passes
    cross join clock
    inner join starts
        on passes.handoff_id = starts.handoff_id
    inner join ends
        on passes.handoff_id = ends.handoff_id

),

final as (

    select
        aged.handoff_id,
        aged.lifecycle_id,
        aged.person_id,
        aged.owner_id,
        aged.team,
        lifecycles.channel,
        lifecycles.last_campaign_id as campaign_id,
        lifecycles.handed_off_at,
        aged.passed_at,
        aged.pass_no,
        aged.due_at,
        aged.pending_until,
        aged.first_response_at,
        aged.outcome,
        aged.open_business_hours,
        aged.was_ignored as is_overdue,
        case
            when aged.is_clock_running
                then aged.sla_business_hours - aged.open_business_hours
        end as business_hours_left,
        case
            when aged.first_response_at is null then 'respond'
            else 'decide'
        end as next_step,
        lifecycles.score_at_handoff,
        aged.as_of
    from aged
    inner join lifecycles
        on aged.lifecycle_id = lifecycles.lifecycle_id

)

select * from final
