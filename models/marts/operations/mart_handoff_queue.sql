with open_handoffs as (

    select * from {{ ref('int_handoffs__open') }}

),

priorities as (

    select * from {{ ref('int_handoffs__prioritised') }}

),

proposed as (

    select * from {{ ref('int_acceptance__proposed') }}

),

people as (

    select * from {{ ref('dim_people') }}

),

systems as (

    select * from {{ source('settings', 'sources') }}

),

joined as (

    select
        open_handoffs.*,
        people.primary_source as source,
        people.primary_record_id as record_id,
        people.company,
        {{ record_url('systems', 'people') }} as record_url,
        proposed.acceptance_probability,
        coalesce(proposed.is_proposed, false) as is_proposed,
        case when proposed.is_model_better then proposed.reasons end
            as proposal_reasons,
        case when proposed.is_model_better then proposed.reasons_ja end
            as proposal_reasons_ja,
        cast(coalesce(priorities.priority_points, 0) as integer)
            as priority_points,
        coalesce(priorities.priority_reasons, '') as priority_reasons,
        coalesce(priorities.priority_reasons_ja, '') as priority_reasons_ja
    from open_handoffs
    inner join people
        on open_handoffs.person_id = people.person_id
    left join systems
        on people.primary_source = systems.source
    left join priorities
        on open_handoffs.handoff_id = priorities.handoff_id
    left join proposed
        on open_handoffs.lifecycle_id = proposed.lifecycle_id

)

select
    handoff_id,
    lifecycle_id,
    person_id,
    cast(
        row_number() over (
            order by priority_points desc, due_at asc, handoff_id asc
        ) as integer
    ) as priority_rank,
    priority_points,
    priority_reasons,
    priority_reasons_ja,
    owner_id,
    team,
    next_step,
    outcome,
    handed_off_at,
    passed_at,
    pass_no,
    due_at,
    is_overdue,
    business_hours_left,
    open_business_hours,
    pending_until,
    first_response_at,
    score_at_handoff,
    acceptance_probability,
    is_proposed,
    proposal_reasons,
    proposal_reasons_ja,
    channel,
    campaign_id,
    company,
    source,
    record_id,
    record_url,
    as_of
from joined
