-- What counts as a response of sales: a completed touch of a type that counts,
-- or a lead that an ADR takes on (TAL).
with activities as (

    select
        person_key,
        user_key as actor_key,
        occurred_at as responded_at
    from {{ ref('int_activities__judged') }}
    where is_response

),

tals as (

    select
        person_key,
        actor_key,
        occurred_at as responded_at
    from {{ ref('int_stage_events__cut') }}
    where stage = 'tal'

),

united as (

    select * from activities
    union all
    select * from tals

)

select * from united
