-- Each pass with its responses and its one outcome as seen at as_of.
with passes as (

    select * from {{ ref('int_passes__clocked') }}

),

responses as (

    select * from {{ ref('int_responses') }}

),

clock as (

    select * from {{ ref('int_run__clock') }}

),

first_responses as (

    select
        passes.pass_key,
        min(responses.responded_at) as responded_at,
        min(responses.responded_at) filter (
            where
            responses.actor_key = passes.owner_key
            and responses.responded_at
            <= coalesce(passes.next_passed_at, {{ end_of_time() }})
        ) as responded_by_owner_at
    from passes
    inner join responses
        on
            passes.person_key = responses.person_key
            and passes.passed_at <= responses.responded_at
    where
        responses.responded_at
        <= coalesce(passes.exited_at, {{ end_of_time() }})
    group by 1

),

responses_chosen as (

    select
        passes.*,
        clock.as_of,
        passes.next_passed_at is null as is_last,
        first_responses.responded_at,
        case
            when passes.next_passed_at is null then first_responses.responded_at
            else first_responses.responded_by_owner_at
        end as first_response_at,
        coalesce(
            passes.next_passed_at,
            nullif(
                least(
                    coalesce(passes.accepted_at, {{ end_of_time() }}),
                    coalesce(passes.exited_at, {{ end_of_time() }})
                ),
                {{ end_of_time() }}
            )
        ) as ended_at,
        {{ from_epoch_us(
            epoch_us('passes.passed_at')
            ~ ' + passes.max_pending_days * cast(86400000000 as bigint)'
        ) }} as pending_until
    from passes
    cross join clock
    left join first_responses
        on passes.pass_key = first_responses.pass_key

),

clocks_run_out as (

    select
        *,
        -- Judged for the last pass, and for the lifecycle when it is the first:
        -- by anyone's response.
        as_of >= due_at
        and coalesce(accepted_at > due_at, true)
        and coalesce(exited_at > due_at, true)
        and (
            not touches_stop_clock
            or coalesce(responded_at > due_at, true)
        ) as was_ignored,
        next_passed_at >= due_at
        and (
            not touches_stop_clock
            or coalesce(first_response_at > due_at, true)
        ) as was_ignored_by_owner,
        as_of >= pending_until
        and coalesce(exited_at > pending_until, true) as is_pending_too_long
    from responses_chosen

),

outcomes_told as (

    select
        *,
        case
            when accepted_at is not null then 'accepted'
            when
                exit_stage = 'lost'
                or (
                    exit_stage in ('rejected', 'recycled', 'disqualified')
                    and is_exit_by_sales
                )
                then 'rejected'
            when was_ignored or is_pending_too_long then 'ignored'
            when exit_stage is not null then 'withdrawn'
            else 'pending'
        end as final_outcome
    from clocks_run_out

),

responses_clocked as (

    {{ business_us('outcomes_told', 'pass_key', 'responded_at') }}

),

final as (

    select
        outcomes_told.pass_key,
        outcomes_told.person_key,
        outcomes_told.lifecycle_no,
        outcomes_told.pass_no,
        outcomes_told.from_owner_id,
        outcomes_told.owner_id,
        outcomes_told.team,
        outcomes_told.passed_at,
        outcomes_told.due_at,
        outcomes_told.accepted_at,
        outcomes_told.exited_at,
        outcomes_told.pending_until,
        outcomes_told.ended_at,
        outcomes_told.first_response_at,
        outcomes_told.responded_at,
        outcomes_told.calendar_id,
        outcomes_told.sla_business_hours,
        outcomes_told.max_pending_days,
        outcomes_told.touches_stop_clock,
        outcomes_told.passed_business_us,
        outcomes_told.accepted_business_us,
        outcomes_told.passed_open_day_no,
        outcomes_told.accepted_open_day_no,
        responses_clocked.business_us as responded_business_us,
        outcomes_told.was_ignored,
        case
            when outcomes_told.is_last then outcomes_told.was_ignored
            else coalesce(outcomes_told.was_ignored_by_owner, false)
        end as was_ignored_in_pass,
        outcomes_told.final_outcome,
        case
            when outcomes_told.is_last then outcomes_told.final_outcome
            when outcomes_told.was_ignored_by_owner then 'ignored'
            else 'reassigned'
        end as outcome
    from outcomes_told
    left join responses_clocked
        on outcomes_told.pass_key = responses_clocked.pass_key

)

select * from final
