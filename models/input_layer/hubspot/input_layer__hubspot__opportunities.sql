-- A table: its joins would be made anew wherever a view is named.
{{ config(materialized='table') }}

with deals as (
    select
        staged.*,
        {{ same_text('opportunity_stage') }} as stage_match
    from {{ ref('stg_hubspot__deals') }} as staged
),

contacts_of_deals as (
    select *
    from {{ ref('input_layer__hubspot__contacts_of_deals') }}
),

merged_deals as (
    select *
    from {{ ref('input_layer__hubspot__merged_deals') }}
),

stage_rows as (
    select *
    from {{ surviving_rows([ref('stg_hubspot__deal_stages')], whole=true) }}
),

pipeline_stages as (
    select *
    from {{ surviving_rows(
        [ref('stg_hubspot__deal_pipeline_stages')], whole=true
    ) }}
),

property_changes as (
    select *
    from {{ surviving_rows(
        [ref('stg_hubspot__deal_property_changes')], whole=true
    ) }}
),

-- What people export calls a stage by its label; some layouts tell what a stage
-- is where they tell of its deals.
stages_told as (
    select
        {{ same_text('opportunity_stage') }} as stage_match,
        is_closed,
        is_won,
        probability
    from pipeline_stages
    union all
    select
        {{ same_text('label') }} as stage_match,
        is_closed,
        is_won,
        probability
    from pipeline_stages
    union all
    select
        {{ same_text('opportunity_stage') }} as stage_match,
        is_closed,
        is_won,
        probability
    from stage_rows
),

stages_known as (
    select
        stage_match,
        bool_or(is_closed) as is_closed,
        bool_or(is_won) as is_won,
        max(probability) as probability
    from stages_told
    where stage_match is not null
    group by stage_match
),

stage_changes_joined as (
    select
        opportunity_id,
        {{ same_text('opportunity_stage') }} as stage_match,
        changed_at
    from stage_rows
    where opportunity_id is not null
    union all
    select
        opportunity_id,
        {{ same_text('property_value') }} as stage_match,
        changed_at
    from property_changes
    where {{ same_name('property_name') }} in ('dealstage', 'propertydealstage')
),

stage_changes_compared as (
    select
        opportunity_id,
        stage_match,
        changed_at,
        lag(stage_match) over (
            partition by opportunity_id
            order by changed_at asc, coalesce(stage_match, '') asc
        ) as stage_before
    from stage_changes_joined
    where changed_at is not null and opportunity_id is not null
),

-- A value that did not change is told again now and then.
stages_entered as (
    select
        opportunity_id,
        stage_match,
        max(changed_at) as entered_at
    from stage_changes_compared
    where
        stage_match is not null
        and stage_match is distinct from stage_before
    group by opportunity_id, stage_match
),

deals_told as (
    select
        deals.*,
        coalesce(
            stages_known.is_won,
            case
                when stages_known.is_closed
                    then stages_known.probability >= 1
            end,
            deals.is_won,
            case
                when {{ same_name('deals.stage_match') }} = 'closedwon'
                    then true
                when {{ same_name('deals.stage_match') }} = 'closedlost'
                    then false
                else stages_known.probability >= 1
            end
        ) as deal_is_won,
        stages_known.is_closed as stage_is_closed,
        stages_known.probability,
        stages_entered.entered_at
    from deals
    left join stages_known
        on deals.stage_match = stages_known.stage_match
    left join stages_entered
        on
            deals.opportunity_id = stages_entered.opportunity_id
            and deals.stage_match = stages_entered.stage_match
),

deals_closed as (
    select
        deals_told.*,
        coalesce(
            stage_is_closed,
            is_closed,
            case
                when deal_is_won then true
                when {{ same_name('stage_match') }} = 'closedlost' then true
                else probability <= 0
            end,
            false
        ) as deal_is_closed
    from deals_told
)

select
    {{ row_columns('deals_closed') }},
    deals_closed.opportunity_id,
    contacts_of_deals.record_key,
    contacts_of_deals.record_id,
    deals_closed.owner_id,
    deals_closed.opportunity_stage,
    deals_closed.created_at,
    deals_closed.created_at_text,
    deals_closed.deal_is_closed as is_closed,
    deals_closed.deal_is_won as is_won,
    case
        when deals_closed.deal_is_closed
            then coalesce(deals_closed.entered_at, deals_closed.close_date)
    end as closed_at,
    case
        when deals_closed.deal_is_closed and deals_closed.entered_at is null
            then deals_closed.close_date_text
    end as closed_at_text,
    deals_closed.amount,
    deals_closed.amount_text,
    upper(deals_closed.currency) as currency,
    -- A deal that was merged away is counted as the one that it became.
    coalesce(deals_closed.is_deleted, false)
    or merged_deals.losing_opportunity_id is not null as is_deleted
from deals_closed
left join contacts_of_deals
    on deals_closed.opportunity_id = contacts_of_deals.opportunity_id
left join merged_deals
    on deals_closed.opportunity_id = merged_deals.losing_opportunity_id
