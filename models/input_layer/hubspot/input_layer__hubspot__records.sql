select
    {{ row_columns() }},
    'lead' as entity,
    record_id,
    record_id as record_match_id,
    {{ system_key('hubspot', 'record_id') }} as record_key,
    email,
    {{ same_text('email') }} as email_match,
    coalesce(
        full_name, nullif(trim(concat_ws(' ', first_name, last_name)), '')
    ) as full_name,
    phone,
    company,
    region,
    owner_id,
    coalesce(lead_status, lifecycle_stage) as status,
    -- Its history has the first value too; what nobody dated is not dated.
    false as has_first_value,
    status_reason,
    lead_source,
    cast(null as string) as campaign_id,
    cast(null as string) as campaign_match_id,
    created_at,
    created_at_text,
    cast(null as string) as created_by_id,
    coalesce(is_deleted, false) as is_deleted,
    case when canonical_id <> record_id then canonical_id end
        as merged_into_id,
    {{ system_key(
        'hubspot', "case when canonical_id <> record_id then canonical_id end"
    ) }} as merged_into_key,
    cast(null as string) as converted_contact_id,
    cast(null as string) as converted_opportunity_id,
    cast(null as timestamp) as converted_at,
    cast(null as string) as crm_lead_id,
    cast(null as string) as crm_contact_id
from {{ ref('stg_hubspot__contacts') }}
