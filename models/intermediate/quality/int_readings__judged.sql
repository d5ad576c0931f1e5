-- One row per raw row of people that is no copy and reading of it: whether it
-- takes part, or would if it were not after as_of.
with clock as (

    select * from {{ ref('int_run__clock') }}

),

exits_without_lifecycle as (

    select * from {{ ref('int_exits_without_lifecycle') }}

),

-- A copy of an exit that closes nothing takes no part either, and is not
-- quarantined a second time.
rows_of_events as (

    select distinct matched.row_key
    from {{ ref('int_readings__matched') }} as matched
    left join exits_without_lifecycle
        on
            matched.person_key = exits_without_lifecycle.person_key
            and matched.stage = exits_without_lifecycle.stage
            and matched.observed_at = exits_without_lifecycle.occurred_at
    where
        matched.stage <> 'none'
        and not matched.is_first_value
        and exits_without_lifecycle.person_key is null

),

readings as (

    select
        row_key,
        record_key,
        source,
        source_table,
        'record' as reading,
        false as is_read_alone,
        takes_part,
        is_after_as_of
    from {{ ref('int_records__judged') }}

    union all

    select
        row_key,
        record_key,
        source,
        source_table,
        'link' as reading,
        false as is_read_alone,
        is_usable and not is_void as takes_part,
        false as is_after_as_of
    from {{ ref('int_links__judged') }}

    union all

    select
        observations.row_key,
        observations.record_key,
        observations.source,
        observations.source_table,
        'change' as reading,
        observations.entity = 'lead' as is_read_alone,
        -- A known value without meaning and a score that crosses nothing are
        -- no events.
        observations.is_read
        and observations.is_usable
        and observations.observed_at <= clock.as_of
        and (
            rows_of_events.row_key is not null or observations.field = 'owner'
        ) as takes_part,
        observations.is_read
        and observations.is_usable
        and observations.observed_at > clock.as_of as is_after_as_of
    from {{ ref('int_observations__judged') }} as observations
    cross join clock
    left join rows_of_events
        on observations.row_key = rows_of_events.row_key

    union all

    select
        touches.row_key,
        touches.record_key,
        touches.source,
        touches.source_table,
        'touch' as reading,
        false as is_read_alone,
        touches.is_read
        and touches.is_usable
        and touches.touched_at <= clock.as_of as takes_part,
        touches.is_read
        and touches.is_usable
        and touches.touched_at > clock.as_of as is_after_as_of
    from {{ ref('int_touches__judged') }} as touches
    cross join clock

    union all

    select
        opportunities.row_key,
        opportunities.record_key,
        opportunities.source,
        opportunities.source_table,
        opportunities.reading,
        false as is_read_alone,
        opportunities.is_read
        and opportunities.is_usable
        and opportunities.occurred_at <= clock.as_of
        and exits_without_lifecycle.row_key is null as takes_part,
        opportunities.is_read
        and opportunities.is_usable
        and opportunities.occurred_at > clock.as_of as is_after_as_of
    from {{ ref('int_opportunities__judged') }} as opportunities
    cross join clock
    left join exits_without_lifecycle
        on
            opportunities.row_key = exits_without_lifecycle.row_key
            and opportunities.occurred_at = exits_without_lifecycle.occurred_at
            and opportunities.reading = 'closed'

    union all

    select
        row_key,
        record_key,
        source,
        source_table,
        'activity' as reading,
        true as is_read_alone,
        is_response as takes_part,
        is_read and is_usable and not is_response as is_after_as_of
    from {{ ref('int_activities__judged') }}

)

select * from readings
