-- The second half of the handwritten SQL, the same for every company: from
-- stage readings to events, lifecycles, outcomes and marts (definition v1).
--
-- Reads stage_readings, touches, users, owner_changes, owners, dim_people and
-- as_of, which the first half makes of a company's own exports. Keys may be of
-- any type.

create table stages as
select stage, rank, kind
from read_csv(getvariable('seeds') || '/stages.csv');

-- Ordered events of a person, cut into lifecycles.
create table fct_stage_events as
with once as (
    select *
    from stage_readings
    inner join stages using (stage)
    where stages.stage <> 'none'
    qualify row_number() over (
        partition by person_id, stage, occurred_at
        order by source, source_table, source_key
    ) = 1
),

following as (
    select
        *,
        kind = 'exit' as is_exit,
        lag(kind = 'exit') over (
            partition by person_id
            order by occurred_at, rank, source, source_table, source_key
        ) as was_exit
    from once
),

cut as (
    select
        *,
        sum((not is_exit and coalesce(was_exit, true))::int) over (
            partition by person_id
            order by occurred_at, rank, source, source_table, source_key
        ) as lifecycle_no
    from following
    where not (is_exit and coalesce(was_exit, true))
)

select
    person_id,
    lifecycle_no,
    stage,
    rank,
    kind,
    occurred_at,
    source,
    source_table,
    source_key,
    actor_id,
    lead_id,
    row_number() over (
        partition by person_id, lifecycle_no
        order by occurred_at, rank, source, source_table, source_key
    ) as event_no
from cut;

create table fct_stage_transitions as
with pairs as (
    select
        person_id,
        lifecycle_no,
        event_no - 1 as transition_no,
        lag(stage) over each_life as from_stage,
        stage as to_stage,
        lag(occurred_at) over each_life as from_at,
        occurred_at as to_at,
        actor_id
    from fct_stage_events
    window each_life as (partition by person_id, lifecycle_no order by event_no)
)

select
    pairs.*,
    epoch(pairs.to_at - pairs.from_at) / 3600 as hours,
    coalesce(verdicts.verdict, 'forbidden') as verdict
from pairs
left join read_csv(getvariable('seeds') || '/stage_transitions.csv') as verdicts
    using (from_stage, to_stage)
where pairs.from_stage is not null;

-- Business hours: seconds elapsed since the first opening, by day of Tokyo.
create table open_days as
select
    day,
    (row_number() over (order by day) - 1) * 32400 as elapsed
from (
    select unnest(generate_series(
        date '2023-01-01', date '2029-12-31', interval 1 day
    ))::date as day
)
where
    isodow(day) < 6
    and day not in (
        select holiday_date::date
        from read_csv(getvariable('seeds') || '/holidays.csv')
        where calendar_id = 'japan'
    );

create table lifecycles as
with milestones as (
    select
        person_id,
        lifecycle_no,
        min(occurred_at) filter (stage = 'inquiry') as inquiry_at,
        min(occurred_at) filter (stage = 'mql') as mql_at,
        min(occurred_at) filter (stage = 'handed_off') as explicit_at,
        min(occurred_at) filter (stage = 'tal') as tal_at,
        min(occurred_at) filter (stage = 'sal') as sal_at,
        min(occurred_at) filter (stage = 'sql') as sql_at,
        min(occurred_at) filter (stage = 'opportunity') as opportunity_at,
        min(event_no) filter (stage = 'mql') as mql_no,
        max(event_no) filter (
            kind = 'progress'
            or stage in ('won', 'lost')
            or (kind = 'exit' and coalesce(users.is_sales, true))
        ) as sales_no,
        arg_min(stage, event_no) filter (kind = 'progress') as first_progress,
        arg_min(lead_id, event_no) filter (stage = 'handed_off') as handed_lead_id,
        arg_min(actor_id, event_no) filter (stage = 'tal') as adr_id,
        arg_max(stage, event_no) filter (kind = 'exit') as exit_stage,
        max(occurred_at) filter (kind = 'exit') as exited_at,
        arg_max(actor_id, event_no) filter (kind = 'exit') as exited_by,
        bool_or(coalesce(users.is_sales, true)) filter (kind = 'exit')
            as is_sales_exit
    from fct_stage_events
    left join users on fct_stage_events.actor_id = users.id
    group by person_id, lifecycle_no
),

