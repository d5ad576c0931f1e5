-- Passes of what marketing handed over, the clock of each, and the outcome.

-- Openings in Tokyo are 09:00 to 18:00, and its clocks never change: in UTC a
-- day opens at midnight for nine hours.
create temp table open_days as
with days as (
    select unnest(range(date '2017-01-01', date '2030-01-01', interval 1 day))::date
        as day
)

select
    day,
    is_open,
    cast(sum(is_open::int) over (order by day) as integer) as open_day_no,
    -- Opening time before the day, and the day's own, in microseconds.
    cast(
        (sum(is_open::int) over (order by day) - is_open::int) * 32400000000
        as bigint
    ) as elapsed_us,
    if(is_open, 32400000000, 0) as open_us
from (
    select
        day,
        isodow(day) < 6 and day not in (
            select holiday_date::date
            from read_csv(getvariable('seeds') || '/holidays.csv')
            where calendar_id = 'japan'
        ) as is_open
    from days
);

create macro us_of_day(instant) as epoch_us(instant) % 86400000000;

create temp table passes as
with handed as (
    select
        person_no, lifecycle_no, handed_off_at, owner_id, accepted_at, exited_at,
        least(accepted_at, exited_at) as ended_at
    from lives
    where origin = 'marketing'
),

handed_again as (
    select
        handed.person_no,
        handed.lifecycle_no,
        events.occurred_at as passed_at,
        ref_row(events.ref) as record_no
    from events
    inner join handed using (person_no, lifecycle_no)
    where
        events.stage = 'handed_off'::stage
        and not events.closes_nothing
        and events.occurred_at > handed.handed_off_at
        and events.occurred_at < coalesce(handed.ended_at, 'infinity'::timestamp)
),

owned_again as (
    select
        handed_again.person_no,
        handed_again.lifecycle_no,
        handed_again.passed_at,
        handed_again.record_no,
        coalesce(
            arg_max(changes.new_owner, changes.changed_at)
                filter (changes.changed_at <= handed_again.passed_at),
            arg_min(changes.old_owner, changes.changed_at)
                filter (changes.changed_at > handed_again.passed_at),
            any_value(leads.owner_id)
        ) as owner_id
    from handed_again
    inner join leads using (record_no)
    left join owner_changes as changes using (record_no)
    group by all
),

-- At one instant a change of owner tells more than a hand-off.
later as (
    select person_no, lifecycle_no, passed_at, owner_id, 2 as kind, record_no
    from owned_again
    union all
    select
        handed.person_no, handed.lifecycle_no, changes.changed_at,
        changes.new_owner, 1, changes.record_no
    from handed
    inner join owner_changes as changes using (person_no)
    cross join clock
    where
        changes.changed_at > handed.handed_off_at
        and changes.changed_at <= clock.as_of
        and changes.changed_at < coalesce(handed.ended_at, 'infinity'::timestamp)
),

candidates as (
    select person_no, lifecycle_no, passed_at, owner_id, false as is_first
    from later
    qualify row_number() over (
        partition by person_no, lifecycle_no, passed_at order by kind, record_no
    ) = 1
    union all
    select person_no, lifecycle_no, handed_off_at, owner_id, true
    from handed
    where (person_no, lifecycle_no) in (
        select (person_no, lifecycle_no) from later
    )
),

compared as (
    select
        candidates.*,
        lag(candidates.owner_id) over (
            partition by person_no, lifecycle_no order by passed_at
        ) as previous_owner_id
    from candidates
    inner join users on candidates.owner_id = users.user_id
    where candidates.is_first or users.is_sales
),

passed_on as (
    select
        person_no,
        lifecycle_no,
        passed_at,
        owner_id,
        row_number() over in_time as pass_no,
        lag(owner_id) over in_time as from_owner_id,
        lead(passed_at) over in_time as next_passed_at
    from compared
    where is_first or owner_id <> previous_owner_id
    window in_time as (partition by person_no, lifecycle_no order by passed_at)
),

united as (
    select
        handed.person_no,
        handed.lifecycle_no,
        cast(coalesce(passed_on.pass_no, 1) as integer) as pass_no,
        coalesce(passed_on.passed_at, handed.handed_off_at) as passed_at,
        coalesce(passed_on.owner_id, handed.owner_id) as owner_id,
        passed_on.from_owner_id,
        passed_on.next_passed_at,
        handed.exited_at,
        handed.ended_at
    from handed
    left join passed_on using (person_no, lifecycle_no)
),

started as (
    select
        united.*,
        open_days.open_day_no,
        open_days.elapsed_us
        + least(us_of_day(united.passed_at), open_days.open_us) as passed_us
    from united
    inner join open_days on united.passed_at::date = open_days.day
)

-- Eighteen opening hours later. An opening that is just used up is due at its
-- closing.
select
    started.*,
    cast(row_number() over () as integer) as pass_key,
    open_days.day::timestamp + to_microseconds(
        started.passed_us + 64800000000 - open_days.elapsed_us
    ) as due_at
from started
inner join open_days
    on
        (started.passed_us + 64800000000 - 1) // 32400000000 + 1
        = open_days.open_day_no
        and open_days.is_open;

