with events as (

    select
        cut.person_key,
        cut.lifecycle_no,
        cut.event_no,
        cut.stage,
        cut.occurred_at,
        cut.actor_id
    from {{ ref('int_stage_events__cut') }} as cut
    where
        not cut.is_exit_without_lifecycle

),

lifecycles as (

    select
        person_key,
        person_id,
        lifecycle_no,
        lifecycle_id
    from {{ ref('int_lifecycles') }}
    where is_in_marts

),

verdicts as (

    select * from {{ ref('def_stage_transitions') }}

),

pairs as (

    select
        person_key,
        lifecycle_no,
        stage as to_stage,
        occurred_at as to_at,
        actor_id,
        lag(stage) over in_order as from_stage,
        lag(occurred_at) over in_order as from_at,
        cast(row_number() over in_order - 1 as integer) as transition_no
    from events
    window in_order as (partition by person_key, lifecycle_no order by event_no)

)

select
    {{ hex_id_of([
        'lifecycles.lifecycle_id',
        'cast(pairs.transition_no as ' ~ dbt.type_string() ~ ')',
    ]) }} as transition_id,
    lifecycles.lifecycle_id,
    lifecycles.person_id,
    pairs.lifecycle_no,
    pairs.transition_no,
    pairs.from_stage,
    pairs.to_stage,
    pairs.from_at,
    pairs.to_at,
    {{ hours_between('pairs.from_at', 'pairs.to_at') }} as hours,
    -- A pair that nobody allowed is forbidden.
    coalesce(verdicts.verdict, 'forbidden') as verdict,
    pairs.actor_id
from pairs
inner join lifecycles
    on
        pairs.person_key = lifecycles.person_key
        and pairs.lifecycle_no = lifecycles.lifecycle_no
left join verdicts
    on
        pairs.from_stage = verdicts.from_stage
        and pairs.to_stage = verdicts.to_stage
where pairs.from_stage is not null
