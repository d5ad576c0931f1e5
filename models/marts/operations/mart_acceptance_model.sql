with quality as (

    select * from {{ source('scoring', 'acceptance_quality') }}

)

select
    {{ hex_id(null_safe_text([
        'period_type', 'month_start_date', 'predictor'
    ])) }} as acceptance_model_id,
    period_type,
    month_start_date,
    predictor,
    handoffs,
    accepted,
    auc,
    brier_score,
    calibration_error,
    mean_probability,
    {{ rate('accepted', 'handoffs') }} as accepted_share,
    trained_handoffs,
    gain_over_score,
    gain_over_score_lower,
    gain_over_base_rate,
    gain_over_base_rate_lower,
    is_better,
    verdict,
    verdict_ja
from quality
