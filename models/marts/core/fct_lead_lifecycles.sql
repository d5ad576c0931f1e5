with lifecycles as (

    select * from {{ ref('int_lifecycles') }}
    where is_in_marts

)

select
    lifecycle_id,
    person_id,
    lifecycle_no,
    definition_version,
    origin,
    inquiry_at,
    mql_at,
    handed_off_at,
    handed_off_date,
    is_handoff_imputed,
    tal_at,
    sal_at,
    accepted_at,
    is_acceptance_imputed,
    sql_at,
    opportunity_at,
    exit_stage,
    exited_at,
    exited_by,
    outcome,
    sla_due_at,
    was_ignored,
    coalesce(is_late, false) as is_accepted_late,
    first_response_at,
    response_hours,
    response_business_hours,
    accept_hours,
    accept_business_hours,
    owner_id,
    team,
    accepted_by,
    adr_id,
    channel,
    first_campaign_id,
    last_campaign_id,
    cast(score_at_handoff as double) as score_at_handoff,
    rejection_reason,
    rejection_category,
    opportunity_id,
    opportunity_amount,
    opportunity_currency,
    opportunity_amount_reporting,
    won_amount_reporting,
    as_of
from lifecycles
