-- An owner's team is the main one of several; archived owners stay.
with owners as (
    select *
    from {{ ref('stg_hubspot__owners') }}
),

owner_teams as (
    select *
    from {{ surviving_rows([ref('stg_hubspot__owner_teams')]) }}
),

team_users as (
    select *
    from {{ surviving_rows([ref('stg_hubspot__team_users')]) }}
),

account_users as (
    select *
    from {{ surviving_rows([ref('stg_hubspot__account_users')]) }}
),

teams as (
    select *
    from {{ surviving_rows([ref('stg_hubspot__teams')]) }}
),

owners_of_users as (
    select distinct
        user_id,
        account_user_id
    from owners
    where user_id is not null and account_user_id is not null
),

teams_told as (
    select
        user_id,
        team_id,
        team_name,
        case when is_primary then 1 else 3 end as place,
        coalesce(row_changed_at, row_synced_at, row_loaded_at) as told_at,
        -- A list of an owner's teams is the whole of it, as it was last.
        case when inside_of is not null then 1 else 0 end as is_listed
    from owner_teams
    where not is_deleted_by_loader

    union all

    select
        owners_of_users.user_id,
        account_users.team_id,
        cast(null as string) as team_name,
        2 as place,
        cast(null as timestamp) as told_at,
        0 as is_listed
    from account_users
    inner join owners_of_users
        on account_users.account_user_id = owners_of_users.account_user_id

    union all

    select
        owners_of_users.user_id,
        team_users.team_id,
        cast(null as string) as team_name,
        case when team_users.is_secondary then 4 else 2 end as place,
        cast(null as timestamp) as told_at,
        0 as is_listed
    from team_users
    inner join owners_of_users
        on team_users.account_user_id = owners_of_users.account_user_id
    where not team_users.is_deleted_by_loader
),

teams_ranked as (
    select
        teams_told.user_id,
        coalesce(teams_told.team_name, teams.team_name, teams_told.team_id)
            as team_name,
        row_number() over (
            partition by teams_told.user_id
            order by
                case when teams_told.is_listed = 1 then teams_told.told_at end
                desc nulls last,
                teams_told.place asc,
                teams_told.team_id asc
        ) as team_no
    from teams_told
    left join teams
        on teams_told.team_id = teams.team_id
    where teams_told.team_id is not null or teams_told.team_name is not null
)

select
    {{ row_columns('owners') }},
    owners.user_id,
    {{ system_key('hubspot', 'owners.user_id') }} as user_key,
    coalesce(
        owners.full_name,
        nullif(trim(concat_ws(' ', owners.first_name, owners.last_name)), ''),
        owners.email
    ) as user_name,
    coalesce(owners.team, teams_ranked.team_name) as team,
    owners.role,
    -- The seed of roles knows the team.
    coalesce(owners.team, teams_ranked.team_name) as role_name
from owners
left join teams_ranked
    on
        owners.user_id = teams_ranked.user_id
        and teams_ranked.team_no = 1
