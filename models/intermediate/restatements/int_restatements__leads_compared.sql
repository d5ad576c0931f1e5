-- What each lifecycle's part in a closed period was when it was closed, and is
-- now, where the two differ.
with closes as (

    select * from {{ source('closings', 'closes') }}
    where reopened_at is null

),

frozen as (

    select leads.*
    from {{ source('closings', 'leads') }} as leads
    inner join closes
        on
            leads.fiscal_period_id = closes.fiscal_period_id
            and leads.close_no = closes.close_no

),

reached_in_closed as (

    select
        reached.*,
        closes.close_no
    from {{ ref('int_attribution__reached') }} as reached
    inner join closes
        on reached.fiscal_period_id = closes.fiscal_period_id

),

shares as (

    select * from {{ ref('int_attribution__shares') }}

),

places as (

    select * from {{ ref('int_attribution__places') }}

),

-- As int_attribution__weights has it, but of closed periods only: a join with
-- what that view computes would compute it for all.
current_leads as (

    select
        reached_in_closed.fiscal_period_id,
        reached_in_closed.close_no,
        reached_in_closed.person_id,
        reached_in_closed.lifecycle_id,
        reached_in_closed.lifecycle_no,
        reached_in_closed.stage,
        places.attribution_model,
        shares.campaign_id,
        reached_in_closed.won_cents,
        cast(
            sum(
                cast(
                    coalesce(places.weight_units, shares.decayed_units)
                    as decimal(18, 0)
                )
            ) as decimal(18, 0)
        ) as weight_units
    from reached_in_closed
    inner join shares
        on
            reached_in_closed.person_key = shares.person_key
            and reached_in_closed.first_touch_no = shares.first_touch_no
            and reached_in_closed.touches = shares.touches
    inner join places
        on
            reached_in_closed.window_days = places.window_days
            and reached_in_closed.touches = places.touches
            and shares.place = places.place
            and shares.half_life_no = places.half_life_no
    where coalesce(places.weight_units, shares.decayed_units) > 0
    group by 1, 2, 3, 4, 5, 6, 7, 8, 9

),

paired as (

    select
        coalesce(frozen.fiscal_period_id, current_leads.fiscal_period_id)
            as fiscal_period_id,
        coalesce(frozen.close_no, current_leads.close_no) as close_no,
        coalesce(frozen.person_id, current_leads.person_id) as person_id,
        coalesce(frozen.lifecycle_id, current_leads.lifecycle_id)
            as lifecycle_id,
        coalesce(frozen.lifecycle_no, current_leads.lifecycle_no)
            as lifecycle_no,
        coalesce(frozen.stage, current_leads.stage) as stage,
        coalesce(frozen.attribution_model, current_leads.attribution_model)
            as attribution_model,
        coalesce(frozen.campaign_id, current_leads.campaign_id)
            as campaign_id,
        coalesce(frozen.weight_units, 0) as frozen_units,
        coalesce(current_leads.weight_units, 0) as current_units,
        coalesce(frozen.won_cents, 0) as frozen_cents,
        coalesce(current_leads.won_cents, 0) as current_cents
    from frozen
    full outer join current_leads
        on
            frozen.fiscal_period_id = current_leads.fiscal_period_id
            and frozen.close_no = current_leads.close_no
            and frozen.lifecycle_id = current_leads.lifecycle_id
            and frozen.stage = current_leads.stage
            and frozen.attribution_model = current_leads.attribution_model
            and frozen.campaign_id
            is not distinct from current_leads.campaign_id

),

changed as (

    select *
    from paired
    where
        frozen_units <> current_units
        or (current_units > 0 and frozen_cents <> current_cents)

),

stages_changed as (

    select distinct
        fiscal_period_id,
        close_no,
        lifecycle_id,
        stage,
        attribution_model
    from changed

),

-- Whether the lifecycle had reached the stage then, and has it now.
sides_seen as (

    select
        paired.fiscal_period_id,
        paired.close_no,
        paired.lifecycle_id,
        paired.stage,
        paired.attribution_model,
        sum(paired.frozen_units) > 0 as is_in_frozen,
        sum(paired.current_units) > 0 as is_in_current
    from paired
    inner join stages_changed
        on
            paired.fiscal_period_id = stages_changed.fiscal_period_id
            and paired.close_no = stages_changed.close_no
            and paired.lifecycle_id = stages_changed.lifecycle_id
            and paired.stage = stages_changed.stage
            and paired.attribution_model = stages_changed.attribution_model
    group by 1, 2, 3, 4, 5

),

final as (

    select
        changed.*,
        sides_seen.is_in_frozen,
        sides_seen.is_in_current
    from changed
    inner join sides_seen
        on
            changed.fiscal_period_id = sides_seen.fiscal_period_id
            and changed.close_no = sides_seen.close_no
            and changed.lifecycle_id = sides_seen.lifecycle_id
            and changed.stage = sides_seen.stage
            and changed.attribution_model = sides_seen.attribution_model

)

select * from final
