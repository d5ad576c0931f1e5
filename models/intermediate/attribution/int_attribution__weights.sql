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

stages_reached as (

    {%- for stage, column in stages.items() %}

    select
        person_key,
        lifecycle_no,
        '{{ stage }}' as stage,
        {{ column }} as reached_at
    from lifecycles
    where {{ column }} is not null

    union all
    {%- endfor %}

    select
        person_key,
        lifecycle_no,
        'won' as stage,
        exited_at as reached_at
    from lifecycles
    where exit_stage = 'won'

),

touches_before as (

    select
        stages_reached.person_key,
        stages_reached.lifecycle_no,
        stages_reached.stage,
        touches.touch_no,
        touches.campaign_id,
        {{ epoch_us('stages_reached.reached_at') }}
        - {{ epoch_us('touches.touched_at') }} as age_us
    from stages_reached
    inner join touches
        on
            stages_reached.person_key = touches.person_key
            and stages_reached.reached_at >= touches.touched_at

),

touches_in_window as (

    select
        touches_before.*,
        models.attribution_model,
        models.method,
        models.first_share,
        models.last_share,
        models.half_life_days,
        row_number() over in_order as place,
        count(*) over one_stage as touches_counted,
        min(touches_before.age_us) over one_stage as youngest_us
    from touches_before
    inner join models
        on touches_before.age_us <= models.window_days * {{ day_us }}
    window
        one_stage as (
            partition by
                touches_before.person_key,
                touches_before.lifecycle_no,
                touches_before.stage,
                models.attribution_model
        ),
        in_order as (
            partition by
                touches_before.person_key,
                touches_before.lifecycle_no,
                touches_before.stage,
                models.attribution_model
            order by touches_before.touch_no
        )

),

aged as (

    select
        *,
        cast(age_us - youngest_us as double)
        / (half_life_days * {{ day_us }}) as half_lives
    from touches_in_window

),

-- In whole numbers that stand to each other as the touches do. Only the ages
-- relative to the youngest touch matter, so that its number is the largest.
measured as (

    select
        *,
        cast(
            case
                when method = 'first_touch'
                    then case when place = 1 then 1 else 0 end
                when method = 'last_touch'
                    then case when place = touches_counted then 1 else 0 end
                when method = 'linear' or touches_counted = 1
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

weighed as (

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

),

without_touch as (

    select
        stages_reached.person_key,
        stages_reached.lifecycle_no,
        stages_reached.stage,
        models.attribution_model
    from stages_reached
    cross join models
    left join weighed
        on
            stages_reached.person_key = weighed.person_key
            and stages_reached.lifecycle_no = weighed.lifecycle_no
            and stages_reached.stage = weighed.stage
            and models.attribution_model = weighed.attribution_model
    where weighed.person_key is null

),

final as (

    select *
    from weighed
    where weight_units <> 0

    union all

    select
        person_key,
        lifecycle_no,
        stage,
        attribution_model,
        cast(null as bigint) as touch_no,
        cast(null as {{ dbt.type_string() }}) as campaign_id,
        cast({{ units_of_one() }} as bigint) as weight_units
    from without_touch

)

select * from final
