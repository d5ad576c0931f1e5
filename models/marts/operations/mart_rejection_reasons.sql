-- Why sales refuses what marketing hands over. Reasons that read the same are
-- one, written as the seed has it.
with handoffs as (

    select
        cast({{ dbt.date_trunc('month', 'handed_off_date') }} as date)
            as cohort_month_date,
        channel,
        rejection_category,
        rejection_reason,
        nullif({{ same_text('rejection_reason') }}, '') as reason_text
    from {{ ref('fct_lead_lifecycles') }}
    where origin = 'marketing' and outcome = 'rejected'

),

reasons as (

    select
        {{ same_text('reason') }} as reason_text,
        min(reason) as reason,
        min(owner_department) as owner_department
    from {{ ref('def_rejection_reasons') }}
    group by 1

),

counted as (

    select
        cohort_month_date,
        channel,
        rejection_category,
        reason_text,
        min(rejection_reason) as rejection_reason,
        count(*) as rejected
    from handoffs
    group by 1, 2, 3, 4

),

shared as (

    select
        *,
        sum(rejected) over (partition by cohort_month_date, channel)
            as channel_rejected
    from counted

)

select
    {{ hex_id(null_safe_text([
        'shared.cohort_month_date',
        'shared.channel',
        'shared.rejection_category',
        'shared.reason_text',
    ])) }} as rejection_reason_id,
    shared.cohort_month_date,
    shared.rejection_category,
    coalesce(reasons.reason, shared.rejection_reason) as rejection_reason,
    shared.channel,
    reasons.owner_department,
    shared.rejected,
    {{ rate('shared.rejected', 'shared.channel_rejected') }} as rejected_share
from shared
left join reasons
    on shared.reason_text = reasons.reason_text
