-- Without it an amount in a currency nobody gave a rate for would leave the
-- sums silently. Each row names a currency and the day a rate is needed for.
select
    currency,
    rate_date,
    count(*) as amounts
from {{ ref('int_opportunities__converted') }}
where is_rate_missing
group by 1, 2
