{{ config(unique_key='person_key') }}

-- What counts as a response of sales: a completed touch of a type that counts,
-- or a lead that an ADR takes on (TAL).
with activities as (

    select
        activities.person_key,
        activities.user_key as actor_key,
        activities.occurred_at as responded_at
    from {{ ref('int_activities__judged') }} as activities
    cross join {{ ref('int_run__clock') }} as clock
    where
        activities.is_read
        and activities.is_usable
        and activities.occurred_at <= clock.as_of
        and {{ in_batch('activities.record_key') }}

),

tals as (

    select
        person_key,
        actor_key,
        occurred_at as responded_at
    from {{ ref('int_stage_events__cut') }}
    where stage = 'tal' and {{ in_batch('person_key') }}

),

united as (

    select * from activities
    union all
    select * from tals

)

select * from united
