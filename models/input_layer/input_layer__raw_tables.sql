{#- Every raw table that is read, by the staging model that reads it. -#}
{%- set raw_tables = [
    ('generic', 'lead', 'stg_generic__leads'),
    ('generic', 'lead_status_history', 'stg_generic__lead_status_changes'),
    ('generic', 'touch', 'stg_generic__touches'),
    ('generic', 'sales_activity', 'stg_generic__sales_activities'),
    ('generic', 'score_change', 'stg_generic__score_changes'),
    ('generic', 'opportunity', 'stg_generic__opportunities'),
    ('generic', 'campaign', 'stg_generic__campaigns'),
    ('generic', 'user', 'stg_generic__users'),
    ('salesforce', 'lead', 'stg_salesforce__leads'),
    ('salesforce', 'lead_history', 'stg_salesforce__lead_changes'),
    ('salesforce', 'contact', 'stg_salesforce__contacts'),
    ('salesforce', 'account', 'stg_salesforce__accounts'),
    ('salesforce', 'campaign', 'stg_salesforce__campaigns'),
    ('salesforce', 'campaign_member', 'stg_salesforce__campaign_members'),
    ('salesforce', 'opportunity', 'stg_salesforce__opportunities'),
    (
        'salesforce', 'opportunity_history',
        'stg_salesforce__opportunity_snapshots',
    ),
    (
        'salesforce', 'opportunity_field_history',
        'stg_salesforce__opportunity_changes',
    ),
    ('salesforce', 'task', 'stg_salesforce__tasks'),
    ('salesforce', 'event', 'stg_salesforce__events'),
    ('salesforce', 'user', 'stg_salesforce__users'),
    ('salesforce', 'user_role', 'stg_salesforce__user_roles'),
    ('marketo', 'lead', 'stg_marketo__leads'),
    ('marketo', 'program', 'stg_marketo__programs'),
    ('marketo', 'program_membership', 'stg_marketo__program_memberships'),
    ('marketo', 'activity_new_lead', 'stg_marketo__new_leads'),
    ('marketo', 'activity_fill_out_form', 'stg_marketo__filled_out_forms'),
    (
        'marketo', 'activity_change_data_value',
        'stg_marketo__data_value_changes',
    ),
    ('marketo', 'activity_change_score', 'stg_marketo__score_changes'),
    (
        'marketo', 'activity_change_status_in_progression',
        'stg_marketo__progression_changes',
    ),
    ('marketo', 'activity_merge_leads', 'stg_marketo__lead_merges'),
    ('marketo', 'merged_lead', 'stg_marketo__merged_leads'),
    ('marketo', 'activity_delete_lead', 'stg_marketo__lead_deletions'),
    ('ads', 'campaign_report', 'stg_ads__campaign_reports'),
    (
        'ads', 'google_ads_campaign_stats',
        'stg_ads__google_campaign_stats',
    ),
    (
        'ads', 'google_ads_account_history',
        'stg_ads__google_accounts',
    ),
    (
        'ads', 'linkedin_ad_analytics_by_campaign',
        'stg_ads__linkedin_campaign_days',
    ),
    (
        'ads', 'linkedin_ad_campaign_history',
        'stg_ads__linkedin_campaigns',
    ),
    (
        'ads', 'linkedin_ad_account_history',
        'stg_ads__linkedin_accounts',
    ),
    (
        'ads', 'facebook_ads_basic_ad',
        'stg_ads__facebook_ad_days',
    ),
    (
        'ads', 'microsoft_ads_campaign_performance_daily_report',
        'stg_ads__microsoft_campaign_days',
    ),
    ('ledger', 'cost', 'stg_ledger__costs'),
] -%}
{#- Tables without an entity of their own in the input layer. -#}
{%- set only_counted = [
    ('salesforce', 'account', 'stg_salesforce__accounts'),
    (
        'salesforce', 'opportunity_history',
        'stg_salesforce__opportunity_snapshots',
    ),
    (
        'salesforce', 'opportunity_field_history',
        'stg_salesforce__opportunity_changes',
    ),
    ('salesforce', 'user_role', 'stg_salesforce__user_roles'),
    (
        'ads', 'google_ads_account_history',
        'stg_ads__google_accounts',
    ),
    (
        'ads', 'linkedin_ad_campaign_history',
        'stg_ads__linkedin_campaigns',
    ),
    (
        'ads', 'linkedin_ad_account_history',
        'stg_ads__linkedin_accounts',
    ),
] -%}
with raw_rows_counted as (
    {%- for source, source_table, staged in raw_tables %}
    select
        '{{ source }}' as source,
        '{{ source_table }}' as source_table,
        count(*) as raw_rows
    from {{ ref(staged) }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

entities_counted as (
    {%- for entity in [
        'records', 'observations', 'activities', 'opportunities',
        'record_deletions', 'campaigns', 'users', 'costs',
    ] %}
    select
        source,
        source_table,
        count(*) as surviving_rows
    from {{ ref('input_layer__' ~ entity) }}
    group by source, source_table
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

others_counted as (
    {%- for source, source_table, staged in only_counted %}
    select
        '{{ source }}' as source,
        '{{ source_table }}' as source_table,
        count(distinct row_key) as surviving_rows
    from {{ ref(staged) }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

survivors_counted as (
    select *
    from entities_counted
    union all
    select *
    from others_counted
    union all
    -- A filled-out form is counted as an observation.
    select
        source,
        source_table,
        count(*) as surviving_rows
    from {{ ref('input_layer__touches') }}
    where source_table <> 'activity_fill_out_form'
    group by source, source_table
    union all
    -- A merge may name several losers.
    select
        source,
        source_table,
        count(distinct source_key) as surviving_rows
    from {{ ref('input_layer__record_links') }}
    where source_table in ('activity_merge_leads', 'merged_lead')
    group by source, source_table
)

select
    raw_rows_counted.source,
    raw_rows_counted.source_table,
    raw_rows_counted.raw_rows,
    coalesce(survivors_counted.surviving_rows, 0) as surviving_rows,
    raw_rows_counted.raw_rows - coalesce(survivors_counted.surviving_rows, 0)
        as duplicate_rows
from raw_rows_counted
left join survivors_counted
    on
        raw_rows_counted.source = survivors_counted.source
        and raw_rows_counted.source_table = survivors_counted.source_table
