-- The first half of the handwritten SQL for the company of company.py, as an
-- analyst who knows DuckDB and these exports would write it: read in place, one
-- scan of the activities, 64-bit keys, and no look at what this company does
-- not have (copies of history rows or activities, other spellings, opportunities).
--
-- Variables: landing and seeds (folders), loaded_at (timestamp).

-- step: transform
create table leads as
select
    hash(lead_id) as lead_id,
    lead_id as record_id,
    cast(created_at as timestamp) as created_at,
    owner_id,
    email,
    company,
    source,
    status,
    merged_into_id
from read_parquet(getvariable('landing') || '/generic/lead/*.parquet')
qualify row_number() over (partition by lead_id order by updated_at desc) = 1;

create table edges as
with shared as (
    select lower(email) as email, min(lead_id) as first_id
    from leads
    group by all
    having count(*) > 1
),

links as (
    select lead_id as a, hash(merged_into_id) as b from leads
    where merged_into_id is not null
    union all
    select leads.lead_id, shared.first_id
    from leads
    inner join shared on lower(leads.email) = shared.email
)

select a, b from links
union all
select b, a from links;

create table components as
with recursive spread (node, label) using key (node) as (
    select a as node, a as label from edges
    union
    select edges.b as node, min(spread.label) as label
    from spread
    inner join edges on spread.node = edges.a
    inner join recurring.spread as known on edges.b = known.node
    where spread.label < known.label
    group by edges.b
)

select node, label from spread;

create table person_of as
select
    leads.lead_id,
    coalesce(components.label, leads.lead_id) as person_id,
    min(leads.created_at) over (
        partition by coalesce(components.label, leads.lead_id)
    ) as first_created_at
from leads
left join components on leads.lead_id = components.node;

create table dim_people as
with grouped as (
    select
        person_of.person_id,
        count(*) as record_count,
        arg_min(leads.company, leads.created_at) as company,
        arg_min(leads.email, leads.created_at) as email,
        arg_min(leads.source, leads.created_at) as source
    from leads
    inner join person_of using (lead_id)
    group by all
)

select
    person_id,
    record_count,
    company,
    split_part(email, '@', 2) as email_domain,
    source,
    lower(source) as channel
from grouped;

create table users as
select
    user_id as id,
    role in ('adr', 'inside_sales', 'field_sales') as is_sales,
    team
from read_parquet(getvariable('landing') || '/generic/user/*.parquet');

create table history as
select
    person_of.person_id,
    person_of.lead_id,
    cast(history.changed_at as timestamp) as changed_at,
    history.old_value,
    history.new_value,
    history.changed_by
from read_parquet(
    getvariable('landing') || '/generic/lead_status_history/*.parquet'
) as history
inner join person_of on hash(history.lead_id) = person_of.lead_id
where
    history.field = 'status'
    and cast(history.changed_at as timestamp)
    between person_of.first_created_at - interval 1 day and getvariable('loaded_at');

create table stage_readings as
with rules as (
    select value as status, stage
    from read_csv(getvariable('seeds') || '/stage_rules.csv', all_varchar = true)
    where
        definition_version = 'v1'
        and source = 'generic'
        and field = 'status'
        and operator = 'equals'
),

first_times as (
    select lead_id, min(changed_at) as changed_at
    from history
    group by all
),

-- Of changes within one instant the head of the old -> new chain.
first_changes as (
    select
        lead_id,
        old_value,
        new_value,
        list_contains(
            list(new_value) over (partition by lead_id), old_value
        ) as is_made
    from history
    inner join first_times using (lead_id, changed_at)
),

first_values as (
    select
        lead_id,
        arg_min(old_value, (is_made, old_value, new_value)) as status
    from first_changes
    group by all
)

select
    history.person_id,
    rules.stage,
    history.changed_at as occurred_at,
    'generic' as source,
    'lead_status_history' as source_table,
    history.lead_id as source_key,
    history.changed_by as actor_id,
    history.lead_id
from history
inner join rules on history.new_value = rules.status
union all
select
    person_of.person_id,
    rules.stage,
    leads.created_at,
    'generic',
    'lead',
    leads.lead_id,
    null,
    leads.lead_id
from leads
inner join person_of using (lead_id)
left join first_values using (lead_id)
inner join rules on coalesce(first_values.status, leads.status) = rules.status;

-- Nobody's lead changes hands in these exports.
create table owner_changes (
    lead_id ubigint,
    changed_at timestamp,
    id varchar,
    old_value varchar,
    new_value varchar
);

create table owners as select lead_id, owner_id from leads;

create table touches as
select
    person_of.person_id,
    cast(activities.occurred_at as timestamp) as occurred_at
from read_parquet(
    getvariable('landing') || '/generic/sales_activity/*.parquet'
) as activities
inner join read_csv(getvariable('seeds') || '/touch_types.csv') as kinds
    on activities.type = kinds.touch_type and kinds.is_response
inner join users on activities.user_id = users.id and users.is_sales
inner join person_of on hash(activities.lead_id) = person_of.lead_id
where activities.is_completed = 'true';

create table as_of as
select greatest(
    (select max(changed_at) from history),
    (select max(created_at) from leads),
    (select max(cast(occurred_at as timestamp)) from read_parquet(
        getvariable('landing') || '/generic/sales_activity/*.parquet'
    )),
    (select max(cast(touched_at as timestamp)) from read_parquet(
        getvariable('landing') || '/generic/touch/*.parquet'
    ))
) as as_of;
