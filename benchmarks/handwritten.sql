-- The main public tables, written by hand for one company and one definition:
-- what an analyst who knows DuckDB would write for the exports of the sample
-- (Salesforce and Marketo in Fivetran's columns, definition v1).
--
-- It gives the same people, events, lifecycles and outcomes on the sample. It
-- leaves out what makes the project one: other systems, loaders, formats and
-- definitions, passes, campaigns, money, quarantine, projections, the account
-- of every raw row, and every check. The benchmark compares the two.
--
-- Variables: landing and seeds (folders), loaded_at (timestamp).

-- step: load
create schema raw;
create table raw.lead as select *
from read_csv(getvariable('landing') || '/salesforce/lead.csv*', all_varchar = true);
create table raw.lead_history as select *
from read_csv(
    getvariable('landing') || '/salesforce/lead_history.csv*', all_varchar = true
);
create table raw.contact as select *
from read_csv(getvariable('landing') || '/salesforce/contact.csv*', all_varchar = true);
create table raw.opportunity as select *
from read_csv(
    getvariable('landing') || '/salesforce/opportunity.csv*', all_varchar = true
);
create table raw.opportunity_field_history as select *
from read_csv(
    getvariable('landing') || '/salesforce/opportunity_field_history.csv*',
    all_varchar = true
);
create table raw.task as select *
from read_csv(getvariable('landing') || '/salesforce/task.csv*', all_varchar = true);
create table raw.event as select *
from read_csv(getvariable('landing') || '/salesforce/event.csv*', all_varchar = true);
create table raw.user as select *
from read_csv(getvariable('landing') || '/salesforce/user.csv*', all_varchar = true);
create table raw.user_role as select *
from read_csv(
    getvariable('landing') || '/salesforce/user_role.csv*', all_varchar = true
);
create table raw.campaign_member as select *
from read_csv(
    getvariable('landing') || '/salesforce/campaign_member.csv*', all_varchar = true
);
create table raw.marketo_lead as select *
from read_csv(getvariable('landing') || '/marketo/lead.csv*', all_varchar = true);
create table raw.new_lead as select *
from read_csv(
    getvariable('landing') || '/marketo/activity_new_lead.csv*', all_varchar = true
);
create table raw.fill_out_form as select *
from read_csv(
    getvariable('landing') || '/marketo/activity_fill_out_form.csv*',
    all_varchar = true
);
create table raw.change_score as select *
from read_csv(
    getvariable('landing') || '/marketo/activity_change_score.csv*',
    all_varchar = true
);
create table raw.merge_leads as select *
from read_csv(
    getvariable('landing') || '/marketo/activity_merge_leads.csv*', all_varchar = true
);
create table raw.delete_lead as select *
from read_csv(
    getvariable('landing') || '/marketo/activity_delete_lead.csv*', all_varchar = true
);
create table raw.program_membership as select *
from read_csv(
    getvariable('landing') || '/marketo/program_membership.csv*', all_varchar = true
);

-- step: transform
-- Full-width letters and blanks, upper case: good enough for this company.
create macro narrowed(given) as translate(
    given,
    '０１２３４５６７８９ＡＢＣＤＥＦＧＨＩＪＫＬＭＮＯＰＱＲＳＴＵＶＷＸＹＺａｂｃｄｅｆｇｈｉｊｋｌｍｎｏｐｑｒｓｔｕｖｗｘｙｚ＠．－＿＋　',
    '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz@.-_+ '
);
-- As many bytes as characters: plain ASCII, nothing to narrow.
create macro same_text(given) as lower(trim(
    case when strlen(given) = length(given) then given else narrowed(given) end
));

-- One row per record of a human being.
create table leads as
select
    left(id, 15) as id,
    id as record_id,
    try_cast(created_date as timestamp) as created_at,
    owner_id,
    email,
    company,
    lead_source,
    status,
    rejection_reason_c as reason,
    created_by_id,
    left(converted_contact_id, 15) as contact_id,
    left(converted_opportunity_id, 15) as opportunity_id,
    left(master_record_id, 15) as master_id,
    is_deleted = 'true' as is_deleted
from raw.lead
where id is not null
qualify row_number() over (
    partition by left(id, 15)
    order by last_modified_date desc, _fivetran_synced desc
) = 1;

create table records as
select
    'salesforce' as source,
    id,
    record_id,
    's' || id as node,
    created_at,
    email,
    company,
    lead_source,
    not is_deleted and master_id is null as is_live
from leads
union all
select
    'salesforce',
    left(id, 15),
    id,
    's' || left(id, 15),
    try_cast(created_date as timestamp),
    email,
    null,
    lead_source,
    is_deleted is distinct from 'true' and master_record_id is null
from raw.contact
union all
select
    'marketo',
    id,
    id,
    'm' || id,
    try_cast(created_at as timestamp),
    email,
    company,
    lead_source,
    _fivetran_deleted is distinct from 'true'
    and id not in (select lead_id from raw.delete_lead)
from raw.marketo_lead;

create table merged as
select lead_id as winner, unnest(from_json(merge_ids, '["varchar"]')) as loser
from raw.merge_leads;

create table edges as
with links as (
    select 's' || id as a, 's' || contact_id as b from leads
    where contact_id is not null
    union all
    select 's' || id, 's' || master_id from leads where master_id is not null
    union all
    select 'm' || id, 's' || left(sfdc_lead_id, 15) from raw.marketo_lead
    where sfdc_lead_id is not null
    union all
    select 'm' || id, 's' || left(sfdc_contact_id, 15) from raw.marketo_lead
    where sfdc_contact_id is not null
    union all
    select 'm' || winner, 'm' || loser from merged
    union all
    select node, 'e' || address
    from (select node, same_text(email) as address from records)
    where
        contains(address, '@')
        and split_part(address, '@', 1) not in (
            select local_part
            from read_csv(getvariable('seeds') || '/shared_mailboxes.csv')
        )
)

select a, b from links
union all
select b, a from links;

create table components as
with recursive spread (node, label) using key (node) as (
    select node, node as label
    from (select a as node from edges union select node from records)
    union
    select edges.b as node, min(spread.label) as label
    from spread
    inner join edges on spread.node = edges.a
    inner join recurring.spread as known on edges.b = known.node
    where spread.label < known.label
    group by edges.b
)

select node, label from spread;

create table people as
with grouped as (
    select
        records.*,
        components.label,
        count(*) over (partition by components.label) as group_size
    from records
    inner join components using (node)
),

settled as (
    select
        *,
        case when group_size > 50 then node else label end as person
    from grouped
)

select
    node,
    source,
    record_id,
    created_at,
    company,
    email,
    lead_source,
    is_live,
    count(*) over whole as record_count,
    min(created_at) over whole as first_created_at,
    bool_or(is_live) over whole as is_kept,
    md5(first_value(source || '|' || record_id) over (
        partition by person
        order by (not is_live)::int, source, record_id
        rows between unbounded preceding and unbounded following
    )) as person_id
from settled
window whole as (partition by person);

create table dim_people as
with sources as (
    select lead_source, coalesce(channels.channel, same_text(lead_source)) as channel
    from (select distinct lead_source from people)
    left join read_csv(getvariable('seeds') || '/channels.csv') as channels
        on replace(same_text(lead_source), 'ｳｪﾋﾞﾅｰ', 'ウェビナー')
            = same_text(channels.source_value)
),

grouped as (
    select
        person_id,
        any_value(record_count) as record_count,
        arg_min(company, created_at) as company,
        arg_min(email, created_at) as email,
        arg_min(lead_source, created_at) as source
    from people
    where is_kept
    group by person_id
)

select
    grouped.person_id,
    grouped.record_count,
    grouped.company,
    split_part(same_text(grouped.email), '@', 2) as email_domain,
    grouped.source,
    sources.channel
from grouped
left join sources on grouped.source = sources.lead_source;

create table person_of as
select node, person_id, first_created_at from people where is_kept;

-- Every spelling of a status, and what it means.
create table status_stages as
with spellings as (
    select status from leads
    union
    select old_value from raw.lead_history where field = 'Status'
    union
    select new_value from raw.lead_history where field = 'Status'
),

rules as (
    select distinct same_text(value) as status, stage
    from read_csv(getvariable('seeds') || '/stage_rules.csv', all_varchar = true)
    where
        definition_version = 'v1'
        and source = 'salesforce'
        and entity = 'lead'
        and field = 'status'
        and operator = 'equals'
)

select spellings.status, rules.stage
from spellings
inner join rules
    on replace(same_text(spellings.status), 'ﾅｰﾁｬﾘﾝｸﾞ', 'ナーチャリング')
        = rules.status;

create table users as
select
    left(raw.user.id, 15) as id,
    roles.role in ('adr', 'inside_sales', 'field_sales') as is_sales,
    roles.team
from raw.user
left join raw.user_role on raw.user.user_role_id = raw.user_role.id
left join read_csv(getvariable('seeds') || '/user_roles.csv') as roles
    on raw.user_role.name = roles.value and roles.match_on = 'user_role';

-- Field history that can be read: known person, possible time.
create table history as
select distinct on (history.id)
    history.id,
    left(history.lead_id, 15) as lead_id,
    person_of.person_id,
    history.field,
    history.old_value,
    history.new_value,
    history.created_by_id as actor_id,
    try_cast(history.created_date as timestamp) as changed_at
from raw.lead_history as history
inner join person_of on 's' || left(history.lead_id, 15) = person_of.node
where
    history.id is not null
    and try_cast(history.created_date as timestamp)
    between person_of.first_created_at - interval 1 day
    and getvariable('loaded_at');

create table stage_readings as
with status_rows as (
    select * from history where field = 'Status'
),

first_values as (
    select lead_id, arg_min(old_value, (changed_at, id)) as status
    from status_rows
    group by lead_id
),

closings as (
    select
        left(opportunity_id, 15) as opportunity_id,
        new_value as stage_name,
        max(try_cast(created_date as timestamp)) as closed_at
    from raw.opportunity_field_history
    where field = 'StageName'
    group by 1, 2
),

opportunities as (
    select
        left(opportunity.id, 15) as id,
        opportunity.id as record_id,
        opportunity.owner_id,
        try_cast(opportunity.created_date as timestamp) as created_at,
        opportunity.is_closed = 'true' as is_closed,
        opportunity.is_won = 'true' as is_won,
        opportunity.stage_name,
        opportunity.close_date,
        's' || coalesce(leads.id, left(opportunity.contact_id, 15)) as node
    from raw.opportunity
    left join leads on left(opportunity.id, 15) = leads.opportunity_id
    qualify row_number() over (
        partition by left(opportunity.id, 15)
        order by opportunity.last_modified_date desc
    ) = 1
),

scores as (
    select distinct on (id)
        id,
        lead_id,
        try_cast(activity_date as timestamp) as changed_at,
        try_cast(old_value as double) as old_value,
        try_cast(new_value as double) as new_value,
        reason
    from raw.change_score
)

select
    status_rows.person_id,
    status_stages.stage,
    status_rows.changed_at as occurred_at,
    'salesforce' as source,
    'lead_history' as source_table,
    status_rows.id as source_key,
    status_rows.actor_id,
    status_rows.lead_id
from status_rows
inner join status_stages on status_rows.new_value = status_stages.status
union all
select
    person_of.person_id,
    status_stages.stage,
    leads.created_at,
    'salesforce',
    'lead',
    leads.record_id,
    leads.created_by_id,
    leads.id
from leads
inner join person_of on 's' || leads.id = person_of.node
left join first_values on leads.id = first_values.lead_id
inner join status_stages
    on
        case when first_values.lead_id is null then leads.status
        else first_values.status end = status_stages.status
union all
select
    person_id, 'sql', changed_at, 'salesforce', 'lead_history', id, actor_id, lead_id
from history
where field = 'leadConverted'
union all
select
    person_of.person_id,
    'inquiry',
    try_cast(forms.activity_date as timestamp),
    'marketo',
    'activity_fill_out_form',
    forms.id,
    null,
    null
from raw.fill_out_form as forms
inner join person_of on 'm' || forms.lead_id = person_of.node
union all
select
    person_of.person_id,
    'inquiry',
    try_cast(new_leads.activity_date as timestamp),
    'marketo',
    'activity_new_lead',
    new_leads.id,
    null,
    null
from raw.new_lead as new_leads
inner join person_of on 'm' || new_leads.lead_id = person_of.node
union all
select
    person_of.person_id, 'mql', scores.changed_at, 'marketo',
    'activity_change_score', scores.id, null, null
from scores
inner join person_of on 'm' || scores.lead_id = person_of.node
where
    scores.old_value < 100
    and scores.new_value >= 100
    and not starts_with(same_text(coalesce(scores.reason, '')), 'merge')
union all
select
    person_of.person_id, 'opportunity', opportunities.created_at, 'salesforce',
    'opportunity', opportunities.record_id, opportunities.owner_id, null
from opportunities
inner join person_of using (node)
union all
select
    person_of.person_id,
    case when opportunities.is_won then 'won' else 'lost' end,
    coalesce(closings.closed_at, try_cast(opportunities.close_date as timestamp)),
    'salesforce',
    'opportunity',
    opportunities.record_id,
    opportunities.owner_id,
    null
from opportunities
inner join person_of using (node)
left join closings
    on
        opportunities.id = closings.opportunity_id
        and opportunities.stage_name = closings.stage_name
where opportunities.is_closed;

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

create table as_of as
select greatest(
    (select max(occurred_at) from stage_readings
        where occurred_at <= getvariable('loaded_at')),
    (select max(changed_at) from history),
    (select max(try_cast(completed_date_time as timestamp)) from raw.task
        where try_cast(completed_date_time as timestamp)
        <= getvariable('loaded_at')),
    (select max(try_cast(start_date_time as timestamp)) from raw.event),
    (select max(try_cast(activity_date as timestamp)) from raw.change_score),
    (select max(try_cast(created_at as timestamp)) from raw.marketo_lead),
    (select max(try_cast(membership_date as timestamp)) from raw.program_membership)
) as as_of;

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
    left join users on left(fct_stage_events.actor_id, 15) = users.id
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
with owners as (
    select lead_id, changed_at, id, old_value, new_value
    from history
    where field = 'Owner' and regexp_matches(new_value, '^00[5G][A-Za-z0-9]{12,15}$')
),

before as (
    select
        lifecycles.person_id,
        lifecycles.lifecycle_no,
        arg_max(owners.new_value, (owners.changed_at, owners.id)) as owner_id
    from lifecycles
    inner join owners
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
    inner join owners
        on
            lifecycles.handed_lead_id = owners.lead_id
            and lifecycles.handed_off_at < owners.changed_at
    where lifecycles.origin = 'marketing'
    group by all
),

placed as (
    select
        lifecycles.*,
        coalesce(before.owner_id, later.owner_id, leads.owner_id) as owner_id,
        handed_off_at + interval 9 hour as local_at
    from lifecycles
    left join before using (person_id, lifecycle_no)
    left join later using (person_id, lifecycle_no)
    left join leads on lifecycles.handed_lead_id = leads.id
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
    left join users on left(placed.owner_id, 15) = users.id
)

select
    clocked.* exclude (due_position, local_at),
    -- An opening that is just used up ends at its closing.
    open_days.day + interval 0 hour
    + to_seconds(32400 + due_position - open_days.elapsed) as sla_due_at
from clocked
asof join open_days on clocked.due_position > open_days.elapsed;

create table responses as
with activities as (
    select distinct on (id)
        id,
        who_id,
        owner_id,
        coalesce(
            try_cast(completed_date_time as timestamp),
            try_cast(created_date as timestamp)
        ) as occurred_at,
        case when task_subtype in ('ListEmail', 'Cadence') then task_subtype
        else coalesce(type, task_subtype) end as type,
        is_closed is distinct from 'false' as is_completed
    from raw.task
    where id is not null
    order by id, last_modified_date desc
),

everything as (
    select who_id, owner_id, occurred_at, type from activities where is_completed
    union all
    select
        who_id, owner_id, try_cast(start_date_time as timestamp),
        coalesce(type, 'Event')
    from raw.event
)

select person_of.person_id, everything.occurred_at
from everything
inner join person_of on 's' || left(everything.who_id, 15) = person_of.node
left join users on left(everything.owner_id, 15) = users.id
left join read_csv(getvariable('seeds') || '/touch_types.csv') as kinds
    on lower(everything.type) = kinds.touch_type
where
    coalesce(users.is_sales, true)
    and (everything.type is null or kinds.is_response)
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
