-- Calendars, spend, and what an accepted lead costs. All amounts are in the
-- reporting currency, and no period was closed.

create table published.marts.dim_dates as
with days as (
    select
        unnest(range(
            make_date(year(earliest_at) - 1, 1, 1),
            make_date(year(as_of) + 2, 1, 1),
            interval 1 day
        ))::date as date_day
    from clock
),

holidays as (
    select holiday_date::date as date_day, min(name) as holiday_name
    from read_csv(getvariable('seeds') || '/holidays.csv')
    where calendar_id = 'japan'
    group by 1
)

select
    date_day,
    year(date_day)::integer as calendar_year,
    month(date_day)::integer as calendar_month,
    date_trunc('month', date_day)::date as month_start_date,
    year(date_day - interval 3 month)::integer as fiscal_year,
    quarter(date_day - interval 3 month)::integer as fiscal_quarter,
    month(date_trunc('month', date_day) - interval 3 month)::integer as fiscal_month,
    date_trunc('quarter', date_day)::date as fiscal_quarter_start_date,
    (date_trunc('year', date_day - interval 3 month) + interval 3 month)::date
        as fiscal_year_start_date,
    isodow(date_day)::integer as iso_weekday,
    isodow(date_day) >= 6 as is_weekend,
    holiday_name is not null as is_holiday,
    holiday_name
from days
left join holidays using (date_day);

create table published.marts.dim_fiscal_periods as
select
    strftime(month_start_date, '%Y-%m') as fiscal_period_id,
    month_start_date as period_start_date,
    last_day(month_start_date) as period_end_date,
    any_value(fiscal_year) as fiscal_year,
    any_value(fiscal_quarter) as fiscal_quarter,
    any_value(fiscal_month) as fiscal_month,
    strftime(month_start_date, '%Y-%m') as name
from published.marts.dim_dates
group by month_start_date;

create temp table costs as
with reports as (
    select
        'ads' as source,
        'campaign_report' as source_table,
        concat_ws(
            '|', date_day, platform, account_id, campaign_id, '', ''
        ) as source_key,
        date_day as day_text,
        spend as amount_text,
        platform,
        campaign_id,
        account_id as account,
        null as vendor,
        null as memo,
        currency
    from read_parquet(getvariable('landing') || '/ads/campaign_report/*.parquet')
),

booked as (
    select
        'ledger' as source,
        'cost' as source_table,
        cost_id as source_key,
        cost_date as day_text,
        amount as amount_text,
        null as platform,
        campaign_id,
        account,
        vendor,
        memo,
        currency
    from read_parquet(getvariable('landing') || '/ledger/cost/*.parquet')
)

select
    *,
    try_cast(day_text as date) as spend_date,
    try_cast(amount_text as decimal(18, 2)) as amount
from (from reports union all from booked);

create table published.marts.fct_spend as
select
    md5(source || '|' || source_table || '|' || source_key || '|1') as spend_id,
    spend_date,
    strftime(spend_date, '%Y-%m') as fiscal_period_id,
    source,
    source_table,
    source_key,
    platform,
    campaign_id,
    campaign_id as given_campaign_id,
    case
        when try_cast(campaign_id as campaign_id) is not null then 'id'
        when campaign_id is not null then 'none'
    end as campaign_match,
    account,
    vendor,
    memo,
    currency,
    amount,
    1::decimal(18, 8) as rate,
    amount as amount_reporting
from costs
where spend_date is not null and amount is not null;

-- left * right / divisor as a whole number, half away from zero.
create macro rounded(dividend, factor, divisor) as
    (2 * dividend::hugeint * factor::hugeint + divisor::hugeint)
    // (2 * divisor::hugeint);

create macro money(cents) as (cents::decimal(19, 0) * 0.01)::decimal(18, 2);

create macro weight(units) as
    (units::decimal(20, 0) * 0.000000000001)::decimal(28, 12);

create macro cost_per(cents, units) as
    if(
        units > 0,
        (rounded(cents, 1000000000000, units)::decimal(32, 0) * 0.01)
            ::decimal(32, 2),
        null
    );

create temp table shares as
with summed as (
    select
        fiscal_period_id,
        source,
        account,
        currency,
        campaign_id,
        sum(amount * 100)::bigint as cents,
        count(*) as spend_lines
    from published.marts.fct_spend
    group by all
),

pools as (
    select summed.*, coalesce(rules.rule, 'unallocated') as rule
    from summed
    left join read_csv(
        getvariable('seeds') || '/cost_allocation_rules.csv'
    ) as rules using (account)
    where summed.campaign_id is null
),

models as (
    select unnest(enum_range(null::attribution_model))::attribution_model
        as attribution_model
),

bases as (
    select
        'by_accepted_leads' as rule,
        attribution_model,
        strftime(month, '%Y-%m') as fiscal_period_id,
        campaign_id::varchar as campaign_id,
        units as basis
    from attributed
    where stage = 'sal'::milestone
    union all
    select 'by_spend', attribution_model, fiscal_period_id, campaign_id, basis
    from (
        select fiscal_period_id, campaign_id, sum(cents)::hugeint as basis
        from summed
        where campaign_id is not null
        group by all
        having sum(cents) > 0
    ), models
),

