with touches as (

    select * from {{ ref('input_layer__touches') }}

),

people as (

    select * from {{ ref('int_people__keys') }}

),

people_found as (

    select
        touches.*,
        people.person_key,
        people.first_created_at,
        not touches.is_deleted as is_read
    from touches
    left join people
        on touches.record_key = people.record_key

),

judged as (

    select
        *,
        {{ breaks_no_rule(rules_of_readings('touched_at')) | indent(8) }}
            as is_usable
    from people_found

)

select * from judged
