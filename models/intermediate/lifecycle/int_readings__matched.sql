{{ config(unique_key='record_key') }}

-- Every dated raw value that a stage rule may read, in one shape: first values,
-- changes, activities of marketing automation and touches; then the rules of
-- the version in force at its instant.
with first_values as (

    select
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
        {{ same_text('first_value') }} as new_text,
        actor_id,
        status_reason as reason,
        loaded_at,
        row_key,
        true as is_first_value,
        is_usable
    from {{ ref('int_records__first_values') }}
    where
        has_first_value
        and not is_key_missing
        and {{ in_batch('record_key') }}

),

changes as (

    select
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
        {{ same_text('new_value') }} as new_text,
        actor_id,
        reason,
        loaded_at,
        row_key,
        false as is_first_value,
        is_usable
    from {{ ref('int_observations__judged') }}
    where
        is_ruled
        and not is_key_missing
        and {{ in_batch('record_key') }}

),

touch_types as (

    select
        source,
        source_table,
        source_key,
        'touch' as entity,
        'type' as field,
        record_key,
        person_key,
        touched_at as observed_at,
        cast(null as {{ dbt.type_string() }}) as old_value,
        touch_type as new_value,
        {{ same_text('touch_type') }} as new_text,
        cast(null as {{ dbt.type_string() }}) as actor_id,
        cast(null as {{ dbt.type_string() }}) as reason,
        loaded_at,
        row_key,
        false as is_first_value,
        is_usable
    from {{ ref('int_touches__judged') }}
    where
        is_read
        and not is_key_missing
        and {{ in_batch('record_key') }}

),

touch_statuses as (

    select
        source,
        source_table,
        source_key,
        'touch' as entity,
        'status' as field,
        record_key,
        person_key,
        touched_at as observed_at,
        cast(null as {{ dbt.type_string() }}) as old_value,
        member_status as new_value,
        {{ same_text('member_status') }} as new_text,
        cast(null as {{ dbt.type_string() }}) as actor_id,
        cast(null as {{ dbt.type_string() }}) as reason,
        loaded_at,
        row_key,
        false as is_first_value,
        is_usable
    from {{ ref('int_touches__judged') }}
    where
        is_read
        and not is_key_missing
        and {{ in_batch('record_key') }}

),

united as (

    select * from first_values
    union all
    select * from changes
    union all
    select * from touch_types
    union all
    select * from touch_statuses

),

rules as (

    select * from {{ ref('int_stage_rules__resolved') }}

),

in_force as (

    select * from {{ ref('int_funnel_versions__in_force') }}

),

merge_reasons as (

    select {{ same_text('reason_prefix') }} as reason_prefix
    from {{ ref('def_ignored_change_reasons') }}

),

crossing_fields as (

    select distinct
        source,
        field
    from rules
    where operator = 'crosses'

),

scores_flagged as (

    select
        united.source,
        united.source_table,
        united.source_key,
        united.field,
        united.record_key,
        united.observed_at,
        {{ parse_number('united.old_value') }} as old_number,
        {{ parse_number('united.new_value') }} as new_number,
        max(
            case when merge_reasons.reason_prefix is not null then 1 else 0 end
        ) = 1 as is_merge
    from united
    inner join crossing_fields
        on
            united.source = crossing_fields.source
            and united.field = crossing_fields.field
    left join merge_reasons
        on
            {{ same_text('united.reason') }}
            like merge_reasons.reason_prefix || '%'
    where united.is_usable and not united.is_first_value
    group by 1, 2, 3, 4, 5, 6, 7, 8

),

-- A score change without its old value is measured from the record's change
-- before it.
scores_numbered as (

    select
        source,
        source_table,
        source_key,
        field,
        is_merge,
        new_number,
        coalesce(
            old_number,
            lag(new_number) over (
                partition by record_key, field
                order by observed_at, source_key
            )
        ) as old_number
    from scores_flagged

),

