-- Whether an activity is a response and whether its row takes part. Activities
-- are by far the most rows, so only keys and verdicts are kept: what the row
-- says is in the input layer, under the same row_key.
with activities as (

    select
        row_key,
        record_key,
        user_key,
        source,
        source_table,
        activity_type,
        is_completed,
        is_deleted,
        is_key_missing,
        occurred_at,
        loaded_at
    from {{ ref('input_layer__activities') }}

),

people as (

    select * from {{ ref('int_people__keys') }}

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

types_given as (

    select distinct activity_type from activities

),

-- A blank type counts as a response, one that nobody listed does not.
types_found as (

    select
        types_given.activity_type,
        {{ same_text('types_given.activity_type') }} is null
        or coalesce(touch_types.is_response, false) as is_response
    from types_given
    left join touch_types
        on
            {{ same_text('types_given.activity_type') }}
            = touch_types.touch_type

),

people_found as (

    select
        activities.row_key,
        activities.record_key,
        people.person_key,
        activities.user_key,
        activities.source,
        activities.source_table,
        activities.occurred_at,
        activities.loaded_at,
        activities.is_key_missing,
        people.first_created_at,
        not activities.is_deleted
        and coalesce(activities.is_completed, true)
        -- A user nobody knows counts as sales.
        and coalesce(users.is_sales_user, true)
        and coalesce(types_found.is_response, true) as is_read
    from activities
    left join people
        on activities.record_key = people.record_key
    left join users
        on activities.user_key = users.user_key
    left join types_found
        on activities.activity_type = types_found.activity_type

),

readings as (

    select
        row_key,
        record_key,
        person_key,
        user_key,
        source,
        source_table,
        occurred_at,
        is_key_missing,
        is_read,
        {{ breaks_no_rule(rules_of_readings('occurred_at')) | indent(8) }}
            as is_usable
    from people_found

),

judged as (

    select
        readings.*,
        readings.is_read
        and readings.is_usable
        and readings.occurred_at <= clock.as_of as is_response
    from readings
    cross join {{ ref('int_run__clock') }} as clock

)

select * from judged
