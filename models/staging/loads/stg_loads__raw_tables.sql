-- The linter cannot indent what a loop writes.
-- noqa: disable=LT02
{#- Every raw table that is read. -#}
{%- set tables = {
    'generic': [
        'lead',
        'lead_status_history',
        'touch',
        'sales_activity',
        'score_change',
        'opportunity',
        'campaign',
        'user',
    ],
    'salesforce': [
        'lead',
        'lead_history',
        'contact',
        'account',
        'campaign',
        'campaign_member',
        'opportunity',
        'opportunity_history',
        'opportunity_field_history',
        'task',
        'event',
        'user',
        'user_role',
    ],
    'marketo': [
        'lead',
        'program',
        'program_membership',
        'activity_new_lead',
        'activity_fill_out_form',
        'activity_change_data_value',
        'activity_change_score',
        'activity_change_status_in_progression',
        'activity_merge_leads',
        'merged_lead',
        'activity_delete_lead',
    ],
    'ads': [
        'campaign_report',
        'google_ads_campaign_stats',
        'google_ads_account_history',
        'linkedin_ad_analytics_by_campaign',
        'linkedin_ad_campaign_history',
        'linkedin_ad_account_history',
        'facebook_ads_basic_ad',
        'microsoft_ads_campaign_performance_daily_report',
    ],
    'ledger': [
        'cost',
    ],
} -%}
{%- set counted = [] -%}
{%- for system, names in tables.items() -%}
    {%- for name in names -%}
        {%- do counted.append((system, name)) -%}
    {%- endfor -%}
{%- endfor %}

with raw_rows_counted as (
    {%- for system, name in counted %}
    {%- set relation = source('raw_' ~ system, name) %}
    select
        '{{ system }}' as source,
        '{{ name }}' as source_table,
        {%- if raw_columns(relation) %}
        count(*) as raw_rows
    from {{ relation }}
        {%- else %}
        cast(0 as bigint) as raw_rows
        {%- endif %}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
)

select * from raw_rows_counted
