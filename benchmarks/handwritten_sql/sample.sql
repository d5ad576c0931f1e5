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
    left(history.created_by_id, 15) as actor_id,
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
    left(leads.created_by_id, 15),
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
    'opportunity', opportunities.record_id, left(opportunities.owner_id, 15), null
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
    left(opportunities.owner_id, 15),
    null
from opportunities
inner join person_of using (node)
left join closings
    on
        opportunities.id = closings.opportunity_id
        and opportunities.stage_name = closings.stage_name
where opportunities.is_closed;

create table owner_changes as
select
    lead_id,
    changed_at,
    id,
    left(old_value, 15) as old_value,
    left(new_value, 15) as new_value
from history
where field = 'Owner' and regexp_matches(new_value, '^00[5G][A-Za-z0-9]{12,15}$');

create table owners as
select id as lead_id, left(owner_id, 15) as owner_id from leads;

-- What people did to a lead.
create table touches as
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
    and (everything.type is null or kinds.is_response);

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
