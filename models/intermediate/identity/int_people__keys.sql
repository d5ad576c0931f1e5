with records as (

    select * from {{ ref('int_people__records') }}

),

components as (

    select * from {{ ref('int_identity__components') }}

),

people_of_components as (

    select
        component_key,
        min(person_key) as person_key,
        min(first_created_at) as first_created_at
    from records
    where not is_oversized
    group by 1

),

-- Ids that only a link names (a merged lead that the system no longer lists)
-- lead to the person whose records they connect.
ids_without_record as (

    select
        components.node_key as record_key,
        people_of_components.person_key,
        people_of_components.first_created_at,
        false as is_record
    from components
    inner join people_of_components
        on components.component_key = people_of_components.component_key
    left join records
        on components.node_key = records.record_key
    where records.record_key is null

),

united as (

    select
        record_key,
        person_key,
        first_created_at,
        true as is_record
    from records

    union all

    select * from ids_without_record

)

select * from united
