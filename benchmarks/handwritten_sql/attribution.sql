-- What each touch has of the stages that its person reached. A weight is a whole
-- number of millionths of millionths.

create table published.marts.fct_touches as
select
    md5(concat('generic|', touches.source_table, '|', touches.source_key))
        as touch_id,
    people.person_id,
    touches.touch_no,
    touches.campaign_id::varchar as campaign_id,
    touches.touched_at,
    touches.type,
    'generic' as source,
    touches.source_table,
    touches.source_key
from touches
inner join people using (person_no)
cross join clock
where people.is_in_marts and touches.touched_at <= clock.as_of;

create type milestone as enum (
    'inquiry', 'mql', 'handed_off', 'sal', 'sql', 'opportunity', 'won'
);

-- Each stage that a lifecycle reached with the touches that share it: `last_no`
-- is the last one until then, `before_no` the last one that is too old.
create temp table reached as
with counted as (
    select
        lifecycles.person_no,
        lifecycles.lifecycle_no,
        [
            count(*) filter (touched_at <= inquiry_at),
            count(*) filter (touched_at <= mql_at),
            count(*) filter (touched_at <= handed_off_at),
            count(*) filter (touched_at <= accepted_at),
            count(*) filter (touched_at <= sql_at),
            count(*) filter (touched_at <= opportunity_at),
            count(*) filter (touched_at <= exited_at)
        ] as last_no,
        [
            count(*) filter (touched_at < inquiry_at - interval 90 day),
            count(*) filter (touched_at < mql_at - interval 90 day),
            count(*) filter (touched_at < handed_off_at - interval 90 day),
            count(*) filter (touched_at < accepted_at - interval 90 day),
            count(*) filter (touched_at < sql_at - interval 90 day),
            count(*) filter (touched_at < opportunity_at - interval 90 day),
            count(*) filter (touched_at < exited_at - interval 90 day)
        ] as before_no
    from lifecycles
    left join touches using (person_no)
    where lifecycles.is_in_marts
    group by all
),

unfolded as (
    select
        lifecycles.person_no,
        lifecycles.lifecycle_no,
        unnest(enum_range(null::milestone))::milestone as stage,
        unnest([
            inquiry_at, mql_at, handed_off_at, accepted_at, sql_at,
            opportunity_at, if(exit_stage = 'won'::stage, exited_at, null)
        ]) as reached_at,
        unnest(counted.last_no) as last_no,
        unnest(counted.before_no) as before_no
    from lifecycles
    inner join counted using (person_no, lifecycle_no)
)

select
    person_no,
    lifecycle_no,
    stage,
    cast(date_trunc('month', reached_at + interval 9 hour) as date) as month,
    if(
        last_no > before_no,
        (person_no::bigint << 32) | (before_no << 16) | last_no,
        -1
    ) as shared_by
from unfolded
where reached_at is not null;

-- Half to the power of age / half-life by the series that the definition uses,
-- so that it is the same to the last bit.
create macro series(rest) as (
    1 + rest / 1e0 * (1 + rest / 2 * (1 + rest / 3 * (1 + rest / 4 * (
        1 + rest / 5 * (1 + rest / 6 * (1 + rest / 7 * (1 + rest / 8 * (
            1 + rest / 9 * (1 + rest / 10 * (1 + rest / 11 * (
                1 + rest / 12 * (1 + rest / 13 * (1 + rest / 14 * (
                    1 + rest / 15 * (1 + rest / 16 * (1 + rest / 17 * (
                        1 + rest / 18
                    )))
                )))
            )))
        ))))
    ))))
);

-- The five weights of each touch in each set of touches that shares something:
-- many stages are shared by the same ones, and their age among each other is
-- all that counts.
create temp table weights as
with sets as (
    select distinct
        shared_by,
        cast(shared_by >> 32 as integer) as person_no,
        cast((shared_by >> 16) & 65535 as integer) as before_no,
        cast(shared_by & 65535 as integer) as last_no
    from reached
    where shared_by >= 0
),

placed as (
    select
        sets.shared_by,
        touches.touch_no,
        touches.campaign_id,
        touches.touch_no - sets.before_no as place,
        sets.last_no - sets.before_no as size,
        touches.touched_at
    from sets
    inner join touches
        on
            sets.person_no = touches.person_no
            and touches.touch_no > sets.before_no
            and touches.touch_no <= sets.last_no
),

aged as (
    select
        * exclude (touched_at),
        (max(epoch_us(touched_at)) over one_set - epoch_us(touched_at))::double
        / (7::double * 86400000000) as half_lives
    from placed
    where size > 1
    window one_set as (partition by shared_by)
),

measured as (
    select
        *,
        cast(floor(
            power(0.5, floor(half_lives)) * list_transform(
                [(half_lives - floor(half_lives)) * -0.6931471805599453::double],
                lambda rest: series(rest)
            )[1] * 1000000000000 + 0.5
        ) as bigint) as decay,
        case
            when size = 2 then 1
            when place in (1, size) then 2 * (size - 2)
            else 1
        end as position_share,
        case when size = 2 then 2 else 5 * (size - 2) end as position_whole
    from aged
),

