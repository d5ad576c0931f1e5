{#-
    The bounds of the 95 % Wilson score interval of `successes` in `trials`;
    null over nothing. Source: E. B. Wilson, JASA 22 (1927), 209-212.
    Arguments: integer columns. Returns: double in [0, 1].
-#}
{% macro wilson_lower(successes, trials) -%}
{{ wilson_bound(successes, trials, '-') }}
{%- endmacro %}

{% macro wilson_upper(successes, trials) -%}
{{ wilson_bound(successes, trials, '+') }}
{%- endmacro %}

{% macro wilson_bound(successes, trials, sign) -%}
{%- set z = 1.959963984540054 -%}
{%- set n = 'cast(' ~ trials ~ ' as double)' -%}
{%- set k = 'cast(' ~ successes ~ ' as double)' -%}
case
    when {{ trials }} > 0
        then least(
            cast(1 as double),
            greatest(
                cast(0 as double),
                (
                    {{ k }} + {{ z * z / 2 }}
                    {{ sign }} {{ z }} * sqrt(
                        {{ k }} * ({{ n }} - {{ k }}) / {{ n }}
                        + {{ z * z / 4 }}
                    )
                ) / ({{ n }} + {{ z * z }})
            )
        )
end
{%- endmacro %}


{#- A share; null over nothing, never 0. -#}
{% macro rate(numerator, denominator) -%}
case
    when {{ denominator }} > 0
        then cast({{ numerator }} as double)
            / cast({{ denominator }} as double)
end
{%- endmacro %}
