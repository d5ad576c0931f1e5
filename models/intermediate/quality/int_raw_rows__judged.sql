-- The linter cannot indent what a loop writes.
-- noqa: disable=LT02
{#- Whether nothing but the observation is read in a raw row. -#}
{%- set observations = {
    'read_alone': "observations.entity = 'lead'",
    'read_with_others': "observations.entity <> 'lead'",
} %}

-- One row per record and raw table: what became of the record's rows there that
-- are no copies. Each has one fate, the first that applies: reading,
-- quarantined, after as_of, unread. A raw row may be read in several ways (an
-- opportunity is created and closed, a form is an event and a touch), so its
-- readings are ranked. Changes of leads and activities, which are nearly all
-- rows, are read in one way only and counted as they are.
with clock as (

    select * from {{ ref('int_run__clock') }}

),

exits_without_lifecycle as (

    select * from {{ ref('int_exits_without_lifecycle') }}

),

-- Whether any event of a row takes part. A copy of an exit that closes nothing
-- takes none, and is not quarantined a second time.
matches as (

    select
        matched.row_key,
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
            as is_unmapped,
        max(
            case
                when
                    matched.source = exits_without_lifecycle.source
                    and matched.source_table
                    = exits_without_lifecycle.source_table
                    and matched.source_key = exits_without_lifecycle.source_key
                    then 1
                else 0
            end
        ) as is_exit_without_lifecycle
    from {{ ref('int_readings__matched') }} as matched
    left join exits_without_lifecycle
        on
            matched.person_key = exits_without_lifecycle.person_key
            and matched.stage = exits_without_lifecycle.stage
            and matched.observed_at = exits_without_lifecycle.occurred_at
    where
        not matched.is_first_value
    group by 1

),
{% for name, condition in observations.items() %}
observations_{{ name }} as (

    select
        observations.record_key,
        observations.source,
        observations.source_table,
        observations.row_key,
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
            when matches.is_exit_without_lifecycle = 1 then 2
            -- A known value without meaning, a score that crosses nothing.
            else 4
        end as fate_rank
    from {{ ref('int_observations__judged') }} as observations
    cross join clock
    left join matches
        on observations.row_key = matches.row_key
    where
        {{ condition }}

),
{% endfor %}
fates as (

    -- 1 reading, 2 quarantined, 3 after as_of, 4 unread
    select
        record_key,
        source,
        source_table,
        row_key,
        case when is_key_missing then 2 else 1 end as fate_rank
    from {{ ref('int_records__first_values') }}

    union all

    select
        record_key,
        source,
        source_table,
        row_key,
        case
            when not is_usable then 2
            when is_void then 4
            else 1
        end as fate_rank
    from {{ ref('int_links__judged') }}

    union all

    select
        record_key,
        source,
        source_table,
        row_key,
        fate_rank
    from observations_read_with_others

    union all

    select
        touches.record_key,
        touches.source,
        touches.source_table,
        touches.row_key,
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
        opportunities.record_key,
        opportunities.source,
        opportunities.source_table,
        opportunities.row_key,
        case
            when opportunities.is_key_missing then 2
            when not opportunities.is_read then 4
            when not opportunities.is_usable then 2
            when opportunities.occurred_at > clock.as_of then 3
            when
                opportunities.reading = 'closed'
                and exits_without_lifecycle.source_key is not null
                then 2
            else 1
        end as fate_rank
    from {{ ref('int_opportunities__judged') }} as opportunities
    cross join clock
    left join exits_without_lifecycle
        on
            opportunities.person_key = exits_without_lifecycle.person_key
            and opportunities.occurred_at
            = exits_without_lifecycle.occurred_at
            and opportunities.source = exits_without_lifecycle.source
            and opportunities.source_table
            = exits_without_lifecycle.source_table
            and opportunities.source_key = exits_without_lifecycle.source_key

),

one_fate as (

    select
        row_key,
        source,
        source_table,
        min(record_key) as record_key,
        min(fate_rank) as fate_rank
    from fates
    group by 1, 2, 3

),

all_fates as (

    select
        record_key,
        source,
        source_table,
        fate_rank
    from one_fate

    union all

    select
        record_key,
        source,
        source_table,
        fate_rank
    from observations_read_alone

),

fates_counted as (

    select
        record_key,
        source,
        source_table,
        count(*) filter (where fate_rank = 1) as readings,
        count(*) filter (where fate_rank = 2) as quarantined,
        count(*) filter (where fate_rank = 3) as after_as_of,
        count(*) filter (where fate_rank = 4) as unread
    from all_fates
    group by 1, 2, 3

    union all

    select
        record_key,
        source,
        source_table,
        count(*) filter (where is_response) as readings,
        count(*) filter (
            where is_key_missing or (is_read and not is_usable)
        ) as quarantined,
        count(*) filter (
            where is_read and is_usable and not is_response
        ) as after_as_of,
        count(*) filter (where not is_key_missing and not is_read) as unread
    from {{ ref('int_activities__judged') }}
    group by 1, 2, 3

)

select * from fates_counted
