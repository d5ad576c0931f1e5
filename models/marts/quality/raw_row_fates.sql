with raw_tables as (

    select * from {{ ref('input_layer__raw_tables') }}

),

fates_counted as (

    select
        source,
        source_table,
        sum(readings) as readings,
        sum(quarantined) as quarantined,
        sum(after_as_of) as after_as_of,
        sum(unread) as unread
    from {{ ref('int_raw_rows__counted') }}
    group by 1, 2

    union all

    -- Lines of spend are no events: each that can be read counts on its day.
    select
        source,
        source_table,
        count(*) filter (where is_usable and not is_deleted) as readings,
        count(*) filter (where not is_usable and not is_deleted)
            as quarantined,
        0 as after_as_of,
        count(*) filter (where is_deleted) as unread
    from {{ ref('int_costs__judged') }}
    group by 1, 2

    union all

    -- Campaigns are looked up; of one, what it cost may be no amount.
    select
        campaigns.source,
        campaigns.source_table,
        0 as readings,
        count(broken.source_key) as quarantined,
        0 as after_as_of,
        count(*) - count(broken.source_key) as unread
    from {{ ref('input_layer__campaigns') }} as campaigns
    left join {{ ref('int_costs__broken') }} as broken
        on
            campaigns.source = broken.source
            and campaigns.source_table = broken.source_table
            and campaigns.source_key = broken.source_key
            and not campaigns.is_key_missing
    group by 1, 2

),

final as (

    select
        raw_tables.source,
        raw_tables.source_table,
        raw_tables.raw_rows,
        raw_tables.duplicate_rows as duplicates,
        cast(coalesce(fates_counted.readings, 0) as bigint) as readings,
        cast(coalesce(fates_counted.quarantined, 0) as bigint) as quarantined,
        cast(coalesce(fates_counted.after_as_of, 0) as bigint) as after_as_of,
        -- A table without dated rows (campaigns, users) is looked up, not read.
        cast(
            coalesce(
                fates_counted.unread,
                case
                    when fates_counted.source is null
                        then raw_tables.surviving_rows
                end,
                0
            ) as bigint
        ) as unread
    from raw_tables
    left join fates_counted
        on
            raw_tables.source = fates_counted.source
            and raw_tables.source_table = fates_counted.source_table

)

select * from final
