with settings as (

    select * from {{ source('settings', 'run') }}

),

instants as (

    select
        created_at as happened_at,
        loaded_at
    from {{ ref('input_layer__records') }}

    union all

    select
        observed_at as happened_at,
        loaded_at
    from {{ ref('input_layer__observations') }}

    union all

    select
        occurred_at as happened_at,
        loaded_at
    from {{ ref('input_layer__activities') }}
    where not is_deleted

    union all

    select
        touched_at as happened_at,
        loaded_at
    from {{ ref('input_layer__touches') }}
    where not is_deleted

    union all

    select
        created_at as happened_at,
        loaded_at
    from {{ ref('input_layer__opportunities') }}
    where not is_deleted

    union all

    select
        closed_at as happened_at,
        loaded_at
    from {{ ref('input_layer__opportunities') }}
    where not is_deleted and is_closed

),

bounds as (

    select
        min(happened_at) as earliest_at,
        max(happened_at) as latest_at
    from instants
    where happened_at <= loaded_at

),

clock as (

    select
        coalesce(
            settings.as_of,
            bounds.latest_at,
            cast('1970-01-01 00:00:00' as timestamp)
        ) as as_of,
        coalesce(
            bounds.earliest_at, cast('1970-01-01 00:00:00' as timestamp)
        ) as earliest_at
    from settings
    cross join bounds

)

select * from clock
