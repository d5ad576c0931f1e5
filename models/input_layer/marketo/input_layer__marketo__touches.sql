with program_memberships as (
    select *
    from {{ ref('stg_marketo__program_memberships') }}
),

progression_changes as (
    select *
    from {{ ref('stg_marketo__progression_changes') }}
),

filled_out_forms as (
    select *
    from {{ ref('stg_marketo__filled_out_forms') }}
)

select
    {{ row_columns() }},
    {{ system_key('marketo', 'record_id') }} as record_key,
    record_id,
    campaign_id,
    campaign_id as campaign_match_id,
    touched_at,
    {{ unread_text('touched_at', 'touched_at_text') }} as touched_at_text,
    'program_membership' as touch_type,
    member_status,
    false as is_deleted
from program_memberships

union all

select
    {{ row_columns() }},
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
    false as is_deleted
from progression_changes

union all

select
    {{ row_columns() }},
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
    campaign_id is null as is_deleted
from filled_out_forms
