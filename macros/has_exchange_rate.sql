{#-
    Fails where an amount is in a currency that nobody gave a rate for: it
    would leave the sums silently. What reads the model is not built then. Each
    row names a currency and the day that a rate is needed for; the first day
    of each currency says so in a sentence.
-#}
{% test has_exchange_rate(model, date_column, amounts_of) %}

with missing as (

    select
        currency,
        {{ date_column }} as rate_date,
        count(*) as amounts
    from {{ model }}
    where is_rate_missing
    group by 1, 2

)

select
    currency,
    rate_date,
    amounts,
    case
        when row_number() over (partition by currency order by rate_date) = 1
            then
                'There is no exchange rate of ' || currency || ' for '
                || cast(rate_date as {{ dbt.type_string() }})
                || ' or a day before it ({{ amounts_of }}): add a row to the '
                || 'seed fx_rates (fx_rates.add.csv in DEFINITION).'
    end as sentence
from missing
order by 2, 1

{% endtest %}
