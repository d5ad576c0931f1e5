-- The public tables of events, lifecycles and hand-offs: names and keys as texts.

-- One row per lifecycle with everything that is known of it, names as enums.
create temp table lifecycles as
with scored as (
    select
        lives.person_no,
        lives.lifecycle_no,
        arg_max(scores.score, row(scores.changed_at, scores.lead_id)) as score
    from scores
    inner join lives
        on
            scores.person_no = lives.person_no
            and scores.changed_at <= lives.handed_off_at
    group by all
),

touched as (
    select
        lives.person_no,
        lives.lifecycle_no,
        arg_min(touches.campaign_id, touches.touch_no)
            filter (touches.touched_at <= lives.handed_off_at) as first_campaign_id,
        arg_max(touches.campaign_id, touches.touch_no)
            filter (touches.touched_at <= lives.handed_off_at) as last_campaign_id
    from lives
    inner join touches using (person_no)
    where lives.handed_off_at is not null
    group by all
),

clocked as (
    select
        lives.*,
        judged.final_outcome as outcome,
        judged.due_at,
        coalesce(judged.was_ignored, false) as was_ignored,
        judged.responded_at,
        judged.passed_us,
        judged.open_day_no as passed_day_no,
        epoch_us(judged.responded_at) - epoch_us(lives.handed_off_at)
            as response_us,
        answers.elapsed_us
        + least(us_of_day(judged.responded_at), answers.open_us)
        - judged.passed_us as response_business_us,
        epoch_us(lives.accepted_at) - epoch_us(lives.handed_off_at) as accept_us,
        acceptances.elapsed_us
        + least(us_of_day(lives.accepted_at), acceptances.open_us)
        - judged.passed_us as accept_business_us,
        if(acts.day is null, null, greatest(
            acts.elapsed_us
            + least(us_of_day(judged.unattended_until), acts.open_us)
            - judged.passed_us,
            0
        )) as acted_business_us
    from lives
    left join (
        select
            *,
            -- The instant before the first act that stops the clock.
            least(accepted_at, exited_at, responded_at) - interval 1 microsecond
                as unattended_until
        from judged
        where pass_no = 1
    ) as judged
        using (person_no, lifecycle_no)
    left join open_days as acts on judged.unattended_until::date = acts.day
    left join open_days as answers on judged.responded_at::date = answers.day
    left join open_days as acceptances
        on
            judged.final_outcome = 'accepted'
            and lives.accepted_at::date = acceptances.day
)

select
    people.person_id,
    md5(people.person_id || '|' || clocked.lifecycle_no) as lifecycle_id,
    people.source,
    people.is_in_marts,
    clocked.*,
    cast(clocked.handed_off_at + interval 9 hour as date) as handed_off_date,
    touched.first_campaign_id,
    touched.last_campaign_id,
    -- What tells two cohorts apart, as one number.
    (enum_code(people.source)::bigint << 40)
    | (coalesce(enum_code(touched.last_campaign_id) + 1, 0)::bigint << 20)
    | (coalesce(enum_code(clocked.owner_id) + 1, 0)::bigint << 2)
    | (list_position(['marketing', 'adr', 'sales', 'nurture'], clocked.origin) - 1)
        as code,
    scored.score,
    opportunities.opportunity_id,
    opportunities.amount,
    opportunities.currency
from clocked
inner join people using (person_no)
left join touched using (person_no, lifecycle_no)
left join scored using (person_no, lifecycle_no)
left join opportunities using (opportunity_no);

drop table lives;

drop table passes;

drop table answered;

create table published.marts.fct_stage_events as
with told as (
    select
        events.*,
        if(
            ref_table(events.ref) = 0,
            leads.lead_id,
            concat(
                leads.lead_id, '|', events.occurred_at, '|status|',
                old_values.stage, '|', events.stage
            )
        ) as source_key
    from events
    inner join leads on ref_row(events.ref) = leads.record_no
    left join old_values on ref_old(events.ref) = old_values.place
    where ref_table(events.ref) < 2
    union all
    select events.*, opportunities.opportunity_id
    from events
    inner join opportunities
        on ref_row(events.ref) = opportunities.opportunity_no
    where ref_table(events.ref) = 2
),

