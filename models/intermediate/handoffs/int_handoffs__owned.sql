-- The linter indents filters and calls of macros its own way.
-- noqa: disable=LT02
-- Who owned the lead when it was handed over: one row per hand-off event of a
-- lifecycle, the first and every later one.
with lifecycles as (

    select * from {{ ref('int_lifecycles__milestones') }}
    where handed_off_at is not null

),

users as (

    select * from {{ ref('int_users__with_roles') }}

),

in_force as (

    select * from {{ ref('int_funnel_versions__in_force') }}

),

events as (

    select * from {{ ref('int_stage_events__cut') }}

),

changes as (

    select * from {{ ref('int_owner_changes') }}

),

people_records as (

    select
        people.record_key,
        people.person_key,
        people.source,
        people.record_id,
        nullif(trim(records.owner_id), '') as owner_id
    from {{ ref('int_people__records') }} as people
    inner join {{ ref('input_layer__records') }} as records
        on people.record_key = records.record_key

),

handoffs as (

    select
        person_key,
        lifecycle_no,
        handoff_record_key as record_key,
        handed_off_at as passed_at,
        true as is_first
    from lifecycles

    union all

    select
        lifecycles.person_key,
        lifecycles.lifecycle_no,
        events.record_key,
        events.occurred_at as passed_at,
        false as is_first
    from lifecycles
    inner join in_force
        on
            lifecycles.definition_version = in_force.version
            and in_force.handoff_mode = 'explicit'
    inner join events
        on
            lifecycles.person_key = events.person_key
            and lifecycles.lifecycle_no = events.lifecycle_no
            and events.stage = 'handed_off'
    where events.occurred_at > lifecycles.handed_off_at

),

asked_of_record as (

    select
        handoffs.person_key,
        handoffs.lifecycle_no,
        handoffs.passed_at,
        handoffs.record_key,
        handoffs.is_first,
        count(changes.record_key) as changes_known,
        min(changes.source) as changes_source,
        min(changes.record_id) as changes_record_id,
        max_by(changes.new_owner_id, changes.changed_at)
            filter (where changes.changed_at <= handoffs.passed_at)
            as owner_before_id,
        min_by(changes.old_owner_id, changes.changed_at)
            filter (where changes.changed_at > handoffs.passed_at)
            as owner_after_id
    from handoffs
    left join changes
        on handoffs.record_key = changes.record_key
    group by 1, 2, 3, 4, 5

),

answered_by_record as (

    select
        asked_of_record.person_key,
        asked_of_record.lifecycle_no,
        asked_of_record.passed_at,
        asked_of_record.is_first,
        -- A merged lead that is no longer listed still has its changes.
        coalesce(people_records.source, asked_of_record.changes_source)
            as source,
        coalesce(people_records.record_id, asked_of_record.changes_record_id)
            as record_id,
        asked_of_record.changes_known > 0
        or people_records.owner_id is not null as is_known,
        coalesce(
            asked_of_record.owner_before_id,
            asked_of_record.owner_after_id,
            people_records.owner_id,
            ''
        ) as owner_id
    from asked_of_record
    left join people_records
        on asked_of_record.record_key = people_records.record_key

),

-- The record of the hand-off knows no owner at all (a lead of marketing
-- automation): the person's other records are asked.
asked_of_person as (

    select
        answered_by_record.person_key,
        answered_by_record.lifecycle_no,
        answered_by_record.passed_at,
        changes.source,
        case
            when changes.changed_at <= answered_by_record.passed_at
                then changes.new_owner_id
            else changes.old_owner_id
        end as owner_id,
        row_number() over (
            partition by
                answered_by_record.person_key,
                answered_by_record.lifecycle_no,
                answered_by_record.passed_at
            order by
                case
                    when changes.changed_at <= answered_by_record.passed_at
                        then 0
                    else 1
                end,
                case
                    when changes.changed_at <= answered_by_record.passed_at
                        then -{{ epoch_us('changes.changed_at') }}
                    else {{ epoch_us('changes.changed_at') }}
                end,
                changes.source,
                changes.record_id
        ) as answer_rank
    from answered_by_record
    inner join changes
        on answered_by_record.person_key = changes.person_key
    where not answered_by_record.is_known

),

current_owners as (

    select
        person_key,
        source,
        owner_id,
        row_number() over (
            partition by person_key
            order by
                case when record_key = person_key then 0 else 1 end,
                source,
                record_id
        ) as answer_rank
    from people_records
    where owner_id is not null

),

owners_found as (

    select
        answered_by_record.person_key,
        answered_by_record.lifecycle_no,
        answered_by_record.passed_at,
        answered_by_record.is_first,
        answered_by_record.record_id,
        case
            when answered_by_record.is_known then answered_by_record.source
            when asked_of_person.answer_rank = 1 then asked_of_person.source
            else current_owners.source
        end as owner_source,
        nullif(
            case
                when answered_by_record.is_known
                    then answered_by_record.owner_id
                when asked_of_person.answer_rank = 1
                    then asked_of_person.owner_id
                else current_owners.owner_id
            end,
            ''
        ) as owner_id
    from answered_by_record
    left join asked_of_person
        on
            answered_by_record.person_key = asked_of_person.person_key
            and answered_by_record.lifecycle_no = asked_of_person.lifecycle_no
            and answered_by_record.passed_at = asked_of_person.passed_at
            and asked_of_person.answer_rank = 1
    left join current_owners
        on
            answered_by_record.person_key = current_owners.person_key
            and current_owners.answer_rank = 1

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
