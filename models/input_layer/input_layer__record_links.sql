-- Any system's record may say what it was merged into; a row may state several
-- links, so copies are gone already.
select
    source,
    source_table,
    source_key,
    false as is_key_missing,
    'merge' as link_type,
    record_key as left_key,
    record_id as left_record_id,
    source as right_source,
    merged_into_key as right_key,
    merged_into_id as right_record_id,
    cast(null as timestamp) as linked_at,
    loaded_at,
    row_key
from {{ ref('input_layer__records') }}
where record_key is not null and merged_into_key is not null

union all

{{ rows_of_systems([
    ref('input_layer__salesforce__record_links'),
    ref('input_layer__hubspot__record_links'),
    ref('input_layer__marketo__record_links'),
]) }}
