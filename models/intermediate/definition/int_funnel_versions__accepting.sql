-- The linter indents loops its own way.
-- noqa: disable=LT02
-- The roles that have to accept, of every version that names any. A role that
-- nobody can have is refused before anything is built.
with versions as (

    select
        version,
        {{ same_text('acceptance_roles') }} as acceptance_roles
    from {{ ref('def_funnel_versions') }}

),

sales_roles as (

    select distinct {{ same_text('role') }} as role
    from {{ ref('def_sales_roles') }}

),

roles_counted as (

    select
        version,
        acceptance_roles,
        length(acceptance_roles)
        - length(replace(acceptance_roles, '+', '')) + 1 as role_count
    from versions
    where acceptance_roles is not null

),

roles_named as (

{%- for role_no in range(1, most_roles_that_accept() + 1) %}
    select
        version,
        {{ role_no }} as role_no,
        role_count,
        {{ same_text("split_part(acceptance_roles, '+', " ~ role_no ~ ")") }}
            as role
    from roles_counted
    where role_count >= {{ role_no }}
    {{ 'union all' if not loop.last }}
{%- endfor %}
),

final as (

    select
        roles_named.version,
        roles_named.role_no,
        roles_named.role_count,
        roles_named.role,
        sales_roles.role is not null as is_sales_role
    from roles_named
    left join sales_roles
        on roles_named.role = sales_roles.role

)

select * from final
