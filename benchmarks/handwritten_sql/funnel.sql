-- Cohorts, periods, months, and the curve that open cohorts are projected by.

create macro key_part(value) as
    coalesce(length(value) || ':' || value, '-');

-- The names of each combination, and its part of the keys.
create temp table dimensions as
with combinations as (
    select distinct
        code,
        source,
        last_campaign_id::varchar as campaign_id,
        owner_id,
        origin
    from lifecycles
    where is_in_marts
),

channels as (
    select distinct source::lead_source as source, channel
    from published.marts.dim_people
),

named as (
    select
        combinations.code,
        channels.channel,
        combinations.campaign_id,
        users.team,
        combinations.owner_id::varchar as owner_id,
        combinations.origin
    from combinations
    left join users on combinations.owner_id = users.user_id
    left join channels using (source)
)

select
    *,
    concat_ws(
        '|', key_part(channel), key_part(campaign_id), key_part(team),
        key_part(owner_id), key_part(origin), '2:v1'
    ) as key_text
from named;

-- At which age, in business days, each hand-off was settled or still was open.
create temp table ages as
with ended as (
    select
        person_no,
        lifecycle_no,
        outcome,
        passed_day_no,
        cast(date_trunc('month', handed_off_date) as date) as cohort_month,
        case
            when outcome = 'accepted' then accepted_at
            when outcome in ('rejected', 'withdrawn') then exited_at
            when outcome = 'ignored' and was_ignored then due_at
            when outcome = 'ignored' then handed_off_at + interval 30 day
            else clock.as_of
        end as ended_at
    from lifecycles
    cross join clock
    where origin = 'marketing' and is_in_marts
)

select
    ended.cohort_month,
    ended.outcome,
    if(ended.outcome = 'pending', ended.person_no, null) as person_no,
    if(ended.outcome = 'pending', ended.lifecycle_no, null) as lifecycle_no,
    greatest(open_days.open_day_no - ended.passed_day_no, 0) as age,
    count(*) as leaving
from ended
inner join open_days on ended.ended_at::date = open_days.day
group by all;

create temp table ages_by_month as
select
    cohort_month,
    age,
    sum(leaving)::bigint as leaving,
    coalesce(sum(leaving) filter (outcome = 'accepted'), 0)::bigint as accepted,
    coalesce(sum(leaving) filter (outcome = 'rejected'), 0)::bigint as rejected,
    coalesce(sum(leaving) filter (outcome = 'ignored'), 0)::bigint as ignored,
    coalesce(sum(leaving) filter (outcome = 'withdrawn'), 0)::bigint as withdrawn,
    coalesce(sum(leaving) filter (outcome = 'pending'), 0)::bigint as censored,
    coalesce(sum(leaving) filter (outcome <> 'pending'), 0)::bigint as settled
from ages
group by all;

-- Kaplan-Meier with two competing ends.
create macro curve_of(counted) as table
with at_risk_counted as (
    select
        *,
        sum(leaving) over (
            partition by cohort_month order by age desc
            rows between unbounded preceding and current row
        ) as at_risk
    from query_table(counted)
),

open_shares as (
    select
        *,
        if(
            bool_or(settled = at_risk) over up_to,
            0,
            exp(sum(
                if(settled < at_risk, ln(1 - settled / (at_risk * 1e0)), 0)
            ) over up_to)
        ) as share_open
    from at_risk_counted
    window up_to as (
        partition by cohort_month order by age
        rows between unbounded preceding and current row
    )
)

select
    *,
    coalesce(
        lag(share_open) over (partition by cohort_month order by age), 1e0
    ) * accepted / (at_risk * 1e0) as accepted_step
from open_shares;

create table published.marts.mart_acceptance_curve as
select
    cohort_month as cohort_month_date,
    age as business_days,
    at_risk::bigint as at_risk,
    accepted,
    rejected,
    ignored,
    withdrawn,
    censored,
    least(1e0, sum(accepted_step) over (
        partition by cohort_month order by age
        rows between unbounded preceding and current row
    )) as cumulative_accepted_share
from curve_of('ages_by_month');

