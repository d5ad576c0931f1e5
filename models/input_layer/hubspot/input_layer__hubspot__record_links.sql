-- A merge makes a new contact, which lists the old ones; some layouts list its
-- own id too, and when each was merged.
{%- set lists = [
    'merged_objects', 'merged_vids', 'calculated_merged_vids', 'all_vids'
] %}

with contacts as (
    select *
    from {{ surviving_rows([ref('stg_hubspot__contacts')], whole=true) }}
    where record_id is not null
),

audits as (
    select *
    from {{ surviving_rows([ref('stg_hubspot__contact_merges')], whole=true) }}
),

losers_listed as (
    {%- for name in lists %}
    select
        contacts.source,
        contacts.source_table,
        contacts.source_key,
        contacts.record_id,
        contacts.row_loaded_at,
        contacts.row_key,
        {{ ids_of_list(replace_pattern('contacts.' ~ name, ':[0-9]+', '')) }}
            as loser_id
    from contacts
    where contacts.{{ name }} is not null
    {{ 'union' if not loop.last }}
    {%- endfor %}
),

pairs_audited as (
    select
        audits.*,
        audits.losing_record_id as left_id,
        audits.winning_record_id as right_id
    from audits
    union all
    -- The contact that the winner became by a later merge.
    select
        audits.*,
        audits.winning_record_id as left_id,
        audits.final_record_id as right_id
    from audits
    where audits.final_record_id <> audits.winning_record_id
)

select
    source,
    source_table,
    source_key,
    false as is_key_missing,
    'merge' as link_type,
    {{ system_key('hubspot', 'loser_id') }} as left_key,
    loser_id as left_record_id,
    source as right_source,
    {{ system_key('hubspot', 'record_id') }} as right_key,
    record_id as right_record_id,
    cast(null as timestamp) as linked_at,
    row_loaded_at as loaded_at,
    row_key
from losers_listed
where loser_id <> '' and loser_id <> record_id

union all

select
    source,
    source_table,
    source_key,
    is_key_missing,
    'merge' as link_type,
    {{ system_key('hubspot', 'left_id') }} as left_key,
    left_id as left_record_id,
    source as right_source,
    {{ system_key('hubspot', 'right_id') }} as right_key,
    right_id as right_record_id,
    merged_at as linked_at,
    row_loaded_at as loaded_at,
    row_key
from pairs_audited
