{#-
    The business-hours clock. `int_calendar__pieces` counts the microseconds
    that a calendar has been open since its first opening; the opening time
    between two instants is the difference of two counts.

    business_us: for each row of `rows` (a CTE with a unique `key`, a
    `calendar_id` and the column `instant`), the count at that instant.
    Rows whose instant is null are left out.
-#}
{% macro business_us(rows, key, instant) -%}
{%- set instant_us = epoch_us(rows ~ '.' ~ instant) -%}
select
    {{ rows }}.{{ key }},
    max(
        pieces.before_us
        + least({{ instant_us }}, pieces.end_us)
        - pieces.start_us
    ) as business_us,
    max(pieces.open_day_no) as open_day_no
from {{ rows }}
inner join {{ ref('int_calendar__pieces') }} as pieces
    on
        {{ rows }}.calendar_id = pieces.calendar_id
        and cast(floor({{ instant_us }} / 86400000000) as bigint)
        = pieces.utc_day
        and {{ instant_us }} >= pieces.start_us
group by {{ rows }}.{{ key }}
{%- endmacro %}


{#-
    The earliest instant (microseconds) by which a calendar's count reaches
    `target_us`: a closing time where the count is reached just then.
-#}
{% macro business_due(rows, key, target_us) -%}
select
    {{ rows }}.{{ key }},
    min(
        hours.start_us + {{ rows }}.{{ target_us }} - hours.before_us
    ) as due_us
from {{ rows }}
inner join {{ ref('int_calendar__hours') }} as hours
    on
        {{ rows }}.calendar_id = hours.calendar_id
        and cast(
            floor(({{ rows }}.{{ target_us }} - 1) / 3600000000) as bigint
        ) = hours.opening_hour
        and {{ rows }}.{{ target_us }} > hours.before_us
        and {{ rows }}.{{ target_us }} <= hours.after_us
group by {{ rows }}.{{ key }}
{%- endmacro %}
