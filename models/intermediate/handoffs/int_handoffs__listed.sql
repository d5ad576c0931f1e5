-- One row per hand-off event of a lifecycle: the first, and where hand-offs are
-- explicit every later one.
with lifecycles as (

    select * from {{ ref('int_lifecycles__milestones') }}
    where handed_off_at is not null

),

in_force as (

    select * from {{ ref('int_funnel_versions__in_force') }}

),

events as (

    select * from {{ ref('int_stage_events__cut') }}

),

handoffs as (

    select
        person_key,
        lifecycle_no,
        handoff_record_key as record_key,
        handed_off_at as passed_at,
        true as is_first
    from lifecycles

    union all

    select
        lifecycles.person_key,
        lifecycles.lifecycle_no,
        events.record_key,
        events.occurred_at as passed_at,
        false as is_first
    from lifecycles
    inner join in_force
        on
            lifecycles.definition_version = in_force.version
            and in_force.handoff_mode = 'explicit'
    inner join events
        on
            lifecycles.person_key = events.person_key
            and lifecycles.lifecycle_no = events.lifecycle_no
            and events.stage = 'handed_off'
    where events.occurred_at > lifecycles.handed_off_at

)

select * from handoffs
