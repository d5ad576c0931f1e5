-- The linter cannot indent what a loop writes.
-- noqa: disable=LT02
-- One row per line of spend and rule that it breaks.
{%- set rules = rules_of_costs() %}

with unusable as (

    select * from {{ ref('int_costs__judged') }}
    where not is_usable

),

broken as (

{%- for rule in rules %}

    select
        source,
        source_table,
        source_key,
        '{{ rule }}' as rule,
        {{ rules[rule].detail }} as detail,
        loaded_at as seen_at
    from unusable
    where
        {{ breaks_rule(rules, rule) | indent(8) }}
    {{ 'union all' if not loop.last }}
{%- endfor %}

)

select * from broken
