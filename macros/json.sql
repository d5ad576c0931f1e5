{#-
    The value of a named attribute in Marketo's attributes, which are a list
    ([{"name": "New Value", "value": "5"}]) or an object ({"New Value": 5});
    null where there is none. Names are compared without case, blanks and
    underscores.
-#}
{% macro attribute_value(attributes, name) -%}
{{ return(adapter.dispatch('attribute_value')(attributes, name)) }}
{%- endmacro %}

{% macro duckdb__attribute_value(attributes, name) -%}
{%- set plain = name | lower | replace(' ', '') -%}
case
    when {{ attributes }} is not null and json_valid({{ attributes }})
        then case json_type(cast({{ attributes }} as json))
            when 'ARRAY' then list_filter(
                try_cast(
                    cast({{ attributes }} as json)
                    as struct(name varchar, value varchar)[]
                ),
                lambda attribute:
                    {{ plain_name('attribute.name') }} = '{{ plain }}'
            )[1].value
            when 'OBJECT' then json_extract_string(
                cast({{ attributes }} as json),
                '$."' || list_filter(
                    json_keys(cast({{ attributes }} as json)),
                    lambda key: {{ plain_name('key') }} = '{{ plain }}'
                )[1] || '"'
            )
        end
end
{%- endmacro %}

{% macro spark__attribute_value(attributes, name) -%}
{%- set plain = name | lower | replace(' ', '') -%}
case
    when {{ attributes }} like {{ "'{%'" }} then filter(
        map_entries(from_json({{ attributes }}, 'map<string,string>')),
        attribute -> {{ plain_name('attribute.key') }} = '{{ plain }}'
    )[0].value
    else filter(
        from_json({{ attributes }}, 'array<struct<name:string,value:string>>'),
        attribute -> {{ plain_name('attribute.name') }} = '{{ plain }}'
    )[0].value
end
{%- endmacro %}

{% macro plain_name(name) -%}
lower(replace(replace({{ name }}, ' ', ''), '_', ''))
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
