-- What became of each lifecycle's part in a closed period since it was closed,
-- and why: because of whom its person is now, else because of the definition,
-- else because of what is told of the lifecycle.
with closes as (

    select * from {{ source('closings', 'closes') }}
    where reopened_at is null

),

definition as (

    select * from {{ source('closings', 'definition') }}

),

changed as (

    select * from {{ ref('int_restatements__leads_compared') }}

),

people as (

    select * from {{ ref('int_restatements__people_compared') }}

),

final as (

    select
        changed.fiscal_period_id,
        changed.close_no,
        changed.lifecycle_id,
        changed.stage,
        changed.attribution_model,
        changed.campaign_id,
        changed.current_units - changed.frozen_units as unit_change,
        cast(changed.current_cents as decimal(19, 0))
        * cast(changed.current_units as decimal(14, 0))
        - cast(changed.frozen_cents as decimal(19, 0))
        * cast(changed.frozen_units as decimal(14, 0)) as won_change,
        case
            when people.cause is not null then people.cause
            when closes.leads_fingerprint <> definition.leads_fingerprint
                then 'definition'
            when not changed.is_in_frozen and changed.lifecycle_no > 1
                then 'recycle'
            when not changed.is_in_frozen then 'late_data'
            when not changed.is_in_current then 'correction'
            when changed.frozen_units <> changed.current_units
                then 'late_data'
            else 'correction'
        end as cause
    from changed
    inner join closes
        on
            changed.fiscal_period_id = closes.fiscal_period_id
            and changed.close_no = closes.close_no
    cross join definition
    inner join people
        on
            changed.fiscal_period_id = people.fiscal_period_id
            and changed.close_no = people.close_no
            and changed.person_id = people.person_id

)

select * from final