-- Each month by the curve of the months before it.
create temp table ages_of_older_months as
select
    months.cohort_month,
    older.age,
    sum(older.leaving) as leaving,
    sum(older.accepted) as accepted,
    sum(older.settled) as settled
from (select distinct cohort_month from ages where outcome = 'pending') as months
inner join ages_by_month as older on months.cohort_month > older.cohort_month
group by all;

create temp table projected as
with curve as (
    select
        cohort_month,
        age,
        at_risk::bigint as at_risk,
        share_open,
        sum(accepted_step) over (
            partition by cohort_month order by age
            rows between unbounded preceding and current row
        ) as share_accepted,
        sum(accepted_step) over (
            partition by cohort_month order by age
            rows between unbounded preceding and unbounded following
        ) as share_accepted_finally
    from curve_of('ages_of_older_months')
),

wholes as (
    select
        cohort_month,
        max(share_accepted_finally) as share_accepted_finally,
        max(at_risk) as at_risk
    from curve
    group by cohort_month
),

chances as (
    select
        ages.person_no,
        ages.lifecycle_no,
        wholes.cohort_month is not null as has_curve,
        coalesce(curve.at_risk, wholes.at_risk) as at_risk,
        cast(
            case
                when wholes.cohort_month is null then null
                when coalesce(curve.share_open, 1) <= 0 then 0
                else least(1, greatest(0, (
                    wholes.share_accepted_finally
                    - coalesce(curve.share_accepted, 0)
                ) / coalesce(curve.share_open, 1)))
            end as decimal(28, 12)
        ) as chance
    from ages
    asof left join curve
        on ages.cohort_month = curve.cohort_month and ages.age >= curve.age
    left join wholes on ages.cohort_month = wholes.cohort_month
    where ages.outcome = 'pending'
)

select
    person_no,
    lifecycle_no,
    has_curve,
    chance,
    cast(chance::double * (1 - chance::double) as decimal(28, 12)) as variance,
    cast(
        sqrt(chance::double * (1 - chance::double) / (at_risk * 1e0))
        as decimal(28, 12)
    ) as curve_error
from chances;

-- Hours as decimals: a sum of doubles would depend on the order of rows.
create temp table cohorts as
select
    lifecycles.handed_off_date,
    lifecycles.code,
    count(*) filter (outcome <> 'withdrawn') as handed_off,
    count(*) filter (outcome = 'accepted') as accepted,
    count(*) filter (accepted_at > due_at) as accepted_late,
    count(*) filter (outcome = 'rejected') as rejected,
    count(*) filter (outcome = 'ignored') as ignored,
    count(*) filter (outcome = 'pending') as pending,
    count(*) filter (outcome = 'withdrawn') as withdrawn,
    count(*) filter (was_ignored) as was_ignored,
    count(*) filter (outcome <> 'withdrawn' and due_at <= clock.as_of) as sla_due,
    count(mql_at) as mql,
    count(mql_at) filter (outcome = 'accepted') as mql_accepted,
    count(sql_at) as sql,
    count(sql_at) filter (outcome = 'accepted') as accepted_sql,
    count(opportunity_at) as opportunity,
    count(opportunity_at) filter (sql_at is not null) as sql_opportunity,
    count(*) filter (exit_stage = 'won'::stage) as won,
    count(opportunity_at) filter (exit_stage = 'won'::stage) as opportunity_won,
    count(responded_at) as responded,
    sum((response_us / 3600000000)::decimal(18, 9)) as response_hours,
    sum((response_business_us / 3600000000)::decimal(18, 9))
        as response_business_hours,
    sum((accept_us / 3600000000)::decimal(18, 9)) filter (outcome = 'accepted')
        as accept_hours,
    sum((accept_business_us / 3600000000)::decimal(18, 9))
        as accept_business_hours,
    sum(amount) as opportunity_amount_reporting,
    sum(amount) filter (exit_stage = 'won'::stage) as won_amount_reporting,
    sum(chance) as expected_acceptances,
    sum(variance) as expected_variance,
    sum(curve_error) as expected_curve_error,
    count(*) filter (not has_curve) as pending_without_curve
from lifecycles
cross join clock
left join projected using (person_no, lifecycle_no)
where origin = 'marketing' and is_in_marts
group by 1, 2;

