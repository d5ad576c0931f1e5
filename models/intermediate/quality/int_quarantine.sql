-- The linter cannot indent what a loop writes.
-- noqa: disable=LT02
-- One row per raw row and rule that it breaks, and one per record of a group
-- that is too large to be one person.
{%- set rules_of_readings = [
    'unparsable_timestamp',
    'future_timestamp',
    'before_first_record',
    'unknown_person',
] %}
{#- Judged models that keep a verdict only; what a row says is elsewhere. -#}
{%- set judged = [
    (
        'int_observations__judged', 'input_layer__observations',
        'observed_at_text', 'observed_at',
    ),
    (
        'int_activities__judged', 'input_layer__activities',
        'occurred_at_text', 'occurred_at',
    ),
] %}

with people as (

    select
        record_key,
        first_created_at
    from {{ ref('int_people__keys') }}

),

{%- for model, said, text, instant in judged %}

{{ model }}_broken as (

    select
        said.source,
        said.source_table,
        said.source_key,
        said.record_id,
        judged.person_key,
        said.{{ text }} as instant_text,
        said.{{ instant }} as instant,
        people.first_created_at,
        said.loaded_at,
        said.is_key_missing,
        judged.is_read
    from {{ ref(model) }} as judged
    inner join {{ ref(said) }} as said
        on judged.row_key = said.row_key
    left join people
        on said.record_key = people.record_key
    where
        judged.is_key_missing or (judged.is_read and not judged.is_usable)

),

{{ model }}_flagged as (

    select
        *,
        {{ reading_flags('instant') }}
    from {{ model }}_broken

),
{%- endfor %}

{#- Where each reading is judged, and which columns say when it was. -#}
{%- set readings = [
    ('int_observations__judged_flagged', 'instant_text', 'instant'),
    ('int_activities__judged_flagged', 'instant_text', 'instant'),
    (ref('int_touches__judged'), 'touched_at_text', 'touched_at'),
    (
        ref('int_opportunities__judged'),
        "case when reading = 'created' then created_at_text"
        ~ " else closed_at_text end",
        'occurred_at',
    ),
] %}

readings as (

{%- for judged_rows, text, instant in readings %}

    select
        source,
        source_table,
        source_key,
        record_id,
        person_key,
        {{ text }} as instant_text,
        {{ instant }} as instant,
        first_created_at,
        loaded_at,
        is_key_missing,
        {%- for rule in rules_of_readings %}
        is_read and is_{{ rule }} as is_{{ rule }}{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ judged_rows }}
    where is_key_missing or (is_read and not is_usable)

    union all
{%- endfor %}

    select
        source,
        source_table,
        source_key,
        record_id,
        person_key,
        observed_at_text as instant_text,
        observed_at as instant,
        first_created_at,
        loaded_at,
        is_key_missing,
        is_unparsable_timestamp,
        is_future_timestamp,
        false as is_before_first_record,
        false as is_unknown_person
    from {{ ref('int_records__first_values') }}
    where is_key_missing or not is_usable

    union all

    -- A merge or a deletion of records that nobody lists.
    select
        links.source,
        links.source_table,
        links.source_key,
        links.left_record_id as record_id,
        cast(null as bigint) as person_key,
        cast(null as {{ dbt.type_string() }}) as instant_text,
        links.linked_at as instant,
        cast(null as timestamp) as first_created_at,
        links.loaded_at,
        links.is_key_missing,
        false as is_unparsable_timestamp,
        false as is_future_timestamp,
        false as is_before_first_record,
        not links.is_key_missing as is_unknown_person
    from {{ ref('int_links__judged') }} as links
    where not links.is_usable

),

rules as (

    select
        source,
        source_table,
        source_key,
        person_key,
        loaded_at as seen_at,
        'missing_key' as rule,
        'The row has no key.' as detail
    from readings
    where is_key_missing

    union all

    select
        source,
        source_table,
        source_key,
        person_key,
        loaded_at as seen_at,
        'unparsable_timestamp' as rule,
        case
            when instant_text is null then 'The time is blank.'
            else 'Not a time: ' || instant_text
        end as detail
    from readings
    where is_unparsable_timestamp

    union all

    select
        source,
        source_table,
        source_key,
        person_key,
        loaded_at as seen_at,
        'future_timestamp' as rule,
        'At ' || cast(instant as {{ dbt.type_string() }})
        || ', which was not yet when it was loaded (seen_at)'
            as detail
    from readings
    where is_future_timestamp

    union all

    select
        source,
        source_table,
        source_key,
        person_key,
        loaded_at as seen_at,
        'before_first_record' as rule,
        'At ' || cast(instant as {{ dbt.type_string() }})
        || ', but the first record of the person is of '
        || cast(first_created_at as {{ dbt.type_string() }}) as detail
    from readings
    where is_before_first_record

    union all

    select
        source,
        source_table,
        source_key,
        person_key,
        loaded_at as seen_at,
        'unknown_person' as rule,
        case
            when record_id is null then 'The row names no record.'
            else 'No record has the id ' || record_id
        end as detail
    from readings
    where is_unknown_person

    union all

    select
        source,
        source_table,
        source_key,
        person_key,
        loaded_at as seen_at,
        'unmapped_status' as rule,
        'No rule of ' || definition_version || ' reads ' || field || ' = '
        || new_value as detail
    from {{ ref('int_readings__matched') }}
    where is_unmapped_status

    union all

    select
        source,
        source_table,
        source_key,
        person_key,
        loaded_at as seen_at,
        'exit_without_lifecycle' as rule,
        stage || ' at ' || cast(occurred_at as {{ dbt.type_string() }})
        || ' closes nothing: no lifecycle is open' as detail
    from {{ ref('int_exits_without_lifecycle') }}

    union all

    select
        source,
        source_table,
        source_key,
        person_key,
        loaded_at as seen_at,
        'oversized_identity_group' as rule,
        'One of ' || cast(component_records as {{ dbt.type_string() }})
        || ' records that links would make one person' as detail
    from {{ ref('int_people__records') }}
    where is_oversized

    union all

    select
        source,
        source_table,
        source_key,
        cast(null as bigint) as person_key,
        loaded_at as seen_at,
        'missing_key' as rule,
        'The row has no key.' as detail
    from {{ ref('int_costs__judged') }}
    where is_key_missing

    union all

    select
        source,
        source_table,
        source_key,
        cast(null as bigint) as person_key,
        loaded_at as seen_at,
        'unparsable_timestamp' as rule,
        case
            when cost_date_text is null then 'The day is blank.'
            else 'Not a day: ' || cost_date_text
        end as detail
    from {{ ref('int_costs__judged') }}
    where is_unparsable_timestamp

    union all

    select
        source,
        source_table,
        source_key,
        cast(null as bigint) as person_key,
        loaded_at as seen_at,
        'unparsable_amount' as rule,
        case
            when amount_text is null then 'The amount is blank.'
            else 'Not an amount: ' || amount_text
        end as detail
    from {{ ref('int_costs__judged') }}
    where is_unparsable_amount

),

-- A row that breaks one rule in two readings is listed once.
broken_once as (

    select
        source,
        source_table,
        source_key,
        rule,
        min(detail) as detail,
        min(person_key) as person_key,
        min(seen_at) as seen_at
    from rules
    group by 1, 2, 3, 4

)

select * from broken_once