keyed as (
    select
        told.*,
        lifecycles.person_id,
        ['lead', 'lead_status_history', 'opportunity'][ref_table(told.ref) + 1]
            as source_table
    from told
    inner join lifecycles using (person_no, lifecycle_no)
    where lifecycles.is_in_marts and not told.closes_nothing
)

select
    md5(concat(
        person_id, '|', stage, '|generic|', source_table, '|', source_key, '|',
        epoch_us(occurred_at)
    )) as stage_event_id,
    person_id,
    lifecycle_no,
    event_no,
    stage::varchar as stage,
    occurred_at,
    'generic' as source,
    source_table,
    source_key,
    actor_id::varchar as actor_id,
    is_sales as is_sales_actor,
    'v1' as definition_version
from keyed;

create table published.marts.fct_stage_transitions as
with verdicts as (
    select
        from_stage::stage as from_stage,
        to_stage::stage as to_stage,
        verdict
    from read_csv(getvariable('seeds') || '/stage_transitions.csv')
)

select
    md5(concat(
        lifecycles.lifecycle_id, '|', events.event_no - lifecycles.first_event_no
    )) as transition_id,
    lifecycles.lifecycle_id,
    lifecycles.person_id,
    events.lifecycle_no,
    events.event_no - lifecycles.first_event_no as transition_no,
    events.previous_stage::varchar as from_stage,
    events.stage::varchar as to_stage,
    events.previous_at as from_at,
    events.occurred_at as to_at,
    (epoch_us(events.occurred_at) - epoch_us(events.previous_at)) / 3600000000
        as hours,
    coalesce(verdicts.verdict, 'forbidden') as verdict,
    events.actor_id::varchar as actor_id
from events
inner join lifecycles using (person_no, lifecycle_no)
left join verdicts
    on
        events.previous_stage = verdicts.from_stage
        and events.stage = verdicts.to_stage
where
    events.previous_stage is not null
    and not events.closes_nothing
    and lifecycles.is_in_marts;

create temp table exits_of_nothing as
select * from events where closes_nothing;

drop table events;

create table published.marts.fct_handoffs as
with answers as (
    select person_no, lifecycle_no, passed_at as handed_off_at, responded_at
    from judged
    where pass_no = 1 and responded_at is not null
),

answered as (
    select
        judged.person_no,
        judged.lifecycle_no,
        max(judged.pass_no) as pass_no,
        any_value(answers.handed_off_at) as handed_off_at,
        any_value(answers.responded_at) as answered_at
    from judged
    inner join answers using (person_no, lifecycle_no)
    where judged.passed_at <= answers.responded_at
    group by all
)

select
    md5(lifecycles.lifecycle_id || '|' || judged.pass_no) as handoff_id,
    lifecycles.lifecycle_id,
    lifecycles.person_id,
    judged.lifecycle_no,
    judged.pass_no,
    judged.from_owner_id::varchar as from_owner_id,
    judged.owner_id::varchar as owner_id,
    users.team,
    judged.passed_at,
    judged.due_at,
    judged.first_response_at,
    judged.ended_at,
    case
        when judged.next_passed_at is null then judged.final_outcome
        when
            judged.next_passed_at >= judged.due_at
            and coalesce(judged.first_response_at > judged.due_at, true)
            then 'ignored'
        else 'reassigned'
    end as outcome,
    case
        when judged.next_passed_at is null then judged.was_ignored
        else
            judged.next_passed_at >= judged.due_at
            and coalesce(judged.first_response_at > judged.due_at, true)
    end as was_ignored,
    'japan' as sla_calendar_id,
    18e0 as sla_business_hours,
    true as touches_stop_clock,
    judged.pending_until,
    judged.ended_at is null as is_open,
    (
        ends.elapsed_us + least(us_of_day(judged.ended_at), ends.open_us)
        - judged.passed_us
    ) / 3600000000 as business_hours,
    (epoch_us(judged.passed_at) - epoch_us(answered.handed_off_at)) / 3600000000
        as routing_hours,
    (epoch_us(answered.answered_at) - epoch_us(judged.passed_at)) / 3600000000
        as rep_hours
