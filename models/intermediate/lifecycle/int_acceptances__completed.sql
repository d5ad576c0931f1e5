-- Where each role that a version names has accepted: the first SAL by which all
-- of them have given one. Which version a lifecycle is judged by depends on its
-- hand-off, so this is asked for each version in force that names roles.
with sals as (

    select
        person_key,
        lifecycle_no,
        event_no,
        occurred_at,
        actor_key,
        actor_id
    from {{ ref('int_stage_events__cut') }}
    where
        stage = 'sal'

),

roles_named as (

    select distinct
        in_force.version as definition_version,
        accepting.role
    from {{ ref('int_funnel_versions__in_force') }} as in_force
    inner join {{ ref('int_funnel_versions__accepting') }} as accepting
        on in_force.version = accepting.version

),

roles_counted as (

    select
        definition_version,
        count(*) as role_count
    from roles_named
    group by 1

),

users as (

    select
        user_key,
        role
    from {{ ref('int_users__with_roles') }}

),

-- Nobody without a known role is in here.
first_sals_of_roles as (

    select
        sals.person_key,
        sals.lifecycle_no,
        roles_named.definition_version,
        roles_named.role,
        min(sals.event_no) as event_no
    from sals
    inner join users
        on sals.actor_key = users.user_key
    inner join roles_named
        on users.role = roles_named.role
    group by 1, 2, 3, 4

),

roles_gathered as (

    select
        person_key,
        lifecycle_no,
        definition_version,
        count(*) as role_count,
        max(event_no) as event_no
    from first_sals_of_roles
    group by 1, 2, 3

),

final as (

    select
        sals.person_key,
        sals.lifecycle_no,
        roles_gathered.definition_version,
        sals.occurred_at as sal_at,
        sals.actor_id as sal_actor_id
    from roles_gathered
    inner join roles_counted
        on
            roles_gathered.definition_version
            = roles_counted.definition_version
            and roles_gathered.role_count = roles_counted.role_count
    inner join sals
        on
            roles_gathered.person_key = sals.person_key
            and roles_gathered.event_no = sals.event_no

)

select * from final
