{#- Staged tables without an entity of their own in the input layer. -#}
{%- set only_counted = [
    'stg_salesforce__accounts',
    'stg_salesforce__opportunity_snapshots',
    'stg_salesforce__opportunity_changes',
    'stg_salesforce__opportunity_contact_roles',
    'stg_salesforce__user_roles',
    'stg_hubspot__deal_stages',
    'stg_hubspot__deal_property_changes',
    'stg_hubspot__deal_pipelines',
    'stg_hubspot__deal_pipeline_stages',
    'stg_hubspot__deal_contacts',
    'stg_hubspot__merged_deals',
    'stg_hubspot__owner_teams',
    'stg_hubspot__teams',
    'stg_hubspot__account_users',
    'stg_hubspot__team_users',
    'stg_hubspot__engagements',
    'stg_hubspot__calls',
    'stg_hubspot__emails',
    'stg_hubspot__meetings',
    'stg_hubspot__tasks',
    'stg_hubspot__communications',
    'stg_ads__google_accounts',
    'stg_ads__linkedin_campaigns',
    'stg_ads__linkedin_accounts',
    'stg_ads__facebook_accounts',
    'stg_ads__facebook_campaigns',
    'stg_ads__facebook_ads',
] -%}
with raw_rows_counted as (
    {{ raw_row_counts() | indent(4) }}
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
    {%- for staged in only_counted %}
    select
        source,
        source_table,
        count(distinct row_key) as surviving_rows
    from {{ ref(staged) }}
    group by source, source_table
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
    where
        source_table in (
            'activity_merge_leads', 'merged_lead', 'contact_merge_audit'
        )
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
