{{ config(unique_key='record_key') }}

with observations as (

    select * from {{ ref('input_layer__observations') }}
    where {{ in_batch('record_key') }}

),

people as (

    select * from {{ ref('int_people__keys') }}
    where {{ in_batch('record_key') }}

),

fields_read as (

    select distinct
        source,
        entity,
        field,
        max(case when operator = 'equals' then 1 else 0 end) over (
            partition by source, entity, field
        ) = 1 as has_values
    from {{ ref('int_stage_rules__resolved') }}

),

people_found as (

    select
        observations.*,
        people.person_key,
        people.first_created_at,
        (by_entity.field is not null or by_table.field is not null)
        -- A value that was cleared says nothing; some rows need no value.
        and (
            {{ unicode_trim('observations.new_value') }} <> ''
            or observations.field in (
                '', 'leadconverted', 'leadmerged', 'created'
            )
        ) as has_rule
    from observations
    left join people
        on observations.record_key = people.record_key
    left join fields_read as by_entity
        on
            observations.source = by_entity.source
            and observations.entity = by_entity.entity
            and observations.field = by_entity.field
    left join fields_read as by_table
        on
            observations.source = by_table.source
            and observations.source_table = by_table.entity
            and observations.field = by_table.field
            and observations.entity <> observations.source_table

),

judged as (

    select
        *,
        coalesce(has_rule, false) as is_ruled,
        coalesce(has_rule, false) or field = 'owner' as is_read,
        {{ reading_flags('observed_at') }}
    from people_found

)

select * from judged
