-- What a touch has by its place among the touches of a span, by each
-- attribution model, in units of 1e-12 that make exactly 1; null where its age
-- decides.
with models as (

    select * from {{ ref('int_attribution__models') }}

),

places as (

    select distinct
        touches,
        place
    from {{ ref('int_attribution__shares') }}

),

places_of_models as (

    select
        places.touches,
        places.place,
        models.attribution_model,
        models.method,
        models.first_share,
        models.last_share,
        models.window_days,
        models.half_life_no,
        case
            when
                places.touches < 2
                or models.method in ('first_touch', 'last_touch')
                then 'whole'
            when models.method = 'time_decay' then 'by_age'
            else 'by_place'
        end as weighing
    from places
    inner join models
        on
            (models.method <> 'first_touch' or places.place < 2)
            and (models.method <> 'last_touch' or places.place = places.touches)

),

-- In whole numbers that stand to each other as the places do.
measured as (

    select
        *,
        cast(
            case
                when method = 'linear'
                    then 1
                when touches = 2 and first_share + last_share = 0
                    then 1
                when touches = 2 and place = 1
                    then first_share * 1000000
                when touches = 2
                    then last_share * 1000000
                when place = 1
                    then first_share * 1000000 * (touches - 2)
                when place = touches
                    then last_share * 1000000 * (touches - 2)
                else (1 - first_share - last_share) * 1000000
            end as bigint
        ) as measure
    from places_of_models
    where weighing = 'by_place'

),

shares_cut as (

    select
        *,
        {{ cut_share('measure', 'sum(measure) over one_span') }} as cut_units
    from measured
    window one_span as (partition by attribution_model, touches)

),

-- What the cuts leave goes to the largest share, the first of equal ones.
remainders_given as (

    select
        *,
        {{ units_of_one() }} - sum(cut_units) over (
            partition by attribution_model, touches
        ) as remainder,
        row_number() over (
            partition by attribution_model, touches
            order by measure desc, place asc
        ) as size_no
    from shares_cut

),

final as (

    select
        attribution_model,
        window_days,
        touches,
        place,
        case when weighing = 'by_age' then half_life_no else 1 end
            as half_life_no,
        case
            when weighing = 'whole'
                then cast({{ units_of_one() }} as bigint)
        end as weight_units
    from places_of_models
    where weighing <> 'by_place'

    union all

    select
        attribution_model,
        window_days,
        touches,
        place,
        1 as half_life_no,
        cast(
            cut_units + case when size_no = 1 then remainder else 0 end
            as bigint
        ) as weight_units
    from remainders_given
    where cut_units > 0 or size_no = 1

)

select * from final
