-- When each lifecycle reached each stage, by the fiscal period, and what it
-- won, as the facts have it; and which touches are in the windows before.
with lifecycles as (

    select
        *,
        case when exit_stage = 'won' then exited_at end as won_at
    from {{ ref('fct_lead_lifecycles') }}

),

spans as (

    select * from {{ ref('int_attribution__spans') }}

),

days as (

    select
        date_day,
        fiscal_period_id
    from {{ ref('int_fiscal_periods__days') }}

),

settings as (

    select * from {{ source('settings', 'run') }}

),

reached as (

    select
        lifecycles.person_id,
        lifecycles.lifecycle_id,
        lifecycles.lifecycle_no,
        spans.person_key,
        spans.stage,
        spans.window_days,
        spans.first_touch_no,
        spans.touches,
        case spans.stage
            {%- for stage, column in attributed_stages().items() %}
            when '{{ stage }}' then lifecycles.{{ column }}
            {%- endfor %}
        end as reached_at,
        case
            when spans.stage = 'won'
                then {{ cents('lifecycles.won_amount_reporting') }}
        end as won_cents
    from lifecycles
    inner join spans
        on lifecycles.lifecycle_id = spans.lifecycle_id

),

final as (

    select
        reached.*,
        days.fiscal_period_id
    from reached
    cross join settings
    inner join days
        on
            cast(
                {{ from_utc(
                    'reached.reached_at', 'settings.reporting_timezone'
                ) }} as date
            ) = days.date_day

)

select * from final
