-- What both departments work with, made of the public facts.

create table published.marts.mart_rejection_reasons as
with counted as (
    select
        cast(date_trunc('month', handed_off_date) as date) as cohort_month_date,
        channel,
        rejection_category,
        lower(trim(rejection_reason)) as reason_text,
        min(rejection_reason) as rejection_reason,
        count(*) as rejected
    from published.marts.fct_lead_lifecycles
    where origin = 'marketing' and outcome = 'rejected'
    group by 1, 2, 3, 4
),

reasons as (
    select
        lower(reason) as reason_text,
        min(reason) as reason,
        min(owner_department) as owner_department
    from read_csv(getvariable('seeds') || '/rejection_reasons.csv')
    group by all
)

select
    md5(concat_ws(
        '|', '10:' || cohort_month_date, key_part(channel),
        key_part(rejection_category), key_part(reason_text)
    )) as rejection_reason_id,
    cohort_month_date,
    rejection_category,
    coalesce(reasons.reason, rejection_reason) as rejection_reason,
    channel,
    reasons.owner_department,
    rejected,
    rejected / sum(rejected) over (partition by cohort_month_date, channel)
        as rejected_share
from counted
left join reasons using (reason_text);

-- Each hand-off under each SLA: one row counts for all that it would have missed.
create table published.marts.mart_sla_sensitivity as
with clocked as (
    select
        lifecycles.*,
        (
            now.elapsed_us + least(us_of_day(as_of), now.open_us)
            - starts.elapsed_us - least(us_of_day(handed_off_at), starts.open_us)
        ) / 3600000000 as elapsed_hours
    from published.marts.fct_lead_lifecycles as lifecycles
    inner join open_days as starts on handed_off_at::date = starts.day
    inner join open_days as now on as_of::date = now.day
    where origin = 'marketing'
),

handed as (
    select
        cast(date_trunc('month', handed_off_date) as date) as cohort_month_date,
        team,
        outcome,
        case
            when
                as_of >= handed_off_at + interval 30 day
                and coalesce(exited_at > handed_off_at + interval 30 day, true)
                then 'ignored'
            when exit_stage is not null then 'withdrawn'
            else 'pending'
        end as otherwise,
        floor(coalesce(acted_business_hours, elapsed_hours))::integer as unattended,
        floor(elapsed_hours)::integer as elapsed
    from clocked
),

counted as (
    select
        cohort_month_date, team,
        if(outcome in ('accepted', 'rejected'), outcome, otherwise) as otherwise,
        least(unattended, 80) as unattended,
        least(elapsed, 80) as elapsed,
        count(*) as handoffs
    from handed
    group by all
),

judged as (
    select
        cohort_month_date,
        team,
        sla::integer as sla_business_hours,
        handoffs,
        unattended >= sla as missed,
        elapsed >= sla as is_due,
        if(
            unattended >= sla and otherwise in ('withdrawn', 'pending'),
            'ignored',
            otherwise
        ) as outcome
    from counted
    cross join range(1, 81) as slas (sla)
),

summed as (
    select
        cohort_month_date,
        team,
        sla_business_hours,
        coalesce(sum(handoffs) filter (outcome <> 'withdrawn'), 0)::bigint
            as handed_off,
        coalesce(sum(handoffs) filter (outcome = 'ignored'), 0)::bigint as ignored,
        coalesce(sum(handoffs) filter (missed), 0)::bigint as was_ignored,
        coalesce(sum(handoffs) filter (outcome <> 'withdrawn' and is_due), 0)::bigint
            as sla_due
    from judged
    group by all
)

select
    md5(concat_ws(
        '|', '10:' || cohort_month_date, key_part(team),
        key_part(sla_business_hours::varchar)
    )) as sla_sensitivity_id,
    *,
    if(handed_off > 0, ignored / handed_off, null) as ignore_rate,
    if(sla_due > 0, was_ignored / sla_due, null) as sla_breach_rate
from summed;

create table published.marts.mart_response_heatmap as
with placed as (
    select
        handed_off_at + interval 9 hour as local_at,
        team,
        outcome,
        response_hours,
        as_of - handed_off_at as age,
        first_response_at - handed_off_at as response
    from published.marts.fct_lead_lifecycles
    where origin = 'marketing' and outcome <> 'withdrawn'
),

