{#- How many months before the one of the target its rate is of. -#}
{%- set months_before = 12 -%}

-- The rate that a target of SALs is turned round by: the settled hand-offs of
-- the twelve months before, none of which is the month of as_of or later. Their
-- counts are added up, their rates are not averaged.
with targets as (

    select * from {{ ref('int_kpi_targets__by_month') }}
    where metric = 'accepted'

),

cohorts as (

    select
        *,
        handed_off - pending as settled
    from {{ ref('mart_funnel_monthly') }}
    where period_type = 'month'

),

settled_before as (

    select
        targets.month_start_date,
        targets.dimension,
        targets.dimension_value,
        targets.target,
        sum(cohorts.accepted) as accepted,
        sum(cohorts.settled) as settled
    from targets
    left join cohorts
        on
            targets.dimension = cohorts.dimension
            and targets.dimension_value = cohorts.dimension_value
            and targets.month_start_date > cohorts.period_start_date
            and targets.as_of_month_date > cohorts.period_start_date
            and {{ dbt.dateadd(
                'month', -months_before, 'targets.month_start_date'
            ) }} <= cohorts.period_start_date
    group by 1, 2, 3, 4

),

rated as (

    select
        *,
        {{ rate('accepted', 'settled') }} as expected_sal_rate,
        {{ wilson_lower('accepted', 'settled') }} as expected_sal_rate_lower,
        {{ wilson_upper('accepted', 'settled') }} as expected_sal_rate_upper
    from settled_before

),

final as (

    select
        month_start_date,
        dimension,
        dimension_value,
        expected_sal_rate,
        expected_sal_rate_lower,
        expected_sal_rate_upper,
        -- Not by the rate: a quotient of two roundings may be a hand-off more.
        case
            when accepted > 0
                then cast(
                    ceil(cast(target as double) * settled / accepted) as bigint
                )
        end as needed_handoffs,
        case
            when accepted > 0
                then cast(
                    ceil(cast(target as double) / expected_sal_rate_upper)
                    as bigint
                )
        end as needed_handoffs_lower,
        case
            when accepted > 0
                then cast(
                    ceil(cast(target as double) / expected_sal_rate_lower)
                    as bigint
                )
        end as needed_handoffs_upper
    from rated

)

select * from final
