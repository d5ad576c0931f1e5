{#-
    Fails on rows that cannot be. A rule has a name, the condition that no row
    may meet and because of what: what would be wrong in front of a reader. All
    rules are asked in one scan, and a row counts for the first that it breaks.
    What is found says so in a sentence, with a key to look at.
-#}
{% test no_rows_where(model, key, rules) %}

{{ config(fail_calc='coalesce(sum(row_count), 0)') }}

with judged as (

    select
        {{ key }} as row_key,
        case
            {%- for rule in rules %}
            when {{ rule.condition }} then '{{ rule.name }}'
            {%- endfor %}
        end as broken_rule
    from {{ model }}

),

counted as (

    select
        broken_rule,
        count(*) as row_count,
        min(row_key) as row_key
    from judged
    where broken_rule is not null
    group by broken_rule

)

select
    broken_rule,
    row_count,
    row_key,
    broken_rule || ': '
    || case
        when row_count = 1 then '1 row, '
        else cast(row_count as {{ dbt.type_string() }}) || ' rows, such as '
    end
    || '{{ key }} ' || coalesce(cast(row_key as {{ dbt.type_string() }}), 'null')
    || '. '
    || case broken_rule
        {%- for rule in rules %}
        when '{{ rule.name }}'
            then '{{ escape_single_quotes(rule.because | trim) }}'
        {%- endfor %}
    end as sentence
from counted
order by row_count desc, broken_rule asc

{% endtest %}
