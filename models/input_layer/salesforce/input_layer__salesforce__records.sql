with leads as (
    select *
    from {{ ref('stg_salesforce__leads') }}
),

contacts as (
    select *
    from {{ ref('stg_salesforce__contacts') }}
)

select
    {{ row_columns() }},
    'lead' as entity,
    record_id,
    {{ sf_match_id('record_id') }} as record_match_id,
    {{ system_key('salesforce', sf_match_id('record_id')) }} as record_key,
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
    cast(null as string) as campaign_id,
    cast(null as string) as campaign_match_id,
    created_at,
    created_at_text,
    created_by_id,
    coalesce(is_deleted, false) as is_deleted,
    master_record_id as merged_into_id,
    {{ system_key('salesforce', sf_match_id('master_record_id')) }}
        as merged_into_key,
    converted_contact_id,
    converted_opportunity_id,
    converted_at,
    cast(null as string) as crm_lead_id,
    cast(null as string) as crm_contact_id
from leads

union all

select
    {{ row_columns() }},
    'contact' as entity,
    record_id,
    {{ sf_match_id('record_id') }} as record_match_id,
    {{ system_key('salesforce', sf_match_id('record_id')) }} as record_key,
    email,
    {{ same_text('email') }} as email_match,
    coalesce(
        full_name, nullif(trim(concat_ws(' ', first_name, last_name)), '')
    ) as full_name,
    phone,
    cast(null as string) as company,
    region,
    owner_id,
    cast(null as string) as status,
    false as has_first_value,
    cast(null as string) as status_reason,
    lead_source,
    cast(null as string) as campaign_id,
    cast(null as string) as campaign_match_id,
    created_at,
    created_at_text,
    created_by_id,
    coalesce(is_deleted, false) as is_deleted,
    master_record_id as merged_into_id,
    {{ system_key('salesforce', sf_match_id('master_record_id')) }}
        as merged_into_key,
    cast(null as string) as converted_contact_id,
    cast(null as string) as converted_opportunity_id,
    cast(null as timestamp) as converted_at,
    cast(null as string) as crm_lead_id,
    cast(null as string) as crm_contact_id
from contacts
