with new_leads as (
    select *
    from {{ ref('stg_marketo__new_leads') }}
),

filled_out_forms as (
    select *
    from {{ ref('stg_marketo__filled_out_forms') }}
),

changes_joined as (
    select *
    from {{ ref('stg_marketo__data_value_changes') }}
    union all
    select *
    from {{ ref('stg_marketo__score_changes') }}
),

fields_named as (
    select
        changes.*,
        -- Some layouts hold the field's id where others hold its name.
        {{ same_name(
            "case when " ~ matches('changes.attribute_name', '[0-9]+')
            ~ " then coalesce(changes.attribute_id, changes.attribute_name)"
            ~ " else changes.attribute_name end"
        ) }} as field_name,
        coalesce(
            changes.old_value,
            {{ attribute_value('changes.attributes', 'Old Value') }}
        ) as value_before,
        coalesce(
            changes.new_value,
            {{ attribute_value('changes.attributes', 'New Value') }}
        ) as value_after,
        coalesce(
            changes.reason,
            {{ attribute_value('changes.attributes', 'Reason') }}
        ) as change_reason
    from changes_joined as changes
)

select
    {{ row_columns() }},
    'new_lead' as entity,
    '' as field,
    {{ system_key('marketo', 'record_id') }} as record_key,
    record_id,
    cast(null as string) as old_value,
    cast(null as string) as new_value,
    occurred_at as observed_at,
    {{ unread_text('occurred_at', 'occurred_at_text') }}
        as observed_at_text,
    cast(null as string) as actor_id,
    cast(null as string) as reason
from new_leads

union all

select
    {{ row_columns() }},
    'fill_out_form' as entity,
    '' as field,
    {{ system_key('marketo', 'record_id') }} as record_key,
    record_id,
    cast(null as string) as old_value,
    cast(null as string) as new_value,
    occurred_at as observed_at,
    {{ unread_text('occurred_at', 'occurred_at_text') }}
        as observed_at_text,
    cast(null as string) as actor_id,
    cast(null as string) as reason
from filled_out_forms

union all

select
    {{ row_columns() }},
    'lead' as entity,
    case
        when
            source_table = 'activity_change_score'
            and (
                field_name is null
                or field_name in ('leadscore', 'score')
                or {{ matches('field_name', '[0-9]+') }}
            )
            then 'score'
        else coalesce(field_name, '')
    end as field,
    {{ system_key('marketo', 'record_id') }} as record_key,
    record_id,
    value_before as old_value,
    value_after as new_value,
    occurred_at as observed_at,
    {{ unread_text('occurred_at', 'occurred_at_text') }}
        as observed_at_text,
    cast(null as string) as actor_id,
    change_reason as reason
from fields_named

union all

-- A date of a stage in a column of the lead itself.
select
    {{ row_columns() }},
    'lead' as entity,
    'reached' as field,
    {{ system_key('marketo', 'record_id') }} as record_key,
    record_id,
    cast(null as string) as old_value,
    stage as new_value,
    reached_at as observed_at,
    {{ unread_text('reached_at', 'reached_at_text') }} as observed_at_text,
    cast(null as string) as actor_id,
    cast(null as string) as reason
from {{ ref('stg_marketo__lead_stage_dates') }}
