with passes as (

    select * from {{ ref('int_passes__outcomes') }}

),

times as (

    select * from {{ ref('int_passes__timed') }}

),

lifecycles as (

    select
        person_key,
        person_id,
        lifecycle_no,
        lifecycle_id
    from {{ ref('int_lifecycles') }}
    where is_in_marts

)

select
    {{ hex_id(
        "lifecycles.lifecycle_id || '|' || cast(passes.pass_no as "
        ~ dbt.type_string() ~ ")"
    ) }} as handoff_id,
    lifecycles.lifecycle_id,
    lifecycles.person_id,
    lifecycles.lifecycle_no,
    passes.pass_no,
    passes.from_owner_id,
    passes.owner_id,
    passes.team,
    passes.passed_at,
    passes.due_at,
    passes.first_response_at,
    passes.ended_at,
    passes.outcome,
    passes.was_ignored_in_pass as was_ignored,
    passes.calendar_id as sla_calendar_id,
    cast(passes.sla_business_hours as double) as sla_business_hours,
    passes.touches_stop_clock,
    passes.pending_until,
    times.is_open,
    times.business_hours,
    times.routing_hours,
    times.rep_hours
from passes
inner join lifecycles
    on
        passes.person_key = lifecycles.person_key
        and passes.lifecycle_no = lifecycles.lifecycle_no
inner join times
    on passes.pass_key = times.pass_key
