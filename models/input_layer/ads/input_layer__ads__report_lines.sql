{#- A table, as the run says what was set aside without dbt's functions. -#}
{{ config(materialized='table') }}
with reports as (
    -- A row that a loader keeps up to date itself is of no load of ours.
    select
        *,
        nullif(row_loaded_at, row_synced_at) as report_load_at
    from {{ ref('stg_ads__campaign_reports') }}
)

-- The rows of one file add up. Of several files with one day, platform, account
-- and campaign the later counts.
select
    reports.*,
    rank() over (
        partition by
            coalesce(
                cast(reports.date_day as {{ dbt.type_string() }}),
                reports.date_day_text
            ),
            {{ same_text('reports.platform') }},
            reports.account_id,
            reports.campaign_id
        order by
            reports.report_load_at desc nulls last,
            reports.file_modified_at desc nulls last,
            reports.row_file desc nulls last
    ) as file_rank
from reports
