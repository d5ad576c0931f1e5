-- The linter cannot indent what a loop writes.
-- noqa: disable=LT02
-- One row per line of spend and rule that it breaks; what a campaign says
-- that it cost is one.
{%- set amount_rule = rule_of_amounts('actual_cost', 'actual_cost_text') %}
{%- set rules = rules_of_costs() %}

with unusable as (

    select * from {{ ref('int_costs__judged') }}
    where not is_usable and not is_deleted

),

broken as (

{%- for rule in rules %}

    select
        source,
        source_table,
        source_key,
        line_no,
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
        cast(1 as bigint) as line_no,
        'unparsable_amount' as rule,
        {{ amount_rule.detail }} as detail,
        loaded_at as seen_at
    from {{ ref('input_layer__campaigns') }}
    where
        not is_key_missing
        and not is_deleted
        and {{ amount_rule.is_broken }}

)

select * from broken
