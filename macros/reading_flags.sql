{#-
    What can be wrong with the time and the person of a raw row: the columns
    that every reading of a dated row is judged by. Expects a row with
    is_key_missing, loaded_at, person_key and first_created_at.

    A missing key stands alone: nothing else is asked of a row that cannot be
    named. A day's grace before the first record absorbs clocks that differ.
-#}
{% macro reading_flags(instant) -%}
    not is_key_missing and {{ instant }} is null as is_unparsable_timestamp,
    not is_key_missing
    and coalesce({{ instant }} > loaded_at, false) as is_future_timestamp,
    not is_key_missing
    and {{ is_before_first_record(instant) }} as is_before_first_record,
    not is_key_missing and person_key is null as is_unknown_person,
    {{ is_usable_reading(instant) }} as is_usable
{%- endmacro %}

{#- Whether none of it is wrong. -#}
{% macro is_usable_reading(instant) -%}
    not is_key_missing
    and person_key is not null
    and {{ instant }} is not null
    and {{ instant }} <= loaded_at
    and not {{ is_before_first_record(instant) }}
{%- endmacro %}

{% macro is_before_first_record(instant) -%}
coalesce({{ instant }} < first_created_at - interval '24' hour, false)
{%- endmacro %}
