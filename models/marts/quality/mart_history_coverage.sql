{%- set day = '86400000000' -%}
with histories as (

    select * from {{ ref('int_histories__limited') }}

),

covered as (

    select
        source,
        source_table,
        field,
        sum(changes) as changes,
        min(first_at) as first_at,
        max(last_at) as last_at,
        max(
            case
                when asked_at > table_loaded_at or table_loaded_at is null
                    then asked_at
                else table_loaded_at
            end
        ) as last_loaded_at,
        max(kept_days) as kept_days,
        max(gone_after_days) as gone_after_days,
        max(kept_values) as kept_values,
        max(warn_days) as warn_days,
        max(said_by) as said_by,
        sum(
            case
                when
                    {{ epoch_us('cast(happened_date as timestamp)') }}
                    + (gone_after_days + 1) * {{ day }}
                    <= {{ epoch_us('as_of') }}
                    then changes
                else 0
            end
        ) as changes_gone,
        max(as_of) as as_of
    from histories
    -- Rows without a field are shown where their history ends some day.
    where field <> '*' or has_limit
    group by source, source_table, field

),

days_counted as (

    select
        *,
        kept_days
        - cast(
            floor(
                ({{ epoch_us('as_of') }} - {{ epoch_us('last_loaded_at') }})
                / {{ day }}
            ) as int
        ) as days_until_lost
    from covered

),

final as (

    select
        source,
        source_table,
        field,
        cast(changes as bigint) as changes,
        first_at,
        last_at,
        last_loaded_at,
        kept_days,
        kept_values,
        {{ from_epoch_us(epoch_us('as_of') ~ ' - kept_days * ' ~ day) }}
            as kept_since_at,
        gone_after_days,
        cast(changes_gone as bigint) as changes_gone,
        days_until_lost,
        {{ from_epoch_us(
            epoch_us('last_loaded_at') ~ ' + kept_days * ' ~ day
        ) }} as lost_at,
        warn_days,
        coalesce(days_until_lost < warn_days, false) as is_at_risk,
        said_by,
        as_of
    from days_counted

)

select * from final
