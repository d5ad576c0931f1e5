with records as (
    select *
    from {{ ref('input_layer__records') }}
    where source = 'marketo' and record_key is not null
),

merge_activities as (
    select *
    from {{ surviving_rows([ref('stg_marketo__lead_merges')]) }}
),

losers_listed as (
    select
        merging.source,
        merging.source_table,
        merging.source_key,
        merging.is_key_missing,
        merging.record_id as winner_id,
        merging.occurred_at,
        merging.row_loaded_at,
        merging.row_key,
        {{ ids_of_list(
            "coalesce(merging.merge_ids, "
            ~ attribute_value('merging.attributes', 'Merge IDs') ~ ")"
        ) }} as loser_id
    from merge_activities as merging
),

merged_leads as (
    select *
    from {{ surviving_rows([ref('stg_marketo__merged_leads')]) }}
)

select
    source,
    source_table,
    source_key,
    false as is_key_missing,
    'id' as link_type,
    record_key as left_key,
    record_id as left_record_id,
    'salesforce' as right_source,
    {{ system_key('salesforce', sf_match_id('crm_lead_id'))
        }} as right_key,
    crm_lead_id as right_record_id,
    created_at as linked_at,
    loaded_at,
    row_key
from records
where crm_lead_id is not null

union all

select
    source,
    source_table,
    source_key,
    false as is_key_missing,
    'id' as link_type,
    record_key as left_key,
    record_id as left_record_id,
    'salesforce' as right_source,
    {{ system_key('salesforce', sf_match_id('crm_contact_id'))
        }} as right_key,
    crm_contact_id as right_record_id,
    created_at as linked_at,
    loaded_at,
    row_key
from records
where crm_contact_id is not null

union all

select
    source,
    source_table,
    source_key,
    is_key_missing,
    'merge' as link_type,
    {{ system_key('marketo', "nullif(loser_id, '')") }} as left_key,
    nullif(loser_id, '') as left_record_id,
    source as right_source,
    {{ system_key('marketo', 'winner_id') }} as right_key,
    winner_id as right_record_id,
    occurred_at as linked_at,
    row_loaded_at as loaded_at,
    row_key
from losers_listed

union all

select
    source,
    source_table,
    source_key,
    is_key_missing,
    'merge' as link_type,
    {{ system_key('marketo', 'losing_record_id') }} as left_key,
    losing_record_id as left_record_id,
    source as right_source,
    {{ system_key('marketo', 'winning_record_id') }} as right_key,
    winning_record_id as right_record_id,
    merged_at as linked_at,
    row_loaded_at as loaded_at,
    row_key
from merged_leads
