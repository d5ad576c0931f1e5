{#- Microseconds since 1970 of a naive UTC timestamp, and back. -#}
{% macro epoch_us(instant) -%}
{{ return(adapter.dispatch('epoch_us')(instant)) }}
{%- endmacro %}

{% macro duckdb__epoch_us(instant) -%}
epoch_us({{ instant }})
{%- endmacro %}

{% macro spark__epoch_us(instant) -%}
unix_micros({{ instant }})
{%- endmacro %}

{% macro from_epoch_us(microseconds) -%}
{{ return(adapter.dispatch('from_epoch_us')(microseconds)) }}
{%- endmacro %}

{% macro duckdb__from_epoch_us(microseconds) -%}
make_timestamp({{ microseconds }})
{%- endmacro %}

{% macro spark__from_epoch_us(microseconds) -%}
timestamp_micros({{ microseconds }})
{%- endmacro %}


{#-
    A wall-clock time of a zone as UTC. In the hour that a clock runs through
    twice it is the first of the two; a time that a clock skips counts with
    the offset before the change. Spark's session time zone must be UTC.
-#}
{% macro to_utc(local, zone) -%}
{{ return(adapter.dispatch('to_utc')(local, zone)) }}
{%- endmacro %}

{% macro duckdb__to_utc(local, zone) -%}
{#- DuckDB takes the second pass of a doubled hour; an hour before it is
    read without doubt. -#}
case
    when {{ zone }} = 'UTC' then {{ local }}
    else least(
        timezone('UTC', timezone({{ zone }}, {{ local }})),
        timezone(
            'UTC', timezone({{ zone }}, {{ local }} - interval '1 hour')
        ) + interval '1 hour'
    )
end
{%- endmacro %}

{% macro spark__to_utc(local, zone) -%}
to_utc_timestamp({{ local }}, {{ zone }})
{%- endmacro %}


{#- A UTC instant as the wall-clock time of a zone. -#}
{% macro from_utc(instant, zone) -%}
{{ return(adapter.dispatch('from_utc')(instant, zone)) }}
{%- endmacro %}

{% macro duckdb__from_utc(instant, zone) -%}
case
    when {{ zone }} = 'UTC' then {{ instant }}
    else timezone({{ zone }}, timezone('UTC', {{ instant }}))
end
{%- endmacro %}

{% macro spark__from_utc(instant, zone) -%}
from_utc_timestamp({{ instant }}, {{ zone }})
{%- endmacro %}


{#- A text with an offset as UTC; null where it is none. -#}
{% macro offset_text_to_utc(text) -%}
{{ return(adapter.dispatch('offset_text_to_utc')(text)) }}
{%- endmacro %}

{% macro duckdb__offset_text_to_utc(text) -%}
timezone('UTC', try_cast({{ text }} as timestamptz))
{%- endmacro %}

{% macro spark__offset_text_to_utc(text) -%}
try_cast({{ text }} as timestamp)
{%- endmacro %}
