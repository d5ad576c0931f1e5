{#-
    Changes of one record that were written at one instant are a chain (A to B,
    B to C) in no order: its head is the change whose old value no other one
    made, its tail the one whose new value no other one took.
-#}

{#- How many changes of an instant have which value on their other side. -#}
{% macro values_of_instant(changes, value) -%}
select
    record_key,
    changed_at,
    {{ value }} as value_text,
    count(*) as changes,
    min(source_key) as source_key
from {{ changes }}
group by 1, 2, 3
{%- endmacro %}

{#-
    Whether a change is an end: no other one of the instant, left-joined as
    `others`, has its value. A change of a value into itself is no other one.
-#}
{% macro is_end_of_chain(changes, others) -%}
{{ others }}.value_text is null
or (
    {{ others }}.changes = 1
    and {{ others }}.source_key = {{ changes }}.source_key
)
{%- endmacro %}
