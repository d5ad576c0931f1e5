-- A table: its joins would be made anew wherever a view is named.
{{ config(materialized='table') }}

with opportunities as (
    select
        staged.*,
        {{ sf_match_id('opportunity_id') }} as match_id,
        {{ same_text('opportunity_stage') }} as stage_match
    from {{ ref('stg_salesforce__opportunities') }} as staged
),

conversions_ranked as (
    select
        record_key,
        record_id,
        {{ sf_match_id('converted_opportunity_id') }}
            as opportunity_match_id,
        row_number() over (
            partition by {{ sf_match_id('converted_opportunity_id') }}
            order by converted_at asc nulls last, record_id asc
        ) as conversion_no
    from {{ ref('input_layer__records') }}
    where source = 'salesforce' and converted_opportunity_id is not null
),

converted_leads as (
    select *
    from conversions_ranked
    where conversion_no = 1
),

contacts_of_deals as (
    select *
    from {{ ref('input_layer__salesforce__contacts_of_deals') }}
),

snapshots as (
    select *
    from {{ surviving_rows([ref('stg_salesforce__opportunity_snapshots')]) }}
),

changes as (
    select *
    from {{ surviving_rows([ref('stg_salesforce__opportunity_changes')]) }}
),

snapshots_compared as (
    select
        {{ sf_match_id('opportunity_id') }} as opportunity_match_id,
        {{ same_text('opportunity_stage') }} as stage_match,
        changed_at,
        history_start,
        lag({{ same_text('opportunity_stage') }}) over (
            partition by {{ sf_match_id('opportunity_id') }}
            order by changed_at asc nulls first, source_key asc
        ) as stage_before
    from snapshots
),

stage_changes_joined as (
    -- A snapshot is also written when only the amount changed, and the first
    -- one of a loader's own history says when that history began.
    select
        opportunity_match_id,
        stage_match,
        changed_at
    from snapshots_compared
    where
        stage_match is distinct from stage_before
        and (stage_before is not null or history_start is null)
    union all
    select
        {{ sf_match_id('opportunity_id') }} as opportunity_match_id,
        {{ same_text('new_value') }} as stage_match,
        changed_at
    from changes
    where {{ same_name('field') }} = 'stagename'
),

stages_entered as (
    select
        opportunity_match_id,
        stage_match,
        max(changed_at) as entered_at
    from stage_changes_joined
    where
        changed_at is not null
        and opportunity_match_id is not null
        and stage_match is not null
    group by opportunity_match_id, stage_match
)

select
    {{ row_columns('opportunities') }},
    opportunities.opportunity_id,
    coalesce(
        converted_leads.record_key,
        contacts_of_deals.record_key,
        {{ system_key(
            'salesforce', sf_match_id('opportunities.contact_id')
        ) }}
    ) as record_key,
    coalesce(
        converted_leads.record_id,
        contacts_of_deals.record_id,
        opportunities.contact_id
    ) as record_id,
    opportunities.owner_id,
    opportunities.opportunity_stage,
    opportunities.created_at,
    opportunities.created_at_text,
    coalesce(opportunities.is_closed, false) as is_closed,
    opportunities.is_won,
    case
        when opportunities.is_closed
            then coalesce(stages_entered.entered_at, opportunities.close_date)
    end as closed_at,
    case
        when opportunities.is_closed and stages_entered.entered_at is null
            then opportunities.close_date_text
    end as closed_at_text,
    opportunities.amount,
    opportunities.amount_text,
    upper(opportunities.currency) as currency,
    coalesce(opportunities.is_deleted, false) as is_deleted
from opportunities
left join converted_leads
    on opportunities.match_id = converted_leads.opportunity_match_id
left join contacts_of_deals
    on opportunities.match_id = contacts_of_deals.opportunity_match_id
left join stages_entered
    on
        opportunities.match_id = stages_entered.opportunity_match_id
        and opportunities.stage_match = stages_entered.stage_match
