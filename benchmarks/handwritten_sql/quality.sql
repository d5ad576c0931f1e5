-- Since when each field's history is known. No vendor deletes any of it, and all was
-- loaded at once, after as_of.

create table published.marts.mart_history_coverage as
with told as (
    select distinct
        'lead_status_history' as source_table, field,
        try_cast(changed_at as timestamp) as instant,
        lead_id, old_value, new_value
    from read_parquet(
        getvariable('landing') || '/generic/lead_status_history/*.parquet'
    )
    union all
    select distinct
        'score_change', 'score', try_cast(changed_at as timestamp),
        lead_id, score::varchar, reason
    from read_parquet(getvariable('landing') || '/generic/score_change/*.parquet')
)

select
    'generic' as source,
    source_table,
    field,
    count(*) filter (instant <= clock.as_of) as changes,
    min(instant) as first_at,
    max(instant) filter (instant <= clock.as_of) as last_at,
    clock.as_of as last_loaded_at,
    null::integer as kept_days,
    null::integer as kept_values,
    null::timestamp as kept_since_at,
    null::integer as gone_after_days,
    0::bigint as changes_gone,
    null::integer as days_until_lost,
    null::timestamp as lost_at,
    null::integer as warn_days,
    false as is_at_risk,
    null::varchar as said_by,
    clock.as_of
from told
cross join clock
left join records using (lead_id)
where
    instant <= getvariable('loaded_at')
    and coalesce(instant >= records.first_created_at - interval 24 hour, true)
group by all;

-- The rows that break a rule, each with what it said. All were loaded at once.

create table published.marts.quarantine as
with dated as (
    select
        'lead_status_history' as source_table,
        concat_ws(
            '|', coalesce(lead_id, ''), changed_at, field, old_value, new_value
        ) as source_key,
        person_no,
        lead_id is null as is_key_missing,
        lead_id as record_id,
        changed_at as instant_text,
        instant,
        first_created_at,
        if(is_status and new_stage is null, new_value, null) as unmapped
    from broken_changes
    union all
    select
        'sales_activity',
        coalesce(activity_id, 'missing:' || md5(concat_ws(
            '|', lead_id, user_id, type, occurred_at, is_completed, ''
        ))),
        person_no, activity_id is null, lead_id, occurred_at, instant,
        first_created_at, null
    from broken_activities
    union all
    select
        'touch', touch_id, person_no, false, lead_id, touched_at_text, touched_at,
        first_created_at, null
    from touches_told
    where
        person_no is null
        or not coalesce(
            touched_at between first_created_at - interval 24 hour
            and getvariable('loaded_at'),
            false
        )
    union all
    select
        'opportunity', opportunity_id, person_no, false, lead_id,
        created_at::varchar, created_at, first_created_at, null
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
        'generic', source_table, source_key, person_no, 'unmapped_status',
        'No rule of v1 reads status = ' || unmapped
    from dated
    where
        unmapped is not null and not is_key_missing and instant is not null
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
    from exits_of_nothing as events
    inner join leads on ref_row(events.ref) = leads.record_no
    left join old_values on ref_old(events.ref) = old_values.place
    where ref_table(events.ref) < 2
    union all
    select
        'generic', 'opportunity', opportunities.opportunity_id, events.person_no,
        'exit_without_lifecycle',
        concat(
            events.stage, ' at ', events.occurred_at,
            ' closes nothing: no lifecycle is open'
        )
    from exits_of_nothing as events
    inner join opportunities
        on ref_row(events.ref) = opportunities.opportunity_no
    where ref_table(events.ref) = 2
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
