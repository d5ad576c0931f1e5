-- What tells of an event as of the run's as_of: a reading that a stage rule
-- makes an event of, or an opportunity that was created, won or lost. A view:
-- what tells of an event a second time need not be written down.
with matched as (

    select * from {{ ref('int_readings__matched') }}

),

opportunities as (

    select * from {{ ref('int_opportunities__judged') }}

),

in_force as (

    select * from {{ ref('int_funnel_versions__in_force') }}

),

stages as (

    select
        stage,
        rank as stage_rank,
        kind
    from {{ ref('def_stages') }}

),

users as (

    select * from {{ ref('int_users__with_roles') }}

),

clock as (

    select * from {{ ref('int_run__clock') }}

),

candidates as (

    select
        person_key,
        stage,
        observed_at as occurred_at,
        source,
        source_table,
        source_key,
        row_key,
        record_key,
        actor_id,
        definition_version,
        reason,
        loaded_at,
        cast(null as {{ dbt.type_string() }}) as opportunity_ref
    from matched
    where stage is not null and stage <> 'none' and person_key is not null

    union all

    select
        opportunities.person_key,
        case
            when opportunities.reading = 'created' then 'opportunity'
            when opportunities.is_won then 'won'
            else 'lost'
        end as stage,
        opportunities.occurred_at,
        opportunities.source,
        opportunities.source_table,
        opportunities.source_key,
        opportunities.row_key,
        opportunities.record_key,
        opportunities.owner_id as actor_id,
        in_force.version as definition_version,
        cast(null as {{ dbt.type_string() }}) as reason,
        opportunities.loaded_at,
        opportunities.source || '|' || opportunities.source_key
            as opportunity_ref
    from opportunities
    inner join in_force
        on
            opportunities.occurred_at >= in_force.valid_from
            and opportunities.occurred_at < in_force.valid_to
    where opportunities.is_usable and opportunities.is_read

),

candidates_keyed as (

    select
        *,
        {{ system_key_of('source', user_match_id('source', 'actor_id')) }}
            as actor_key
    from candidates

),

-- Users are found before events are cut off at as_of: what an engine expects of
-- such a cut is so little that it would look events up for the users.
actors_found as (

    select
        candidates.*,
        users.user_id,
        coalesce(users.is_sales_user, true) as is_sales_actor
    from candidates_keyed as candidates
    left join users
        on candidates.actor_key = users.user_key

),

candidates_in_time as (

    select
        candidates.*,
        stages.stage_rank,
        stages.kind = 'exit' as is_exit,
        stages.kind = 'progress' as is_progress
    from actors_found as candidates
    inner join stages
        on candidates.stage = stages.stage
    cross join clock
    where candidates.occurred_at <= clock.as_of

)

select * from candidates_in_time
