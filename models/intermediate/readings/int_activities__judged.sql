{{ config(unique_key='record_key') }}

with activities as (

    select * from {{ ref('input_layer__activities') }}
    where {{ in_batch('record_key') }}

),

people as (

    select * from {{ ref('int_people__keys') }}
    where {{ in_batch('record_key') }}

),

users as (

    select
        user_key,
        is_sales_user
    from {{ ref('int_users__with_roles') }}

),

touch_types as (

    select
        {{ same_text('touch_type') }} as touch_type,
        bool_or(is_response) as is_response
    from {{ ref('def_touch_types') }}
    group by 1

),

people_found as (

    select
        activities.*,
        people.person_key,
        people.first_created_at,
        not activities.is_deleted
        and coalesce(activities.is_completed, true)
        -- A user nobody knows counts as sales, a blank type as a response.
        and coalesce(users.is_sales_user, true)
        and (
            nullif({{ same_text('activities.activity_type') }}, '') is null
            or coalesce(touch_types.is_response, false)
        ) as is_read
    from activities
    left join people
        on activities.record_key = people.record_key
    left join users
        on activities.user_key = users.user_key
    left join touch_types
        on {{ same_text('activities.activity_type') }} = touch_types.touch_type

),

judged as (

    select
        *,
        {{ reading_flags('occurred_at') }}
    from people_found

)

select * from judged
