{{ config(unique_key='person_key') }}

-- What each touch has of an inquiry, MQL, hand-off, acceptance, SQL,
-- opportunity or won deal, by each attribution model, in units of 1e-12 that
-- make exactly 1.
{%- set stages = {
    'inquiry': 'inquiry_at',
    'mql': 'mql_at',
    'handed_off': 'handed_off_at',
    'sal': 'accepted_at',
    'sql': 'sql_at',
    'opportunity': 'opportunity_at',
} %}
{%- set day_us = 86400000000 %}

with lifecycles as (

    select * from {{ ref('int_lifecycles__milestones') }}
    where {{ in_batch('person_key') }}

),

touches as (

    select * from {{ ref('int_touches__numbered') }}
    where {{ in_batch('person_key') }}

),

settings as (

    select * from {{ source('settings', 'run') }}

),

models as (

    select
        attribution_models.attribution_model,
        attribution_models.method,
        coalesce(attribution_models.first_share, 0) as first_share,
        coalesce(attribution_models.last_share, 0) as last_share,
        cast(attribution_models.half_life_days as double) as half_life_days,
        coalesce(
            attribution_models.window_days, settings.attribution_window_days
        ) as window_days
    from {{ ref('def_attribution_models') }} as attribution_models
    cross join settings

),

stages as (

    {%- for stage in stages %}
    select '{{ stage }}' as stage
    union all
    {%- endfor %}
    select 'won' as stage

),

reached as (

    select
        lifecycles.person_key,
        lifecycles.lifecycle_no,
        stages.stage,
        case stages.stage
            {%- for stage, column in stages.items() %}
            when '{{ stage }}' then lifecycles.{{ column }}
            {%- endfor %}
            when 'won'
                then
                    case
                        when lifecycles.exit_stage = 'won'
                            then lifecycles.exited_at
                    end
        end as reached_at
    from lifecycles
    cross join stages

),

-- Most models look back equally far.
lookbacks as (

    select distinct window_days from models

),

-- A stage that was reached without a touch in the window has one row too.
touches_in_window as (

    select
        reached.person_key,
        reached.lifecycle_no,
        reached.stage,
        lookbacks.window_days,
        touches.touch_no,
        touches.campaign_id,
        {{ epoch_us('reached.reached_at') }}
        - {{ epoch_us('touches.touched_at') }} as age_us
    from reached
    cross join lookbacks
    left join touches
        on
            reached.person_key = touches.person_key
            and reached.reached_at >= touches.touched_at
            and {{ epoch_us('reached.reached_at') }}
            - {{ epoch_us('touches.touched_at') }}
            <= lookbacks.window_days * {{ day_us }}
    where reached.reached_at is not null

),

placed as (

    select
        *,
        row_number() over in_order as place,
        count(*) over one_stage as touches_counted,
        min(age_us) over one_stage as youngest_us
    from touches_in_window
    window
        in_order as (
            partition by person_key, lifecycle_no, stage, window_days
            order by touch_no
        ),
        one_stage as (
            partition by person_key, lifecycle_no, stage, window_days
            order by touch_no
            rows between unbounded preceding and unbounded following
        )

),

-- Where one touch has everything there is nothing to divide.
weighed as (

    select
        placed.person_key,
        placed.lifecycle_no,
        placed.stage,
        models.attribution_model,
        placed.touch_no,
        placed.campaign_id,
        placed.age_us,
        placed.place,
        placed.touches_counted,
        placed.youngest_us,
        models.method,
        models.first_share,
        models.last_share,
        models.half_life_days,
        models.method in ('first_touch', 'last_touch')
        or placed.touches_counted = 1 as is_whole
    from placed
    inner join models
        on
            placed.window_days = models.window_days
            and (models.method <> 'first_touch' or placed.place = 1)
            and (
                models.method <> 'last_touch'
                or placed.place = placed.touches_counted
            )

),

aged as (

    select
        *,
        cast(age_us - youngest_us as double)
        / (half_life_days * {{ day_us }}) as half_lives
    from weighed
    where not is_whole

),

-- In whole numbers that stand to each other as the touches do. Only the ages
-- relative to the youngest touch matter, so that its number is the largest.
measured as (

    select
        *,
        cast(
            case
                when method = 'linear'
                    then 1
                when method = 'time_decay'
                    then floor(
                        {{ decayed('half_lives') }}
                        * {{ units_of_one() }} + 0.5
                    )
                when touches_counted = 2 and first_share + last_share = 0
                    then 1
                when touches_counted = 2 and place = 1
                    then first_share * 1000000
                when touches_counted = 2
                    then last_share * 1000000
                when place = 1
                    then first_share * 1000000 * (touches_counted - 2)
                when place = touches_counted
                    then last_share * 1000000 * (touches_counted - 2)
                else (1 - first_share - last_share) * 1000000
            end as bigint
        ) as measure
    from aged

),

shares_cut as (

    select
        *,
        cast(
            floor(
                cast(measure as double)
                / cast(
                    sum(measure) over (
                        partition by
                            person_key, lifecycle_no, stage, attribution_model
                    ) as double
                )
                * {{ units_of_one() }}
            ) as bigint
        ) as cut_units
    from measured

),

-- What the cuts leave goes to the largest share, the first of equal ones.
remainders_given as (

    select
        *,
        {{ units_of_one() }} - sum(cut_units) over (
            partition by person_key, lifecycle_no, stage, attribution_model
        ) as remainder,
        row_number() over (
            partition by person_key, lifecycle_no, stage, attribution_model
            order by measure desc, touch_no asc
        ) as size_no
    from shares_cut

),

final as (

    select
        person_key,
        lifecycle_no,
        stage,
        attribution_model,
        touch_no,
        campaign_id,
        cast({{ units_of_one() }} as bigint) as weight_units
    from weighed
    where is_whole

    union all

    select
        person_key,
        lifecycle_no,
        stage,
        attribution_model,
        touch_no,
        campaign_id,
        cast(
            cut_units + case when size_no = 1 then remainder else 0 end
            as bigint
        ) as weight_units
    from remainders_given
    where cut_units > 0 or size_no = 1

)

select * from final
