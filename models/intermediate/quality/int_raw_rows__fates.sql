-- One row per raw table: how many rows it has and what became of them. Each row
-- has one fate, the first that applies: duplicate, reading, quarantined, after
-- as_of, unread. A raw row may be read in several ways (an opportunity is
-- created and closed, a form is an event and a touch), so its readings are
-- ranked.
with clock as (

    select * from {{ ref('int_run__clock') }}

),

raw_tables as (

    select * from {{ ref('input_layer__raw_tables') }}

),

exits_without_lifecycle as (

    select
        person_key,
        stage,
        occurred_at,
        source,
        source_table,
        source_key
    from {{ ref('int_stage_events__cut') }}
    where is_exit_without_lifecycle

),

-- Whether any event of a row takes part. A copy of an exit that closes nothing
-- takes none, and is not quarantined a second time.
matches as (

    select
        matched.source,
        matched.source_table,
        matched.source_key,
        max(
            case
                when
                    matched.stage <> 'none'
                    and exits_without_lifecycle.person_key is null
                    then 1
                else 0
            end
        ) as has_event,
        max(case when matched.is_unmapped_status then 1 else 0 end)
            as is_unmapped
    from {{ ref('int_readings__matched') }} as matched
    left join exits_without_lifecycle
        on
            matched.person_key = exits_without_lifecycle.person_key
            and matched.stage = exits_without_lifecycle.stage
            and matched.observed_at = exits_without_lifecycle.occurred_at
    where not matched.is_first_value
    group by 1, 2, 3

),

exit_rows as (

    select distinct
        source,
        source_table,
        source_key
    from exits_without_lifecycle

),

fates as (

    -- 1 reading, 2 quarantined, 3 after as_of, 4 unread
    select
        source,
        source_table,
        source_key,
        case when is_key_missing then 2 else 1 end as fate_rank
    from {{ ref('int_records__first_values') }}

    union all

    select
        source,
        source_table,
        source_key,
        case
            when not is_usable then 2
            when is_void then 4
            else 1
        end as fate_rank
    from {{ ref('int_links__judged') }}

    union all

    select
        observations.source,
        observations.source_table,
        observations.source_key,
        case
            when observations.is_key_missing then 2
            when not observations.is_read then 4
            when not observations.is_usable then 2
            when matches.is_unmapped = 1 then 2
            when observations.observed_at > clock.as_of then 3
            when
                coalesce(matches.has_event, 0) = 1
                or observations.field = 'owner'
                then 1
            when exit_rows.source_key is not null then 2
            -- A known value without meaning, a score that crosses nothing.
            else 4
        end as fate_rank
    from {{ ref('int_observations__judged') }} as observations
    cross join clock
    left join matches
        on
            observations.source = matches.source
            and observations.source_table = matches.source_table
            and observations.source_key = matches.source_key
    left join exit_rows
        on
            observations.source = exit_rows.source
            and observations.source_table = exit_rows.source_table
            and observations.source_key = exit_rows.source_key

    union all

    select
        touches.source,
        touches.source_table,
        touches.source_key,
        case
            when touches.is_key_missing then 2
            when not touches.is_read then 4
            when not touches.is_usable then 2
            when touches.touched_at > clock.as_of then 3
            else 1
        end as fate_rank
    from {{ ref('int_touches__judged') }} as touches
    cross join clock

    union all

    select
        opportunities.source,
        opportunities.source_table,
        opportunities.source_key,
        case
            when opportunities.is_key_missing then 2
            when not opportunities.is_read then 4
            when not opportunities.is_usable then 2
            when opportunities.occurred_at > clock.as_of then 3
            when
                opportunities.reading = 'closed'
                and exit_rows.source_key is not null
                then 2
            else 1
        end as fate_rank
    from {{ ref('int_opportunities__judged') }} as opportunities
    cross join clock
    left join exit_rows
        on
            opportunities.source = exit_rows.source
            and opportunities.source_table = exit_rows.source_table
            and opportunities.source_key = exit_rows.source_key

),

one_fate as (

    select
        source,
        source_table,
        source_key,
        min(fate_rank) as fate_rank
    from fates
    group by 1, 2, 3

),

fates_counted as (

    select
        source,
        source_table,
        count(*) as rows_judged,
        count(*) filter (where fate_rank = 1) as readings,
        count(*) filter (where fate_rank = 2) as quarantined,
        count(*) filter (where fate_rank = 3) as after_as_of,
        count(*) filter (where fate_rank = 4) as unread
    from one_fate
    group by 1, 2

    union all

    -- Activities are read in one way only, so they are counted as they are.
    select
        source,
        source_table,
        count(*) as rows_judged,
        count(*) filter (
            where not is_key_missing
            and is_read and is_usable and occurred_at <= clock.as_of
        ) as readings,
        count(*) filter (
            where is_key_missing or (is_read and not is_usable)
        ) as quarantined,
        count(*) filter (
            where not is_key_missing
            and is_read and is_usable and occurred_at > clock.as_of
        ) as after_as_of,
        count(*) filter (where not is_key_missing and not is_read) as unread
    from {{ ref('int_activities__judged') }}
    cross join clock
    group by 1, 2

),

final as (

    select
        raw_tables.source,
        raw_tables.source_table,
        raw_tables.raw_rows,
        raw_tables.duplicate_rows as duplicates,
        coalesce(fates_counted.readings, 0) as readings,
        coalesce(fates_counted.quarantined, 0) as quarantined,
        coalesce(fates_counted.after_as_of, 0) as after_as_of,
        -- A table without dated rows (campaigns, users) is looked up, not read.
        coalesce(
            fates_counted.unread,
            case
                when fates_counted.source is null
                    then raw_tables.surviving_rows
            end,
            0
        ) as unread
    from raw_tables
    left join fates_counted
        on
            raw_tables.source = fates_counted.source
            and raw_tables.source_table = fates_counted.source_table

)

select * from final
