with touches as (

    select * from {{ ref('int_touches__numbered') }}

),

people as (

    select
        person_key,
        person_id
    from {{ ref('int_people') }}
    where is_in_marts

),

clock as (

    select as_of from {{ ref('int_run__clock') }}

)

select
    {{ touch_id('touches') }} as touch_id,
    people.person_id,
    touches.touch_no,
    touches.campaign_id,
    touches.touched_at,
    touches.touch_type as type,
    touches.source,
    touches.source_table,
    touches.source_key
from touches
inner join people
    on touches.person_key = people.person_key
inner join clock
    on touches.touched_at <= clock.as_of
