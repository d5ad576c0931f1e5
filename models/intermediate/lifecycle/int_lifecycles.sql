-- The linter indents filters and calls of macros its own way.
-- noqa: disable=LT02
-- One row per person and lifecycle with everything that is known of it; the
-- fact only chooses and names.
with lifecycles as (

    select * from {{ ref('int_lifecycles__milestones') }}

),

first_passes as (

    select * from {{ ref('int_handoffs__settled') }}

),

owned as (

    select * from {{ ref('int_handoffs__owned') }}
    where is_first

),

touched as (

    select * from {{ ref('int_lifecycles__touched') }}
    where is_handed_off

),

opportunities as (

    select * from {{ ref('int_opportunities__converted') }}

),

people as (

    select * from {{ ref('int_people') }}

),

records as (

    select
        record_key,
        status_reason
    from {{ ref('input_layer__records') }}
    where not is_key_missing

),

reasons as (

    select
        {{ same_text('reason') }} as reason,
        min(category) as category
    from {{ ref('def_rejection_reasons') }}
    group by 1

),

settings as (

    select * from {{ source('settings', 'run') }}

),

clock as (

    select * from {{ ref('int_run__clock') }}

),

joined as (

    select
        lifecycles.*,
        people.person_id,
        people.channel,
        people.is_in_marts,
        clock.as_of,
        first_passes.final_outcome as outcome,
        first_passes.due_at as sla_due_at,
        coalesce(first_passes.was_ignored, false) as was_ignored,
        first_passes.settled_at,
        first_passes.age_business_days,
        first_passes.responded_at as first_response_at,
        owned.owner_id,
        owned.team,
        first_passes.passed_business_us,
        first_passes.accepted_business_us,
        first_passes.responded_business_us,
        first_passes.acted_business_us,
        first_passes.sla_business_hours,
        first_passes.calendar_id as sla_calendar_id,
        first_passes.max_pending_days,
        touched.first_campaign_id,
        touched.last_campaign_id,
        touched.score_at_handoff,
        coalesce(touched.is_score_merged, false) as is_score_merged,
        opportunities.opportunity_id,
        opportunities.amount as opportunity_amount,
        opportunities.currency as opportunity_currency,
        opportunities.amount_reporting as opportunity_amount_reporting,
        case
            when lifecycles.exit_stage in (
                'rejected', 'recycled', 'disqualified', 'lost'
            )
                then coalesce(lifecycles.exit_reason, records.status_reason)
        end as rejection_reason,
        cast(
            {{ from_utc(
                'lifecycles.handed_off_at', 'settings.reporting_timezone'
            ) }} as date
        ) as handed_off_date
    from lifecycles
    inner join people
        on lifecycles.person_key = people.person_key
    cross join clock
    cross join settings
    left join first_passes
        on
            lifecycles.person_key = first_passes.person_key
            and lifecycles.lifecycle_no = first_passes.lifecycle_no
    left join owned
        on
            lifecycles.person_key = owned.person_key
            and lifecycles.lifecycle_no = owned.lifecycle_no
    left join touched
        on
            lifecycles.person_key = touched.person_key
            and lifecycles.lifecycle_no = touched.lifecycle_no
    left join opportunities
        on lifecycles.opportunity_ref = opportunities.opportunity_ref
    left join records
        on lifecycles.exit_record_key = records.record_key

),

final as (

    select
        joined.*,
        {{ hex_id(
            "joined.person_id || '|' || cast(joined.lifecycle_no as "
            ~ dbt.type_string() ~ ")"
        ) }} as lifecycle_id,
        reasons.category as rejection_category,
        joined.outcome = 'accepted'
        and joined.accepted_at > joined.sla_due_at as is_late,
        case
            when joined.exit_stage = 'won'
                then joined.opportunity_amount_reporting
        end as won_amount_reporting,
        {{ hours_between('joined.handed_off_at', 'joined.first_response_at') }}
            as response_hours,
        {{ hours_of(
            'joined.responded_business_us - joined.passed_business_us'
        ) }} as response_business_hours,
        {{ hours_of('joined.acted_business_us') }} as acted_business_hours,
        case
            when joined.outcome = 'accepted'
                then
                    {{ hours_between(
                        'joined.handed_off_at', 'joined.accepted_at'
                    ) }}
        end as accept_hours,
        case
            when joined.outcome = 'accepted'
                then
                    {{ hours_of(
                        'joined.accepted_business_us '
                        ~ '- joined.passed_business_us'
                    ) }}
        end as accept_business_hours
    from joined
    left join reasons
        on {{ same_text('joined.rejection_reason') }} = reasons.reason

)

select * from final
