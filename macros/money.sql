{#-
    Money and shares without a float. Amounts are decimals; where one is divided
    it is counted in whole cents, weights in units of 1e-12, and the division is
    one of integers, so every engine gives the same cent.
-#}

{#- A decimal amount as a whole number of cents, and back. -#}
{% macro cents(amount) -%}
cast({{ amount }} * 100 as decimal(19, 0))
{%- endmacro %}

{% macro from_cents(cents, digits=18) -%}
cast(
    cast({{ cents }} as decimal({{ digits + 1 }}, 0))
    * cast(0.01 as decimal(3, 2)) as decimal({{ digits }}, 2)
)
{%- endmacro %}

{#-
    The cost of each where an amount is borne by `units` weight: of a weight
    near 0 it has more digits than any amount that was spent.
-#}
{% macro cost_of_each(cents, units) -%}
{{ from_cents(
    rounded_quotient(cents, units_of_one(), units, digits=32), digits=32
) }}
{%- endmacro %}


{#- An amount at a rate, to the cent, half away from zero. -#}
{% macro converted_amount(amount, rate) -%}
cast(
    round(
        -- Wide enough that no product of money and rate overflows, and not
        -- wider than what Spark multiplies without rounding.
        cast({{ amount }} as decimal(19, 2)) * {{ rate }}, 2
    ) as decimal(18, 2)
)
{%- endmacro %}


{#- A number of weight units as the weight that it is. -#}
{% macro from_units(units) -%}
cast(
    cast({{ units }} as decimal(20, 0))
    * cast(0.000000000001 as decimal(13, 12)) as decimal(28, 12)
)
{%- endmacro %}

{#- A weight as the number of units that it is. -#}
{% macro to_units(weight) -%}
cast(
    cast({{ weight }} as decimal(24, 12))
    * cast({{ units_of_one() }} as decimal(13, 0)) as decimal(14, 0)
)
{%- endmacro %}

{#- How many units make the weight 1. -#}
{% macro units_of_one() -%}
1000000000000
{%- endmacro %}


{#-
    left * right / divisor as a whole number, half away from zero. Whole
    numbers, of which only `left` may be negative; `divisor` above 0. The
    result has at most so many digits.
-#}
{% macro rounded_quotient(left, right, divisor, digits=19) -%}
{{ return(
    adapter.dispatch('rounded_quotient')(left, right, divisor, digits)
) }}
{%- endmacro %}

{% macro duckdb__rounded_quotient(left, right, divisor, digits) -%}
cast(
    case when {{ left }} < 0 then -1 else 1 end
    * (
        (
            2 * abs(cast({{ left }} as hugeint)) * cast({{ right }} as hugeint)
            + cast({{ divisor }} as hugeint)
        )
        // (2 * cast({{ divisor }} as hugeint))
    ) as decimal({{ digits }}, 0)
)
{%- endmacro %}

{#- Spark's division of decimals rounds, unless nothing is left over. -#}
{% macro spark__rounded_quotient(left, right, divisor, digits) -%}
{%- set doubled -%}
(
    cast(2 * abs({{ left }}) as decimal(38, 0))
    * cast({{ right }} as decimal(38, 0)) + {{ divisor }}
)
{%- endset -%}
{%- set twice = '(2 * cast(' ~ divisor ~ ' as decimal(38, 0)))' -%}
cast(
    case when {{ left }} < 0 then -1 else 1 end
    * ({{ doubled }} - {{ doubled }} % {{ twice }}) / {{ twice }}
    as decimal({{ digits }}, 0)
)
{%- endmacro %}


{#-
    The part of 1 that a measure is of all measures together, in units and cut
    to a whole number of them.
-#}
{% macro cut_share(measure, total) -%}
cast(
    floor(
        cast({{ measure }} as double)
        / cast({{ total }} as double) * {{ units_of_one() }}
    ) as bigint
)
{%- endmacro %}


{#-
    Half to the power of age / half-life, as a double that is the same on every
    engine: whole half-lives are exact, and the rest is a series of additions
    and multiplications, which IEEE 754 defines to the last bit (a library's
    power function it does not).
-#}
{% macro decayed(half_lives) -%}
{%- set rest = '((' ~ half_lives ~ ' - floor(' ~ half_lives ~ '))'
    ~ ' * cast(-0.6931471805599453 as double))' -%}
{%- set series = namespace(sql='cast(1 as double)') -%}
{%- for term in range(18, 0, -1) -%}
{%- set series.sql = '(cast(1 as double) + rest / ' ~ term ~ ' * '
    ~ series.sql ~ ')' -%}
{%- endfor -%}
power(cast(0.5 as double), floor({{ half_lives }}))
* {{ bind(rest, 'rest', series.sql) }}
{%- endmacro %}


{#- The public key of a line of spend: its raw row and its number there. -#}
{% macro spend_id(line_no='line_no') -%}
{{ hex_id(
    "source || '|' || source_table || '|' || source_key || '|' || cast("
    ~ line_no ~ " as " ~ dbt.type_string() ~ ")"
) }}
{%- endmacro %}


{#- The public key of a touch: its raw row. -#}
{% macro touch_id(relation) -%}
{{ hex_id(
    relation ~ ".source || '|' || " ~ relation ~ ".source_table || '|' || "
    ~ relation ~ ".source_key"
) }}
{%- endmacro %}

