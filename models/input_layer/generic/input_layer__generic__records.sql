select
    {{ row_columns() }},
    'lead' as entity,
    record_id,
    record_id as record_match_id,
    {{ system_key('generic', 'record_id') }} as record_key,
    email,
    {{ same_text('email') }} as email_match,
    coalesce(
        full_name, nullif(trim(concat_ws(' ', first_name, last_name)), '')
    ) as full_name,
    phone,
    company,
    region,
    owner_id,
    status,
    -- Where dates say which stages it reached, its status now is the last one.
    not coalesce(has_stage_dates, false) as has_first_value,
    status_reason,
    lead_source,
    campaign_id,
    campaign_id as campaign_match_id,
    created_at,
    created_at_text,
    cast(null as string) as created_by_id,
    coalesce(is_deleted, false) as is_deleted,
    merged_into_id,
    {{ system_key('generic', 'merged_into_id') }} as merged_into_key,
    cast(null as string) as converted_contact_id,
    cast(null as string) as converted_opportunity_id,
    cast(null as timestamp) as converted_at,
    cast(null as string) as crm_lead_id,
    cast(null as string) as crm_contact_id
from {{ ref('stg_generic__leads') }}
