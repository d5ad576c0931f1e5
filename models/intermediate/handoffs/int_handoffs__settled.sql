-- Each marketing hand-off, which is the first pass of its lifecycle, with the
-- instant that settled it, and its age then: business days of its policy's
-- calendar since the hand-off. What is pending has the age of as_of.
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
        ) as age_business_days
    from settled
    left join ends_clocked
        on settled.pass_key = ends_clocked.pass_key

)

select * from final
