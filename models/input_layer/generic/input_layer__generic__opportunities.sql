select
    {{ row_columns() }},
    opportunity_id,
    {{ system_key('generic', 'record_id') }} as record_key,
    record_id,
    owner_id,
    opportunity_stage,
    created_at,
    created_at_text,
    coalesce(is_closed, false) as is_closed,
    is_won,
    closed_at,
    closed_at_text,
    amount,
    amount_text,
    upper(currency) as currency,
    coalesce(is_deleted, false) as is_deleted
from {{ ref('stg_generic__opportunities') }}
