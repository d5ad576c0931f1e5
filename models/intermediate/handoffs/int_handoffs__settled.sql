-- Each marketing hand-off, which is the first pass of its lifecycle, with the
-- instant that settled it, and its age then: business days of its policy's
-- calendar since the hand-off. What is pending has the age of as_of. Where
-- sales acted, an SLA of so many opening hours was missed as were over before.
with handoffs as (

    select * from {{ ref('int_passes__outcomes') }}
    where pass_no = 1

),

clock as (

    select as_of from {{ ref('int_run__clock') }}

),

settled as (

    select
        *,
        case
            when final_outcome = 'accepted' then accepted_at
            when final_outcome in ('rejected', 'withdrawn') then exited_at
            when final_outcome = 'ignored' and was_ignored then due_at
            when final_outcome = 'ignored' then pending_until
        end as settled_at
    from handoffs

),

-- The first act that stops the clock of the policy.
acts_found as (

    select
        pass_key,
        calendar_id,
        nullif(
            least(
                coalesce(accepted_at, {{ end_of_time() }}),
                coalesce(exited_at, {{ end_of_time() }}),
                case
                    when touches_stop_clock
                        then coalesce(responded_at, {{ end_of_time() }})
                    else {{ end_of_time() }}
                end
            ),
            {{ end_of_time() }}
        ) as acted_at
    from settled

),

-- The instant before it: who acts at the due time itself is in time.
acts_preceded as (

    select
        pass_key,
        calendar_id,
        {{ from_epoch_us(epoch_us('acted_at') ~ ' - 1') }} as unattended_until
    from acts_found

),

acts_clocked as (

    {{ business_us('acts_preceded', 'pass_key', 'unattended_until') }}

),

ends_found as (

    select
        settled.pass_key,
        settled.calendar_id,
        coalesce(settled.settled_at, clock.as_of) as end_at
    from settled
    cross join clock

),

ends_clocked as (

    {{ business_us('ends_found', 'pass_key', 'end_at') }}

),

final as (

    select
        settled.*,
        cast(
            greatest(
                ends_clocked.open_day_no - settled.passed_open_day_no, 0
            ) as integer
        ) as age_business_days,
        -- Where the act came with the hand-off the instant lies before it.
        case
            when acts_clocked.business_us is not null
                then greatest(
                    acts_clocked.business_us - settled.passed_business_us, 0
                )
        end as acted_business_us
    from settled
    left join ends_clocked
        on settled.pass_key = ends_clocked.pass_key
    left join acts_clocked
        on settled.pass_key = acts_clocked.pass_key

)

select * from final
