{#-
    The rules that a raw row can break by what it says: each one's condition and
    what quarantine tells of it, written here and nowhere else. A model asks
    whether a row breaks none of them, and only the few that break one are
    asked which (int_raw_rows__broken, int_costs__broken).

    A missing key stands alone: nothing else is asked of a row that cannot be
    named.
-#}

{#-
    Of a reading, which is dated and is about a person. Expects a row with
    is_key_missing, person_key, first_created_at and loaded_at, and to tell of
    it record_id and instant_text, the instant as it was written.
-#}
{% macro rules_of_readings(instant) -%}
{%- set shown = 'cast(' ~ instant ~ ' as ' ~ dbt.type_string() ~ ')' -%}
{{ return({
    'missing_key': {
        'is_broken': 'is_key_missing',
        'detail': "'The row has no key.'",
    },
    'unparsable_timestamp': {
        'is_broken': instant ~ ' is null',
        'detail': "coalesce('Not a time: ' || instant_text, "
            ~ "'The time is blank.')",
    },
    'future_timestamp': {
        'is_broken': 'coalesce(' ~ instant ~ ' > loaded_at, false)',
        'detail': "'At ' || " ~ shown
            ~ " || ', which was not yet when it was loaded (seen_at)'",
    },
    'before_first_record': {
        'is_broken': is_before_first_record(instant),
        'detail': "'At ' || " ~ shown
            ~ " || ', but the first record of the person is of ' "
            ~ "|| cast(first_created_at as " ~ dbt.type_string() ~ ")",
    },
    'unknown_person': {
        'is_broken': 'person_key is null',
        'detail': "coalesce('No record has the id ' || record_id, "
            ~ "'The row names no record.')",
    },
}) }}
{%- endmacro %}

{#- A day's grace before the first record absorbs clocks that differ. -#}
{% macro is_before_first_record(instant) -%}
coalesce({{ instant }} < first_created_at - interval '24' hour, false)
{%- endmacro %}

{#- Of a line of spend. Expects a row of input_layer__costs. -#}
{% macro rules_of_costs() -%}
{{ return({
    'missing_key': {
        'is_broken': 'is_key_missing',
        'detail': "'The row has no key.'",
    },
    'unparsable_timestamp': {
        'is_broken': 'cost_date is null',
        'detail': "coalesce('Not a day: ' || cost_date_text, "
            ~ "'The day is blank.')",
    },
    'unparsable_amount': {
        'is_broken': 'amount is null',
        'detail': "coalesce('Not an amount: ' || amount_text, "
            ~ "'The amount is blank.')",
    },
}) }}
{%- endmacro %}

{#-
    Of an amount that only a few rows have: a deal's, or what a campaign cost.
    A blank one is none; one that is given and cannot be read breaks the rule.
-#}
{% macro rule_of_amounts(amount, text) -%}
{{ return({
    'is_broken': amount ~ ' is null and ' ~ text ~ ' is not null',
    'detail': "'Not an amount: ' || " ~ text,
}) }}
{%- endmacro %}

{% macro breaks_no_rule(rules) -%}
{%- for rule in rules.values() -%}
not {{ rule.is_broken }}{% if not loop.last %}
and {% endif %}
{%- endfor -%}
{%- endmacro %}

{#- Whether a row breaks one rule of them, by its name. -#}
{% macro breaks_rule(rules, name) -%}
{%- if name != 'missing_key' %}not is_key_missing
and {% endif -%}
{{ rules[name].is_broken }}
{%- endmacro %}
