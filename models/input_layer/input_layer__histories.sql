-- What of a history is told by rows of their own; dates that stand in columns
-- of a record are kept with it.
with field_changes as (
    select
        source,
        source_table,
        case field
            when '' then '*'
            when 'ownername' then 'owner'
            else field
        end as field,
        observed_at as happened_at,
        loaded_at,
        row_key
    from {{ ref('input_layer__observations') }}
    where field <> 'reached'
),

-- Deals are read as they are now: what changed in them is only looked up.
deal_changes as (
    select
        source,
        source_table,
        lower(replace(replace(field, ' ', ''), '_', '')) as field,
        max(changed_at) as happened_at,
        max(row_loaded_at) as loaded_at,
        row_key
    from {{ ref('stg_salesforce__opportunity_changes') }}
    group by
        source,
        source_table,
        lower(replace(replace(field, ' ', ''), '_', '')),
        row_key
)

select *
from field_changes

union all

select
    source,
    source_table,
    coalesce(field, '*') as field,
    happened_at,
    loaded_at,
    row_key
from deal_changes

union all

select
    source,
    source_table,
    '*' as field,
    deleted_at as happened_at,
    loaded_at,
    row_key
from {{ ref('input_layer__record_deletions') }}

union all

-- A merge may name several losers.
select
    source,
    source_table,
    '*' as field,
    max(linked_at) as happened_at,
    max(loaded_at) as loaded_at,
    row_key
from {{ ref('input_layer__record_links') }}
where link_type = 'merge'
group by source, source_table, row_key

union all

-- A filled-out form is an observation, too.
select
    source,
    source_table,
    '*' as field,
    touched_at as happened_at,
    loaded_at,
    row_key
from {{ ref('input_layer__touches') }}
where source_table <> 'activity_fill_out_form'
