-- What became of each lifecycle's part in a closed period since it was closed,
-- and why. Whose records are whose is compared record by record, since a merge
-- may give a person another key.
with closes as (

    select * from {{ source('closings', 'closes') }}
    where reopened_at is null

),

definition as (

    select * from {{ source('closings', 'definition') }}

),

frozen as (

    select leads.*
    from {{ source('closings', 'leads') }} as leads
    inner join closes
        on
            leads.fiscal_period_id = closes.fiscal_period_id
            and leads.close_no = closes.close_no

),

frozen_people as (

    select people.*
    from {{ source('closings', 'people') }} as people
    inner join closes
        on
            people.fiscal_period_id = closes.fiscal_period_id
            and people.close_no = closes.close_no

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

current_people as (

    select * from {{ ref('int_restatements__records') }}

),

records_paired as (

    select
        frozen_people.fiscal_period_id,
        frozen_people.close_no,
        frozen_people.person_id as frozen_person_id,
        current_people.person_id as current_person_id
    from frozen_people
    left join current_people
        on frozen_people.record = current_people.record

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

-- Who is asked about: whose numbers changed, and who has their records now.
people_changed as (

    select distinct
        fiscal_period_id,
        close_no,
        person_id
    from changed

),

people_asked as (

    select
        fiscal_period_id,
        close_no,
        person_id
    from people_changed

    union distinct

    select
        records_paired.fiscal_period_id,
        records_paired.close_no,
        records_paired.current_person_id as person_id
    from records_paired
    inner join people_changed
        on
            records_paired.fiscal_period_id = people_changed.fiscal_period_id
            and records_paired.close_no = people_changed.close_no
            and records_paired.frozen_person_id = people_changed.person_id
    where records_paired.current_person_id is not null

),

current_counts as (

    select
        records_paired.fiscal_period_id,
        records_paired.close_no,
        records_paired.current_person_id,
        count(distinct records_paired.frozen_person_id) as frozen_people
    from records_paired
    inner join people_asked
        on
            records_paired.fiscal_period_id = people_asked.fiscal_period_id
            and records_paired.close_no = people_asked.close_no
            and records_paired.current_person_id = people_asked.person_id
    group by 1, 2, 3

),

frozen_counts as (

    select
        records_paired.fiscal_period_id,
        records_paired.close_no,
        records_paired.frozen_person_id,
        count(distinct records_paired.current_person_id) as current_people,
        coalesce(max(current_counts.frozen_people), 0) as joined_people
    from records_paired
    inner join people_changed
        on
            records_paired.fiscal_period_id = people_changed.fiscal_period_id
            and records_paired.close_no = people_changed.close_no
            and records_paired.frozen_person_id = people_changed.person_id
    left join current_counts
        on
            records_paired.fiscal_period_id = current_counts.fiscal_period_id
            and records_paired.close_no = current_counts.close_no
            and records_paired.current_person_id
            = current_counts.current_person_id
    group by 1, 2, 3

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
            when frozen_counts.current_people = 0 then 'erasure'
            when
                frozen_counts.current_people > 1
                or frozen_counts.joined_people > 1
                or current_counts.frozen_people > 1
                then 'merge'
            when
                frozen_counts.frozen_person_id is null
                and current_counts.current_person_id is null
                then 'late_data'
            when closes.leads_fingerprint <> definition.leads_fingerprint
                then 'definition'
            when not sides_seen.is_in_frozen and changed.lifecycle_no > 1
                then 'recycle'
            when not sides_seen.is_in_frozen then 'late_data'
            when not sides_seen.is_in_current then 'correction'
            when changed.frozen_units <> changed.current_units
                then 'late_data'
            else 'correction'
        end as cause
    from changed
    inner join closes
        on
            changed.fiscal_period_id = closes.fiscal_period_id
            and changed.close_no = closes.close_no
    inner join sides_seen
        on
            changed.fiscal_period_id = sides_seen.fiscal_period_id
            and changed.close_no = sides_seen.close_no
            and changed.lifecycle_id = sides_seen.lifecycle_id
            and changed.stage = sides_seen.stage
            and changed.attribution_model = sides_seen.attribution_model
    cross join definition
    left join frozen_counts
        on
            changed.fiscal_period_id = frozen_counts.fiscal_period_id
            and changed.close_no = frozen_counts.close_no
            and changed.person_id = frozen_counts.frozen_person_id
    left join current_counts
        on
            changed.fiscal_period_id = current_counts.fiscal_period_id
            and changed.close_no = current_counts.close_no
            and changed.person_id = current_counts.current_person_id

)

select * from final
