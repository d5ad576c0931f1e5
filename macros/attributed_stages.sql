{#- The stages that leads are attributed at, and what dates each. -#}
{% macro attributed_stages() -%}
{{ return({
    'inquiry': 'inquiry_at',
    'mql': 'mql_at',
    'handed_off': 'handed_off_at',
    'sal': 'accepted_at',
    'sql': 'sql_at',
    'opportunity': 'opportunity_at',
    'won': 'won_at',
}) }}
{%- endmacro %}
