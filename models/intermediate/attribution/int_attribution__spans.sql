-- The linter indents filters its own way.
-- noqa: disable=LT02
-- Which touches of a person are in the window before an inquiry, MQL, hand-off,
-- acceptance, SQL, opportunity or won deal: some that follow each other. Who
-- has what of it, no model is asked yet.
{%- set stages = attributed_stages() %}
{%- set day_us = 86400000000 %}

with lifecycles as (

    select
        person_key,
        lifecycle_no,
        lifecycle_id,
        inquiry_at,
        mql_at,
        handed_off_at,
        accepted_at,
        sql_at,
        opportunity_at,
        case when exit_stage = 'won' then exited_at end as won_at
    from {{ ref('int_lifecycles') }}
    where is_in_marts

),

touches as (

    select
        person_key,
        touch_no,
        touched_at
    from {{ ref('int_touches__numbered') }}

),

-- Most models look back equally far.
lookbacks as (

    select distinct window_days from {{ ref('int_attribution__models') }}

),

stages as (

    {%- for stage in stages %}
    select '{{ stage }}' as stage
    {{ 'union all' if not loop.last }}
    {%- endfor %}

),

touches_in_windows as (

    select
        lifecycles.person_key,
        lifecycles.lifecycle_no,
        lookbacks.window_days
        {%- for stage, column in stages.items() %}
        {%- set is_in_window -%}
            {{ epoch_us('lifecycles.' ~ column) }}
            - {{ epoch_us('touches.touched_at') }}
            between 0 and lookbacks.window_days * {{ day_us }}
        {%- endset %},
        min(touches.touch_no) filter (
            where {{ is_in_window }}
        ) as {{ stage }}_first_no,
        count(*) filter (
            where {{ is_in_window }}
        ) as {{ stage }}_touches
        {%- endfor %}
    from lifecycles
    inner join touches
        on lifecycles.person_key = touches.person_key
    cross join lookbacks
    group by 1, 2, 3

),

lifecycles_touched as (

    select
        lifecycles.*,
        lookbacks.window_days
        {%- for stage in stages %},
        touches_in_windows.{{ stage }}_first_no,
        touches_in_windows.{{ stage }}_touches
        {%- endfor %}
    from lifecycles
    cross join lookbacks
    left join touches_in_windows
        on
            lifecycles.person_key = touches_in_windows.person_key
            and lifecycles.lifecycle_no = touches_in_windows.lifecycle_no
            and lookbacks.window_days = touches_in_windows.window_days

),

reached as (

    select
        lifecycles_touched.person_key,
        lifecycles_touched.lifecycle_no,
        lifecycles_touched.lifecycle_id,
        lifecycles_touched.window_days,
        stages.stage,
        case stages.stage
            {%- for stage, column in stages.items() %}
            when '{{ stage }}' then lifecycles_touched.{{ column }}
            {%- endfor %}
        end as reached_at,
        case stages.stage
            {%- for stage in stages %}
            when '{{ stage }}' then lifecycles_touched.{{ stage }}_first_no
            {%- endfor %}
        end as first_touch_no,
        case stages.stage
            {%- for stage in stages %}
            when '{{ stage }}' then lifecycles_touched.{{ stage }}_touches
            {%- endfor %}
        end as touches
    from lifecycles_touched
    cross join stages

),

final as (

    select
        person_key,
        lifecycle_no,
        lifecycle_id,
        stage,
        window_days,
        cast(coalesce(first_touch_no, 0) as integer) as first_touch_no,
        cast(coalesce(touches, 0) as integer) as touches
    from reached
    where reached_at is not null

)

select * from final
