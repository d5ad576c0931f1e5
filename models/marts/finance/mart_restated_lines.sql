with line_changes as (

    select * from {{ ref('int_restatements__of_lines') }}

)

select
    {{ hex_id(null_safe_text([
        'fiscal_period_id', 'close_no', 'spend_id', 'campaign_id',
    ])) }} as restated_line_id,
    fiscal_period_id,
    close_no,
    spend_id,
    source_key,
    account,
    campaign_id,
    cause,
    reported_amount as reported_value,
    current_amount as current_value,
    change
from line_changes
