select
    source,
    source_table,
    source_key,
    false as is_key_missing,
    'conversion' as link_type,
    record_key as left_key,
    record_id as left_record_id,
    source as right_source,
    {{ system_key('salesforce', sf_match_id('converted_contact_id'))
        }} as right_key,
    converted_contact_id as right_record_id,
    converted_at as linked_at,
    loaded_at,
    row_key
from {{ ref('input_layer__records') }}
where
    source = 'salesforce'
    and record_key is not null
    and converted_contact_id is not null
