-- Who owned the lead when it was handed over, and whether that is a sales user:
-- one row per hand-off event of a lifecycle, the first and every later one.
with users as (

    select * from {{ ref('int_users__with_roles') }}

),

owners_found as (

    select * from {{ ref('int_handoffs__traced') }}

),

owners_keyed as (

    select
        *,
        {{ system_key_of(
            'owner_source', user_match_id('owner_source', 'owner_id')
        ) }} as owner_key
    from owners_found

),

users_found as (

    select
        owners_keyed.person_key,
        owners_keyed.lifecycle_no,
        owners_keyed.passed_at,
        owners_keyed.is_first,
        owners_keyed.owner_source,
        owners_keyed.record_id,
        coalesce(users.user_id, owners_keyed.owner_id) as owner_id,
        coalesce(owners_keyed.owner_key, 0) as owner_key,
        users.team,
        coalesce(users.is_sales_user, true) as is_sales_user
    from owners_keyed
    left join users
        on owners_keyed.owner_key = users.user_key

)

select * from users_found