-- What sales did on the leads, read once. A row that breaks a rule keeps what
-- it said; one that counts is a person, a user and an instant.
create temp table activities as
with given as (
    select
        activity_id,
        lead_id,
        user_id,
        cast(user_id as user_id) as actor_id,
        occurred_at,
        try_cast(occurred_at as timestamp) as instant,
        type,
        is_completed
    from read_parquet(getvariable('landing') || '/generic/sales_activity/*.parquet')
    where
        activity_id is null
        or (
            is_completed = 'true'
            and type in (
                select touch_type
                from read_csv(getvariable('seeds') || '/touch_types.csv')
                where is_response
            )
            and user_id in (select user_id::varchar from users where is_sales)
        )
)

select
    records.person_no,
    given.actor_id,
    given.instant as occurred_at,
    if(
        given.activity_id is not null
        and coalesce(
            given.instant between records.first_created_at - interval 24 hour
            and getvariable('loaded_at'),
            false
        ),
        null,
        [struct_pack(
            activity_id := given.activity_id,
            lead_id := given.lead_id,
            user_id := given.user_id,
            occurred_at := given.occurred_at,
            type := given.type,
            is_completed := given.is_completed,
            first_created_at := records.first_created_at
        )]
    ) as broken
from given
left join records using (lead_id);

create temp table answered as
with responses as (
    select person_no, occurred_at, actor_id
    from activities
    where broken is null and occurred_at <= (select as_of from clock)
    union all
    select person_no, occurred_at, actor_id
    from events
    where stage = 'tal'::stage
)

select
    passes.pass_key,
    min(responses.occurred_at) as responded_at,
    min(responses.occurred_at) filter (
        passes.next_passed_at is not null
        and responses.actor_id = passes.owner_id
        and responses.occurred_at <= passes.next_passed_at
    ) as responded_by_owner_at
from responses
inner join passes
    on
        responses.person_no = passes.person_no
        and responses.occurred_at >= passes.passed_at
where
    responses.occurred_at <= coalesce(passes.exited_at, 'infinity'::timestamp)
group by passes.pass_key;

create temp table broken_activities as
select person_no, occurred_at as instant, unnest(broken, recursive := true)
from activities
where broken is not null;

drop table activities;

create temp table judged as
with joined as (
    select
        passes.* exclude (exited_at, ended_at),
        answered.responded_at,
        if(
            passes.next_passed_at is null,
            answered.responded_at,
            answered.responded_by_owner_at
        ) as first_response_at,
        coalesce(passes.next_passed_at, passes.ended_at) as ended_at,
        lives.accepted_at,
        lives.exited_at,
        lives.exit_stage,
        lives.is_exit_by_sales,
        clock.as_of,
        passes.passed_at + interval 30 day as pending_until
    from passes
    inner join lives using (person_no, lifecycle_no)
    left join answered using (pass_key)
    cross join clock
),

run_out as (
    select
        *,
        as_of >= due_at
        and coalesce(accepted_at > due_at, true)
        and coalesce(exited_at > due_at, true)
        and coalesce(responded_at > due_at, true) as was_ignored
    from joined
)

select
    *,
    case
        when accepted_at is not null then 'accepted'
        when exit_stage = 'lost'::stage or (exit_stage > 'lost'::stage and is_exit_by_sales)
            then 'rejected'
        when
            was_ignored
            or (
                as_of >= pending_until
                and coalesce(exited_at > pending_until, true)
            )
            then 'ignored'
        when exit_stage is not null then 'withdrawn'
        else 'pending'
    end as final_outcome
from run_out;

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

-- How many touches there were when a stage was reached, and how many lay more
-- than ninety days back: those between are the ones that share it.
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
        - judged.passed_us as accept_business_us
    from lives
    left join (select * from judged where pass_no = 1) as judged
        using (person_no, lifecycle_no)
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
    end as outcome
from judged
inner join lifecycles using (person_no, lifecycle_no)
inner join users on judged.owner_id = users.user_id
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
    lifecycles.was_ignored,
    coalesce(lifecycles.accepted_at > lifecycles.due_at, false)
        as is_accepted_late,
    lifecycles.responded_at as first_response_at,
    lifecycles.response_us / 3600000000 as response_hours,
    lifecycles.response_business_us / 3600000000 as response_business_hours,
    if(lifecycles.outcome = 'accepted', lifecycles.accept_us, null) / 3600000000
        as accept_hours,
    lifecycles.accept_business_us / 3600000000 as accept_business_hours,
    lifecycles.owner_id::varchar as owner_id,
    users.team,
    lifecycles.accepted_by::varchar as accepted_by,
    lifecycles.adr_id::varchar as adr_id,
    channels.channel,
    lifecycles.first_campaign_id::varchar as first_campaign_id,
    lifecycles.last_campaign_id::varchar as last_campaign_id,
    lifecycles.score as score_at_handoff,
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
left join users on lifecycles.owner_id = users.user_id
left join channels using (source)
left join reasons on lifecycles.exit_reason = reasons.reason
where lifecycles.is_in_marts;
