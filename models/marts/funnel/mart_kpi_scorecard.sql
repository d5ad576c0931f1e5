-- The linter cannot indent what a loop writes.
-- noqa: disable=LT02
-- Nothing is worked out here but the gap: every rate and count is another
-- mart's.
with targets as (

    select * from {{ ref('int_kpi_targets__by_month') }}

),

cohorts as (

    select * from {{ ref('mart_funnel_monthly') }}
    where period_type = 'month'

),

entries as (

    select
        cast({{ dbt.date_trunc('month', 'entered_date') }} as date)
            as month_start_date,
        dimension,
        dimension_value,
        {%- for count in kpi_counts() %}
        sum({{ count }}) as {{ count }}{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ ref('int_entries__by_dimension') }}
    group by 1, 2, 3

),

needed as (

    select * from {{ ref('int_handoffs__needed') }}

),

measured as (

    select
        targets.*,
        case
            {%- for metric in kpi_rates().keys() %}
            when targets.metric = '{{ metric }}' then cohorts.{{ metric }}
            {%- endfor %}
            when targets.month_start_date > targets.as_of_date then null
            {%- for metric in kpi_counts() %}
            when targets.metric = '{{ metric }}'
                then cast(coalesce(entries.{{ metric }}, 0) as double)
            {%- endfor %}
        end as actual,
        {%- for bound in ['lower', 'upper'] %}
        case
            {%- for metric, of in kpi_rates().items() if of.has_bounds %}
            when targets.metric = '{{ metric }}'
                then cohorts.{{ metric }}_{{ bound }}
            {%- endfor %}
        end as actual_{{ bound }},
        {%- endfor %}
        targets.metric in ({{ "'" ~ kpi_rates().keys() | join("', '") ~ "'" }})
            as is_rate,
        targets.metric not in (
            {%- for metric, of in kpi_rates().items()
                if not of.more_is_better %}
            '{{ metric }}'{{ ',' if not loop.last }}
            {%- endfor %}
        ) as is_more_better,
        coalesce(cohorts.is_mature, true) as is_mature,
        needed.expected_sal_rate,
        needed.expected_sal_rate_lower,
        needed.expected_sal_rate_upper,
        needed.needed_handoffs,
        needed.needed_handoffs_lower,
        needed.needed_handoffs_upper,
        case
            when targets.metric = 'accepted'
                then cast(coalesce(entries.handed_off, 0) as bigint)
        end as handed_off
    from targets
    left join cohorts
        on
            targets.month_start_date = cohorts.period_start_date
            and targets.dimension = cohorts.dimension
            and targets.dimension_value = cohorts.dimension_value
    left join entries
        on
            targets.month_start_date = entries.month_start_date
            and targets.dimension = entries.dimension
            and targets.dimension_value = entries.dimension_value
    left join needed
        on
            targets.metric = 'accepted'
            and targets.month_start_date = needed.month_start_date
            and targets.dimension = needed.dimension
            and targets.dimension_value = needed.dimension_value

)

select
    {{ hex_id(null_safe_text([
        'month_start_date', 'metric', 'dimension', 'dimension_value'
    ])) }} as kpi_scorecard_id,
    month_start_date,
    metric,
    case when is_rate then 'cohort' else 'period' end as basis,
    dimension,
    dimension_value,
    marketing_owner,
    sales_owner,
    target,
    actual,
    actual_lower,
    actual_upper,
    actual - cast(target as double) as gap,
    is_more_better,
    case
        when is_more_better then actual >= cast(target as double)
        else actual <= cast(target as double)
    end as is_met,
    as_of_month_date > month_start_date and (not is_rate or is_mature)
        as is_final,
    expected_sal_rate,
    expected_sal_rate_lower,
    expected_sal_rate_upper,
    needed_handoffs,
    needed_handoffs_lower,
    needed_handoffs_upper,
    handed_off,
    case
        when needed_handoffs is not null
            then greatest(needed_handoffs - handed_off, 0)
    end as missing_handoffs
from measured
