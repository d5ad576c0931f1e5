select
    {{ row_columns() }},
    {{ system_key('marketo', 'record_id') }} as record_key,
    occurred_at as deleted_at
from {{ ref('stg_marketo__lead_deletions') }}
