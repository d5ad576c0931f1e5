-- What counts as a response of sales: a completed touch of a type that counts,
-- a lead that an ADR takes on (TAL), or an SAL that does not yet complete the
-- acceptance.
with activities as (

    select
        person_key,
        user_key as actor_key,
        occurred_at as responded_at
    from {{ ref('int_activities__judged') }}
    where is_response

),

events as (

    select * from {{ ref('int_stage_events__cut') }}

),

lifecycles as (

    select
        person_key,
        lifecycle_no,
        sal_at
    from {{ ref('int_lifecycles__milestones') }}

),

tals as (

    select
        person_key,
        actor_key,
        occurred_at as responded_at
    from events
    where stage = 'tal'

),

partial_sals as (

    select
        events.person_key,
        events.actor_key,
        events.occurred_at as responded_at
    from events
    inner join lifecycles
        on
            events.person_key = lifecycles.person_key
            and events.lifecycle_no = lifecycles.lifecycle_no
    where
        events.stage = 'sal'
        and events.occurred_at < coalesce(
            lifecycles.sal_at, {{ end_of_time() }}
        )

),

united as (

    select * from activities
    union all
    select * from tals
    union all
    select * from partial_sals

)

select * from united
