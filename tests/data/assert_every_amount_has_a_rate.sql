-- Without it an amount in a currency nobody gave a rate for would leave the
-- sums silently. Each row names a currency and the day a rate is needed for;
-- the first day of each currency says so in a sentence.
with amounts as (

    select
        currency,
        rate_date,
        'opportunity' as kind
    from {{ ref('int_opportunities__converted') }}
    where is_rate_missing

    union all

    select
        currency,
        spend_date as rate_date,
        'spend' as kind
    from {{ ref('int_spend__lines') }}
    where is_rate_missing

)

select
    currency,
    rate_date,
    count(*) as amounts,
    case
        when row_number() over (partition by currency order by rate_date) = 1
            then
                'There is no exchange rate of ' || currency || ' for '
                || cast(rate_date as {{ dbt.type_string() }})
                || ' or a day before it (' || min(kind)
                || '): add a row to the seed fx_rates (fx_rates.add.csv in '
                || 'DEFINITION).'
    end as sentence
from amounts
group by 1, 2
order by 2, 1
