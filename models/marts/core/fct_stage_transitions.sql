{{ config(unique_key='person_id') }}

with events as (

    select * from {{ ref('fct_stage_events') }}
    where {{ in_batch_people('person_id') }}

),

verdicts as (

    select * from {{ ref('def_stage_transitions') }}

),

pairs as (

    select
        person_id,
        lifecycle_no,
        stage as to_stage,
        occurred_at as to_at,
        actor_id,
        lag(stage) over in_order as from_stage,
        lag(occurred_at) over in_order as from_at,
        cast(row_number() over in_order - 1 as integer) as transition_no
    from events
    window in_order as (partition by person_id, lifecycle_no order by event_no)

),

keyed as (

    select
        *,
        {{ hex_id(
            "person_id || '|' || cast(lifecycle_no as "
            ~ dbt.type_string() ~ ")"
        ) }} as lifecycle_id
    from pairs
    where from_stage is not null

)

select
    {{ hex_id(
        "keyed.lifecycle_id || '|' || cast(keyed.transition_no as "
        ~ dbt.type_string() ~ ")"
    ) }} as transition_id,
    keyed.lifecycle_id,
    keyed.person_id,
    keyed.lifecycle_no,
    keyed.transition_no,
    keyed.from_stage,
    keyed.to_stage,
    keyed.from_at,
    keyed.to_at,
    {{ hours_between('keyed.from_at', 'keyed.to_at') }} as hours,
    -- A pair that nobody allowed is forbidden.
    coalesce(verdicts.verdict, 'forbidden') as verdict,
    keyed.actor_id
from keyed
left join verdicts
    on
        keyed.from_stage = verdicts.from_stage
        and keyed.to_stage = verdicts.to_stage
