-- How each attribution model weighs, how far it looks back, and by which of the
-- half-lives in use; models that have none go with the first.
with models as (

    select * from {{ ref('def_attribution_models') }}

),

settings as (

    select * from {{ source('settings', 'run') }}

),

final as (

    select
        models.attribution_model,
        models.method,
        coalesce(models.first_share, 0) as first_share,
        coalesce(models.last_share, 0) as last_share,
        coalesce(models.window_days, settings.attribution_window_days)
            as window_days,
        case when models.method = 'time_decay' then models.half_life_days end
            as half_life_days,
        cast(
            case
                when models.method = 'time_decay'
                    then dense_rank() over (
                        partition by models.method
                        order by models.half_life_days
                    )
                else 1
            end as integer
        ) as half_life_no
    from models
    cross join settings

)

select * from final
