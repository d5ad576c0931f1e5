-- One row per deal that was merged away, with the deal that it became: of
-- several that are named the one that is there, then the newest id.
-- A table: a view would be worked out anew wherever it is named.
{{ config(materialized='table') }}

with deals as (
    select *
    from {{ surviving_rows([ref('stg_hubspot__deals')], whole=true) }}
),

merges_told as (
    select
        losing_opportunity_id,
        winning_opportunity_id
    from {{ ref('stg_hubspot__merged_deals') }}

    union

    select
        {{ ids_of_list(replace_pattern('merged_objects', ':[0-9]+', '')) }}
            as losing_opportunity_id,
        opportunity_id as winning_opportunity_id
    from deals
    where merged_objects is not null
),

merges_ranked as (
    select
        merges_told.losing_opportunity_id,
        merges_told.winning_opportunity_id,
        row_number() over (
            partition by merges_told.losing_opportunity_id
            order by
                case when deals.opportunity_id is null then 2 else 1 end asc,
                length(merges_told.winning_opportunity_id) desc,
                merges_told.winning_opportunity_id desc
        ) as merge_no
    from merges_told
    left join deals
        on merges_told.winning_opportunity_id = deals.opportunity_id
    where
        merges_told.losing_opportunity_id <> ''
        and merges_told.losing_opportunity_id
        <> merges_told.winning_opportunity_id
)

select
    losing_opportunity_id,
    winning_opportunity_id
from merges_ranked
where merge_no = 1
