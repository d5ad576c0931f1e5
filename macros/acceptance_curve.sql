{#-
    The steps of a Kaplan-Meier curve with two competing ends: an acceptance,
    and everything else that settles a hand-off. `ages` has one row per
    cohort_month and age_business_days with the counts `leaving` (all that end
    or are censored at that age), `settled` and `accepted`. Returns its rows
    with `at_risk`, `share_open` (not settled by the end of the age) and
    `accepted_step` (what the age adds to the share accepted).
    Source: J. D. Kalbfleisch and R. L. Prentice, The Statistical Analysis of
    Failure Time Data (2002), 8.2.
-#}
{% macro acceptance_steps(ages) -%}
select
    *,
    coalesce(
        lag(share_open) over (
            partition by cohort_month order by age_business_days
        ),
        1e0
    ) * accepted / (at_risk * 1e0) as accepted_step
from (
    select
        *,
        -- The product of (1 - settled / at risk); a logarithm has none of zero,
        -- so a step that settles all is kept apart.
        case
            when
                max(case when settled = at_risk then 1 else 0 end) over up_to
                = 1
                then 0e0
            else
                exp(
                    sum(
                        case
                            when settled < at_risk
                                then ln(1e0 - settled / (at_risk * 1e0))
                            else 0e0
                        end
                    ) over up_to
                )
        end as share_open
    from (
        select
            *,
            sum(leaving) over (
                partition by cohort_month
                order by age_business_days desc
                rows between unbounded preceding and current row
            ) as at_risk
        from {{ ages }}
    ) as at_risk_counted
    window up_to as (
        partition by cohort_month
        order by age_business_days
        rows between unbounded preceding and current row
    )
) as open_shares
{%- endmacro %}
