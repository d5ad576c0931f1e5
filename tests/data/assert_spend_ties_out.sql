-- Finance stops reading a report whose sum is not the ledger's: for each
-- source, currency, fiscal period and attribution model the shares must be what
-- platforms and ledger say, and the mart what the shares say. Each row names a
-- difference and the largest lines behind it.
with costs as (

    select
        costs.source,
        coalesce(costs.currency, sources.currency) as currency,
        days.fiscal_period_id,
        costs.amount,
        costs.source_key
    from {{ ref('input_layer__costs') }} as costs
    inner join {{ source('settings', 'sources') }} as sources
        on costs.source = sources.source
    inner join {{ ref('def_spend_sources') }} as spend_sources
        on
            costs.source = spend_sources.source
            and spend_sources.counts = 'always'
    inner join {{ ref('int_fiscal_periods__days') }} as days
        on costs.cost_date = days.date_day
    where
        not costs.is_key_missing
        and not costs.is_deleted
        and costs.amount is not null

    union all

    -- The rest has no report of its own to be held to.
    select
        lines.source,
        lines.currency,
        lines.fiscal_period_id,
        lines.amount,
        lines.source_key
    from {{ ref('fct_spend') }} as lines
    left join {{ ref('def_spend_sources') }} as spend_sources
        on
            lines.source = spend_sources.source
            and spend_sources.counts = 'always'
    where
        spend_sources.source is null
        or lines.source_table in ('campaign', 'program')

),

models as (

    select attribution_model from {{ ref('def_attribution_models') }}

),

lines_ranked as (

    select
        *,
        row_number() over (
            partition by source, currency, fiscal_period_id
            order by abs(amount) desc, source_key
        ) as size_no
    from costs

),

told as (

    select
        lines_ranked.source,
        lines_ranked.currency,
        lines_ranked.fiscal_period_id,
        models.attribution_model,
        sum(lines_ranked.amount) as amount,
        {%- for place in [1, 2, 3] %}
        coalesce(
            max(
                case
                    when lines_ranked.size_no = {{ place }}
                        then
                            {{ "''" if place == 1 else "', '" }}
                            || lines_ranked.source_key || ' ('
                            || cast(
                                lines_ranked.amount as {{ dbt.type_string() }}
                            ) || ')'
                end
            ),
            ''
        ){{ ' ||' if not loop.last else ' as largest_lines,' }}
        {%- endfor %}
        count(*) as lines
    from lines_ranked
    cross join models
    group by
        lines_ranked.source,
        lines_ranked.currency,
        lines_ranked.fiscal_period_id,
        models.attribution_model

),

borne as (

    select
        source,
        currency,
        fiscal_period_id,
        attribution_model,
        sum(amount) as amount
    from {{ ref('fct_spend_shares') }}
    group by
        source,
        currency,
        fiscal_period_id,
        attribution_model

),

in_reporting_currency as (

    select
        fiscal_period_id,
        sum(amount_reporting) as amount
    from {{ ref('fct_spend') }}
    group by fiscal_period_id

),

in_mart as (

    select
        fiscal_period_id,
        attribution_model,
        sum(spend_reporting) as amount
    from {{ ref('mart_spend_per_sal') }}
    group by
        fiscal_period_id,
        attribution_model

),

differences as (

    select
        coalesce(told.source, borne.source) as source,
        coalesce(told.currency, borne.currency) as currency,
        coalesce(told.fiscal_period_id, borne.fiscal_period_id)
            as fiscal_period_id,
        coalesce(told.attribution_model, borne.attribution_model)
            as attribution_model,
        coalesce(told.amount, 0) as told_amount,
        coalesce(borne.amount, 0) as borne_amount,
        coalesce(told.largest_lines, 'none') as largest_lines
    from told
    full outer join borne
        on
            told.source = borne.source
            and told.currency = borne.currency
            and told.fiscal_period_id = borne.fiscal_period_id
            and told.attribution_model = borne.attribution_model
    where coalesce(told.amount, 0) <> coalesce(borne.amount, 0)

    union all

    select
        'all sources' as source,
        'the reporting currency' as currency,
        coalesce(
            in_reporting_currency.fiscal_period_id, in_mart.fiscal_period_id
        ) as fiscal_period_id,
        models.attribution_model,
        coalesce(in_reporting_currency.amount, 0) as told_amount,
        coalesce(in_mart.amount, 0) as borne_amount,
        'in fct_spend' as largest_lines
    from in_reporting_currency
    cross join models
    full outer join in_mart
        on
            in_reporting_currency.fiscal_period_id = in_mart.fiscal_period_id
            and models.attribution_model = in_mart.attribution_model
    where
        coalesce(in_reporting_currency.amount, 0)
        <> coalesce(in_mart.amount, 0)

)

select
    *,
    told_amount - borne_amount as difference,
    abs(told_amount - borne_amount) as difference_size,
    'The spend of ' || source || ' in ' || currency || ' in '
    || fiscal_period_id || ' does not tie out under '
    || coalesce(attribution_model, 'a model that no seed names') || ': '
    || cast(told_amount as {{ dbt.type_string() }}) || ' is told and '
    || cast(borne_amount as {{ dbt.type_string() }})
    || ' is borne, a difference of '
    || cast(told_amount - borne_amount as {{ dbt.type_string() }})
    || '. The largest lines are ' || largest_lines || '.' as sentence
from differences
order by
    difference_size desc,
    source asc,
    currency asc,
    fiscal_period_id asc,
    attribution_model asc
