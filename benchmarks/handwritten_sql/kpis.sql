-- Shared targets, pacing and what a score is worth. The shipped targets are of
-- rates of the whole, and no merge is in a score of the benchmark's company.

create temp table today as
select (max(as_of) + interval 9 hour)::date as today
from published.marts.fct_lead_lifecycles;

create table published.marts.mart_kpi_scorecard as
with months as (
    select date_day as month, today
    from published.marts.dim_dates
    cross join today
    where
        day(date_day) = 1
        and date_day >= (
            select date_trunc('month', min(entered_date))
            from published.marts.mart_funnel_period
        )
        and year(date_day - interval 3 month) <= year(today - interval 3 month)
),

in_force as (
    select
        months.*,
        metric,
        arg_max(target::decimal(18, 4), effective_from) as target,
        arg_max(marketing_owner, effective_from) as marketing_owner,
        arg_max(sales_owner, effective_from) as sales_owner
    from months
    inner join read_csv(getvariable('seeds') || '/kpi_targets.csv') as targets
        on months.month >= targets.effective_from
    group by all
),

measured as (
    select
        in_force.*,
        if(metric = 'sal_rate', sal_rate, ignore_rate) as actual,
        if(metric = 'sal_rate', sal_rate_lower, ignore_rate_lower) as lower_end,
        if(metric = 'sal_rate', sal_rate_upper, ignore_rate_upper) as upper_end,
        coalesce(is_mature, true) as is_mature
    from in_force
    left join published.marts.mart_funnel_monthly as monthly
        on
            in_force.month = monthly.period_start_date
            and monthly.period_type = 'month'
            and monthly.dimension = 'all'
)

select
    md5(concat_ws('|', '10:' || month, key_part(metric), '3:all', '3:all'))
        as kpi_scorecard_id,
    month as month_start_date,
    metric,
    'cohort' as basis,
    'all' as dimension,
    'all' as dimension_value,
    marketing_owner,
    sales_owner,
    target,
    actual,
    lower_end as actual_lower,
    upper_end as actual_upper,
    actual - target::double as gap,
    metric = 'sal_rate' as is_more_better,
    if(metric = 'sal_rate', actual >= target::double, actual <= target::double)
        as is_met,
    month < date_trunc('month', today) and is_mature as is_final,
    null::double as expected_sal_rate,
    null::double as expected_sal_rate_lower,
    null::double as expected_sal_rate_upper,
    null::bigint as needed_handoffs,
    null::bigint as needed_handoffs_lower,
    null::bigint as needed_handoffs_upper,
    null::bigint as handed_off,
    null::bigint as missing_handoffs
from measured;

-- Days of the running month and quarter and of the four before each.
create temp table pacing_days as
with periods as (
    select 'fiscal_period' as period_type, month_start_date as starts
    from published.marts.dim_dates
    union
    select 'fiscal_quarter', date_trunc('quarter', month_start_date)::date
    from published.marts.dim_dates
),

numbered as (
    select
        periods.*,
        (starts + if(period_type = 'fiscal_period', interval 1 month, interval 3 month)
        - interval 1 day)::date as ends,
        row_number() over (partition by period_type order by starts desc) - 1
            as period_no
    from periods
    cross join today
    where starts <= today
),

worked as (
    select
        numbered.*,
        date_day,
        not is_weekend and not is_holiday as is_working_day,
        count(*) filter (not is_weekend and not is_holiday) over (
            partition by period_type, period_no order by date_day
        ) as working_day_no,
        count(*) filter (not is_weekend and not is_holiday) over (
            partition by period_type, period_no
        ) as working_days
    from numbered
    inner join published.marts.dim_dates on date_day between starts and ends
    where
        period_no = 0
        or period_no <= 4
        and ends >= (
            select min(entered_date) from published.marts.mart_funnel_period
        )
)

select
    *,
    least(working_day_no + if(is_working_day, 0, 1), working_days) as counts_from
from worked;

create temp table entries as
with dated as (
    select
        entered_date,
        channel,
        campaign_id,
        team,
        owner_id,
        definition_version,
        unnest([
            {'metric': 'mql', 'number': mql},
            {'metric': 'handed_off', 'number': if(is_ours, handed_off, 0)},
            {'metric': 'accepted', 'number': if(is_ours, accepted, 0)},
            {'metric': 'sql', 'number': if(is_ours, "sql", 0)},
            {'metric': 'opportunity', 'number': if(is_ours, opportunity, 0)},
            {'metric': 'won', 'number': if(is_ours, won, 0)}
        ], recursive := true)
    from (
        select *, origin = 'marketing' as is_ours
        from published.marts.mart_funnel_period
        where entered_date >= (select min(starts) from pacing_days)
    ) as recent
),

