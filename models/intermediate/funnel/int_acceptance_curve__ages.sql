-- How each marketing hand-off ended, and at what age: business days of its
-- policy's calendar since the hand-off. Pending ones are censored at as_of.
with lifecycles as (

    select
        lifecycle_id,
        person_key,
        lifecycle_no,
        handed_off_date,
        handed_off_at,
        accepted_at,
        exited_at,
        sla_due_at,
        calendar_id,
        passed_open_day_no,
        was_ignored,
        outcome,
        as_of,
        cast({{ dbt.date_trunc('month', 'handed_off_date') }} as date)
            as cohort_month
    from {{ ref('int_lifecycles') }}
    where origin = 'marketing' and is_in_marts

),

policies as (

    select
        person_key,
        lifecycle_no,
        max_pending_days
    from {{ ref('int_passes__outcomes') }}
    where pass_no = 1

),

ends_dated as (

    select
        lifecycles.lifecycle_id,
        lifecycles.cohort_month,
        lifecycles.calendar_id,
        lifecycles.passed_open_day_no,
        lifecycles.outcome,
        case
            when lifecycles.outcome = 'accepted' then lifecycles.accepted_at
            when lifecycles.outcome in ('rejected', 'withdrawn')
                then lifecycles.exited_at
            when lifecycles.outcome = 'ignored' and lifecycles.was_ignored
                then lifecycles.sla_due_at
            when lifecycles.outcome = 'ignored'
                then {{ from_epoch_us(
                    epoch_us('lifecycles.handed_off_at')
                    ~ ' + policies.max_pending_days '
                    ~ '* cast(86400000000 as bigint)'
                ) }}
            else lifecycles.as_of
        end as ended_at
    from lifecycles
    left join policies
        on
            lifecycles.person_key = policies.person_key
            and lifecycles.lifecycle_no = policies.lifecycle_no

),

ends_clocked as (

    {{ business_us('ends_dated', 'lifecycle_id', 'ended_at') }}

),

aged as (

    select
        ends_dated.lifecycle_id,
        ends_dated.cohort_month,
        ends_dated.outcome,
        cast(
            greatest(
                ends_clocked.open_day_no - ends_dated.passed_open_day_no, 0
            ) as integer
        ) as age_business_days
    from ends_dated
    inner join ends_clocked
        on ends_dated.lifecycle_id = ends_clocked.lifecycle_id

)

select * from aged