counted as (
    select
        isodow(local_at)::integer as iso_weekday,
        hour(local_at)::integer as hour_of_day,
        team,
        count(*) as handed_off,
        count(*) filter (outcome = 'ignored') as ignored,
        count(response) as responded,
        sum(response_hours::decimal(28, 9)) as response_hours,
        count(*) filter (age >= interval 5 minute) as old_enough_for_5_minutes,
        count(*) filter (
            age >= interval 5 minute and response <= interval 5 minute
        ) as reached_within_5_minutes,
        count(*) filter (age >= interval 15 minute) as old_enough_for_15_minutes,
        count(*) filter (
            age >= interval 15 minute and response <= interval 15 minute
        ) as reached_within_15_minutes,
        count(*) filter (age >= interval 1 hour) as old_enough_for_1_hour,
        count(*) filter (age >= interval 1 hour and response <= interval 1 hour)
            as reached_within_1_hour,
        count(*) filter (age >= interval 4 hour) as old_enough_for_4_hours,
        count(*) filter (age >= interval 4 hour and response <= interval 4 hour)
            as reached_within_4_hours,
        count(*) filter (age >= interval 24 hour) as old_enough_for_24_hours,
        count(*) filter (age >= interval 24 hour and response <= interval 24 hour)
            as reached_within_24_hours
    from placed
    group by all
)

select
    md5(concat_ws(
        '|', key_part(iso_weekday::varchar), key_part(hour_of_day::varchar),
        key_part(team)
    )) as response_heatmap_id,
    iso_weekday,
    hour_of_day,
    team,
    handed_off,
    ignored,
    ignored / handed_off as ignore_rate,
    responded,
    coalesce(response_hours, 0)::double as response_hours,
    old_enough_for_5_minutes,
    reached_within_5_minutes,
    if(
        old_enough_for_5_minutes > 0,
        reached_within_5_minutes / old_enough_for_5_minutes, null
    ) as reached_within_5_minutes_rate,
    old_enough_for_15_minutes,
    reached_within_15_minutes,
    if(
        old_enough_for_15_minutes > 0,
        reached_within_15_minutes / old_enough_for_15_minutes, null
    ) as reached_within_15_minutes_rate,
    old_enough_for_1_hour,
    reached_within_1_hour,
    if(
        old_enough_for_1_hour > 0,
        reached_within_1_hour / old_enough_for_1_hour, null
    ) as reached_within_1_hour_rate,
    old_enough_for_4_hours,
    reached_within_4_hours,
    if(
        old_enough_for_4_hours > 0,
        reached_within_4_hours / old_enough_for_4_hours, null
    ) as reached_within_4_hours_rate,
    old_enough_for_24_hours,
    reached_within_24_hours,
    if(
        old_enough_for_24_hours > 0,
        reached_within_24_hours / old_enough_for_24_hours, null
    ) as reached_within_24_hours_rate
from counted;

create table published.marts.mart_stage_flow as
with entries as (
    select *
    from published.marts.fct_stage_events
    window in_order as (partition by person_id, lifecycle_no order by event_no)
    qualify lag(stage) over in_order is distinct from stage
),

stays as (
    select
        stage,
        occurred_at,
        lead(stage) over in_order as next_stage,
        lead(occurred_at) over in_order as next_at
    from entries
    window in_order as (partition by person_id, lifecycle_no order by event_no)
),

stages as (
    select stage, rank, kind from read_csv(getvariable('seeds') || '/stages.csv')
),

expected as (
    select from_stage, to_stage
    from read_csv(getvariable('seeds') || '/stage_transitions.csv')
    where verdict = 'expected'
),

told as (
    select
        cast(date_trunc('month', stays.occurred_at + interval 9 hour) as date)
            as entered_month_date,
        stays.stage,
        case
            when stays.next_stage is null then 'still_there'
            when nexts.kind = 'exit' and nexts.stage <> 'won' then 'left'
            when nexts.rank < stages.rank then 'moved_back'
            when expected.to_stage is not null then 'advanced'
            else 'skipped_on'
        end as became,
        (
            epoch_us(coalesce(stays.next_at, clock.as_of))
            - epoch_us(stays.occurred_at)
        ) / 3600000000 / 24 as days
    from stays
    cross join clock
    inner join stages on stays.stage = stages.stage and stages.kind <> 'exit'
    left join stages as nexts on stays.next_stage = nexts.stage
    left join expected
        on
            stays.stage = expected.from_stage
            and stays.next_stage = expected.to_stage
),

counted as (
    select
        entered_month_date, stage, became, count(*) as entries,
        quantile_cont(days, [0.5, 0.9]) as days
    from told
    group by all
)

select
    md5(concat_ws(
        '|', '10:' || entered_month_date, key_part(stage), key_part(became)
    )) as stage_flow_id,
    entered_month_date,
    stage,
    became,
    entries,
    entries / sum(entries) over (partition by entered_month_date, stage)
        as entries_share,
    days[1] as days_median,
    days[2] as days_p90
from counted;
