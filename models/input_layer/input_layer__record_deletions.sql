with deletions as (
    select *
    from {{ surviving_rows(ref('stg_marketo__lead_deletions'), whole=true) }}
)

select
    source,
    source_table,
    source_key,
    is_key_missing,
    {{ system_key('marketo', 'record_id') }} as record_key,
    occurred_at as deleted_at,
    row_loaded_at as loaded_at,
    row_key
from deletions
