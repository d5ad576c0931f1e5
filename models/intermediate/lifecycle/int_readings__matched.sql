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
        true as is_first_value,
        is_usable
    from {{ ref('int_records__first_values') }}
    where has_first_value and not is_key_missing

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
        false as is_first_value,
        is_usable
    from {{ ref('int_observations__judged') }}
    where is_ruled and not is_key_missing

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
        false as is_first_value,
        is_usable
    from {{ ref('int_touches__judged') }}
    where is_read and not is_key_missing

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
        false as is_first_value,
        is_usable
    from {{ ref('int_touches__judged') }}
    where is_read and not is_key_missing

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

rules_compared as (

    select
        versions_found.source,
        versions_found.source_table,
        versions_found.source_key,
        versions_found.entity,
        versions_found.field,
        versions_found.record_key,
        versions_found.person_key,
        versions_found.observed_at,
        versions_found.new_value,
        versions_found.new_text,
        versions_found.actor_id,
        versions_found.reason,
        versions_found.loaded_at,
        versions_found.is_first_value,
        versions_found.is_usable,
        versions_found.definition_version,
        rules.operator,
        rules.stage,
        case rules.operator
            when 'equals' then versions_found.new_text = rules.value_text
            when 'exists'
                then
                    versions_found.new_text <> ''
                    or versions_found.field in (
                        '', 'leadconverted', 'leadmerged', 'created'
                    )
            when 'crosses'
                then
                    not scores_numbered.is_merge
                    and scores_numbered.new_number >= rules.threshold
                    and (
                        scores_numbered.old_number is null
                        or scores_numbered.old_number < rules.threshold
                    )
        end as is_match
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
    left join scores_numbered
        on
            rules.operator = 'crosses'
            and versions_found.source = scores_numbered.source
            and versions_found.source_table = scores_numbered.source_table
            and versions_found.source_key = scores_numbered.source_key
            and versions_found.field = scores_numbered.field

),

matched as (

    select
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
        is_first_value,
        is_usable,
        definition_version,
        operator,
        stage,
        coalesce(is_match, false) as is_match,
        -- A value that no rule of a field with values knows.
        max(case when operator = 'equals' then 1 else 0 end) over by_row = 1
        and max(case when is_match then 1 else 0 end) over by_row = 0
        and entity <> 'touch'
        and new_text <> '' as is_unmapped_status
    from rules_compared
    window by_row as (
        partition by source, source_table, source_key, field
    )

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
        is_first_value,
        definition_version,
        is_unmapped_status,
        case when is_match then stage end as stage,
        case when is_match then operator end as operator
    from matched
    where (is_match and is_usable) or is_unmapped_status

)

select * from kept
