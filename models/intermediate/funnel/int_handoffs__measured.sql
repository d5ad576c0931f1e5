{#- What the seed queue_priorities may ask of an open hand-off. -#}
{%- set measures = {
    'hours_overdue': 'case when is_overdue and business_hours_left is not null '
        ~ 'then greatest(-business_hours_left, 0) end',
    'hours_left': 'case when not is_overdue then business_hours_left end',
    'hours_open': 'open_business_hours',
    'days_until_ignored': "case when outcome = 'pending' then "
        ~ hours_between('as_of', 'pending_until') ~ ' / 24 end',
    'score': 'score_at_handoff',
    'acceptance_percent': 'acceptance_probability * 100',
    'passes': 'pass_no',
} %}
-- One row per open hand-off and measure that it has a value of.
with open_handoffs as (

    select
        open_handoffs.*,
        proposed.acceptance_probability
    from {{ ref('int_handoffs__open') }} as open_handoffs
    left join {{ ref('int_acceptance__proposed') }} as proposed
        on open_handoffs.lifecycle_id = proposed.lifecycle_id

),

measured as (

    {%- for measure, value in measures.items() %}
    select
        handoff_id,
        '{{ measure }}' as measure,
        cast({{ value }} as double) as measured
    from open_handoffs
    {{ 'union all' if not loop.last }}
    {%- endfor %}

)

select
    handoff_id,
    measure,
    measured
from measured
where measured is not null
