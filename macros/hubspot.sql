{#- Of which kind an engagement is; `INCOMING_EMAIL` is an e-mail. -#}
{% macro engagement_family(kind) -%}
case
    when upper({{ kind }}) like '%EMAIL%' then 'EMAIL'
    when upper({{ kind }}) like '%CALL%' then 'CALL'
    when upper({{ kind }}) like '%MEETING%' then 'MEETING'
    when upper({{ kind }}) like '%COMMUNICATION%' then 'COMMUNICATION'
    when upper({{ kind }}) in ('TASK', 'TODO') then 'TASK'
    else upper({{ kind }})
end
{%- endmacro %}
