with reports as (
    -- A row that a loader keeps up to date itself is of no load of ours.
    select
        *,
        nullif(row_loaded_at, row_synced_at) as report_load_at
    from {{ ref('stg_ads__campaign_reports') }}
),

report_loads_ranked as (
    -- A later load of a day, platform and account replaces the earlier.
    select
        reports.*,
        rank() over (
            partition by
                coalesce(
                    cast(reports.date_day as {{ dbt.type_string() }}),
                    reports.date_day_text
                ),
                {{ same_text('reports.platform') }},
                reports.account_id
            order by reports.report_load_at desc nulls last
        ) as load_rank
    from reports
)

select
    source,
    source_table,
    source_key,
    row_number() over (
        partition by source_key
        order by md5(row_content)
    ) as line_no,
    is_key_missing,
    date_day as cost_date,
    date_day_text as cost_date_text,
    platform,
    account_id as account,
    campaign_id,
    campaign_name,
    utm_campaign,
    cast(null as string) as vendor,
    cast(null as string) as memo,
    spend as amount,
    spend_text as amount_text,
    upper(currency) as currency,
    row_loaded_at as loaded_at
from report_loads_ranked
where load_rank = 1