create table published.marts.mart_funnel_cohort as
select
    md5(concat('10:', handed_off_date, '|', dimensions.key_text)) as cohort_id,
    handed_off_date,
    dimensions.channel,
    dimensions.campaign_id,
    dimensions.team,
    dimensions.owner_id,
    dimensions.origin,
    'v1' as definition_version,
    handed_off,
    accepted,
    accepted_late,
    rejected,
    ignored,
    pending,
    withdrawn,
    was_ignored,
    sla_due,
    mql,
    mql_accepted,
    sql,
    accepted_sql,
    opportunity,
    sql_opportunity,
    won,
    opportunity_won,
    responded,
    coalesce(response_hours, 0)::double as response_hours,
    coalesce(response_business_hours, 0)::double as response_business_hours,
    coalesce(accept_hours, 0)::double as accept_hours,
    coalesce(accept_business_hours, 0)::double as accept_business_hours,
    coalesce(opportunity_amount_reporting, 0)::decimal(18, 2)
        as opportunity_amount_reporting,
    coalesce(won_amount_reporting, 0)::decimal(18, 2) as won_amount_reporting,
    coalesce(expected_acceptances, 0)::decimal(28, 12) as expected_acceptances,
    coalesce(expected_variance, 0)::decimal(28, 12) as expected_variance,
    coalesce(expected_curve_error, 0)::decimal(28, 12) as expected_curve_error,
    pending_without_curve
from cohorts
inner join dimensions using (code);

-- Each stage on the day it was entered.
create table published.marts.mart_funnel_period as
with entered as (
    select
        code,
        unnest([1, 2, 3, 4, 5, 6, 7, enum_code(exit_stage) + 1]) as place,
        unnest([
            inquiry_at, mql_at, handed_off_at, tal_at, accepted_at, sql_at,
            opportunity_at, exited_at
        ]) as entered_at
    from lifecycles
    where is_in_marts
),

counted as (
    select
        cast(entered_at + interval 9 hour as date) as entered_date,
        code,
        count(*) filter (place = 1) as inquiry,
        count(*) filter (place = 2) as mql,
        count(*) filter (place = 3) as handed_off,
        count(*) filter (place = 4) as tal,
        count(*) filter (place = 5) as accepted,
        count(*) filter (place = 6) as sql,
        count(*) filter (place = 7) as opportunity,
        count(*) filter (place = 8) as won,
        count(*) filter (place = 9) as lost,
        count(*) filter (place = 10) as rejected,
        count(*) filter (place = 11) as recycled,
        count(*) filter (place = 12) as disqualified
    from entered
    where entered_at is not null
    group by 1, 2
)

select
    md5(concat('10:', entered_date, '|', dimensions.key_text))
        as funnel_period_id,
    entered_date,
    dimensions.channel,
    dimensions.campaign_id,
    dimensions.team,
    dimensions.owner_id,
    dimensions.origin,
    'v1' as definition_version,
    counted.* exclude (entered_date, code)
from counted
inner join dimensions using (code);

-- Months by each dimension; quarters and years, whole and version are made of
-- these.
create temp table months as
with dated as (
    select
        cast(date_trunc('month', handed_off_date) as date) as month,
        dimensions.channel,
        dimensions.campaign_id,
        dimensions.team,
        dimensions.owner_id,
        cohorts.* exclude (
            handed_off_date, code, response_hours, response_business_hours,
            accept_hours, accept_business_hours
        )
    from cohorts
    inner join dimensions using (code)
),

by_owner as (
    select month, team, owner_id, sum(columns(* exclude (
        month, channel, campaign_id, team, owner_id
    )))
    from dated group by month, team, owner_id
)

select 'channel' as dimension, channel as dimension_value, month,
    sum(columns(* exclude (month, channel, campaign_id, team, owner_id)))
from dated group by 2, 3
union all
select 'campaign', campaign_id, month,
    sum(columns(* exclude (month, channel, campaign_id, team, owner_id)))
