-- The linter cannot indent what a loop writes.
-- noqa: disable=LT02
-- One row per raw row, reading of it and rule that it breaks, and one per
-- record of a group that is too large to be one person.
{%- set rules = rules_of_readings('instant') %}
{%- set amount_rule = rule_of_amounts('said.amount', 'said.amount_text') %}

with unusable as (

    select * from {{ ref('int_readings__unusable') }}

),

records_oversized as (

    select
        records.row_key,
        oversized.source,
        oversized.source_table,
        oversized.source_key,
        oversized.record_key,
        oversized.person_key,
        oversized.component_records,
        oversized.loaded_at
    from {{ ref('int_people__records') }} as oversized
    inner join {{ ref('int_records__first_values') }} as records
        on oversized.record_key = records.record_key
    where oversized.is_oversized

),

broken as (

{%- for rule in rules %}

    select
        source,
        source_table,
        source_key,
        row_key,
        record_key,
        person_key,
        reading,
        '{{ rule }}' as rule,
        {{ rules[rule].detail }} as detail,
        loaded_at as seen_at
    from unusable
    where
        {{ breaks_rule(rules, rule) | indent(8) }}

    union all
{%- endfor %}

    select
        source,
        source_table,
        source_key,
        row_key,
        record_key,
        person_key,
        case when is_first_value then 'record' else 'change' end as reading,
        'unmapped_status' as rule,
        'No rule of ' || definition_version || ' reads ' || field || ' = '
        || new_value as detail,
        loaded_at as seen_at
    from {{ ref('int_readings__matched') }}
    where is_unmapped_status

    union all

    -- The reading is the stage that the row tells.
    select
        source,
        source_table,
        source_key,
        row_key,
        record_key,
        person_key,
        stage as reading,
        'exit_without_lifecycle' as rule,
        stage || ' at ' || cast(occurred_at as {{ dbt.type_string() }})
        || ' closes nothing: no lifecycle is open' as detail,
        loaded_at as seen_at
    from {{ ref('int_exits_without_lifecycle') }}

    union all

    select
        source,
        source_table,
        source_key,
        row_key,
        record_key,
        person_key,
        'record' as reading,
        'oversized_identity_group' as rule,
        'One of ' || cast(component_records as {{ dbt.type_string() }})
        || ' records that links would make one person' as detail,
        loaded_at as seen_at
    from records_oversized

    union all

    -- The deal is one all the same: only its amount is none.
    select
        said.source,
        said.source_table,
        said.source_key,
        judged.row_key,
        judged.record_key,
        judged.person_key,
        'amount' as reading,
        'unparsable_amount' as rule,
        {{ amount_rule.detail }} as detail,
        said.loaded_at as seen_at
    from {{ ref('int_opportunities__judged') }} as judged
    inner join {{ ref('input_layer__opportunities') }} as said
        on judged.row_key = said.row_key
    where
        judged.reading = 'created'
        and judged.is_read
        and not judged.is_key_missing
        and {{ amount_rule.is_broken }}

)

select * from broken
