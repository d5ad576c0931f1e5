with cells as (

    select * from {{ source('closings', 'cells') }}

),

closes as (

    select * from {{ source('closings', 'closes') }}

)

select
    {{ hex_id(null_safe_text([
        'cells.fiscal_period_id',
        'cells.close_no',
        'cells.attribution_model',
        'cells.campaign_id',
        'cells.cost_kind',
        'cells.metric',
    ])) }} as period_close_id,
    cells.fiscal_period_id,
    cells.close_no,
    closes.reopened_at is null as is_in_force,
    cells.attribution_model,
    cells.campaign_id,
    cells.cost_kind,
    cells.metric,
    cells.value,
    closes.closed_at,
    closes.closed_by,
    closes.reopened_at,
    closes.reopened_by,
    closes.as_of
from cells
inner join closes
    on
        cells.fiscal_period_id = closes.fiscal_period_id
        and cells.close_no = closes.close_no
