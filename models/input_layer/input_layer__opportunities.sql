with generic_opportunities as (
    select *
    from {{ surviving_rows(ref('stg_generic__opportunities'), whole=true) }}
),

salesforce_opportunities as (
    select
        survivors.*,
        {{ sf_match_id('opportunity_id') }} as match_id,
        {{ same_text('opportunity_stage') }} as stage_match
    from {{ surviving_rows(ref('stg_salesforce__opportunities'), whole=true) }}
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
    where converted_opportunity_id is not null
),

converted_leads as (
    select *
    from conversions_ranked
    where conversion_no = 1
),

snapshots as (
    select *
    from {{ surviving_rows(
        ref('stg_salesforce__opportunity_snapshots'), whole=true
    ) }}
),

changes as (
    select *
    from {{ surviving_rows(
        ref('stg_salesforce__opportunity_changes'), whole=true
    ) }}
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
    source,
    source_table,
    source_key,
    is_key_missing,
    opportunity_id,
    {{ system_key('generic', 'record_id') }} as record_key,
    record_id,
    owner_id,
    opportunity_stage,
    created_at,
    created_at_text,
    coalesce(is_closed, false) as is_closed,
    is_won,
    closed_at,
    closed_at_text,
    amount,
    upper(currency) as currency,
    coalesce(is_deleted, false) as is_deleted,
    row_loaded_at as loaded_at,
    row_key
from generic_opportunities

union all

select
    opportunities.source,
    opportunities.source_table,
    opportunities.source_key,
    opportunities.is_key_missing,
    opportunities.opportunity_id,
    coalesce(
        converted_leads.record_key,
        {{ system_key(
            'salesforce', sf_match_id('opportunities.contact_id')
        ) }}
    ) as record_key,
    coalesce(converted_leads.record_id, opportunities.contact_id) as record_id,
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
    upper(opportunities.currency) as currency,
    coalesce(opportunities.is_deleted, false) as is_deleted,
    opportunities.row_loaded_at as loaded_at,
    opportunities.row_key
from salesforce_opportunities as opportunities
left join converted_leads
    on opportunities.match_id = converted_leads.opportunity_match_id
left join stages_entered
    on
        opportunities.match_id = stages_entered.opportunity_match_id
        and opportunities.stage_match = stages_entered.stage_match
