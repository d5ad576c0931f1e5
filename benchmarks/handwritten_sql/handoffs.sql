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
    from read_parquet(
        getvariable('landing') || '/generic/sales_activity/*.parquet'
    )
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
        when
            exit_stage = 'lost'::stage
            or (exit_stage > 'lost'::stage and is_exit_by_sales)
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
