with deletions as (
    select *
    from {{ surviving_rows(ref('stg_marketo__lead_deletions')) }} as survivors
)

select
    source,
    source_table,
    source_key,
    is_key_missing,
    {{ system_key('marketo', 'record_id') | indent(4) }} as record_key,
    occurred_at as deleted_at,
    row_loaded_at as loaded_at
from deletions
