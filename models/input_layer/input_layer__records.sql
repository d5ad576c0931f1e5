with generic_leads as (
    select *
    from {{ surviving_rows(ref('stg_generic__leads')) }}
),

salesforce_leads as (
    select *
    from {{ surviving_rows(ref('stg_salesforce__leads')) }}
),

salesforce_contacts as (
    select *
    from {{ surviving_rows(ref('stg_salesforce__contacts')) }}
),

marketo_leads as (
    select *
    from {{ surviving_rows(ref('stg_marketo__leads')) }}
)

select
    source,
    source_table,
    source_key,
    'lead' as entity,
    record_id,
    record_id as record_match_id,
    {{ system_key('generic', 'record_id') }} as record_key,
    is_key_missing,
    email,
    {{ same_text('email') }} as email_match,
    full_name,
    phone,
    company,
    region,
    owner_id,
    status,
    true as has_first_value,
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
    row_loaded_at as loaded_at,
    row_key,
    has_copies,
    file_key,
    cast(null as string) as converted_contact_id,
    cast(null as string) as converted_opportunity_id,
    cast(null as timestamp) as converted_at,
    cast(null as string) as crm_lead_id,
    cast(null as string) as crm_contact_id
from generic_leads

union all

select
    source,
    source_table,
    source_key,
    'lead' as entity,
    record_id,
    {{ sf_match_id('record_id') }} as record_match_id,
    {{ system_key('salesforce', sf_match_id('record_id')) }} as record_key,
    is_key_missing,
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
    true as has_first_value,
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
    row_loaded_at as loaded_at,
    row_key,
    has_copies,
    file_key,
    converted_contact_id,
    converted_opportunity_id,
    converted_at,
    cast(null as string) as crm_lead_id,
    cast(null as string) as crm_contact_id
from salesforce_leads

union all

select
    source,
    source_table,
    source_key,
    'contact' as entity,
    record_id,
    {{ sf_match_id('record_id') }} as record_match_id,
    {{ system_key('salesforce', sf_match_id('record_id')) }} as record_key,
    is_key_missing,
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
    row_loaded_at as loaded_at,
    row_key,
    has_copies,
    file_key,
    cast(null as string) as converted_contact_id,
    cast(null as string) as converted_opportunity_id,
    cast(null as timestamp) as converted_at,
    cast(null as string) as crm_lead_id,
    cast(null as string) as crm_contact_id
from salesforce_contacts

union all

select
    source,
    source_table,
    source_key,
    'lead' as entity,
    record_id,
    record_id as record_match_id,
    {{ system_key('marketo', 'record_id') }} as record_key,
    is_key_missing,
    email,
    {{ same_text('email') }} as email_match,
    nullif(trim(concat_ws(' ', first_name, last_name)), '') as full_name,
    phone,
    company,
    region,
    cast(null as string) as owner_id,
    status,
    false as has_first_value,
    cast(null as string) as status_reason,
    lead_source,
    cast(null as string) as campaign_id,
    cast(null as string) as campaign_match_id,
    created_at,
    created_at_text,
    cast(null as string) as created_by_id,
    coalesce(is_deleted, false) as is_deleted,
    cast(null as string) as merged_into_id,
    cast(null as bigint) as merged_into_key,
    row_loaded_at as loaded_at,
    row_key,
    has_copies,
    file_key,
    cast(null as string) as converted_contact_id,
    cast(null as string) as converted_opportunity_id,
    cast(null as timestamp) as converted_at,
    sfdc_lead_id as crm_lead_id,
    sfdc_contact_id as crm_contact_id
from marketo_leads
