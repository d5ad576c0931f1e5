with campaign_members as (
    select
        staged.*,
        case
            when first_responded_at_text is not null then first_responded_at
            else created_at
        end as touched_at,
        coalesce(first_responded_at_text, created_at_text) as touched_at_text
    from {{ ref('stg_salesforce__campaign_members') }} as staged
)

select
    {{ row_columns() }},
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
    coalesce(is_deleted, false) as is_deleted
from campaign_members
