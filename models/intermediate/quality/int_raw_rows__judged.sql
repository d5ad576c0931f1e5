-- One row per raw row of people that is no copy, with its fate. A view: what
-- reads it counts nearly all of the rows or looks for a few of them.
with readings as (

    select * from {{ ref('int_readings__judged') }}

),

-- A raw row may be read in several ways: an opportunity is created and closed,
-- a form is an event and a touch. Changes of leads and activities, which are
-- nearly all rows, are read in one.
raw_rows as (

    select
        row_key,
        min(record_key) as record_key,
        source,
        source_table,
        bool_or(takes_part) as takes_part,
        bool_or(is_after_as_of) as is_after_as_of
    from readings
    where not is_read_alone
    group by row_key, source, source_table

    union all

    select
        row_key,
        record_key,
        source,
        source_table,
        takes_part,
        is_after_as_of
    from readings
    where is_read_alone

),

rows_broken as (

    select distinct row_key
    from {{ ref('int_raw_rows__broken') }}

),

-- The first that applies.
fates_found as (

    select
        raw_rows.row_key,
        raw_rows.record_key,
        raw_rows.source,
        raw_rows.source_table,
        case
            when raw_rows.takes_part then 'reading'
            when rows_broken.row_key is not null then 'quarantined'
            when raw_rows.is_after_as_of then 'after_as_of'
            else 'unread'
        end as fate
    from raw_rows
    left join rows_broken
        on raw_rows.row_key = rows_broken.row_key

)

select * from fates_found
