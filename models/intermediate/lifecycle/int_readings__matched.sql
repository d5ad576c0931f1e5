-- What the stage rules make of every dated raw value: first values, changes,
-- activities of marketing automation and touches, each by the rules of the
-- version in force at its instant.
{%- set shape = ['source', 'source_table', 'entity', 'field', 'said'] %}

with rules as (

    select * from {{ ref('int_stage_rules__resolved') }}

),

first_values as (

    select
        row_key,
        source,
        source_table,
        source_key,
        entity,
        'status' as field,
        record_key,
        person_key,
        observed_at,
        cast(null as {{ dbt.type_string() }}) as old_value,
        first_value as new_value,
        actor_id,
        status_reason as reason,
        loaded_at,
        true as is_first_value,
        is_usable
    from {{ ref('int_records__first_values') }}
    where
        has_first_value
        and not is_key_missing

),

changes as (

    select
        row_key,
        source,
        source_table,
        source_key,
        entity,
        field,
        record_key,
        person_key,
        observed_at,
        old_value,
        new_value,
        actor_id,
        reason,
        loaded_at,
        false as is_first_value,
        is_usable
    from {{ ref('int_observations__judged') }}
    where
        is_ruled
        and not is_key_missing

),

{#- A touch says that it was, what it is, and how far it went. -#}
{%- for said, field, column in [
    ('itself', '', 'cast(null as ' ~ dbt.type_string() ~ ')'),
    ('type', 'type', 'touch_type'),
    ('status', 'status', 'member_status'),
] %}

touches_by_{{ said }} as (

    select
        row_key,
        source,
        source_table,
        source_key,
        'touch' as entity,
        '{{ field }}' as field,
        record_key,
        person_key,
        touched_at as observed_at,
        cast(null as {{ dbt.type_string() }}) as old_value,
        {{ column }} as new_value,
        cast(null as {{ dbt.type_string() }}) as actor_id,
        cast(null as {{ dbt.type_string() }}) as reason,
        loaded_at,
        false as is_first_value,
        is_usable
    from {{ ref('int_touches__judged') }}
    where
        is_read
        and not is_key_missing
        and source in (
            select rules.source
            from rules
            where rules.field = '{{ field }}'
        )

),
{%- endfor %}

united as (

    select * from first_values
    union all
    select * from changes
    union all
    select * from touches_by_itself
    union all
    select * from touches_by_type
    union all
    select * from touches_by_status

),

in_force as (

    select * from {{ ref('int_funnel_versions__in_force') }}

),

versions_found as (

    select
        united.*,
        coalesce(united.new_value, '') as said,
        in_force.version as definition_version
    from united
    inner join in_force
        on
            united.observed_at >= in_force.valid_from
            and united.observed_at < in_force.valid_to

),

-- Few things are said, and often: what the rules make of each is found once.
shapes as (

    select distinct
        {{ shape | join(',\n        ') }},
        definition_version,
        is_first_value
    from versions_found

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

merge_reasons as (

    select {{ same_text('reason_prefix') }} as reason_prefix
    from {{ ref('def_ignored_change_reasons') }}

),

crossing_rules as (

    select distinct
        version,
        source,
        entity,
        field,
        operator,
        threshold,
        stage
    from rules
    where operator = 'crosses'

),

crossing_fields as (

    select distinct
        source,
        field
    from crossing_rules

),

scores as (

    select
        versions_found.*,
        {{ parse_number('versions_found.old_value') }} as told_old_number,
        {{ parse_number('versions_found.new_value') }} as new_number
    from versions_found
    inner join crossing_fields
        on
            versions_found.source = crossing_fields.source
            and versions_found.field = crossing_fields.field
    where versions_found.is_usable and not versions_found.is_first_value

),

-- A score change without its old value is measured from the record's number
-- before it; one that was cleared, or is no number, is none.
scores_measured as (

    select
        *,
        coalesce(
            told_old_number,
            lag(new_number) over (
                partition by record_key, field
                order by observed_at, source_key
            )
        ) as old_number
    from scores
    where new_number is not null

),

reasons_given as (

    select distinct reason from scores

),

reasons_ignored as (

    select distinct reasons_given.reason
    from reasons_given
    inner join merge_reasons
        on
            {{ same_text('reasons_given.reason') }}
            like merge_reasons.reason_prefix || '%'

),

-- Two rules may be of one stage, and a rule of the entity or of the table.
crossings as (

    select distinct
        scores.row_key,
        scores.source,
        scores.source_table,
        scores.source_key,
        scores.field,
        scores.record_key,
        scores.person_key,
        scores.observed_at,
        scores.new_value,
        scores.actor_id,
        scores.reason,
        scores.loaded_at,
        scores.is_first_value,
        scores.definition_version,
        false as is_unmapped_status,
        crossing_rules.stage,
        crossing_rules.operator
    from scores_measured as scores
    inner join crossing_rules
        on
            scores.definition_version = crossing_rules.version
            and scores.source = crossing_rules.source
            and scores.field = crossing_rules.field
            and (
                scores.entity = crossing_rules.entity
                or scores.source_table = crossing_rules.entity
            )
    left join reasons_ignored
        on scores.reason = reasons_ignored.reason
    where
        reasons_ignored.reason is null
        and scores.new_number >= crossing_rules.threshold
        and (
            scores.old_number is null
            or scores.old_number < crossing_rules.threshold
        )

),

rows_crossing as (

    select distinct
        row_key,
        field
    from crossings

),

told as (

    select
        versions_found.row_key,
        versions_found.source,
        versions_found.source_table,
        versions_found.source_key,
        versions_found.field,
        versions_found.record_key,
        versions_found.person_key,
        versions_found.observed_at,
        versions_found.new_value,
        versions_found.actor_id,
        versions_found.reason,
        versions_found.loaded_at,
        versions_found.is_first_value,
        versions_found.definition_version,
        meanings.is_unmapped_status,
        meanings.stage,
        meanings.operator
    from versions_found
    inner join meanings
        on
            {%- for name in shape %}
            versions_found.{{ name }} = meanings.{{ name }}
            and
            {%- endfor %}
            versions_found.definition_version = meanings.definition_version
            and versions_found.is_first_value = meanings.is_first_value
    left join rows_crossing
        on
            meanings.is_unmapped_status
            and versions_found.row_key = rows_crossing.row_key
            and versions_found.field = rows_crossing.field
    where
        (versions_found.is_usable or meanings.is_unmapped_status)
        and rows_crossing.row_key is null

    union all

    select * from crossings

)

select * from told
