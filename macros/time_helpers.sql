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
{{ hours_of(epoch_us(later) ~ ' - ' ~ epoch_us(earlier)) }}
{%- endmacro %}


{#- Microseconds as hours, as a double. -#}
{% macro hours_of(microseconds) -%}
cast({{ microseconds }} as double) / cast(3600000000 as double)
{%- endmacro %}
