-- Marketing's hand-offs that were neither accepted nor ended when a day ended,
-- by the days that they were so. What happens at midnight is of the day that
-- begins.
with lifecycles as (

    select * from {{ ref('fct_lead_lifecycles') }}
    where origin = 'marketing'

),

first_passes as (

    select
        lifecycle_id,
        sla_calendar_id as calendar_id,
        passed_at
    from {{ ref('fct_handoffs') }}
    where pass_no = 1

),

settings as (

    select * from {{ source('settings', 'run') }}

),

snapshots as (

    select * from {{ ref('int_days__snapshot') }}

),

after_all as (

    select max(snapshot_no) + 1 as snapshot_no from snapshots

),

-- The first snapshot that is taken when a day is over.
days as (

    select
        dates.date_day,
        min(snapshots.snapshot_no) as snapshot_no
    from {{ ref('dim_dates') }} as dates
    inner join snapshots
        on dates.date_day <= snapshots.snapshot_date
    group by 1

),

dated as (

    select
        lifecycles.lifecycle_id,
        lifecycles.channel,
        lifecycles.team,
        lifecycles.owner_id,
        first_passes.calendar_id,
        first_passes.passed_at,
        cast(
            {{ from_utc(
                'lifecycles.handed_off_at', 'settings.reporting_timezone'
            ) }} as date
        ) as handed_off_date,
        cast(
            {{ from_utc(
                'lifecycles.accepted_at', 'settings.reporting_timezone'
            ) }} as date
        ) as accepted_date,
        cast(
            {{ from_utc(
                'lifecycles.exited_at', 'settings.reporting_timezone'
            ) }} as date
        ) as exited_date,
        -- Due at midnight is due on the day that ends.
        case
            when lifecycles.was_ignored
                then cast(
                    {{ from_utc(
                        from_epoch_us(
                            epoch_us('lifecycles.sla_due_at') ~ ' - 1'
                        ),
                        'settings.reporting_timezone'
                    ) }} as date
                )
        end as overdue_date
    from lifecycles
    inner join first_passes
        on lifecycles.lifecycle_id = first_passes.lifecycle_id
    cross join settings

),

numbered as (

    select
        dated.lifecycle_id,
        dated.channel,
        dated.team,
        dated.owner_id,
        dated.calendar_id,
        dated.passed_at,
        handed_off.snapshot_no as from_no,
        least(
            coalesce(accepted.snapshot_no, after_all.snapshot_no),
            coalesce(exited.snapshot_no, after_all.snapshot_no)
        ) as until_no,
        coalesce(overdue.snapshot_no, after_all.snapshot_no) as overdue_from_no
    from dated
    inner join days as handed_off
        on dated.handed_off_date = handed_off.date_day
    left join days as accepted
        on dated.accepted_date = accepted.date_day
    left join days as exited
        on dated.exited_date = exited.date_day
    left join days as overdue
        on dated.overdue_date = overdue.date_day
    cross join after_all

)

select * from numbered
where from_no < until_no
