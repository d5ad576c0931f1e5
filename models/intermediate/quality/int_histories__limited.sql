-- One row per field of a raw table and day of its history, with how long its
-- vendor keeps it and when the table was last asked for. A table with a limit
-- that told of nothing has one row, too.
with clock as (

    select as_of from {{ ref('int_run__clock') }}

),

limits as (

    select
        *,
        {{ same_name('field') }} as field_name
    from {{ ref('def_history_retention') }}

),

systems_loaded as (

    select source
    from {{ ref('raw_row_fates') }}
    group by source
    having sum(raw_rows) > 0

),

tables_loaded as (

    select
        source,
        source_table
    from {{ ref('int_histories__by_day') }}
    group by source, source_table

),

tables_without_history as (

    select
        limits.source,
        limits.source_table
    from limits
    inner join systems_loaded
        on limits.source = systems_loaded.source
    inner join {{ ref('raw_row_fates') }} as raw_tables
        on
            limits.source = raw_tables.source
            and limits.source_table = raw_tables.source_table
    left join tables_loaded
        on
            limits.source = tables_loaded.source
            and limits.source_table = tables_loaded.source_table
    where tables_loaded.source is null
    group by limits.source, limits.source_table

),

histories as (

    select
        source,
        source_table,
        field,
        happened_date,
        changes,
        first_at,
        last_at,
        last_loaded_at
    from {{ ref('int_histories__by_day') }}

    union all

    select
        source,
        source_table,
        '*' as field,
        cast(null as date) as happened_date,
        0 as changes,
        cast(null as timestamp) as first_at,
        cast(null as timestamp) as last_at,
        cast(null as timestamp) as last_loaded_at
    from tables_without_history

),

vendors_asked as (

    select
        loads.source,
        loads.source_table,
        case
            when loads.loaded_at > clock.as_of then clock.as_of
            else loads.loaded_at
        end as asked_at
    from {{ source('settings', 'loads') }} as loads
    cross join clock

),

-- A whole table is loaded at once: a field that nobody changed lately is, too.
limits_found as (

    select
        histories.*,
        clock.as_of,
        max(histories.last_loaded_at) over (
            partition by histories.source, histories.source_table
        ) as table_loaded_at,
        vendors_asked.asked_at,
        of_table.source is not null or of_field.source is not null
            as has_limit,
        case
            when of_field.source is null then of_table.kept_days
            else of_field.kept_days
        end as kept_days,
        case
            when of_field.source is null then of_table.gone_after_days
            else of_field.gone_after_days
        end as gone_after_days,
        case
            when of_field.source is null then of_table.kept_values
            else of_field.kept_values
        end as kept_values,
        case
            when of_field.source is null then of_table.warn_days
            else of_field.warn_days
        end as warn_days,
        case
            when of_field.source is null then of_table.said_by
            else of_field.said_by
        end as said_by
    from histories
    cross join clock
    left join vendors_asked
        on
            histories.source = vendors_asked.source
            and histories.source_table = vendors_asked.source_table
    left join limits as of_table
        on
            histories.source = of_table.source
            and histories.source_table = of_table.source_table
            and of_table.field_name is null
    left join limits as of_field
        on
            histories.source = of_field.source
            and histories.source_table = of_field.source_table
            and histories.field = of_field.field_name

)

select * from limits_found
