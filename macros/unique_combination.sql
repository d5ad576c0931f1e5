{#-
    Fails when two rows share all the named columns; a null counts as a value.
    Without it a key of several columns is only a promise.
-#}
{% test unique_combination(model, columns) %}

select
    {{ columns | join(',\n    ') }},
    count(*) as copies
from {{ model }}
group by {{ columns | join(', ') }}
having count(*) > 1

{% endtest %}
