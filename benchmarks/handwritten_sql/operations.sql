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
