-- The linter indents filters and calls of macros its own way.
-- noqa: disable=LT02
-- Who owned the lead when it was handed over, as its records tell: one row per
-- hand-off event of a lifecycle.
with handoffs as (

    select * from {{ ref('int_handoffs__listed') }}

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
        asked.person_key,
        asked.lifecycle_no,
        asked.passed_at,
        asked.is_first,
        -- A merged lead that is no longer listed still has its changes.
        coalesce(people_records.source, asked.changes_source) as source,
        coalesce(people_records.record_id, asked.changes_record_id)
            as record_id,
        asked.changes_known > 0
        or people_records.owner_id is not null as is_known,
        coalesce(
            asked.owner_before_id,
            asked.owner_after_id,
            people_records.owner_id,
            ''
        ) as owner_id
    from asked_of_record as asked
    left join people_records
        on asked.record_key = people_records.record_key

),

-- The record of the hand-off knows no owner at all (a lead of marketing
-- automation): the person's other records are asked.
changes_of_person as (

    select
        answered.person_key,
        answered.lifecycle_no,
        answered.passed_at,
        changes.source,
        changes.record_id,
        changes.changed_at > answered.passed_at as is_later,
        case
            when changes.changed_at > answered.passed_at
                then changes.old_owner_id
            else changes.new_owner_id
        end as owner_id,
        abs(
            {{ epoch_us('changes.changed_at') }}
            - {{ epoch_us('answered.passed_at') }}
        ) as us_apart
    from answered_by_record as answered
    inner join changes
        on answered.person_key = changes.person_key
    where not answered.is_known

),

asked_of_person as (

    select
        *,
        row_number() over (
            partition by person_key, lifecycle_no, passed_at
            order by is_later, us_apart, source, record_id
        ) as answer_rank
    from changes_of_person

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
        answered.person_key,
        answered.lifecycle_no,
        answered.passed_at,
        answered.is_first,
        answered.record_id,
        case
            when answered.is_known then answered.source
            when asked_of_person.answer_rank = 1 then asked_of_person.source
            else current_owners.source
        end as owner_source,
        nullif(
            case
                when answered.is_known then answered.owner_id
                when asked_of_person.answer_rank = 1
                    then asked_of_person.owner_id
                else current_owners.owner_id
            end,
            ''
        ) as owner_id
    from answered_by_record as answered
    left join asked_of_person
        on
            answered.person_key = asked_of_person.person_key
            and answered.lifecycle_no = asked_of_person.lifecycle_no
            and answered.passed_at = asked_of_person.passed_at
            and asked_of_person.answer_rank = 1
    left join current_owners
        on
            answered.person_key = current_owners.person_key
            and current_owners.answer_rank = 1

)

select * from owners_found
