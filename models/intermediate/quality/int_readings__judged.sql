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

rows_of_first_values as (

    select distinct matched.row_key
    from {{ ref('int_readings__matched') }} as matched
    left join exits_without_lifecycle
        on
            matched.person_key = exits_without_lifecycle.person_key
            and matched.stage = exits_without_lifecycle.stage
            and matched.observed_at = exits_without_lifecycle.occurred_at
    where
        matched.stage <> 'none'
        and matched.is_first_value
        and exits_without_lifecycle.person_key is null

),

-- A record that is linked by its address, or whose own row names another one.
links as (

    select * from {{ ref('int_identity__links') }}

),

records_linked as (

    select distinct linked.record_key
    from (
        select left_key as record_key from links
        where link_type = 'email'
        union all
        select right_key as record_key from links
        where link_type = 'email'
        union all
        select records.record_key
        from links
        inner join {{ ref('int_records__first_values') }} as records
            on
                links.evidence_source = records.source
                and links.evidence_table = records.source_table
                and links.evidence_key = records.source_key
    ) as linked
    inner join {{ ref('int_people__records') }} as people
        on linked.record_key = people.record_key
    where not people.is_oversized

),

readings as (

    -- A record that begins nothing, links nothing and touches nothing is there,
    -- and is not read.
    select
        records.row_key,
        records.record_key,
        records.source,
        records.source_table,
        'record' as reading,
        false as is_read_alone,
        not records.is_key_missing
        and (
            records_linked.record_key is not null
            or (
                records.is_usable
                and records.observed_at <= clock.as_of
                and (
                    rows_of_first_values.row_key is not null
                    or said.campaign_match_id is not null
                )
            )
        ) as takes_part,
        records.is_usable
        and records.observed_at > clock.as_of as is_after_as_of
    from {{ ref('int_records__first_values') }} as records
    cross join clock
    left join {{ ref('input_layer__records') }} as said
        on records.row_key = said.row_key
    left join records_linked
        on
            records.record_key = records_linked.record_key
            and not records.is_key_missing
    left join rows_of_first_values
        on records.row_key = rows_of_first_values.row_key

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
