with generic_changes as (
    select *
    from {{ surviving_rows(ref('stg_generic__lead_status_changes')) }}
),

generic_scores as (
    select *
    from {{ surviving_rows(ref('stg_generic__score_changes')) }}
),

salesforce_changes as (
    select *
    from {{ surviving_rows(ref('stg_salesforce__lead_changes')) }}
),

users as (
    select user_key
    from {{ ref('input_layer__users') }}
    where source = 'salesforce' and user_key is not null
),

owner_names_told_from_ids as (
    select
        changes.*,
        {{ same_name('changes.field') }} as field_name,
        case
            when changes.new_value is null then false
            when users.user_key is not null then false
            else not {{ matches(
                'changes.new_value',
                '00[5G][A-Za-z0-9]{12}([A-Za-z0-9]{3})?'
            ) }}
        end as is_name
    from salesforce_changes as changes
    left join users
        on
            {{ system_key('salesforce', sf_match_id('changes.new_value')) }}
            = users.user_key
),

new_leads as (
    select *
    from {{ surviving_rows(ref('stg_marketo__new_leads')) }}
),

filled_out_forms as (
    select *
    from {{ surviving_rows(ref('stg_marketo__filled_out_forms')) }}
),

data_value_changes as (
    select *
    from {{ surviving_rows(ref('stg_marketo__data_value_changes')) }}
),

score_changes as (
    select *
    from {{ surviving_rows(ref('stg_marketo__score_changes')) }}
),

marketo_changes_joined as (
    select *
    from data_value_changes
    union all
    select *
    from score_changes
),

marketo_fields_named as (
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
    from marketo_changes_joined as changes
)

select
    source,
    source_table,
    source_key,
    is_key_missing,
    'lead' as entity,
    case
        when field is null then 'status'
        when {{ same_name('field') }} = 'ownerid' then 'owner'
        else {{ same_name('field') }}
    end as field,
    {{ system_key('generic', 'record_id') }} as record_key,
    record_id,
    old_value,
    new_value,
    changed_at as observed_at,
    {{ unread_text('changed_at', 'changed_at_text') }} as observed_at_text,
    actor_id,
    reason,
    row_loaded_at as loaded_at,
    row_key,
    has_copies,
    file_key
from generic_changes

union all

select
    source,
    source_table,
    source_key,
    is_key_missing,
    'lead' as entity,
    'score' as field,
    {{ system_key('generic', 'record_id') }} as record_key,
    record_id,
    cast(null as string) as old_value,
    score as new_value,
    changed_at as observed_at,
    {{ unread_text('changed_at', 'changed_at_text') }} as observed_at_text,
    cast(null as string) as actor_id,
    reason,
    row_loaded_at as loaded_at,
    row_key,
    has_copies,
    file_key
from generic_scores

union all

select
    source,
    source_table,
    source_key,
    is_key_missing,
    'lead' as entity,
    case
        when field_name in ('owner', 'ownerid')
            then case when is_name then 'ownername' else 'owner' end
        else coalesce(field_name, '')
    end as field,
    {{ system_key('salesforce', sf_match_id('record_id')) }} as record_key,
    record_id,
    old_value,
    new_value,
    changed_at as observed_at,
    {{ unread_text('changed_at', 'changed_at_text') }} as observed_at_text,
    actor_id,
    cast(null as string) as reason,
    row_loaded_at as loaded_at,
    row_key,
    has_copies,
    file_key
from owner_names_told_from_ids

union all

select
    source,
    source_table,
    source_key,
    is_key_missing,
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
    cast(null as string) as reason,
    row_loaded_at as loaded_at,
    row_key,
    has_copies,
    file_key
from new_leads

union all

select
    source,
    source_table,
    source_key,
    is_key_missing,
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
    cast(null as string) as reason,
    row_loaded_at as loaded_at,
    row_key,
    has_copies,
    file_key
from filled_out_forms

union all

select
    source,
    source_table,
    source_key,
    is_key_missing,
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
    change_reason as reason,
    row_loaded_at as loaded_at,
    row_key,
    has_copies,
    file_key
from marketo_fields_named
