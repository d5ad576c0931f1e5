-- Users, campaigns, leads, and who is one person with whom.
--
-- Names that occur again and again are enums: a byte or two in every table, and
-- the text only where a reader sees it. Stages are in rank order, so that they
-- compare as the definition ranks them.
create type stage as enum (
    select stage from read_csv(getvariable('seeds') || '/stages.csv')
    where rank > 0
    order by rank
);

create type user_id as enum (
    select user_id
    from read_parquet(getvariable('landing') || '/generic/user/*.parquet')
    order by user_id
);

create type campaign_id as enum (
    select campaign_id
    from read_parquet(getvariable('landing') || '/generic/campaign/*.parquet')
    order by campaign_id
);

create type lead_source as enum (
    select distinct source
    from read_parquet(getvariable('landing') || '/generic/lead/*.parquet')
    order by source
);

create temp table users as
select
    cast(user_id as user_id) as user_id,
    team,
    role in (
        select role from read_csv(getvariable('seeds') || '/sales_roles.csv')
    ) as is_sales
from read_parquet(getvariable('landing') || '/generic/user/*.parquet');

-- The latest version of each lead, numbered in the order of their ids.
create temp table leads as
with given as (
    select * from read_parquet(getvariable('landing') || '/generic/lead/*.parquet')
),

changed as (
    select lead_id from given group by lead_id having count(*) > 1
),

latest as (
    select * from given
    where lead_id not in (select lead_id from changed)
    union all
    select * from given
    where lead_id in (select lead_id from changed)
    qualify row_number() over (partition by lead_id order by updated_at desc) = 1
)

select
    cast(row_number() over (order by lead_id) as integer) as record_no,
    lead_id,
    lower(email) as email,
    email as email_given,
    name,
    company,
    cast(owner_id as user_id) as owner_id,
    cast(status as stage) as status,
    cast(source as lead_source) as source,
    cast(campaign_id as campaign_id) as campaign_id,
    cast(created_at as timestamp) as created_at,
    is_deleted = 'false' and merged_into_id is null as is_live,
    merged_into_id
from latest;

create temp table links as
with shared as (
    select email, min(record_no) as anchor_no
    from leads
    group by email
    having count(*) > 1
)

select 'merge' as link_type, loser.record_no as left_no, winner.record_no as right_no
from leads as loser
inner join leads as winner on loser.merged_into_id = winner.lead_id
union all
select 'email', leads.record_no, shared.anchor_no
from leads
inner join shared using (email)
where leads.record_no <> shared.anchor_no;

-- Labels run along the links until nothing changes: only the few leads that
-- have one take part.
create temp table components as
with recursive edges as (
    select left_no as a, right_no as b from links
    union all
    select right_no, left_no from links
),

spread (node, label) using key (node) as (
    select node, node as label
    from (select left_no as node from links union select right_no from links)
    union
    select edges.b as node, min(spread.label) as label
    from spread
    inner join edges on spread.node = edges.a
    inner join recurring.spread as known on edges.b = known.node
    where spread.label < known.label
    group by edges.b
)

select
    node as record_no,
    label,
    count(*) over (partition by label) as size
from spread;

create temp table linked as
with grouped as (
    select
        leads.*,
        components.size,
        if(components.size > 50, components.record_no, components.label) as group_no
    from components
    inner join leads using (record_no)
)

select
    record_no,
    size,
    size > 50 as is_dissolved,
    first_value(record_no) over (
        partition by group_no order by is_live desc, record_no
    ) as person_no,
    min(created_at) over one_group as first_created_at,
    bool_or(is_live) over one_group as is_in_marts,
    count(*) over one_group as record_count,
    first_value(source) over (
        partition by group_no order by created_at, record_no
    ) as first_source
from grouped
window one_group as (partition by group_no);

-- Whose record it is; what its rows are joined to.
create temp table records as
select
    leads.record_no,
    leads.lead_id,
    coalesce(linked.person_no, leads.record_no) as person_no,
    coalesce(linked.first_created_at, leads.created_at) as first_created_at
from leads
left join linked using (record_no);

create temp table people as
select
    leads.record_no as person_no,
    md5('generic|' || leads.lead_id) as person_id,
    coalesce(linked.is_in_marts, leads.is_live) as is_in_marts,
    coalesce(linked.first_source, leads.source) as source
from leads
left join linked using (record_no)
where linked.person_no is null or linked.person_no = leads.record_no;

create table published.marts.dim_people as
with channels as (
    select
        sources.source,
        coalesce(min(known.channel), lower(sources.source)) as channel
    from (select unnest(enum_range(null::lead_source))::varchar as source) as sources
    left join read_csv(getvariable('seeds') || '/channels.csv') as known
        on lower(sources.source) = lower(known.source_value)
    group by sources.source
)

select
    people.person_id,
    'generic' as primary_source,
    leads.lead_id as primary_record_id,
    cast(coalesce(linked.record_count, 1) as integer) as record_count,
    leads.company,
    lower(leads.company) as company_key,
    split_part(leads.email, '@', 2) as email_domain,
    channels.source,
    channels.channel,
    cast(null as varchar) as region,
    coalesce(linked.first_created_at, leads.created_at) as first_created_at,
    false as is_deleted
from people
inner join leads on people.person_no = leads.record_no
left join linked on people.person_no = linked.record_no
inner join channels on people.source::varchar = channels.source
where people.is_in_marts;

create table published.marts_pii.dim_people_pii as
select
    people.person_id,
    leads.name as full_name,
    leads.email_given as email,
    cast(null as varchar) as phone
from people
inner join leads on people.person_no = leads.record_no
where people.is_in_marts;

create table published.marts.fct_identity_links as
select
    md5(
        links.link_type || '|generic|' || loser.lead_id || '|generic|'
        || winner.lead_id
    ) as identity_link_id,
    people.person_id,
    links.link_type,
    'generic' as left_source,
    loser.lead_id as left_record_id,
    'generic' as right_source,
    winner.lead_id as right_record_id,
    cast(null as timestamp) as linked_at,
    if(links.link_type = 'merge', 'generic', null) as evidence_source,
    if(links.link_type = 'merge', 'lead', null) as evidence_table,
    if(links.link_type = 'merge', loser.lead_id, null) as evidence_key,
    linked.is_dissolved
from links
inner join leads as loser on links.left_no = loser.record_no
inner join leads as winner on links.right_no = winner.record_no
inner join linked on links.left_no = linked.record_no
inner join people on linked.person_no = people.person_no
where people.is_in_marts;