versions_found as (

    select
        united.*,
        in_force.version as definition_version
    from united
    inner join in_force
        on
            united.observed_at >= in_force.valid_from
            and united.observed_at < in_force.valid_to

),

-- Values are looked up, one join for all of a field's rules; the few other
-- rules are tried one by one.
values_matched as (

    select
        versions_found.*,
        rules.operator,
        rules.stage
    from versions_found
    inner join rules
        on
            versions_found.definition_version = rules.version
            and versions_found.source = rules.source
            and versions_found.field = rules.field
            and versions_found.new_text = rules.value_text
            and (
                versions_found.entity = rules.entity
                or versions_found.source_table = rules.entity
            )
    where rules.operator = 'equals'

),

existing_matched as (

    select
        versions_found.*,
        rules.operator,
        rules.stage
    from versions_found
    inner join rules
        on
            versions_found.definition_version = rules.version
            and versions_found.source = rules.source
            and versions_found.field = rules.field
            and (
                versions_found.entity = rules.entity
                or versions_found.source_table = rules.entity
            )
    where
        rules.operator = 'exists'
        and not versions_found.is_first_value
        and (
            versions_found.new_text is not null
            or versions_found.field in (
                '', 'leadconverted', 'leadmerged', 'created'
            )
        )

),

crossings_matched as (

    select
        versions_found.*,
        rules.operator,
        rules.stage
    from versions_found
    inner join rules
        on
            versions_found.definition_version = rules.version
            and versions_found.source = rules.source
            and versions_found.field = rules.field
            and (
                versions_found.entity = rules.entity
                or versions_found.source_table = rules.entity
            )
    inner join scores_numbered
        on
            versions_found.source = scores_numbered.source
            and versions_found.source_table = scores_numbered.source_table
            and versions_found.source_key = scores_numbered.source_key
            and versions_found.field = scores_numbered.field
    where
        rules.operator = 'crosses'
        and not versions_found.is_first_value
        and not scores_numbered.is_merge
        and scores_numbered.new_number >= rules.threshold
        and (
            scores_numbered.old_number is null
            or scores_numbered.old_number < rules.threshold
        )

),

matched as (

    select * from values_matched
    union all
    select * from existing_matched
    union all
    select * from crossings_matched

),

fields_with_values as (

    select distinct
        version,
        source,
        entity,
        field
    from rules
    where operator = 'equals'

),

rows_matched as (

    select distinct
        source,
        source_table,
        source_key,
        field
    from matched

),

-- A value that no rule of a field with values knows. Touches are no statuses.
unmapped as (

    select
        versions_found.*,
        cast(null as {{ dbt.type_string() }}) as operator,
        cast(null as {{ dbt.type_string() }}) as stage
    from versions_found
    inner join fields_with_values
        on
            versions_found.definition_version = fields_with_values.version
            and versions_found.source = fields_with_values.source
            and versions_found.field = fields_with_values.field
            and (
                versions_found.entity = fields_with_values.entity
                or versions_found.source_table = fields_with_values.entity
            )
    left join rows_matched
        on
            versions_found.source = rows_matched.source
            and versions_found.source_table = rows_matched.source_table
            and versions_found.source_key = rows_matched.source_key
            and versions_found.field = rows_matched.field
    where
        versions_found.new_text is not null
        and versions_found.entity <> 'touch'
        and rows_matched.source_key is null

),

told as (

    select
        *,
        false as is_unmapped_status
    from matched
    where is_usable

    union all

    select
        *,
        true as is_unmapped_status
    from unmapped

),

kept as (

    select distinct
        source,
        source_table,
        source_key,
        field,
        record_key,
        person_key,
        observed_at,
        new_value,
        actor_id,
        reason,
        loaded_at,
        row_key,
        is_first_value,
        definition_version,
        is_unmapped_status,
        stage,
        operator
    from told

)

select * from kept