valued as (
    select
        entered_date,
        metric,
        number,
        unnest([
            {'dimension': 'all', 'dimension_value': 'all'},
            {'dimension': 'channel', 'dimension_value': channel},
            {'dimension': 'campaign', 'dimension_value': campaign_id},
            {'dimension': 'team', 'dimension_value': team},
            {'dimension': 'owner', 'dimension_value': owner_id},
            {
                'dimension': 'definition_version',
                'dimension_value': definition_version
            }
        ], recursive := true)
    from dated
    where number > 0
)

select
    entered_date,
    metric,
    dimension,
    dimension_value,
    sum(number)::bigint as number
from valued
group by all;

create table published.marts.mart_pacing as
with counted as (
    select
        period_type,
        period_no,
        date_day,
        counts_from,
        metric,
        dimension,
        dimension_value,
        sum(number)::bigint as number
    from entries
    inner join pacing_days on entered_date = date_day
    group by all
),

series as (
    select distinct period_type, metric, dimension, dimension_value from counted
    union
    select period_type, metric, 'all', 'all'
    from (select distinct period_type from pacing_days) as types
    cross join (
        select unnest([
            'mql', 'handed_off', 'accepted', 'sql', 'opportunity', 'won'
        ]) as metric
    ) as metrics
    where exists (select 1 from counted)
),

asked as (
    select
        series.*,
        days.* exclude (period_type, period_no, counts_from)
    from series
    inner join (select * from pacing_days where period_no = 0) as days
        using (period_type)
),

of_now as (
    select
        asked.*,
        sum(coalesce(number, 0)) over (
            partition by
                asked.period_type, asked.metric, asked.dimension,
                asked.dimension_value
            order by asked.date_day
        ) as actual
    from asked
    left join counted
        on
            asked.period_type = counted.period_type
            and asked.date_day = counted.date_day
            and asked.metric = counted.metric
            and asked.dimension = counted.dimension
            and asked.dimension_value is not distinct from counted.dimension_value
),

before as (
    select
        period_type,
        period_no,
        metric,
        dimension,
        dimension_value,
        counts_from,
        sum(sum(number)) over (
            partition by period_type, period_no, metric, dimension, dimension_value
            order by counts_from
        ) as so_far
    from counted
    where period_no > 0
    group by 1, 2, 3, 4, 5, 6
),

of_before as (
    select
        asked.period_type,
        asked.metric,
        asked.dimension,
        asked.dimension_value,
        asked.working_day_no,
        periods.period_no,
        coalesce(max(before.so_far), 0) as so_far
    from (
        select distinct
            period_type, metric, dimension, dimension_value, working_day_no
        from asked
    ) as asked
    inner join (
        select distinct period_type, period_no from pacing_days where period_no > 0
    ) as periods using (period_type)
    left join before
        on
            asked.period_type = before.period_type
            and periods.period_no = before.period_no
            and asked.metric = before.metric
            and asked.dimension = before.dimension
            and asked.dimension_value is not distinct from before.dimension_value
            and asked.working_day_no >= before.counts_from
    group by all
),

compared as (
    select
        period_type,
        metric,
        dimension,
        dimension_value,
        working_day_no,
        max(so_far) filter (period_no = 1)::bigint as previous,
        rate(sum(so_far), count(*)) as mean_of_last_4,
        count(*)::integer as periods_compared
    from of_before
    group by all
)

select
    md5(concat_ws(
        '|', key_part(of_now.metric), key_part(of_now.dimension),
        key_part(of_now.dimension_value), key_part(of_now.period_type),
        '10:' || date_day
    )) as pacing_id,
    of_now.metric,
    of_now.dimension,
    of_now.dimension_value,
    of_now.period_type,
    starts as period_start_date,
    ends as period_end_date,
    date_day,
    date_day = today as is_today,
    is_working_day,
    of_now.working_day_no::integer as working_day_no,
    working_days::integer as working_days,
    if(date_day <= today, actual, null)::bigint as actual,
    previous,
    mean_of_last_4,
    coalesce(periods_compared, 0) as periods_compared,
    null::double as target_to_date,
    null::double as target_gap
from of_now
cross join today
left join compared
    on
        of_now.period_type = compared.period_type
        and of_now.metric = compared.metric
        and of_now.dimension = compared.dimension
        and of_now.dimension_value is not distinct from compared.dimension_value
        and of_now.working_day_no = compared.working_day_no;

create table published.marts.mart_score_calibration as
with bands as (
    select
        score_band,
        if(band_no > 1, lower_bound, null) as lower_bound,
        lead(lower_bound) over (order by band_no) as next_bound,
        band_no
    from (
        select
            score_band,
            lower_bound::double as lower_bound,
            row_number() over (order by lower_bound nulls first) as band_no
        from read_csv(getvariable('seeds') || '/score_bands.csv')
    ) as numbered
),