from judged
inner join lifecycles using (person_no, lifecycle_no)
inner join users on judged.owner_id = users.user_id
left join answered using (person_no, lifecycle_no, pass_no)
left join open_days as ends on judged.ended_at::date = ends.day
where lifecycles.is_in_marts;

drop table judged;

create table published.marts.fct_lead_lifecycles as
with reasons as (
    select reason::reason as reason, min(category) as category
    from read_csv(getvariable('seeds') || '/rejection_reasons.csv') as given
    where given.reason in (select unnest(enum_range(null::reason))::varchar)
    group by all
),

channels as (
    select distinct source::lead_source as source, channel
    from published.marts.dim_people
),

settled as (
    select
        person_no,
        lifecycle_no,
        passed_day_no,
        case
            when outcome = 'accepted' then accepted_at
            when outcome in ('rejected', 'withdrawn') then exited_at
            when outcome = 'ignored' and was_ignored then due_at
            when outcome = 'ignored' then handed_off_at + interval 30 day
        end as settled_at
    from lifecycles
    where origin = 'marketing' and is_in_marts
),

aged as (
    select
        settled.*,
        greatest(open_days.open_day_no - settled.passed_day_no, 0)
            as age_business_days
    from settled
    cross join clock
    inner join open_days
        on coalesce(settled.settled_at, clock.as_of)::date = open_days.day
)

select
    lifecycles.lifecycle_id,
    lifecycles.person_id,
    lifecycles.lifecycle_no,
    'v1' as definition_version,
    lifecycles.origin,
    lifecycles.inquiry_at,
    lifecycles.mql_at,
    lifecycles.handed_off_at,
    lifecycles.handed_off_date,
    lifecycles.is_handoff_imputed,
    lifecycles.tal_at,
    lifecycles.sal_at,
    lifecycles.accepted_at,
    lifecycles.is_acceptance_imputed,
    lifecycles.sql_at,
    lifecycles.opportunity_at,
    lifecycles.exit_stage::varchar as exit_stage,
    lifecycles.exited_at,
    lifecycles.exited_by::varchar as exited_by,
    lifecycles.outcome,
    lifecycles.due_at as sla_due_at,
    aged.settled_at,
    aged.age_business_days,
    lifecycles.was_ignored,
    coalesce(lifecycles.accepted_at > lifecycles.due_at, false)
        as is_accepted_late,
    lifecycles.responded_at as first_response_at,
    lifecycles.response_us / 3600000000 as response_hours,
    lifecycles.response_business_us / 3600000000 as response_business_hours,
    if(lifecycles.outcome = 'accepted', lifecycles.accept_us, null) / 3600000000
        as accept_hours,
    lifecycles.accept_business_us / 3600000000 as accept_business_hours,
    lifecycles.acted_business_us / 3600000000 as acted_business_hours,
    if(lifecycles.due_at is null, null, 18)::decimal(9, 4) as sla_business_hours,
    if(lifecycles.due_at is null, null, 'japan') as sla_calendar_id,
    if(lifecycles.due_at is null, null, 30)::integer as max_pending_days,
    lifecycles.owner_id::varchar as owner_id,
    users.team,
    lifecycles.accepted_by::varchar as accepted_by,
    lifecycles.adr_id::varchar as adr_id,
    channels.channel,
    lifecycles.first_campaign_id::varchar as first_campaign_id,
    lifecycles.last_campaign_id::varchar as last_campaign_id,
    lifecycles.score as score_at_handoff,
    false as is_score_merged,
    if(lifecycles.exit_stage > 'won'::stage, lifecycles.exit_reason, null)::varchar
        as rejection_reason,
    if(lifecycles.exit_stage > 'won'::stage, reasons.category, null)
        as rejection_category,
    lifecycles.opportunity_id,
    lifecycles.amount as opportunity_amount,
    lifecycles.currency as opportunity_currency,
    lifecycles.amount as opportunity_amount_reporting,
    if(lifecycles.exit_stage = 'won'::stage, lifecycles.amount, null)
        as won_amount_reporting,
    clock.as_of
from lifecycles
cross join clock
left join aged using (person_no, lifecycle_no)
left join users on lifecycles.owner_id = users.user_id
left join channels using (source)
left join reasons on lifecycles.exit_reason = reasons.reason
where lifecycles.is_in_marts;
