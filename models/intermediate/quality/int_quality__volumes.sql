-- One row per rule of volume and freshness and raw table: whether its last day
-- is like the same weekday before, and for how many days it has been silent.
with usual_days as (

    select * from {{ ref('int_quality__usual_days') }}

),

limits as (

    select * from {{ ref('int_quality__limits') }}

),

last_days as (

    select
        *,
        cast(round(usual_rows) as bigint) as usual_count
    from usual_days
    where days_ago = 1

),

low as (

    select
        'volume_low' as rule,
        last_days.source,
        last_days.source_table,
        last_days.row_count as rows_checked,
        case
            when
                last_days.row_count > 0
                and last_days.usual_rows >= coalesce(limits.min_rows, 0)
                and last_days.row_count
                < last_days.usual_rows * limits.limit_value
                then last_days.usual_count - last_days.row_count
            else 0
        end as rows_failed,
        last_days.source_table || ': '
        || cast(last_days.row_count as {{ dbt.type_string() }})
        || ' rows on ' || cast(last_days.date_day as {{ dbt.type_string() }})
        || ', usually '
        || cast(last_days.usual_count as {{ dbt.type_string() }}) as detail
    from last_days
    inner join limits
        on
            limits.rule = 'volume_low'
            and last_days.source = limits.source

),

high as (

    select
        'volume_high' as rule,
        last_days.source,
        last_days.source_table,
        last_days.row_count as rows_checked,
        case
            when
                last_days.row_count >= coalesce(limits.min_rows, 0)
                and last_days.row_count
                > last_days.usual_rows * limits.limit_value
                then last_days.row_count - last_days.usual_count
            else 0
        end as rows_failed,
        last_days.source_table || ': '
        || cast(last_days.row_count as {{ dbt.type_string() }})
        || ' rows on ' || cast(last_days.date_day as {{ dbt.type_string() }})
        || ', usually '
        || cast(last_days.usual_count as {{ dbt.type_string() }}) as detail
    from last_days
    inner join limits
        on
            limits.rule = 'volume_high'
            and last_days.source = limits.source

),

last_heard as (

    select
        source,
        source_table,
        min(case when row_count > 0 then days_ago end) as days_ago
    from usual_days
    group by 1, 2

),

silences as (

    select
        usual_days.source,
        usual_days.source_table,
        count(*) filter (where usual_days.usual_rows >= 1) as silent_days,
        coalesce(
            sum(usual_days.usual_rows)
            filter (where usual_days.usual_rows >= 1),
            0
        ) as missing_rows,
        min(usual_days.date_day) as silent_since
    from usual_days
    inner join last_heard
        on
            usual_days.source = last_heard.source
            and usual_days.source_table = last_heard.source_table
    where usual_days.days_ago < coalesce(last_heard.days_ago, 1000)
    group by 1, 2

),

silent as (

    select
        'silent' as rule,
        last_days.source,
        last_days.source_table,
        last_days.row_count as rows_checked,
        case
            when silences.silent_days > limits.limit_value
                then cast(round(silences.missing_rows) as bigint)
            else 0
        end as rows_failed,
        last_days.source_table || ': no row since '
        || cast(silences.silent_since as {{ dbt.type_string() }})
        || ', usually '
        || cast(
            cast(round(silences.missing_rows) as bigint)
            as {{ dbt.type_string() }}
        ) as detail
    from last_days
    inner join limits
        on
            limits.rule = 'silent'
            and last_days.source = limits.source
    left join silences
        on
            last_days.source = silences.source
            and last_days.source_table = silences.source_table

)

select * from low
union all
select * from high
union all
select * from silent