from dated group by 2, 3
union all
select 'owner', owner_id, month, columns(* exclude (month, team, owner_id))
from by_owner
union all
select 'team', team, month, sum(columns(* exclude (month, team, owner_id)))
from by_owner group by 2, 3
union all
select 'all', 'all', month, sum(columns(* exclude (month, team, owner_id)))
from by_owner group by 3
union all
select 'definition_version', 'v1', month,
    sum(columns(* exclude (month, team, owner_id)))
from by_owner group by 3;

create macro period_start(period_type, day) as cast(case period_type
    when 'month' then date_trunc('month', day)
    when 'fiscal_quarter' then date_trunc('quarter', day)
    else date_trunc('year', day - interval 3 month) + interval 3 month
end as date);

-- A median is not made of medians, so each dimension and period asks again; one
-- type of period after the other, as their values are all kept in memory.
create temp table timed as
select
    lifecycles.handed_off_date,
    dimensions.channel,
    last_campaign_id as campaign_id,
    dimensions.team,
    lifecycles.owner_id,
    response_us / 3600000000 as response,
    response_business_us / 3600000000 as response_business,
    if(outcome = 'accepted', accept_us, null) / 3600000000 as accept,
    accept_business_us / 3600000000 as accept_business
from lifecycles
inner join dimensions using (code)
where
    lifecycles.origin = 'marketing'
    and is_in_marts
    and (responded_at is not null or accepted_at is not null);

drop table lifecycles;

create macro hours_by(type_of_period) as table
with dated as (
    select period_start(type_of_period, handed_off_date) as period_start_date, *
    from timed
),

ranked as (
    select
        period_start_date,
        grouping(channel, campaign_id, team, owner_id) as missing,
        channel,
        campaign_id::varchar as campaign_id,
        team,
        owner_id::varchar as owner_id,
        quantile_cont(response, [0.5, 0.9]) as response,
        quantile_cont(response_business, [0.5, 0.9]) as response_business,
        quantile_cont(accept, [0.5, 0.9]) as accept,
        quantile_cont(accept_business, [0.5, 0.9]) as accept_business
    from dated
    group by grouping sets (
        (period_start_date),
        (period_start_date, channel),
        (period_start_date, campaign_id),
        (period_start_date, team),
        (period_start_date, owner_id)
    )
)

select
    type_of_period as period_type,
    period_start_date,
    case missing
        when 15 then 'all' when 7 then 'channel' when 11 then 'campaign'
        when 13 then 'team' else 'owner'
    end as dimension,
    case missing
        when 15 then 'all' when 7 then channel when 11 then campaign_id
        when 13 then team else owner_id
    end as dimension_value,
    response,
    response_business,
    accept,
    accept_business
from ranked;

create temp table hours as from hours_by('month');

insert into hours from hours_by('fiscal_quarter');

insert into hours from hours_by('fiscal_year');

-- The 95 % interval of Wilson.
create macro rate(successes, trials) as
    if(trials > 0, successes::double / trials::double, null);

create macro wilson(successes, trials, side) as
    if(
        trials > 0,
        least(1e0, greatest(0e0, (
            successes::double + 1.9207294103470627
            + side * 1.959963984540054 * sqrt(
                successes::double * (trials::double - successes::double)
                / trials::double + 0.9603647051735313
            )
        ) / (trials::double + 3.8414588206941254))),
        null
    );

create table published.marts.mart_funnel_monthly as
with counted as (
    select
        types.period_type,
        period_start(types.period_type, months.month) as period_start_date,
        months.dimension,
        months.dimension_value,
        sum(columns(months.* exclude (month, dimension, dimension_value)))
    from months
    cross join (
        select unnest(['month', 'fiscal_quarter', 'fiscal_year']) as period_type
    ) as types
    group by 1, 2, 3, 4
),

projections as (
    select
        *,
        if(
            handed_off > 0 and pending_without_curve = 0,
            accepted + coalesce(expected_acceptances, 0)::double,
            null
        ) as projected,
        1.959963984540054 * sqrt(
            coalesce(expected_variance, 0)::double
            + power(coalesce(expected_curve_error, 0)::double, 2)
        ) as margin
    from counted
),

