with days as (

    select * from {{ ref('int_fiscal_periods__days') }}

)

select
    fiscal_period_id,
    min(period_start_date) as period_start_date,
    max(period_end_date) as period_end_date,
    min(fiscal_year) as fiscal_year,
    min(fiscal_quarter) as fiscal_quarter,
    min(fiscal_month) as fiscal_month,
    coalesce(min(name), fiscal_period_id) as name
from days
group by fiscal_period_id
