with observations as (

    select * from {{ ref('input_layer__observations') }}

),

people as (

    select * from {{ ref('int_people__keys') }}

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
        observations.row_key,
        observations.record_key,
        observations.record_id,
        people.person_key,
        observations.source,
        observations.source_table,
        observations.source_key,
        observations.entity,
        observations.field,
        observations.old_value,
        observations.new_value,
        observations.observed_at,
        observations.actor_id,
        observations.reason,
        observations.loaded_at,
        observations.is_key_missing,
        people.first_created_at,
        (by_entity.field is not null or by_table.field is not null)
        -- A value that was cleared says nothing; some rows need no value.
        and (
            {{ unicode_trim('observations.new_value') }} <> ''
            or {{ is_event_field('observations.field') }}
        ) as has_rule,
        repeated.row_key is not null as is_repeated
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
    left join {{ ref('int_observations__repeated') }} as repeated
        on observations.row_key = repeated.row_key

),

judged as (

    select
        row_key,
        record_key,
        record_id,
        person_key,
        source,
        source_table,
        source_key,
        entity,
        field,
        old_value,
        new_value,
        observed_at,
        actor_id,
        reason,
        loaded_at,
        is_key_missing,
        coalesce(has_rule, false) and not is_repeated as is_ruled,
        (coalesce(has_rule, false) or field = 'owner')
        and not is_repeated as is_read,
        {{ breaks_no_rule(rules_of_readings('observed_at')) | indent(8) }}
            as is_usable
    from people_found

)

select * from judged
