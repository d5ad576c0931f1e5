{#- The columns of mart_spend_per_sal that add up, by the stage behind each. -#}
{% macro spend_metrics() -%}
{{ return({
    'spend_reporting': none,
    'attributed_inquiries': 'inquiry',
    'attributed_mqls': 'mql',
    'attributed_handoffs': 'handed_off',
    'attributed_sals': 'sal',
    'attributed_sqls': 'sql',
    'attributed_opportunities': 'opportunity',
    'attributed_customers': 'won',
    'attributed_won_amount_reporting': none,
}) }}
{%- endmacro %}
