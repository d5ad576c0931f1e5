-- What happened to each person, in order, cut into lifecycles.

create type reason as enum (
    select distinct reason
    from read_parquet(
        getvariable('landing') || '/generic/lead_status_history/*.parquet'
    )
    where reason is not null
    order by reason
);

-- The history of the leads, read once. A row that breaks a rule keeps what it
-- said, for the quarantine; in a list, which takes no room where there is none.
create temp table history as
with given as (
    select
        *,
        try_cast(changed_at as timestamp) as instant
    from read_parquet(
        getvariable('landing') || '/generic/lead_status_history/*.parquet'
    )
),

joined as (
    select
        given.*,
        records.record_no,
        records.person_no,
        records.first_created_at,
        coalesce(
            given.instant between records.first_created_at - interval 24 hour
            and getvariable('loaded_at'),
            false
        ) as is_usable,
        try_cast(given.new_value as stage) as new_stage
    from given
    left join records using (lead_id)
)

select
    record_no,
    person_no,
    instant as changed_at,
    field = 'status' as is_status,
    is_usable,
    if(field = 'status', try_cast(old_value as stage), null) as old_stage,
    new_stage,
    if(field = 'owner', try_cast(old_value as user_id), null) as old_owner,
    if(field = 'owner', try_cast(new_value as user_id), null) as new_owner,
    cast(changed_by as user_id) as actor_id,
    cast(reason as reason) as reason,
    if(
        not is_usable or (field = 'status' and new_stage is null),
        [struct_pack(
            lead_id := lead_id,
            changed_at := changed_at,
            field := field,
            old_value := old_value,
            new_value := new_value,
            first_created_at := first_created_at
        )],
        null
    ) as broken
from joined;

create temp table opportunities as
select
    cast(row_number() over (order by given.opportunity_id) as integer)
        as opportunity_no,
    given.opportunity_id,
    given.lead_id,
    records.record_no,
    records.person_no,
    records.first_created_at,
    cast(given.owner_id as user_id) as owner_id,
    cast(given.created_at as timestamp) as created_at,
    if(given.is_closed = 'true', cast(given.closed_at as timestamp), null)
        as closed_at,
    given.is_won = 'true' as is_won,
    cast(given.amount as decimal(18, 2)) as amount,
    given.currency
from read_parquet(
    getvariable('landing') || '/generic/opportunity/*.parquet'
) as given
left join records using (lead_id);

create temp table scores as
select
    records.person_no,
    cast(given.changed_at as timestamp) as changed_at,
    cast(given.score as double) as score,
    given.lead_id
from read_parquet(
    getvariable('landing') || '/generic/score_change/*.parquet'
) as given
inner join records using (lead_id);

create temp table touches_told as
select
    records.person_no,
    records.first_created_at,
    try_cast(given.touched_at as timestamp) as touched_at,
    given.touched_at as touched_at_text,
    cast(given.campaign_id as campaign_id) as campaign_id,
    given.touch_id,
    given.type,
    given.lead_id
from read_parquet(getvariable('landing') || '/generic/touch/*.parquet') as given
left join records using (lead_id);

-- Every dated contact of a person with a campaign, in order; the campaign that
-- a lead names is one at its creation. What is told twice is one.
create temp table touches as
with united as (
    select
        person_no,
        touched_at,
        campaign_id,
        'touch' as source_table,
        touch_id as source_key,
        type
    from touches_told
    where touched_at between first_created_at - interval 24 hour
        and getvariable('loaded_at')
    union all
    select
        records.person_no,
        leads.created_at,
        leads.campaign_id,
        'lead',
        leads.lead_id,
        'created'
    from leads
    inner join records using (record_no)
),

told_once as (
    select *
    from united
    qualify row_number() over (
        partition by person_no, campaign_id, touched_at
        order by source_table, source_key
    ) = 1
)

select
    *,
    cast(
        row_number() over (
            partition by person_no order by touched_at, source_table, source_key
        ) as integer
    ) as touch_no
from told_once;

-- All exports write an instant in one way, which sorts as it is.
create temp table clock as
with instants as (
    select min(changed_at) as earliest_at, max(changed_at) as latest_at
    from history where changed_at <= getvariable('loaded_at')
    union all
    select min(created_at), max(created_at) from leads
    union all
    select min(changed_at), max(changed_at) from scores
    union all
    select min(touched_at), max(touched_at) from touches_told
    where touched_at <= getvariable('loaded_at')
    union all
    select min(created_at), greatest(max(created_at), max(closed_at))
    from opportunities
    union all
    select
        cast(min(occurred_at) as timestamp), cast(max(occurred_at) as timestamp)
    from read_parquet(
        getvariable('landing') || '/generic/sales_activity/*.parquet'
    )
    where occurred_at
        <= strftime(getvariable('loaded_at'), '%Y-%m-%d %H:%M:%S')
)

select min(earliest_at) as earliest_at, max(latest_at) as as_of
from instants;

