with rules as (

    select * from {{ ref('def_stage_rules') }}

),

ancestry as (

    select * from {{ ref('int_funnel_versions__ancestry') }}

),

in_force as (

    select * from {{ ref('int_funnel_versions__in_force') }}

),

sources as (

    select source from {{ source('settings', 'sources') }}

),

rules_normalised as (

    select
        definition_version,
        {{ same_text('source') }} as source,
        {{ same_text('entity') }} as entity,
        coalesce(
            {{ same_text("replace(replace(field, ' ', ''), '_', '')") }}, ''
        ) as field,
        {{ same_text('operator') }} as operator,
        coalesce({{ same_text('value') }}, '') as value_text,
        case
            when {{ same_text('operator') }} = 'crosses'
                then cast({{ parse_number('value') }} as double)
        end as threshold,
        {{ same_text('stage') }} as stage
    from rules

),

rules_by_source as (

    select
        rules_normalised.definition_version,
        sources.source,
        rules_normalised.entity,
        rules_normalised.field,
        rules_normalised.operator,
        rules_normalised.value_text,
        rules_normalised.threshold,
        rules_normalised.stage
    from rules_normalised
    inner join sources
        on
            rules_normalised.source = sources.source
            or rules_normalised.source = '*'

),

rules_inherited as (

    select
        in_force.version,
        rules_by_source.source,
        rules_by_source.entity,
        rules_by_source.field,
        rules_by_source.operator,
        rules_by_source.value_text,
        rules_by_source.threshold,
        rules_by_source.stage,
        rank() over (
            partition by
                in_force.version,
                rules_by_source.source,
                rules_by_source.entity,
                rules_by_source.field,
                rules_by_source.operator,
                rules_by_source.value_text
            order by ancestry.depth
        ) as nearness
    from in_force
    inner join ancestry
        on in_force.version = ancestry.version
    inner join rules_by_source
        on ancestry.ancestor = rules_by_source.definition_version

),

rules_in_force as (

    select distinct
        version,
        source,
        entity,
        field,
        operator,
        value_text,
        threshold,
        stage
    from rules_inherited
    where nearness = 1

)

select * from rules_in_force
