{#-
    The value of a named attribute in Marketo's list of attributes
    ([{"name": "New Value", "value": "5"}]); null where there is none.
-#}
{% macro attribute_value(attributes, name) -%}
{{ return(adapter.dispatch('attribute_value')(attributes, name)) }}
{%- endmacro %}

{% macro duckdb__attribute_value(attributes, name) -%}
case
    when {{ attributes }} is not null and json_valid({{ attributes }})
        then list_filter(
            try_cast(
                cast({{ attributes }} as json)
                as struct(name varchar, value varchar)[]
            ),
            lambda attribute: lower(attribute.name) = '{{ name | lower }}'
        )[1].value
end
{%- endmacro %}

{% macro spark__attribute_value(attributes, name) -%}
filter(
    from_json({{ attributes }}, 'array<struct<name:string,value:string>>'),
    attribute -> lower(attribute.name) = '{{ name | lower }}'
)[0].value
{%- endmacro %}


{#-
    One row per id of a list, written as JSON ([1, 2]) or with commas; one
    row with an empty id where the list is blank. For a select list.
-#}
{% macro ids_of_list(text) -%}
{{ return(adapter.dispatch('ids_of_list')(text)) }}
{%- endmacro %}

{% macro duckdb__ids_of_list(text) -%}
unnest(string_split({{ plain_list(text) }}, ','))
{%- endmacro %}

{% macro spark__ids_of_list(text) -%}
explode(split({{ plain_list(text) }}, ','))
{%- endmacro %}

{% macro plain_list(text) -%}
{{ replace_pattern(
    replace_pattern(
        "coalesce(" ~ text ~ ", '')", '[^0-9A-Za-z_-]+', ','
    ),
    '^,|,$', ''
) }}
{%- endmacro %}