-- History does not say what a lead was created with: the old value of its first
-- change; of changes within one instant, the head of the old -> new chain.
create temp table first_stages as
with packed as (
    select
        record_no,
        epoch_us(changed_at) * 256
        + enum_code(old_stage) * 16 + coalesce(enum_code(new_stage), 15) as change
    from history
    where is_status and is_usable
),

firsts as (
    select record_no, min(change) as change from packed group by record_no
),

at_one_instant as (
    select distinct packed.record_no, packed.change // 256 as instant
    from packed
    inner join firsts using (record_no)
    where
        packed.change // 256 = firsts.change // 256
        and packed.change <> firsts.change
),

tied as (
    select distinct
        history.record_no,
        coalesce(cast(history.old_stage as varchar), '') as old_value,
        coalesce(cast(history.new_stage as varchar), history.broken[1].new_value)
            as new_value
    from history
    inner join at_one_instant
        on
            history.record_no = at_one_instant.record_no
            and epoch_us(history.changed_at) = at_one_instant.instant
    where history.is_status and history.is_usable
),

heads as (
    select
        tied.record_no,
        arg_min(
            tied.old_value,
            row(
                exists (
                    select 1 from tied as maker
                    where
                        maker.record_no = tied.record_no
                        and maker.new_value = tied.old_value
                        and row(maker.old_value, maker.new_value)
                        <> row(tied.old_value, tied.new_value)
                ),
                tied.old_value,
                tied.new_value
            )
        ) as old_value
    from tied
    group by tied.record_no
)

select
    leads.record_no,
    coalesce(
        cast(heads.old_value as stage),
        enum_range(null::stage)[firsts.change // 16 % 16 + 1]::stage,
        leads.status
    ) as stage
from leads
left join firsts using (record_no)
left join heads using (record_no);

-- Which row of which table tells of an event, as a number that sorts as tables
-- and keys do: the table (lead, lead_status_history, opportunity), the number of
-- the record, the old value.
create macro ref_of(table_no, row_no, old_no) as
    (table_no::bigint << 48) | (row_no::bigint << 8) | old_no;

create macro ref_table(ref) as ref >> 48;

create macro ref_row(ref) as cast((ref >> 8) & 4294967295 as integer);

create macro ref_old(ref) as cast(ref & 255 as tinyint);

-- Refs say an old value by its place among the values as texts.
create temp table old_values as
select
    stage,
    cast(row_number() over (order by stage::varchar) as tinyint) as place
from (select unnest(enum_range(null::stage))::stage as stage);

-- One row per event.
create temp table events as
with readings as (
    select
        history.person_no,
        history.changed_at as occurred_at,
        history.new_stage as stage,
        ref_of(1, history.record_no, old_values.place) as ref,
        history.actor_id,
        history.reason
    from history
    inner join old_values on history.old_stage = old_values.stage
    where history.is_usable and history.is_status and history.new_stage is not null
    union all
    select
        records.person_no,
        leads.created_at,
        first_stages.stage,
        ref_of(0, leads.record_no, 0),
        null,
        null
    from leads
    inner join records using (record_no)
    inner join first_stages using (record_no)
    union all
    select
        person_no, created_at, 'opportunity'::stage,
        ref_of(2, opportunity_no, 0), owner_id, null
    from opportunities
    where person_no is not null
    union all
    select
        person_no, closed_at, if(is_won, 'won', 'lost')::stage,
        ref_of(2, opportunity_no, 0), owner_id, null
    from opportunities
    where person_no is not null and closed_at is not null
),

in_order as (
    select
        *,
        lag(stage) over following as previous_stage,
        lag(occurred_at) over following as previous_at
    from readings
    where occurred_at <= (select as_of from clock)
    window following as (
        partition by person_no order by occurred_at, stage, ref
    )
),

cut as (
    select
        *,
        stage >= 'won'::stage as is_exit,
        coalesce(previous_stage >= 'won'::stage, true) as is_closed_before,
        row_number() over so_far as event_no,
        count(*) filter (
            stage < 'won'::stage and coalesce(previous_stage >= 'won'::stage, true)
        ) over so_far as lifecycle_no
    from in_order
    -- Told twice: the smaller row stays.
    where
        stage is distinct from previous_stage
        or occurred_at is distinct from previous_at
    window so_far as (partition by person_no order by occurred_at, stage)
)

select
    person_no,
    cast(lifecycle_no as integer) as lifecycle_no,
    cast(event_no as integer) as event_no,
    stage,
    occurred_at,
    if(is_closed_before, null, previous_stage) as previous_stage,
    previous_at,
    ref,
    cut.actor_id,
    coalesce(users.is_sales, true) as is_sales,
    if(is_exit, reason, null) as reason,
    is_exit and is_closed_before as closes_nothing
from cut
left join users on cut.actor_id = users.user_id;

create temp table owner_changes as
select record_no, person_no, changed_at, old_owner, new_owner
from history
where not is_status and is_usable;

create temp table broken_changes as
select
    person_no,
    changed_at as instant,
    is_status,
    new_stage,
    unnest(broken, recursive := true)
from history
where broken is not null;

drop table history;

drop table first_stages;