totalled as (
    select
        *,
        sum(basis) over (partition by rule, attribution_model, fiscal_period_id)
            as total,
        row_number() over (
            partition by rule, attribution_model, fiscal_period_id
            order by basis desc, campaign_id nulls last
        ) as size_no
    from bases
),

spread as (
    select
        pools.* exclude (campaign_id),
        totalled.attribution_model,
        totalled.campaign_id,
        totalled.size_no,
        rounded(pools.cents, totalled.basis, totalled.total) as share
    from pools
    inner join totalled using (rule, fiscal_period_id)
)

select
    fiscal_period_id, source, account, currency, campaign_id,
    'campaign' as cost_kind, 'own' as rule, attribution_model, cents, spend_lines
from summed
cross join models
where campaign_id is not null
union all
select
    fiscal_period_id, source, account, currency, campaign_id,
    'allocated', rule, attribution_model,
    share + if(
        size_no = 1,
        cents - sum(share) over (
            partition by
                fiscal_period_id, source, account, currency, attribution_model
        ),
        0
    ),
    spend_lines
from spread
union all
select
    fiscal_period_id, source, account, currency, campaign_id,
    'unallocated', rule, attribution_model, cents, spend_lines
from pools
cross join models
where (rule, fiscal_period_id, attribution_model) not in (
    select (rule, fiscal_period_id, attribution_model) from totalled
);

create table published.marts.fct_spend_shares as
select
    md5(concat_ws(
        '|', key_part(fiscal_period_id), key_part(source), key_part(account),
        key_part(currency), key_part(campaign_id), key_part(cost_kind),
        key_part(attribution_model::varchar)
    )) as spend_share_id,
    fiscal_period_id,
    source,
    account,
    currency,
    campaign_id,
    cost_kind,
    rule,
    attribution_model::varchar as attribution_model,
    money(cents) as amount,
    money(cents) as amount_reporting,
    spend_lines
from shares;

create table published.marts.mart_spend_per_sal as
with united as (
    select
        fiscal_period_id, campaign_id, cost_kind, attribution_model,
        cents::hugeint as cents, null::milestone as stage, 0::hugeint as units,
        0::hugeint as won
    from shares
    union all
    select
        strftime(month, '%Y-%m'), campaign_id::varchar, 'campaign',
        attribution_model, 0, stage, units, 0
    from attributed
    union all
    select
        strftime(month, '%Y-%m'), campaign_id::varchar, 'campaign',
        attribution_model, 0, null, 0, units * cents
    from attributed_amounts
    where stage = 'won'::milestone
),

summed as (
    select
        fiscal_period_id,
        campaign_id,
        cost_kind,
        attribution_model,
        sum(cents) as cents,
        coalesce(sum(units) filter (stage = 'inquiry'::milestone), 0) as inquiry,
        coalesce(sum(units) filter (stage = 'mql'::milestone), 0) as mql,
        coalesce(sum(units) filter (stage = 'handed_off'::milestone), 0)
            as handed_off,
        coalesce(sum(units) filter (stage = 'sal'::milestone), 0) as sal,
        coalesce(sum(units) filter (stage = 'sql'::milestone), 0) as sql,
        coalesce(sum(units) filter (stage = 'opportunity'::milestone), 0)
            as opportunity,
        coalesce(sum(units) filter (stage = 'won'::milestone), 0) as customers,
        sum(won) as won
    from united
    group by all
),

loaded as (
    select
        *,
        if(
            cost_kind = 'campaign',
            sum(cents) filter (cost_kind <> 'unallocated') over (
                partition by fiscal_period_id, campaign_id, attribution_model
            ),
            null
        ) as loaded_cents,
        rounded(won, 1, 1000000000000) as won_cents,
        row_number() over (
            partition by fiscal_period_id, attribution_model
            order by won desc, campaign_id nulls last, cost_kind desc
        ) as size_no,
        rounded(
            sum(won) over (partition by fiscal_period_id, attribution_model),
            1, 1000000000000
        ) as all_won_cents
    from summed
)

select
    md5(concat_ws(
        '|', key_part(fiscal_period_id), key_part(campaign_id),
        key_part(cost_kind), key_part(attribution_model::varchar)
    )) as spend_per_sal_id,
    fiscal_period_id,
    (fiscal_period_id || '-01')::date as period_start_date,
    loaded.campaign_id,
    names.name as campaign_name,
    cost_kind,
    attribution_model::varchar as attribution_model,
    money(cents) as spend_reporting,
    money(loaded_cents) as spend_with_allocated_reporting,
    weight(inquiry) as attributed_inquiries,
    weight(mql) as attributed_mqls,
    weight(handed_off) as attributed_handoffs,
    weight(sal) as attributed_sals,
    weight(sql) as attributed_sqls,
    weight(opportunity) as attributed_opportunities,
    weight(customers) as attributed_customers,
    money(won_cents + if(size_no = 1, all_won_cents - sum(won_cents) over (
        partition by fiscal_period_id, attribution_model
    ), 0)) as attributed_won_amount_reporting,
    cost_per(cents, inquiry) as cost_per_inquiry_reporting,
    cost_per(cents, mql) as cost_per_mql_reporting,
    cost_per(cents, handed_off) as cost_per_handoff_reporting,
    cost_per(cents, sal) as cost_per_sal_reporting,
    cost_per(cents, sql) as cost_per_sql_reporting,
    cost_per(cents, opportunity) as cost_per_opportunity_reporting,
    cost_per(cents, customers) as cost_per_customer_reporting,
    cost_per(loaded_cents, sal) as cost_per_sal_with_allocated_reporting
