select
    source,
    source_table,
    raw_rows,
    duplicates,
    readings,
    quarantined,
    after_as_of,
    unread
from {{ ref('int_raw_rows__fates') }}
