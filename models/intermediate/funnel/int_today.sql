-- The day of as_of in the reporting time zone.
with lifecycles as (

    select max(as_of) as as_of from {{ ref('fct_lead_lifecycles') }}

),

settings as (

    select * from {{ source('settings', 'run') }}

),

final as (

    select
        cast(
            {{ from_utc('lifecycles.as_of', 'settings.reporting_timezone') }}
            as date
        ) as as_of_date
    from lifecycles
    cross join settings
    where lifecycles.as_of is not null

)

select * from final
