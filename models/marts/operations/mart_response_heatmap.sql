-- The linter cannot indent what a loop writes.
-- noqa: disable=LT02
{#- Limits in seconds, by what their columns are called. -#}
{%- set limits = {
    '5_minutes': 300,
    '15_minutes': 900,
    '1_hour': 3600,
    '4_hours': 14400,
    '24_hours': 86400,
} %}

with lifecycles as (

    select * from {{ ref('fct_lead_lifecycles') }}
    where origin = 'marketing' and outcome <> 'withdrawn'

),

settings as (

    select * from {{ source('settings', 'run') }}

),

-- A share is of those old enough to know: a lead of two minutes ago may still
-- be reached within five.
handoffs as (

    select
        lifecycles.team,
        lifecycles.outcome,
        lifecycles.response_hours,
        {{ from_utc(
            'lifecycles.handed_off_at', 'settings.reporting_timezone'
        ) }} as handed_off_local_at,
        {{ epoch_us('lifecycles.as_of') }}
        - {{ epoch_us('lifecycles.handed_off_at') }} as age_us,
        {{ epoch_us('lifecycles.first_response_at') }}
        - {{ epoch_us('lifecycles.handed_off_at') }} as response_us
    from lifecycles
    cross join settings

),

placed as (

    select
        *,
        -- Days since 1970-01-01, which was a Thursday.
        cast(
            mod(
                cast(
                    floor({{ epoch_us('handed_off_local_at') }} / 86400000000)
                    as bigint
                ) + 3,
                7
            ) + 1 as integer
        ) as iso_weekday,
        cast(extract(hour from handed_off_local_at) as integer)
            as hour_of_day
    from handoffs

),

counted as (

    select
        iso_weekday,
        hour_of_day,
        team,
        count(*) as handed_off,
        count(*) filter (where outcome = 'ignored') as ignored,
        count(response_hours) as responded,
        sum(cast(response_hours as decimal(28, 9))) as response_hours
        {%- for name, seconds in limits.items() %},
        count(*) filter (where age_us >= {{ seconds * 1000000 }})
            as old_enough_for_{{ name }},
        count(*) filter (
            where
            age_us >= {{ seconds * 1000000 }}
            and response_us <= {{ seconds * 1000000 }}
        ) as reached_within_{{ name }}
        {%- endfor %}
    from placed
    group by 1, 2, 3

)

select
    {{ hex_id(null_safe_text(['iso_weekday', 'hour_of_day', 'team'])) }}
        as response_heatmap_id,
    iso_weekday,
    hour_of_day,
    team,
    handed_off,
    ignored,
    {{ rate('ignored', 'handed_off') }} as ignore_rate,
    responded,
    cast(coalesce(response_hours, 0) as double) as response_hours
    {%- for name in limits %},
    old_enough_for_{{ name }},
    reached_within_{{ name }},
    {{ rate(
        'reached_within_' ~ name, 'old_enough_for_' ~ name
    ) }} as reached_within_{{ name }}_rate
    {%- endfor %}
from counted
