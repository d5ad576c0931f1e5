with users as (

    select * from {{ ref('input_layer__users') }}
    where not is_key_missing

),

roles as (

    select
        {{ same_text('source') }} as source,
        {{ same_text('match_on') }} as match_on,
        value,
        role,
        team
    from {{ ref('def_user_roles') }}

),

roles_by_user as (

    select
        {{ system_key_of('source', user_match_id('source', 'value')) }}
            as user_key,
        min(source) as source,
        min(value) as user_id,
        min(role) as role,
        min(team) as team
    from roles
    where match_on = 'user_id' and value is not null
    group by 1

),

roles_by_name as (

    select
        source,
        {{ same_text('value') }} as role_name,
        min(role) as role,
        min(team) as team
    from roles
    where match_on <> 'user_id'
    group by 1, 2

),

sales_roles as (

    select {{ same_text('role') }} as role from {{ ref('def_sales_roles') }}

),

users_matched as (

    select
        coalesce(users.user_key, roles_by_user.user_key) as user_key,
        coalesce(users.source, roles_by_user.source) as source,
        coalesce(users.user_id, roles_by_user.user_id) as user_id,
        users.user_name,
        coalesce(roles_by_user.role, roles_by_name.role, users.role) as role,
        coalesce(roles_by_user.team, roles_by_name.team, users.team) as team
    from users
    full outer join roles_by_user
        on users.user_key = roles_by_user.user_key
    left join roles_by_name
        on
            users.source = roles_by_name.source
            and {{ same_text('users.role_name') }} = roles_by_name.role_name

),

sales_users_flagged as (

    select
        users_matched.user_key,
        users_matched.source,
        users_matched.user_id,
        users_matched.user_name,
        {{ same_text('users_matched.role') }} as role,
        users_matched.team,
        -- A user without a role counts as sales.
        nullif({{ same_text('users_matched.role') }}, '') is null
        or sales_roles.role is not null as is_sales_user
    from users_matched
    left join sales_roles
        on {{ same_text('users_matched.role') }} = sales_roles.role

)

select * from sales_users_flagged