handed as (
    select
        *,
        coalesce(
            explicit_at, case when sales_no > mql_no then mql_at end
        ) as handed_off_at,
        explicit_at is null and sales_no > mql_no as is_handoff_imputed
    from milestones
),

accepted as (
    select
        *,
        case
            when sal_at is not null
                and (handed_off_at is null or sal_at >= handed_off_at)
                then sal_at
            when handed_off_at is not null then least(
                case when sql_at >= handed_off_at then sql_at end,
                case when opportunity_at >= handed_off_at then opportunity_at end,
                case when exit_stage = 'won' and exited_at >= handed_off_at
                    then exited_at end
            )
        end as accepted_at
    from handed
)

select
    *,
    case
        when
            handed_off_at <= least(sal_at, sql_at, opportunity_at)
            or (
                handed_off_at is not null
                and coalesce(sal_at, sql_at, opportunity_at) is null
            )
            then 'marketing'
        when first_progress = 'tal' then 'adr'
        when first_progress is not null then 'sales'
        else 'nurture'
    end as origin
from accepted;

-- Who owned the lead at the hand-off, and when the SLA was due.
create table handoffs as
with before as (
    select
        lifecycles.person_id,
        lifecycles.lifecycle_no,
        arg_max(owners.new_value, (owners.changed_at, owners.id)) as owner_id
    from lifecycles
    inner join owner_changes as owners
        on
            lifecycles.handed_lead_id = owners.lead_id
            and lifecycles.handed_off_at >= owners.changed_at
    where lifecycles.origin = 'marketing'
    group by all
),

later as (
    select
        lifecycles.person_id,
        lifecycles.lifecycle_no,
        arg_min(owners.old_value, (owners.changed_at, owners.id)) as owner_id
    from lifecycles
    inner join owner_changes as owners
        on
            lifecycles.handed_lead_id = owners.lead_id
            and lifecycles.handed_off_at < owners.changed_at
    where lifecycles.origin = 'marketing'
    group by all
),

placed as (
    select
        lifecycles.*,
        coalesce(before.owner_id, later.owner_id, owners.owner_id) as owner_id,
        handed_off_at + interval 9 hour as local_at
    from lifecycles
    left join before using (person_id, lifecycle_no)
    left join later using (person_id, lifecycle_no)
    left join owners on lifecycles.handed_lead_id = owners.lead_id
    where lifecycles.origin = 'marketing'
),

clocked as (
    select
        placed.*,
        users.team,
        18 * 3600 + open_days.elapsed + case
            when placed.local_at::date = open_days.day
                then least(greatest(
                    epoch(placed.local_at - open_days.day) - 32400, 0
                ), 32400)
            else 32400
        end as due_position
    from placed
    asof join open_days on placed.local_at::date >= open_days.day
    left join users on placed.owner_id = users.id
)

select
    clocked.* exclude (due_position, local_at),
    -- An opening that is just used up ends at its closing.
    open_days.day + interval 0 hour
    + to_seconds(32400 + due_position - open_days.elapsed) as sla_due_at
from clocked
asof join open_days on clocked.due_position > open_days.elapsed;

create table responses as
select person_id, occurred_at from touches
union all
select person_id, occurred_at from fct_stage_events where stage = 'tal';

create table fct_lead_lifecycles as
with answered as (
    select
        handoffs.person_id,
        handoffs.lifecycle_no,
        min(responses.occurred_at) as first_response_at
    from handoffs
    inner join responses
        on
            handoffs.person_id = responses.person_id
            and handoffs.handed_off_at <= responses.occurred_at
            and coalesce(handoffs.exited_at, timestamp '9999-01-01')
            >= responses.occurred_at
    group by all
),

due as (
    select
        handoffs.*,
        answered.first_response_at,
        as_of.as_of,
        -- Tokyo has no summer time.
        handoffs.sla_due_at - interval 9 hour as due_at
    from handoffs
    left join answered using (person_id, lifecycle_no)
    cross join as_of
),

judged as (
    select
        *,
        as_of >= due_at
        and coalesce(accepted_at > due_at, true)
        and coalesce(exited_at > due_at, true)
        and coalesce(first_response_at > due_at, true) as was_ignored
    from due
)

