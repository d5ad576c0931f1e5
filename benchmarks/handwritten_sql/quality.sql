-- The rows that break a rule, each with what it said. All were loaded at once.

create table published.marts.quarantine as
with changes as (
    select
        concat_ws(
            '|', coalesce(broken.lead_id, ''), broken.changed_at, broken.field,
            broken.old_value, broken.new_value
        ) as source_key,
        *
    from history
    where broken is not null
),

broken_activities as (
    select
        coalesce(broken.activity_id, 'missing:' || md5(concat_ws(
            '|', broken.lead_id, broken.user_id, broken.type,
            broken.occurred_at, broken.is_completed, ''
        ))) as source_key,
        *
    from activities
    where broken is not null
),

broken_touches as (
    select * from touches_told
    where
        person_no is null
        or not coalesce(
            touched_at between first_created_at - interval 24 hour
            and getvariable('loaded_at'),
            false
        )
),

-- What is dated, in one shape.
dated as (
    select
        'lead_status_history' as source_table,
        source_key,
        person_no,
        broken.lead_id is null as is_key_missing,
        broken.lead_id as record_id,
        broken.changed_at as instant_text,
        changed_at as instant,
        broken.first_created_at as first_created_at
    from changes
    union all
    select
        'sales_activity', source_key, person_no, broken.activity_id is null,
        broken.lead_id, broken.occurred_at, occurred_at, broken.first_created_at
    from broken_activities
    union all
    select
        'touch', touch_id, person_no, false, lead_id, touched_at_text, touched_at,
        first_created_at
    from broken_touches
    union all
    select
        'opportunity', opportunity_id, person_no, false, lead_id,
        created_at::varchar, created_at, first_created_at
    from opportunities
    where person_no is null
),

found as (
    select
        'generic' as source, source_table, source_key, person_no,
        'missing_key' as rule, 'The row has no key.' as detail
    from dated
    where is_key_missing
    union all
    select
        'generic', source_table, source_key, person_no, 'unparsable_timestamp',
        coalesce('Not a time: ' || instant_text, 'The time is blank.')
    from dated
    where not is_key_missing and instant is null
    union all
    select
        'generic', source_table, source_key, person_no, 'future_timestamp',
        'At ' || instant::varchar
        || ', which was not yet when it was loaded (seen_at)'
    from dated
    where not is_key_missing and instant > getvariable('loaded_at')
    union all
    select
        'generic', source_table, source_key, person_no, 'before_first_record',
        'At ' || instant::varchar || ', but the first record of the person is of '
        || first_created_at::varchar
    from dated
    where not is_key_missing and instant < first_created_at - interval 24 hour
    union all
    select
        'generic', source_table, source_key, person_no, 'unknown_person',
        'No record has the id ' || record_id
    from dated
    where not is_key_missing and person_no is null
    union all
    select
        'generic', 'lead_status_history', source_key, person_no,
        'unmapped_status',
        'No rule of v1 reads status = ' || broken.new_value
    from changes
    where
        is_status and new_stage is null and broken.lead_id is not null
        and changed_at is not null
    union all
    select
        'generic',
        if(ref_table(events.ref) = 0, 'lead', 'lead_status_history'),
        if(
            ref_table(events.ref) = 0,
            leads.lead_id,
            concat(
                leads.lead_id, '|', events.occurred_at, '|status|',
                old_values.stage, '|', events.stage
            )
        ),
        events.person_no,
        'exit_without_lifecycle',
        concat(
            events.stage, ' at ', events.occurred_at,
            ' closes nothing: no lifecycle is open'
        )
    from events
    inner join leads on ref_row(events.ref) = leads.record_no
    left join old_values on ref_old(events.ref) = old_values.place
    where events.closes_nothing and ref_table(events.ref) < 2
    union all
    select
        'generic', 'opportunity', opportunities.opportunity_id, events.person_no,
        'exit_without_lifecycle',
        concat(
            events.stage, ' at ', events.occurred_at,
            ' closes nothing: no lifecycle is open'
        )
    from events
    inner join opportunities
        on ref_row(events.ref) = opportunities.opportunity_no
    where events.closes_nothing and ref_table(events.ref) = 2
    union all
    select
        'generic', 'lead', leads.lead_id, linked.person_no,
        'oversized_identity_group',
        'One of ' || linked.size || ' records that links would make one person'
    from linked
    inner join leads using (record_no)
    where linked.is_dissolved
    union all
    select
        source, source_table, source_key, null, 'unparsable_timestamp',
        coalesce('Not a day: ' || day_text, 'The day is blank.')
    from costs
    where spend_date is null
    union all
    select
        source, source_table, source_key, null, 'unparsable_amount',
        coalesce('Not an amount: ' || amount_text, 'The amount is blank.')
    from costs
    where amount is null
),

once as (
    select
        source, source_table, source_key, rule, min(detail) as detail,
        min(person_no) as person_no
    from found
    group by all
)

select
    md5(
        once.source || '|' || source_table || '|' || source_key || '|' || rule
    ) as quarantine_id,
    once.source,
    source_table,
    source_key,
    rule,
    detail,
    people.person_id,
    getvariable('loaded_at') as seen_at
from once
left join people using (person_no);
