with users as (
    select *
    from {{ ref('stg_salesforce__users') }}
),

user_roles as (
    select *
    from {{ surviving_rows([ref('stg_salesforce__user_roles')]) }}
)

select
    {{ row_columns('users') }},
    users.user_id,
    {{ system_key('salesforce', sf_match_id('users.user_id')) }}
        as user_key,
    users.user_name,
    users.team,
    users.role,
    user_roles.role_name
from users
left join user_roles
    on
        {{ sf_match_id('users.user_role_id') }}
        = {{ sf_match_id('user_roles.user_role_id') }}
