{#- An instant after every other, for comparisons in which null means never. -#}
{% macro end_of_time() -%}
cast('9999-12-31 00:00:00' as timestamp)
{%- endmacro %}


{#- The instant where it is not before `start`, else the end of time. -#}
{% macro at_or_after(instant, start) -%}
case
    when {{ instant }} >= {{ start }} then {{ instant }}
    else {{ end_of_time() }}
end
{%- endmacro %}


{#- Hours between two instants, as a double. -#}
{% macro hours_between(earlier, later) -%}
({{ epoch_us(later) }} - {{ epoch_us(earlier) }}) / 3600000000.0
{%- endmacro %}