cut as (
    select
        *,
        cast(floor(1 / size * 1000000000000) as bigint) as linear_cut,
        cast(floor(
            position_share / position_whole * 1000000000000
        ) as bigint) as position_cut,
        cast(floor(
            decay::double / (sum(decay) over one_set)::double * 1000000000000
        ) as bigint) as decay_cut
    from measured
    window one_set as (partition by shared_by)
),

-- What the cuts leave is the largest share's, the first of equal ones.
shared as (
    select
        shared_by,
        touch_no,
        campaign_id,
        if(place = 1, 1000000000000, 0) as first_touch,
        if(place = size, 1000000000000, 0) as last_touch,
        linear_cut
        + if(place = 1, 1000000000000 - size * linear_cut, 0) as linear,
        position_cut
        + if(place = 1, 1000000000000 - sum(position_cut) over one_set, 0)
            as position_based,
        decay_cut + if(
            row_number() over (
                partition by shared_by order by decay desc, touch_no
            ) = 1,
            1000000000000 - sum(decay_cut) over one_set,
            0
        ) as time_decay
    from cut
    window one_set as (partition by shared_by)
)

select
    shared_by,
    touch_no,
    campaign_id,
    first_touch::bigint as first_touch,
    last_touch::bigint as last_touch,
    linear::bigint as linear,
    position_based::bigint as position_based,
    time_decay::bigint as time_decay
from shared
union all
select
    shared_by, touch_no, campaign_id, 1000000000000, 1000000000000,
    1000000000000, 1000000000000, 1000000000000
from placed
where size = 1
union all
select
    -1, null, null, 1000000000000, 1000000000000, 1000000000000, 1000000000000,
    1000000000000;

create type attribution_model as enum (
    'first_touch', 'last_touch', 'linear', 'position_based', 'time_decay'
);

-- By the month in which it was reached and the campaign.
create temp table attributed as
with summed as (
    select
        reached.month,
        reached.stage,
        weights.campaign_id,
        sum(first_touch) as first_touch,
        sum(last_touch) as last_touch,
        sum(linear) as linear,
        sum(position_based) as position_based,
        sum(time_decay) as time_decay
    from reached
    inner join weights using (shared_by)
    group by all
),

unfolded as (
    select
        month,
        stage,
        campaign_id,
        unnest(enum_range(null::attribution_model))::attribution_model
            as attribution_model,
        unnest([first_touch, last_touch, linear, position_based, time_decay])
            as units
    from summed
)

select * from unfolded where units > 0;

-- The same of won amounts and of acceptances that came to something: few.
create temp table attributed_amounts as
with unfolded as (
    select
        reached.month,
        reached.stage,
        weights.campaign_id,
        unnest(enum_range(null::attribution_model))::attribution_model
            as attribution_model,
        unnest([first_touch, last_touch, linear, position_based, time_decay])
            as units,
        lifecycles.exit_stage,
        cast(date_trunc('month', lifecycles.exited_at + interval 9 hour) as date)
            as exit_month,
        cast(lifecycles.amount * 100 as hugeint) as cents
    from reached
    inner join lifecycles using (person_no, lifecycle_no)
    inner join weights using (shared_by)
    where
        (reached.stage = 'won'::milestone and lifecycles.amount is not null)
        or (
            reached.stage = 'sal'::milestone
            and (
                lifecycles.amount is not null
                or lifecycles.exit_stage = 'won'::stage
            )
        )
)

select * from unfolded where units > 0;

create table published.marts.fct_attributed_acceptances as
with accepted as (
    select
        lifecycles.lifecycle_id,
        lifecycles.person_id,
        lifecycles.person_no,
        lifecycles.lifecycle_no,
        lifecycles.origin,
        lifecycles.accepted_at,
        strftime(reached.month, '%Y-%m') as fiscal_period_id,
        weights.*
    from reached
    inner join lifecycles using (person_no, lifecycle_no)
    inner join weights using (shared_by)
    where reached.stage = 'sal'::milestone
),

touched as (
    select
        accepted.*,
        touches.touched_at,
        case
            when touches.touch_no is not null
                then md5(concat(
                    'generic|', touches.source_table, '|', touches.source_key
                ))
        end as touch_id
    from accepted
    left join touches using (person_no, touch_no)
),

unfolded as (
    select
        *,
        unnest(enum_range(null::attribution_model))::varchar as attribution_model,
        unnest([first_touch, last_touch, linear, position_based, time_decay])
            as units
    from touched
)

select
    md5(concat(lifecycle_id, '|', touch_id, '|', attribution_model))
        as attributed_acceptance_id,
    lifecycle_id,
    person_id,
    lifecycle_no,
    origin,
    attribution_model,
    touch_id,
    campaign_id::varchar as campaign_id,
    touched_at,
    accepted_at,
    fiscal_period_id,
    cast(units::decimal(20, 0) * 0.000000000001 as decimal(18, 12)) as weight
from unfolded
where units > 0;

drop table reached;

drop table weights;

drop table touches;
