-- What a history tells a second time. A table that tells values repeats one
-- that did not change; a date in a column, and what a merge wrote into the
-- history of the new record, count only where nothing else says the same of the
-- person. What breaks a rule, as an impossible time does, says nothing here.
{%- set of_values = raw_tables_that('tells_values') %}
{%- set filling = raw_tables_that('fills_in') %}

with observations as (

    select
        row_key,
        record_key,
        source,
        source_table,
        source_key,
        entity,
        field,
        observed_at,
        {{ same_text('new_value') }} as value_text,
        {{ same_text('reason') }} as reason_text
    from {{ ref('input_layer__observations') }}
    where
        (
            source || '.' || source_table in {{ of_values }}
            or source || '.' || source_table in {{ filling }}
        )
        and not is_key_missing
        and observed_at <= loaded_at

),

people as (

    select
        record_key,
        person_key,
        first_created_at
    from {{ ref('int_people__keys') }}

),

fields_read as (

    select distinct
        source,
        entity,
        field
    from {{ ref('int_stage_rules__resolved') }}
    -- What crosses a threshold is measured by every value before it.
    where operator <> 'crosses'

),

merge_reasons as (

    select {{ same_text('reason_prefix') }} as reason_prefix
    from {{ ref('def_ignored_change_reasons') }}

),

reasons_of_merges as (

    select distinct observations.reason_text
    from observations
    inner join merge_reasons
        on observations.reason_text like merge_reasons.reason_prefix || '%'

),

evidence_ranked as (

    select
        observations.*,
        people.person_key,
        fields_read.field is not null as is_ruled,
        case
            when
                observations.source || '.' || observations.source_table
                in {{ filling }}
                then 2
            when reasons_of_merges.reason_text is not null then 3
            else 1
        end as evidence_rank
    from observations
    inner join people
        on observations.record_key = people.record_key
    left join fields_read
        on
            observations.source = fields_read.source
            and observations.entity = fields_read.entity
            and observations.field = fields_read.field
    left join reasons_of_merges
        on observations.reason_text = reasons_of_merges.reason_text
    where
        (fields_read.field is not null or observations.field = 'owner')
        and not {{ is_before_first_record('observations.observed_at') }}

),

values_compared as (

    select
        *,
        source || '.' || source_table in {{ of_values }}
        and row_number() over in_order > 1
        and not (value_text is distinct from lag(value_text) over in_order)
            as is_unchanged
    from evidence_ranked
    window in_order as (
        partition by record_key, source_table, entity, field
        order by observed_at, source_key
    )

),

-- A value that did not change says nothing, so it outdoes nothing: else a merge
-- and a repetition of what it wrote would take each other's place.
evidence_compared as (

    select
        row_key,
        record_key,
        is_unchanged,
        is_ruled and evidence_rank > min(
            case when not is_unchanged then evidence_rank end
        ) over (
            partition by person_key, source, entity, field, value_text
        ) as is_outdone
    from values_compared

)

select
    row_key,
    record_key,
    is_outdone,
    is_unchanged
from evidence_compared
where is_outdone or is_unchanged