select
    lifecycles.person_id,
    lifecycles.lifecycle_no,
    lifecycles.origin,
    lifecycles.inquiry_at,
    lifecycles.mql_at,
    lifecycles.handed_off_at,
    lifecycles.tal_at,
    lifecycles.sal_at,
    lifecycles.accepted_at,
    lifecycles.sql_at,
    lifecycles.opportunity_at,
    lifecycles.exit_stage,
    lifecycles.exited_at,
    lifecycles.exited_by,
    judged.owner_id,
    judged.team,
    dim_people.channel,
    judged.due_at as sla_due_at,
    judged.first_response_at,
    epoch(judged.first_response_at - judged.handed_off_at) / 3600 as response_hours,
    epoch(judged.accepted_at - judged.handed_off_at) / 3600 as accept_hours,
    coalesce(judged.was_ignored, false) as was_ignored,
    coalesce(judged.accepted_at > judged.due_at, false) as is_accepted_late,
    judged.as_of,
    case
        when lifecycles.origin <> 'marketing' then null
        when lifecycles.accepted_at is not null then 'accepted'
        when lifecycles.exit_stage = 'lost' then 'rejected'
        when
            lifecycles.exit_stage in ('rejected', 'recycled', 'disqualified')
            and lifecycles.is_sales_exit
            then 'rejected'
        when judged.was_ignored then 'ignored'
        when
            judged.handed_off_at + interval 30 day <= judged.as_of
            and coalesce(
                judged.exited_at > judged.handed_off_at + interval 30 day, true
            )
            then 'ignored'
        when lifecycles.exited_at is not null then 'withdrawn'
        else 'pending'
    end as outcome
from lifecycles
inner join dim_people using (person_id)
left join judged using (person_id, lifecycle_no);

create table mart_funnel_cohort as
select
    (handed_off_at + interval 9 hour)::date as handed_off_date,
    channel,
    team,
    owner_id,
    count(*) filter (outcome <> 'withdrawn') as handed_off,
    count(*) filter (outcome = 'accepted') as accepted,
    count(*) filter (is_accepted_late) as accepted_late,
    count(*) filter (outcome = 'rejected') as rejected,
    count(*) filter (outcome = 'ignored') as ignored,
    count(*) filter (outcome = 'pending') as pending,
    count(*) filter (outcome = 'withdrawn') as withdrawn,
    count(*) filter (was_ignored and outcome <> 'withdrawn') as was_ignored,
    count(*) filter (sla_due_at <= as_of and outcome <> 'withdrawn') as sla_due,
    count(*) filter (sql_at is not null) as sql,
    count(*) filter (opportunity_at is not null) as opportunity,
    count(*) filter (exit_stage = 'won') as won
from fct_lead_lifecycles
where origin = 'marketing'
group by all;

create table mart_funnel_monthly as
with periods as (
    select
        unnest(['month', 'fiscal_quarter', 'fiscal_year']) as period_type,
        unnest([
            date_trunc('month', handed_off_date),
            date_trunc('quarter', handed_off_date),
            date_trunc('year', handed_off_date - interval 3 month)
            + interval 3 month
        ])::date as period_start_date,
        *
    from mart_funnel_cohort
),

dimensions as (
    select
        unnest(['all', 'channel', 'team', 'owner']) as dimension,
        unnest([null, channel, team, owner_id]) as dimension_value,
        *
    from periods
),

summed as (
    select
        period_type,
        period_start_date,
        dimension,
        dimension_value,
        sum(handed_off) as handed_off,
        sum(accepted) as accepted,
        sum(rejected) as rejected,
        sum(ignored) as ignored,
        sum(pending) as pending,
        sum(withdrawn) as withdrawn,
        sum(was_ignored) as was_ignored,
        sum(sla_due) as sla_due
    from dimensions
    group by 1, 2, 3, 4
)

select
    *,
    accepted / nullif(handed_off, 0) as sal_rate,
    ignored / nullif(handed_off, 0) as ignore_rate,
    rejected / nullif(handed_off, 0) as rejection_rate,
    pending / nullif(handed_off, 0) as pending_rate,
    accepted / nullif(handed_off - pending, 0) as resolved_sal_rate,
    was_ignored / nullif(sla_due, 0) as sla_breach_rate,
    (sal_rate + 1.9208 / handed_off - 1.96 * sqrt(
        sal_rate * (1 - sal_rate) / handed_off + 0.9604 / handed_off ** 2
    )) / (1 + 3.8416 / handed_off) as sal_rate_lower,
    (sal_rate + 1.9208 / handed_off + 1.96 * sqrt(
        sal_rate * (1 - sal_rate) / handed_off + 0.9604 / handed_off ** 2
    )) / (1 + 3.8416 / handed_off) as sal_rate_upper
from summed;
