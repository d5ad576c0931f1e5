with form_submissions as (
    select *
    from {{ ref('stg_hubspot__form_submissions') }}
),

list_members as (
    select *
    from {{ ref('stg_hubspot__list_members') }}
),

-- A list that fills itself says what somebody is, and is no contact with him.
lists_by_hand as (
    select distinct campaign_id
    from {{ surviving_rows([ref('stg_hubspot__contact_lists')], whole=true) }}
    where
        {{ same_text('processing_type') }} in ('manual', 'snapshot', 'static')
        or not is_dynamic
)

select
    {{ row_columns() }},
    {{ system_key('hubspot', 'record_id') }} as record_key,
    record_id,
    'form:' || campaign_id as campaign_id,
    'form:' || campaign_id as campaign_match_id,
    touched_at,
    {{ unread_text('touched_at', 'touched_at_text') }} as touched_at_text,
    'form_submission' as touch_type,
    cast(null as string) as member_status,
    false as is_deleted
from form_submissions

union all

select
    {{ row_columns('list_members') }},
    {{ system_key('hubspot', 'list_members.record_id') }} as record_key,
    list_members.record_id,
    'list:' || list_members.campaign_id as campaign_id,
    'list:' || list_members.campaign_id as campaign_match_id,
    list_members.touched_at,
    {{ unread_text('list_members.touched_at', 'list_members.touched_at_text')
        }} as touched_at_text,
    'list_member' as touch_type,
    cast(null as string) as member_status,
    coalesce(list_members.is_deleted, false)
    or not coalesce(list_members.is_member, true)
    or lists_by_hand.campaign_id is null as is_deleted
from list_members
left join lists_by_hand
    on list_members.campaign_id = lists_by_hand.campaign_id
