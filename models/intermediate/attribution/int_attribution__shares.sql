-- The touches of each span, and what each has of it where touches count the
-- less the older they are, in units of 1e-12 that make exactly 1. Only ages
-- relative to the youngest touch matter, so stages that have the same touches
-- before them share them in the same way.
{%- set day_us = 86400000000 %}

with spans as (

    select distinct
        person_key,
        first_touch_no,
        touches
    from {{ ref('int_attribution__spans') }}

),

touches as (

    select
        person_key,
        touch_no,
        campaign_id,
        {{ epoch_us('touched_at') }} as touched_us
    from {{ ref('int_touches__numbered') }}

),

half_lives as (

    select
        half_life_no,
        cast(max(half_life_days) as double) as half_life_days
    from {{ ref('int_attribution__models') }}
    group by 1

),

touches_of_several as (

    select
        spans.person_key,
        spans.first_touch_no,
        spans.touches,
        touches.touch_no,
        touches.campaign_id,
        touches.touched_us,
        max(touches.touched_us) over (
            partition by spans.person_key, spans.first_touch_no, spans.touches
        ) as youngest_us
    from spans
    inner join touches
        on
            spans.person_key = touches.person_key
            and spans.first_touch_no <= touches.touch_no
            and spans.first_touch_no + spans.touches > touches.touch_no
    where spans.touches > 1

),

aged as (

    select
        touches_of_several.*,
        half_lives.half_life_no,
        cast(
            touches_of_several.youngest_us - touches_of_several.touched_us
            as double
        ) / (half_lives.half_life_days * {{ day_us }}) as half_lives
    from touches_of_several
    cross join half_lives

),

-- In whole numbers that stand to each other as the touches do; that of the
-- youngest is the largest.
measured as (

    select
        *,
        cast(
            floor({{ decayed('half_lives') }} * {{ units_of_one() }} + 0.5)
            as bigint
        ) as measure
    from aged

),

shares_cut as (

    select
        *,
        {{ cut_share('measure', 'sum(measure) over one_span') }} as cut_units
    from measured
    window one_span as (
        partition by person_key, first_touch_no, touches, half_life_no
    )

),

-- What the cuts leave goes to the largest share, the first of equal ones.
remainders_given as (

    select
        *,
        {{ units_of_one() }} - sum(cut_units) over (
            partition by person_key, first_touch_no, touches, half_life_no
        ) as remainder,
        row_number() over (
            partition by person_key, first_touch_no, touches, half_life_no
            order by measure desc, touch_no asc
        ) as size_no
    from shares_cut

),

final as (

    select
        person_key,
        first_touch_no,
        touches,
        touch_no,
        touch_no - first_touch_no + 1 as place,
        half_life_no,
        campaign_id,
        cast(
            cut_units + case when size_no = 1 then remainder else 0 end
            as bigint
        ) as decayed_units
    from remainders_given

    union all

    -- Where one touch has everything, or none is there, nothing is divided.
    select
        spans.person_key,
        spans.first_touch_no,
        spans.touches,
        touches.touch_no,
        spans.touches as place,
        1 as half_life_no,
        touches.campaign_id,
        cast({{ units_of_one() }} as bigint) as decayed_units
    from spans
    left join touches
        on
            spans.person_key = touches.person_key
            and spans.first_touch_no = touches.touch_no
    where spans.touches < 2

)

select * from final
