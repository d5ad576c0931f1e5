with opportunities as (

    select * from {{ ref('input_layer__opportunities') }}

),

people as (

    select * from {{ ref('int_people__keys') }}

),

-- An opportunity is read twice: when it was created and when it was closed.
two_readings as (

    select
        *,
        'created' as reading,
        created_at as occurred_at
    from opportunities

    union all

    select
        *,
        'closed' as reading,
        closed_at as occurred_at
    from opportunities
    where is_closed

),

people_found as (

    select
        two_readings.*,
        people.person_key,
        people.first_created_at,
        not two_readings.is_deleted as is_read
    from two_readings
    left join people
        on two_readings.record_key = people.record_key

),

judged as (

    select
        *,
        {{ breaks_no_rule(rules_of_readings('occurred_at')) | indent(8) }}
            as is_usable
    from people_found

)

select * from judged
