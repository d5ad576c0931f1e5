{#-
    Tests of keys. In a run that replaced the rows of a batch of people all
    other rows are those that passed before, so these are not compared with
    each other once more.
-#}

{#-
    Fails when two rows share all the named columns; a null counts as a value.
    Without it a key of several columns is only a promise. Where one of the
    columns says whose a row is, rows of two people cannot be equal;
    `names_row` says that one names the raw row, which has one record.
-#}
{% test unique_combination(model, columns, names_row=false) %}

select
    {{ columns | join(',\n    ') }},
    count(*) as copies
from {{ model }}
{%- set replaced = replaced_rows_of(model) %}
{%- if replaced and (names_row or replaced.key in columns) %}
where {{ replaced.condition }}
{%- endif %}
group by {{ columns | join(', ') }}
having count(*) > 1

{% endtest %}


{#-
    dbt's own test `unique`, for which it looks here first. A new row's key
    must differ from every other one, also from those of people outside the
    batch.
-#}
{% macro default__test_unique(model, column_name) %}

select
    {{ column_name }} as unique_field,
    count(*) as n_records
from {{ model }}
where
    {{ column_name }} is not null
    {%- set replaced = replaced_rows_of(model) %}
    {%- if replaced %}
    and {{ column_name }} in (
        select {{ column_name }}
        from {{ model }}
        where {{ replaced.condition }}
    )
    {%- endif %}
group by {{ column_name }}
having count(*) > 1

{% endmacro %}
