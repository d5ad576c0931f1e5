-- Each pass with how long it took to end, and the pass that was answered
-- with the two parts of the delay: the system's and the person's.
with passes as (

    select * from {{ ref('int_passes__outcomes') }}

),

answers as (

    select
        person_key,
        lifecycle_no,
        passed_at as handed_off_at,
        responded_at
    from passes
    where pass_no = 1 and responded_at is not null

),

-- The last pass that is not after the lifecycle's first response.
passes_answered as (

    select
        passes.person_key,
        passes.lifecycle_no,
        max(passes.pass_no) as pass_no
    from passes
    inner join answers
        on
            passes.person_key = answers.person_key
            and passes.lifecycle_no = answers.lifecycle_no
            and passes.passed_at <= answers.responded_at
    group by 1, 2

),

ends_found as (

    select
        pass_key,
        calendar_id,
        ended_at
    from passes
    where ended_at is not null

),

ends_clocked as (

    {{ business_us('ends_found', 'pass_key', 'ended_at') }}

),

final as (

    select
        passes.pass_key,
        passes.person_key,
        passes.ended_at is null as is_open,
        {{ hours_of('ends_clocked.business_us - passes.passed_business_us') }}
            as business_hours,
        {{ hours_between('answers.handed_off_at', 'passes.passed_at') }}
            as routing_hours,
        {{ hours_between('passes.passed_at', 'answers.responded_at') }}
            as rep_hours
    from passes
    left join ends_clocked
        on passes.pass_key = ends_clocked.pass_key
    left join passes_answered
        on
            passes.person_key = passes_answered.person_key
            and passes.lifecycle_no = passes_answered.lifecycle_no
            and passes.pass_no = passes_answered.pass_no
    left join answers
        on
            passes_answered.person_key = answers.person_key
            and passes_answered.lifecycle_no = answers.lifecycle_no

)

select * from final
