with proposed as (

    select * from {{ ref('int_acceptance__proposed') }}

),

lifecycles as (

    select * from {{ ref('fct_lead_lifecycles') }}

),

open_handoffs as (

    select * from {{ ref('int_handoffs__open') }}

),

people as (

    select * from {{ ref('dim_people') }}

),

systems as (

    select * from {{ source('settings', 'sources') }}

),

joined as (

    select
        proposed.*,
        lifecycles.mql_at,
        lifecycles.handed_off_at,
        lifecycles.as_of,
        open_handoffs.owner_id,
        open_handoffs.team,
        people.primary_source as source,
        people.primary_record_id as record_id,
        {{ record_url('systems', 'people') }} as record_url
    from proposed
    inner join lifecycles
        on proposed.lifecycle_id = lifecycles.lifecycle_id
    inner join people
        on proposed.person_id = people.person_id
    left join open_handoffs
        on proposed.lifecycle_id = open_handoffs.lifecycle_id
    left join systems
        on people.primary_source = systems.source

)

select
    lifecycle_id,
    person_id,
    stage,
    cast(
        row_number() over (
            order by
                case when is_proposed then 0 else 1 end,
                coalesce(acceptance_probability, -1e0) desc,
                lifecycle_id
        ) as integer
    ) as proposal_rank,
    is_proposed,
    acceptance_probability,
    model_probability,
    least_probability,
    reasons,
    reasons_ja,
    no_proposal,
    no_proposal_ja,
    owner_id,
    team,
    channel,
    mql_at,
    handed_off_at,
    source,
    record_id,
    record_url,
    as_of
from joined