targets as (
    select
        dimension,
        coalesce(dimension_value, 'all') as dimension_value,
        effective_from,
        target::decimal(9, 4) as target
    from read_csv(getvariable('seeds') || '/kpi_targets.csv')
    where metric = 'sal_rate'
)

select
    md5(concat_ws(
        '|', key_part(rated.period_type), '10:' || rated.period_start_date::varchar,
        key_part(rated.dimension), key_part(rated.dimension_value)
    )) as funnel_monthly_id,
    rated.period_type,
    rated.period_start_date,
    rated.dimension,
    rated.dimension_value,
    handed_off::bigint as handed_off,
    accepted::bigint as accepted,
    accepted_late::bigint as accepted_late,
    rejected::bigint as rejected,
    ignored::bigint as ignored,
    pending::bigint as pending,
    withdrawn::bigint as withdrawn,
    was_ignored::bigint as was_ignored,
    sla_due::bigint as sla_due,
    mql::bigint as mql,
    sql::bigint as sql,
    opportunity::bigint as opportunity,
    won::bigint as won,
    coalesce(opportunity_amount_reporting, 0)::decimal(18, 2)
        as opportunity_amount_reporting,
    coalesce(won_amount_reporting, 0)::decimal(18, 2) as won_amount_reporting,
    rate(accepted, handed_off) as sal_rate,
    wilson(accepted, handed_off, -1) as sal_rate_lower,
    wilson(accepted, handed_off, 1) as sal_rate_upper,
    rate(ignored, handed_off) as ignore_rate,
    wilson(ignored, handed_off, -1) as ignore_rate_lower,
    wilson(ignored, handed_off, 1) as ignore_rate_upper,
    rate(rejected, handed_off) as rejection_rate,
    wilson(rejected, handed_off, -1) as rejection_rate_lower,
    wilson(rejected, handed_off, 1) as rejection_rate_upper,
    rate(pending, handed_off) as pending_rate,
    wilson(pending, handed_off, -1) as pending_rate_lower,
    wilson(pending, handed_off, 1) as pending_rate_upper,
    rate(accepted, handed_off - pending) as resolved_sal_rate,
    wilson(accepted, handed_off - pending, -1) as resolved_sal_rate_lower,
    wilson(accepted, handed_off - pending, 1) as resolved_sal_rate_upper,
    rate(was_ignored, sla_due) as sla_breach_rate,
    wilson(was_ignored, sla_due, -1) as sla_breach_rate_lower,
    wilson(was_ignored, sla_due, 1) as sla_breach_rate_upper,
    rate(projected, handed_off) as projected_sal_rate,
    if(
        projected is null, null,
        rate(greatest(accepted, projected - margin), handed_off)
    ) as projected_sal_rate_lower,
    if(
        projected is null, null,
        rate(least(accepted + pending, projected + margin), handed_off)
    ) as projected_sal_rate_upper,
    pending = 0 as is_mature,
    rate(mql_accepted, mql) as mql_to_sal_rate,
    rate(accepted_sql, accepted) as sal_to_sql_rate,
    rate(sql_opportunity, sql) as sql_to_opportunity_rate,
    rate(opportunity_won, opportunity) as win_rate,
    hours.response[1] as response_hours_median,
    hours.response[2] as response_hours_p90,
    hours.response_business[1] as response_business_hours_median,
    hours.response_business[2] as response_business_hours_p90,
    hours.accept[1] as accept_hours_median,
    hours.accept[2] as accept_hours_p90,
    hours.accept_business[1] as accept_business_hours_median,
    hours.accept_business[2] as accept_business_hours_p90,
    targets.target as sal_rate_target,
    rate(accepted, handed_off) - targets.target::double as sal_rate_gap
from projections as rated
left join hours
    on
        rated.period_type = hours.period_type
        and rated.period_start_date = hours.period_start_date
        and if(rated.dimension = 'definition_version', 'all', rated.dimension)
        = hours.dimension
        and if(
            rated.dimension = 'definition_version', 'all', rated.dimension_value
        ) is not distinct from hours.dimension_value
asof left join targets
    on
        rated.dimension = targets.dimension
        and rated.dimension_value = targets.dimension_value
        and rated.period_start_date >= targets.effective_from;
