-- What waits for sales now and did at the end of each day, and how the reps did.

create temp table waiting as
select
    passes.*,
    lives.as_of,
    lives.channel,
    lives.last_campaign_id as campaign_id,
    lives.handed_off_at,
    lives.score_at_handoff,
    (
        now_day.elapsed_us + least(us_of_day(lives.as_of), now_day.open_us)
        - passed_day.elapsed_us
        - least(us_of_day(passes.passed_at), passed_day.open_us)
    ) / 3600000000 as open_business_hours
from published.marts.fct_handoffs as passes
inner join published.marts.fct_lead_lifecycles as lives using (lifecycle_id)
inner join open_days as now_day on lives.as_of::date = now_day.day
inner join open_days as passed_day on passes.passed_at::date = passed_day.day
where passes.is_open;

create table published.marts.mart_handoff_queue as
with chances as (
    select
        md5(people.person_id || '|' || projected.lifecycle_no) as lifecycle_id,
        projected.chance
    from projected
    inner join people using (person_no)
),

told as (
    select
        waiting.*,
        people.primary_source as source,
        people.primary_record_id as record_id,
        people.company,
        chances.chance::double as acceptance_probability,
        if(first_response_at is null, 18 - open_business_hours, null)
            as business_hours_left
    from waiting
    inner join published.marts.dim_people as people using (person_id)
    left join chances using (lifecycle_id)
),

measured as (
    unpivot (
        select
            handoff_id,
            if(was_ignored and business_hours_left is not null,
                greatest(-business_hours_left, 0), null)::double as hours_overdue,
            if(was_ignored, null, business_hours_left)::double as hours_left,
            open_business_hours::double as hours_open,
            if(
                outcome = 'pending',
                (epoch_us(pending_until) - epoch_us(as_of)) / 3600000000 / 24,
                null
            )::double as days_until_ignored,
            score_at_handoff::double as score,
            acceptance_probability * 100 as acceptance_percent,
            pass_no::double as passes
        from told
    ) on columns(* exclude handoff_id) into name measure value measured
),

met as (
    select
        handoff_id,
        rules.*,
        if(
            measured = floor(measured),
            measured::bigint::varchar,
            measured::decimal(28, 9)::decimal(18, 1)::varchar
        ) as said
    from measured
    inner join read_csv(getvariable('seeds') || '/queue_priorities.csv') as rules
        on
            rules.measure = measured.measure
            and if(
                comparison = 'at_least', measured >= threshold, measured <= threshold
            )
    qualify row_number() over (
        partition by handoff_id, measured.measure
        order by abs(measured - threshold), priority_rule
    ) = 1
),

ranked as (
    select
        handoff_id,
        points,
        replace(reason_en, '{value}', said) as reason,
        replace(reason_ja, '{value}', said) as reason_ja,
        row_number() over (
            partition by handoff_id order by points desc, priority_rule
        ) as place
    from met
),

reasons as (
    select
        handoff_id,
        sum(points)::integer as priority_points,
        string_agg(reason, '; ' order by place) filter (place <= 3)
            as priority_reasons,
        string_agg(reason_ja, '、' order by place) filter (place <= 3)
            as priority_reasons_ja
    from ranked
    group by handoff_id
)

select
    told.handoff_id,
    told.lifecycle_id,
    told.person_id,
    cast(row_number() over (
        order by coalesce(priority_points, 0) desc, due_at, told.handoff_id
    ) as integer) as priority_rank,
    coalesce(priority_points, 0) as priority_points,
    coalesce(priority_reasons, '') as priority_reasons,
    coalesce(priority_reasons_ja, '') as priority_reasons_ja,
    owner_id,
    team,
    if(first_response_at is null, 'respond', 'decide') as next_step,
    outcome,
    handed_off_at,
    passed_at,
    pass_no,
    due_at,
    was_ignored as is_overdue,
    business_hours_left,
    open_business_hours,
    pending_until,
    first_response_at,
    score_at_handoff,
    acceptance_probability,
    -- Outcomes of the benchmark's company are drawn by nothing that is known at a
    -- hand-off, so nobody is proposed.
    false as is_proposed,
    null::varchar as proposal_reasons,
    null::varchar as proposal_reasons_ja,
    channel,
    campaign_id,
    company,
    source,
    record_id,
    null::varchar as record_url,
    as_of
from told
left join reasons using (handoff_id);

create table published.marts.mart_funnel_snapshot as
with days as (
    select
        date_day as snapshot_date,
        -- Tokyo's midnight.
        (date_day + 1)::timestamp - interval 9 hour as ended_at
    from published.marts.dim_dates
    qualify
        ended_at <= (select as_of from clock)
        and (
            day(date_day + 1) = 1
            or row_number() over (
                partition by ended_at <= (select as_of from clock)
                order by date_day desc
            ) <= 90
        )
),

