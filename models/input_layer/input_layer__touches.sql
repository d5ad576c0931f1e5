with generic_touches as (
    select *
    from {{ surviving_rows(ref('stg_generic__touches')) }}
),

campaign_members as (
    select
        survivors.*,
        case
            when first_responded_at_text is not null then first_responded_at
            else created_at
        end as touched_at,
        coalesce(first_responded_at_text, created_at_text) as touched_at_text
    from {{ surviving_rows(ref('stg_salesforce__campaign_members')) }}
),

program_memberships as (
    select *
    from {{ surviving_rows(ref('stg_marketo__program_memberships')) }}
),

progression_changes as (
    select *
    from {{ surviving_rows(ref('stg_marketo__progression_changes')) }}
),

filled_out_forms as (
    select *
    from {{ surviving_rows(ref('stg_marketo__filled_out_forms')) }}
)

select
    source,
    source_table,
    source_key,
    is_key_missing,
    {{ system_key('generic', 'record_id') }} as record_key,
    record_id,
    campaign_id,
    campaign_id as campaign_match_id,
    touched_at,
    {{ unread_text('touched_at', 'touched_at_text') }} as touched_at_text,
    touch_type,
    member_status,
    coalesce(is_deleted, false) as is_deleted,
    row_loaded_at as loaded_at,
    row_key,
    has_copies,
    file_key
from generic_touches

union all

select
    source,
    source_table,
    source_key,
    is_key_missing,
    {{ system_key(
        'salesforce', sf_match_id('coalesce(lead_id, contact_id)')
    ) }} as record_key,
    coalesce(lead_id, contact_id) as record_id,
    campaign_id,
    {{ sf_match_id('campaign_id') }} as campaign_match_id,
    touched_at,
    {{ unread_text('touched_at', 'touched_at_text') }} as touched_at_text,
    'campaign_member' as touch_type,
    member_status,
    coalesce(is_deleted, false) as is_deleted,
    row_loaded_at as loaded_at,
    row_key,
    has_copies,
    file_key
from campaign_members

union all

select
    source,
    source_table,
    source_key,
    is_key_missing,
    {{ system_key('marketo', 'record_id') }} as record_key,
    record_id,
    campaign_id,
    campaign_id as campaign_match_id,
    touched_at,
    {{ unread_text('touched_at', 'touched_at_text') }} as touched_at_text,
    'program_membership' as touch_type,
    member_status,
    false as is_deleted,
    row_loaded_at as loaded_at,
    row_key,
    has_copies,
    file_key
from program_memberships

union all

select
    source,
    source_table,
    source_key,
    is_key_missing,
    {{ system_key('marketo', 'record_id') }} as record_key,
    record_id,
    campaign_id,
    campaign_id as campaign_match_id,
    occurred_at as touched_at,
    {{ unread_text('occurred_at', 'occurred_at_text') }}
        as touched_at_text,
    'change_status_in_progression' as touch_type,
    coalesce(
        member_status,
        {{ attribute_value('attributes', 'New Status') }}
    ) as member_status,
    false as is_deleted,
    row_loaded_at as loaded_at,
    row_key,
    has_copies,
    file_key
from progression_changes

union all

select
    source,
    source_table,
    source_key,
    is_key_missing,
    {{ system_key('marketo', 'record_id') }} as record_key,
    record_id,
    campaign_id,
    campaign_id as campaign_match_id,
    occurred_at as touched_at,
    {{ unread_text('occurred_at', 'occurred_at_text') }}
        as touched_at_text,
    'fill_out_form' as touch_type,
    cast(null as string) as member_status,
    -- A form outside a campaign is a reading, and no touch.
    campaign_id is null as is_deleted,
    row_loaded_at as loaded_at,
    row_key,
    has_copies,
    file_key
from filled_out_forms
