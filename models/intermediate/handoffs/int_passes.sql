-- One row per pass of a marketing hand-off: the first hand-off, then each later
-- hand-off or change of owner to a sales user who does not have it yet, before
-- the acceptance or the exit.
with lifecycles as (

    select * from {{ ref('int_lifecycles__milestones') }}
    where origin = 'marketing'

),

owned as (

    select * from {{ ref('int_handoffs__owned') }}

),

changes as (

    select * from {{ ref('int_owner_changes') }}

),

users as (

    select * from {{ ref('int_users__with_roles') }}

),

changes_keyed as (

    select
        changes.*,
        -- Nobody has no key, however nobody is written.
        case
            when new_owner_id <> ''
                then {{ system_key_of(
                    'source', user_match_id('source', 'new_owner_id')
                ) }}
        end as owner_key
    from changes

),

possible_passes as (

    select
        person_key,
        lifecycle_no,
        passed_at,
        owner_id,
        owner_key,
        team,
        is_sales_user,
        owner_source as record_source,
        record_id,
        is_first,
        -- At one instant a change of owner tells more than the hand-off.
        case when is_first then 0 else 2 end as candidate_kind
    from owned

    union all

    select
        lifecycles.person_key,
        lifecycles.lifecycle_no,
        changes_keyed.changed_at as passed_at,
        coalesce(users.user_id, nullif(changes_keyed.new_owner_id, ''))
            as owner_id,
        coalesce(changes_keyed.owner_key, 0) as owner_key,
        users.team,
        coalesce(users.is_sales_user, true) as is_sales_user,
        changes_keyed.source as record_source,
        changes_keyed.record_id,
        false as is_first,
        1 as candidate_kind
    from lifecycles
    inner join changes_keyed
        on lifecycles.person_key = changes_keyed.person_key
    left join users
        on changes_keyed.owner_key = users.user_key
    cross join {{ ref('int_run__clock') }} as clock
    where
        changes_keyed.changed_at > lifecycles.handed_off_at
        and changes_keyed.changed_at <= clock.as_of

),

-- One after another: at one instant in the order of their records, and a
-- hand-off event only where no change of owner tells of a sales user.
candidates as (

    select
        possible_passes.person_key,
        possible_passes.lifecycle_no,
        possible_passes.passed_at,
        possible_passes.owner_id,
        possible_passes.owner_key,
        possible_passes.team,
        possible_passes.is_first,
        possible_passes.candidate_kind,
        possible_passes.record_source,
        possible_passes.record_id,
        min(possible_passes.candidate_kind) over (
            partition by
                possible_passes.person_key,
                possible_passes.lifecycle_no,
                possible_passes.passed_at
        ) as best_kind
    from possible_passes
    inner join lifecycles
        on
            possible_passes.person_key = lifecycles.person_key
            and possible_passes.lifecycle_no = lifecycles.lifecycle_no
    where
        possible_passes.is_first
        or (
            possible_passes.is_sales_user
            and possible_passes.passed_at < least(
                coalesce(lifecycles.accepted_at, {{ end_of_time() }}),
                coalesce(lifecycles.exited_at, {{ end_of_time() }})
            )
        )

),

owners_compared as (

    select
        *,
        lag(owner_key) over in_time as previous_owner_key
    from candidates
    where candidate_kind = best_kind
    window in_time as (
        partition by person_key, lifecycle_no
        order by passed_at, record_source, record_id
    )

),

passes_numbered as (

    select
        person_key,
        lifecycle_no,
        passed_at,
        owner_id,
        owner_key,
        team,
        cast(row_number() over in_time as integer) as pass_no,
        lag(owner_id) over in_time as from_owner_id,
        lead(passed_at) over in_time as next_passed_at
    from owners_compared
    where is_first or owner_key <> previous_owner_key
    window in_time as (
        partition by person_key, lifecycle_no
        order by passed_at, record_source, record_id
    )

)

select * from passes_numbered
