with generic_users as (
    select *
    from {{ surviving_rows(ref('stg_generic__users')) }}
),

salesforce_users as (
    select *
    from {{ surviving_rows(ref('stg_salesforce__users')) }}
),

user_roles as (
    select *
    from {{ surviving_rows(ref('stg_salesforce__user_roles')) }}
)

select
    source,
    source_table,
    source_key,
    is_key_missing,
    user_id,
    {{ system_key('generic', 'user_id') }} as user_key,
    user_name,
    team,
    role,
    cast(null as string) as role_name
from generic_users

union all

select
    users.source,
    users.source_table,
    users.source_key,
    users.is_key_missing,
    users.user_id,
    {{ system_key('salesforce', sf_match_id('users.user_id')) }}
        as user_key,
    users.user_name,
    users.team,
    users.role,
    user_roles.role_name
from salesforce_users as users
left join user_roles
    on
        {{ sf_match_id('users.user_role_id') }}
        = {{ sf_match_id('user_roles.user_role_id') }}