from loaded
left join read_parquet(
    getvariable('landing') || '/generic/campaign/*.parquet'
) as names using (campaign_id);

create table published.marts.mart_spend_return as
with cohorts as (
    select
        strftime(month, '%Y-%m') as fiscal_period_id,
        campaign_id::varchar as campaign_id,
        attribution_model::varchar as attribution_model,
        sum(units * cents) as pipeline,
        sum(units * cents) filter (exit_stage = 'won'::stage) as won,
        sum(units) filter (exit_stage = 'won'::stage) as customers
    from attributed_amounts
    where stage = 'sal'::milestone
    group by all
),

won_so_far as (
    select
        strftime(month, '%Y-%m') as fiscal_period_id,
        campaign_id::varchar as campaign_id,
        attribution_model::varchar as attribution_model,
        exit_month,
        sum(sum(units * cents)) over (
            partition by month, campaign_id, attribution_model order by exit_month
        ) as won
    from attributed_amounts
    where
        stage = 'sal'::milestone
        and exit_stage = 'won'::stage
        and cents is not null
    group by month, campaign_id, attribution_model, exit_month
),

spend as (
    select *, (spend_with_allocated_reporting * 100)::hugeint as cents
    from published.marts.mart_spend_per_sal
    where
        cost_kind = 'campaign'
        and (spend_with_allocated_reporting <> 0 or attributed_sals > 0)
),

paid_back as (
    select spend.spend_per_sal_id, min(won_so_far.exit_month) as month
    from spend
    inner join won_so_far
        on
            spend.fiscal_period_id = won_so_far.fiscal_period_id
            and spend.campaign_id is not distinct from won_so_far.campaign_id
            and spend.attribution_model = won_so_far.attribution_model
    where spend.cents > 0 and won_so_far.won >= spend.cents * 1000000000000
    group by all
),

joined as (
    select
        spend.*,
        coalesce(cohorts.customers, 0) as customers,
        rounded(coalesce(cohorts.pipeline, 0), 1, 1000000000000) as pipeline_cents,
        rounded(coalesce(cohorts.won, 0), 1, 1000000000000) as won_cents,
        paid_back.month as payback_month
    from spend
    left join cohorts
        on
            spend.fiscal_period_id = cohorts.fiscal_period_id
            and spend.campaign_id is not distinct from cohorts.campaign_id
            and spend.attribution_model = cohorts.attribution_model
    left join paid_back using (spend_per_sal_id)
)

select
    spend_per_sal_id as spend_return_id,
    fiscal_period_id,
    period_start_date,
    campaign_id,
    attribution_model,
    spend_reporting,
    spend_with_allocated_reporting,
    attributed_sals,
    weight(customers) as attributed_customers,
    money(pipeline_cents) as attributed_opportunity_amount_reporting,
    money(won_cents) as attributed_won_amount_reporting,
    if(
        cents > 0,
        (rounded(won_cents, 10000, cents) * 0.0001)::decimal(18, 4),
        null
    ) as won_per_spend,
    if(
        cents > 0,
        (rounded(pipeline_cents, 10000, cents) * 0.0001)::decimal(18, 4),
        null
    ) as pipeline_per_spend,
    strftime(payback_month, '%Y-%m') as payback_period_id,
    datediff('month', period_start_date, payback_month)::integer as payback_periods
from joined;

create table published.marts.mart_period_close (
    period_close_id varchar,
    fiscal_period_id varchar,
    close_no integer,
    is_in_force boolean,
    attribution_model varchar,
    campaign_id varchar,
    cost_kind varchar,
    metric varchar,
    value decimal(28, 12),
    closed_at timestamp,
    closed_by varchar,
    reopened_at timestamp,
    reopened_by varchar,
    as_of timestamp
);

create table published.marts.mart_restatement (
    restatement_id varchar,
    fiscal_period_id varchar,
    close_no integer,
    attribution_model varchar,
    campaign_id varchar,
    cost_kind varchar,
    metric varchar,
    cause varchar,
    reported_value decimal(28, 12),
    current_value decimal(28, 12),
    change decimal(28, 12),
    items bigint,
    example varchar
);

create table published.marts.mart_restated_lines (
    restated_line_id varchar,
    fiscal_period_id varchar,
    close_no integer,
    spend_id varchar,
    source_key varchar,
    account varchar,
    campaign_id varchar,
    cause varchar,
    reported_value decimal(18, 2),
    current_value decimal(18, 2),
    change decimal(18, 2)
);
