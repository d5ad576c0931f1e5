-- What the stage rules make of every dated raw value: a stage, none, or that no
-- rule knows it.
{%- set of_values = raw_tables_that('tells_values') %}
{%- set shape = ['source', 'source_table', 'entity', 'field', 'said'] %}

with rules as (

    select * from {{ ref('int_stage_rules__resolved') }}

),

readings as (

    select * from {{ ref('int_readings__versioned') }}

),

crossings as (

    select * from {{ ref('int_readings__crossing') }}

),

-- Few things are said, and often: what the rules make of each is found once.
shapes as (

    select distinct
        {{ shape | join(',\n        ') }},
        definition_version,
        is_first_value
    from readings

),

shapes_ruled as (

    select
        shapes.*,
        rules.operator,
        rules.stage,
        {{ same_text('shapes.said') }} as said_text,
        case
            when rules.operator = 'equals'
                then {{ same_text('shapes.said') }} = rules.value_text
            when rules.operator = 'exists'
                then
                    {{ same_text('shapes.said') }} is not null
                    or {{ is_event_field('shapes.field') }}
            else false
        end as is_matched
    from shapes
    inner join rules
        on
            shapes.definition_version = rules.version
            and shapes.source = rules.source
            and shapes.field = rules.field
            and (
                shapes.entity = rules.entity
                or shapes.source_table = rules.entity
            )

),

meanings as (

    select distinct
        {{ shape | join(',\n        ') }},
        definition_version,
        is_first_value,
        operator,
        stage,
        false as is_unmapped_status
    from shapes_ruled
    where is_matched

    union all

    -- A value that no rule of a field with values knows. Touches are no
    -- statuses.
    select
        {{ shape | join(',\n        ') }},
        definition_version,
        is_first_value,
        cast(null as {{ dbt.type_string() }}) as operator,
        cast(null as {{ dbt.type_string() }}) as stage,
        true as is_unmapped_status
    from shapes_ruled
    group by
        {{ shape | join(',\n        ') }},
        definition_version,
        is_first_value
    having
        entity <> 'touch'
        and max(said_text) is not null
        and not bool_or(coalesce(is_matched, false))
        and bool_or(operator = 'equals')

),

rows_crossing as (

    select distinct
        row_key,
        field
    from crossings

),

told as (

    select
        readings.row_key,
        readings.source,
        readings.source_table,
        readings.source_key,
        readings.field,
        readings.record_key,
        readings.person_key,
        readings.observed_at,
        readings.new_value,
        readings.actor_id,
        -- In such a table a reason is how it was written, and nobody gave it.
        case
            when
                readings.source || '.' || readings.source_table
                not in {{ of_values }}
                then readings.reason
        end as reason,
        readings.loaded_at,
        readings.is_first_value,
        readings.definition_version,
        meanings.is_unmapped_status,
        meanings.stage,
        meanings.operator
    from readings
    inner join meanings
        on
            {%- for name in shape %}
            readings.{{ name }} = meanings.{{ name }}
            and
            {%- endfor %}
            readings.definition_version = meanings.definition_version
            and readings.is_first_value = meanings.is_first_value
    left join rows_crossing
        on
            meanings.is_unmapped_status
            and readings.row_key = rows_crossing.row_key
            and readings.field = rows_crossing.field
    where
        (readings.is_usable or meanings.is_unmapped_status)
        and rows_crossing.row_key is null

    union all

    select * from crossings

)

select * from told
