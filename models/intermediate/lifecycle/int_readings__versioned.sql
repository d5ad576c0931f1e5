-- Every dated raw value that stage rules may speak of: first values, changes,
-- activities of marketing automation and touches, each with the version in
-- force at its instant.

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

)

select * from versions_found
