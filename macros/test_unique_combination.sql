{#-
    Fails when two rows share all the named columns; a null counts as a value.
    Without it a key of several columns is only a promise.

    Where one of the columns says whose a row is, rows of two people cannot be
    equal, and a run that replaced the batch's rows looks at these.
-#}
{% test unique_combination(model, columns) %}

select
    {{ columns | join(',\n    ') }},
    count(*) as copies
from {{ model }}
{%- set key = key_of_replaced_rows(model) %}
{%- if key in columns %}
where {{ in_batch_of_run(key) }}
{%- endif %}
group by {{ columns | join(', ') }}
having count(*) > 1

{% endtest %}
