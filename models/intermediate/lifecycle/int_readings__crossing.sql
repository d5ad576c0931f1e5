-- The scores that cross the threshold of a stage rule, by the version in force.
with readings as (

    select * from {{ ref('int_readings__versioned') }}

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
    from {{ ref('int_stage_rules__resolved') }}
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
        readings.*,
        {{ parse_number('readings.old_value') }} as told_old_number,
        {{ parse_number('readings.new_value') }} as new_number
    from readings
    inner join crossing_fields
        on
            readings.source = crossing_fields.source
            and readings.field = crossing_fields.field
    where readings.is_usable and not readings.is_first_value

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

)

select * from crossings
