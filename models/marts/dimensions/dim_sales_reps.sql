-- Every user whom a system lists or who stands in a fact as an owner or as the
-- one who did something. Ids name no system: what two systems give alike is one
-- row, with the names of both.
with users as (

    select
        *,
        {{ user_match_id('source', 'user_id') }} as match_id
    from {{ ref('int_users__with_roles') }}

),

settings as (

    select * from {{ source('settings', 'run') }}

),

appearances as (

    select
        owner_id,
        passed_at as seen_at
    from {{ ref('fct_handoffs') }}

    union all

    select
        owner_id,
        ended_at as seen_at
    from {{ ref('fct_handoffs') }}

    union all

    select
        from_owner_id as owner_id,
        passed_at as seen_at
    from {{ ref('fct_handoffs') }}

    union all

    select
        owner_id,
        handed_off_at as seen_at
    from {{ ref('fct_lead_lifecycles') }}

    union all

    select
        actor_id as owner_id,
        occurred_at as seen_at
    from {{ ref('fct_stage_events') }}

),

seen as (

    select
        owner_id,
        min(seen_at) as first_seen_at,
        max(seen_at) as last_seen_at
    from appearances
    where owner_id is not null
    group by 1

),

ids as (

    select owner_id from seen

    union distinct

    select user_id as owner_id
    from users
    where user_id is not null

),

sources as (

    select distinct source from users

),

-- A Salesforce id with or without its checksum is the same user.
ids_asked as (

    select
        ids.owner_id,
        sources.source,
        {{ user_match_id('sources.source', 'ids.owner_id') }} as match_id
    from ids
    cross join sources

),

-- What several systems say otherwise is not known.
known as (

    select
        ids_asked.owner_id,
        {{ joined_texts('users.source') }} as source,
        {{ joined_texts('users.user_name', ' / ') }} as user_name,
        {{ only_value('users.team') }} as team,
        {{ only_value('users.role') }} as role,
        bool_or(users.is_sales_user) as is_sales_user
    from ids_asked
    inner join users
        on
            ids_asked.source = users.source
            and ids_asked.match_id = users.match_id
    group by 1

)

select
    ids.owner_id,
    coalesce(known.user_name, ids.owner_id) as rep_name,
    known.source,
    known.team,
    known.role,
    -- A user whom nobody knows counts as sales.
    coalesce(known.is_sales_user, true) as is_sales_user,
    known.owner_id is not null as is_known,
    cast(
        {{ from_utc('seen.first_seen_at', 'settings.reporting_timezone') }}
        as date
    ) as from_date,
    cast(
        {{ from_utc('seen.last_seen_at', 'settings.reporting_timezone') }}
        as date
    ) as until_date
from ids
cross join settings
left join known
    on ids.owner_id = known.owner_id
left join seen
    on ids.owner_id = seen.owner_id