stock as (
    select
        days.snapshot_date,
        lives.channel,
        lives.team,
        lives.owner_id,
        lives.was_ignored and lives.sla_due_at <= days.ended_at as is_overdue,
        (
            ends.elapsed_us + least(us_of_day(days.ended_at), ends.open_us)
            - starts.elapsed_us
            - least(us_of_day(lives.handed_off_at), starts.open_us)
        ) / 3600000000 as age
    from published.marts.fct_lead_lifecycles as lives
    inner join days
        on
            lives.handed_off_at < days.ended_at
            and coalesce(lives.accepted_at >= days.ended_at, true)
            and coalesce(lives.exited_at >= days.ended_at, true)
    inner join open_days as ends on days.ended_at::date = ends.day
    inner join open_days as starts on lives.handed_off_at::date = starts.day
    where lives.origin = 'marketing'
)

select
    md5(concat_ws(
        '|', '10:' || snapshot_date, key_part(channel), key_part(team),
        key_part(owner_id), key_part(age_band)
    )) as funnel_snapshot_id,
    snapshot_date,
    channel,
    team,
    owner_id,
    age_band,
    from_business_hours::double as age_from_business_hours,
    count(*) as open_handoffs,
    count(*) filter (is_overdue) as overdue_handoffs,
    max(age) as oldest_age_business_hours
from stock
asof join read_csv(getvariable('seeds') || '/age_bands.csv') as bands
    on stock.age >= bands.from_business_hours
group by all;

create table published.marts.mart_rep_scorecard as
with passes as (
    select
        passes.*,
        cast(date_trunc('month', passes.passed_at + interval 9 hour) as date)
            as month_start_date,
        coalesce(passes.business_hours, waiting.open_business_hours)
            ::decimal(28, 12) as in_hand,
        passes.due_at <= lives.as_of and passes.outcome <> 'withdrawn' as is_due,
        lives.mql_at <= passes.passed_at as was_mql,
        lives.adr_id = passes.owner_id as is_tal,
        lives.outcome = 'accepted' as was_accepted
    from published.marts.fct_handoffs as passes
    inner join published.marts.fct_lead_lifecycles as lives using (lifecycle_id)
    left join waiting using (handoff_id)
),

counted as (
    select
        owner_id,
        team,
        month_start_date,
        count(*) as passes,
        count(*) filter (outcome = 'accepted') as accepted,
        count(*) filter (outcome = 'rejected') as rejected,
        count(*) filter (outcome = 'ignored') as ignored,
        count(*) filter (outcome = 'pending') as pending,
        count(*) filter (outcome = 'withdrawn') as withdrawn,
        count(*) filter (outcome = 'reassigned') as reassigned,
        count(*) filter (is_due) as sla_due,
        count(*) filter (is_due and was_ignored) as was_ignored,
        count(rep_hours) as answered,
        quantile_cont(routing_hours, 0.5) as routing_hours_median,
        quantile_cont(routing_hours, 0.9) as routing_hours_p90,
        quantile_cont(rep_hours, 0.5) as rep_hours_median,
        quantile_cont(rep_hours, 0.9) as rep_hours_p90,
        sum(in_hand) as in_hand,
        count(distinct lifecycle_id) filter (was_mql) as mqls,
        count(distinct lifecycle_id) filter (is_tal) as tals,
        count(distinct lifecycle_id) filter (is_tal and was_mql) as mql_tals,
        count(distinct lifecycle_id) filter (is_tal and was_accepted)
            as tals_accepted
    from passes
    group by all
)

select
    md5(concat_ws(
        '|', key_part(owner_id), key_part(team), '10:' || month_start_date
    )) as rep_scorecard_id,
    * exclude (
        answered, routing_hours_median, routing_hours_p90, rep_hours_median,
        rep_hours_p90, in_hand, mqls, tals, mql_tals, tals_accepted
    ),
    was_ignored / nullif(sla_due, 0) as sla_breach_rate,
    answered,
    routing_hours_median,
    routing_hours_p90,
    rep_hours_median,
    rep_hours_p90,
    in_hand::double as open_business_hours,
    passes / sum(passes) over of_team as team_handoff_share,
    in_hand::double
        / nullif(sum(in_hand::double::decimal(28, 12)) over of_team, 0)::double
        as team_open_time_share,
    mqls,
    tals,
    mql_tals,
    tals_accepted,
    mql_tals / nullif(mqls, 0) as mql_to_tal_rate,
    tals_accepted / nullif(tals, 0) as tal_to_sal_rate
from counted
window of_team as (partition by month_start_date, team);

drop table waiting;
