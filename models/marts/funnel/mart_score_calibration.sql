with scores as (

    select * from {{ ref('int_scores__counted') }}

),

months as (

    select * from {{ ref('int_scores__separating') }}

),

bands as (

    select
        month_start_date,
        score_band,
        band_no,
        lower_bound,
        is_scored,
        sum(handed_off) as handed_off,
        sum(accepted) as accepted,
        sum(rejected) as rejected,
        sum(ignored) as ignored,
        sum(pending) as pending,
        sum(settled) as settled
    from scores
    group by 1, 2, 3, 4, 5

),

bands_with_past as (

    select
        *,
        sum(accepted) over earlier as accepted_earlier,
        sum(settled) over earlier as settled_earlier
    from bands
    window earlier as (
        partition by score_band, is_scored
        order by month_start_date
        rows between unbounded preceding and 1 preceding
    )

),

-- What the score said beforehand: the rate of its band in the months before, or
-- of all bands while the band had none.
forecast as (

    select
        bands.*,
        months.accepted as month_accepted,
        months.handed_off as month_handed_off,
        months.settled as month_settled,
        case
            when bands.is_scored
                then
                    coalesce(
                        {{ rate(
                            'bands.accepted_earlier', 'bands.settled_earlier'
                        ) }},
                        {{ rate(
                            'months.accepted_earlier', 'months.settled_earlier'
                        ) }}
                    )
        end as forecast_rate,
        case
            when bands.is_scored
                then
                    {{ rate(
                        'months.accepted_earlier', 'months.settled_earlier'
                    ) }}
        end as base_rate
    from bands_with_past as bands
    left join months
        on bands.month_start_date = months.month_start_date

),

-- Errors are summed as decimals: a sum of doubles depends on the order of rows.
errors as (

    select
        month_start_date,
        cast(
            sum({{ squared_errors('forecast_rate') }}) as double
        ) / max(month_settled) as brier_score,
        cast(
            sum({{ squared_errors('base_rate') }}) as double
        ) / max(month_settled) as base_brier_score
    from forecast
    where is_scored and month_settled > 0
    group by 1

)

select
    {{ hex_id(null_safe_text([
        'forecast.month_start_date', 'forecast.score_band', 'forecast.band_no'
    ])) }} as score_calibration_id,
    forecast.month_start_date,
    forecast.score_band,
    cast(forecast.band_no as integer) as band_no,
    forecast.lower_bound,
    forecast.is_scored,
    cast(forecast.handed_off as bigint) as handed_off,
    cast(forecast.accepted as bigint) as accepted,
    cast(forecast.rejected as bigint) as rejected,
    cast(forecast.ignored as bigint) as ignored,
    cast(forecast.pending as bigint) as pending,
    {{ rate('forecast.accepted', 'forecast.handed_off') }} as sal_rate,
    {{ wilson_lower('forecast.accepted', 'forecast.handed_off') }}
        as sal_rate_lower,
    {{ wilson_upper('forecast.accepted', 'forecast.handed_off') }}
        as sal_rate_upper,
    {{ rate(
        '(forecast.accepted * forecast.month_handed_off)',
        '(forecast.handed_off * forecast.month_accepted)'
    ) }} as lift,
    forecast.forecast_rate,
    months.auc,
    errors.brier_score,
    errors.base_brier_score,
    months.sal_rate_target,
    months.best_threshold,
    cast(months.threshold_lost_handoffs as bigint) as threshold_lost_handoffs,
    cast(months.threshold_lost_accepted as bigint) as threshold_lost_accepted,
    coalesce(months.pending = 0, true) as is_mature
from forecast
left join months
    on forecast.month_start_date = months.month_start_date
left join errors
    on forecast.month_start_date = errors.month_start_date
