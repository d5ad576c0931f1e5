{#- A public key: 32 hexadecimal digits of the md5 of a text, on every engine. -#}
{% macro hex_id(expression) -%}
md5({{ expression }})
{%- endmacro %}

{#- The same of several texts, none of which is null. -#}
{% macro hex_id_of(texts) -%}
md5(concat_ws('|', {{ texts | join(', ') }}))
{%- endmacro %}


{#-
    One text of several columns, in which a null is told from every value:
    lengths stand before the values, so no two rows give the same text.
-#}
{% macro null_safe_text(columns) -%}
concat(
{%- for column in columns %}
{%- set text = 'cast(' ~ column ~ ' as ' ~ dbt.type_string() ~ ')' %}
    coalesce(
        cast(length({{ text }}) as {{ dbt.type_string() }}) || ':' || {{ text }},
        '-'
    )
    {%- if not loop.last %}, '|', {% endif -%}
{%- endfor %}
)
{%- endmacro %}