scores as (
    select
        date_trunc('month', handed_off_date)::date as month,
        score_at_handoff as score,
        count(*) as handed_off,
        count(*) filter (outcome = 'accepted') as accepted,
        count(*) filter (outcome = 'rejected') as rejected,
        count(*) filter (outcome = 'ignored') as ignored,
        count(*) filter (outcome = 'pending') as pending,
        count(*) filter (outcome <> 'pending') as settled
    from published.marts.fct_lead_lifecycles
    where origin = 'marketing' and outcome <> 'withdrawn'
    group by 1, 2
),

ordered as (
    select
        scores.*,
        sal_rate_target as target,
        coalesce(sum(settled - scores.accepted) over (
            partition by month order by score
            rows between unbounded preceding and 1 preceding
        ), 0) as others_below,
        sum(scores.accepted) over from_here as accepted_from,
        sum(scores.handed_off) over from_here as handed_off_from
    from scores
    left join published.marts.mart_funnel_monthly as monthly
        on
            month = period_start_date
            and period_type = 'month'
            and dimension = 'all'
    where score is not null
    window from_here as (partition by month order by score desc)
),

tried as (
    select
        *,
        min(score) filter (accepted_from >= target * handed_off_from::bigint)
            over (partition by month) as threshold
    from ordered
),

months as (
    select
        month,
        any_value(target) as target,
        sum(handed_off) as handed_off,
        sum(accepted) as accepted,
        sum(settled) as settled,
        sum(pending) as pending,
        rate(
            sum(accepted * (2 * others_below + settled - accepted)),
            2 * sum(accepted) * sum(settled - accepted)
        ) as auc,
        any_value(threshold) as threshold,
        coalesce(sum(handed_off) filter (score < threshold), 0) as lost,
        coalesce(sum(accepted) filter (score < threshold), 0) as lost_accepted,
        sum(sum(accepted)) over past as accepted_past,
        sum(sum(settled)) over past as settled_past
    from tried
    group by month
    window past as (
        order by month rows between unbounded preceding and 1 preceding
    )
),

banded as (
    select
        month,
        if(score is null, 'no score', score_band) as score_band,
        coalesce(band_no, 1000) as band_no,
        lower_bound,
        score is not null as is_scored,
        sum(handed_off) as handed_off,
        sum(accepted) as accepted,
        sum(rejected) as rejected,
        sum(ignored) as ignored,
        sum(pending) as pending,
        sum(settled) as settled,
        sum(sum(accepted)) over past as accepted_past,
        sum(sum(settled)) over past as settled_past
    from scores
    left join bands
        on
            score >= coalesce(lower_bound, '-infinity'::double)
            and score < coalesce(next_bound, 'infinity'::double)
    group by 1, 2, 3, 4, 5
    window past as (
        partition by if(score is null, 'no score', score_band), score is not null
        order by month rows between unbounded preceding and 1 preceding
    )
),

forecast as (
    select
        banded.* exclude (accepted_past, settled_past),
        months.accepted as month_accepted,
        months.handed_off as month_handed_off,
        months.settled as month_settled,
        auc,
        target,
        threshold,
        lost,
        lost_accepted,
        coalesce(months.pending = 0, true) as is_mature,
        if(is_scored, rate(months.accepted_past, months.settled_past), null) as base,
        if(
            is_scored,
            coalesce(rate(banded.accepted_past, banded.settled_past), base),
            null
        ) as forecast
    from banded
    left join months using (month)
),

errors as (
    select
        month,
        sum((
            accepted * pow(1 - forecast, 2) + (settled - accepted) * pow(forecast, 2)
        )::decimal(28, 12))::double / max(month_settled) as brier_score,
        sum((
            accepted * pow(1 - base, 2) + (settled - accepted) * pow(base, 2)
        )::decimal(28, 12))::double / max(month_settled) as base_brier_score
    from forecast
    where is_scored and month_settled > 0
    group by 1
)

select
    md5(concat_ws(
        '|', '10:' || month, key_part(score_band),
        length(band_no::varchar) || ':' || band_no
    )) as score_calibration_id,
    month as month_start_date,
    score_band,
    band_no::integer as band_no,
    lower_bound,
    is_scored,
    handed_off::bigint as handed_off,
    accepted::bigint as accepted,
    rejected::bigint as rejected,
    ignored::bigint as ignored,
    pending::bigint as pending,
    rate(accepted, handed_off) as sal_rate,
    wilson(accepted, handed_off, -1) as sal_rate_lower,
    wilson(accepted, handed_off, 1) as sal_rate_upper,
    rate(accepted * month_handed_off, handed_off * month_accepted) as lift,
    forecast as forecast_rate,
    auc,
    brier_score,
    base_brier_score,
    target as sal_rate_target,
    threshold as best_threshold,
    if(threshold is null, null, lost)::bigint as threshold_lost_handoffs,
    if(threshold is null, null, lost_accepted)::bigint as threshold_lost_accepted,
    is_mature
from forecast
left join errors using (month);
