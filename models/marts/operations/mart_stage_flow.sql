-- Each time a lead entered a stage, and what became of it there. Events that
-- say the same stage again are one stay, which ends with the next other stage.
with events as (

    select
        person_id,
        lifecycle_no,
        event_no,
        stage,
        occurred_at,
        lag(stage) over (
            partition by person_id, lifecycle_no order by event_no
        ) as previous_stage
    from {{ ref('fct_stage_events') }}

),

stages as (

    select
        stage,
        rank as stage_rank,
        kind
    from {{ ref('def_stages') }}

),

verdicts as (

    select * from {{ ref('def_stage_transitions') }}

),

settings as (

    select * from {{ source('settings', 'run') }}

),

clock as (

    select max(as_of) as as_of from {{ ref('fct_lead_lifecycles') }}

),

stays as (

    select
        stage,
        occurred_at as entered_at,
        lead(stage) over in_order as next_stage,
        lead(occurred_at) over in_order as next_at
    from events
    where previous_stage is null or previous_stage <> stage
    window in_order as (
        partition by person_id, lifecycle_no order by event_no
    )

),

-- Who was won advanced; any other end is one.
told as (

    select
        stays.stage,
        stays.entered_at,
        coalesce(stays.next_at, clock.as_of) as until_at,
        case
            when stays.next_stage is null then 'still_there'
            when next_stages.kind = 'exit' and stays.next_stage <> 'won'
                then 'left'
            when next_stages.stage_rank < stages.stage_rank then 'moved_back'
            when verdicts.verdict = 'expected' then 'advanced'
            else 'skipped_on'
        end as became
    from stays
    inner join stages
        on
            stays.stage = stages.stage
            and stages.kind <> 'exit'
    left join stages as next_stages
        on stays.next_stage = next_stages.stage
    left join verdicts
        on
            stays.stage = verdicts.from_stage
            and stays.next_stage = verdicts.to_stage
    cross join clock

),

dated as (

    select
        told.stage,
        told.became,
        cast(
            {{ dbt.date_trunc('month', from_utc(
                'told.entered_at', 'settings.reporting_timezone'
            )) }} as date
        ) as entered_month_date,
        {{ hours_between('told.entered_at', 'told.until_at') }} / 24 as days
    from told
    cross join settings

),

counted as (

    select
        entered_month_date,
        stage,
        became,
        count(*) as entries,
        {{ percentiles('days', [0.5, 0.9]) }} as days
    from dated
    group by 1, 2, 3

),

shared as (

    select
        *,
        sum(entries) over (partition by entered_month_date, stage)
            as all_entries
    from counted

)

select
    {{ hex_id(null_safe_text(['entered_month_date', 'stage', 'became'])) }}
        as stage_flow_id,
    entered_month_date,
    stage,
    became,
    entries,
    {{ rate('entries', 'all_entries') }} as entries_share,
    {{ percentile_of('days', 1) }} as days_median,
    {{ percentile_of('days', 2) }} as days_p90
from shared
