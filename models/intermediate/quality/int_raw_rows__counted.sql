-- One row per record and raw table: how many of the record's rows there have
-- each fate.
select
    record_key,
    source,
    source_table,
    count(*) filter (where fate = 'reading') as readings,
    count(*) filter (where fate = 'quarantined') as quarantined,
    count(*) filter (where fate = 'after_as_of') as after_as_of,
    count(*) filter (where fate = 'unread') as unread
from {{ ref('int_raw_rows__judged') }}
group by 1, 2, 3
