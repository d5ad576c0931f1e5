-- Events as of the run's as_of, one for each person, stage and instant.
with candidates as (

    select * from {{ ref('int_stage_events__told') }}

),

-- Few events are told of by several rows, and only those are sorted.
told_several_times as (

    select
        person_key,
        stage_rank,
        occurred_at
    from candidates
    group by 1, 2, 3
    having count(*) > 1

),

-- Which opportunity it is the first row need not know.
copies_ranked as (

    select
        candidates.*,
        row_number() over (
            partition by
                candidates.person_key,
                candidates.stage_rank,
                candidates.occurred_at
            order by
                candidates.source,
                candidates.source_table,
                candidates.source_key
        ) as copy_no,
        min(candidates.opportunity_ref) over (
            partition by
                candidates.person_key,
                candidates.stage_rank,
                candidates.occurred_at
        ) as first_opportunity_ref
    from candidates
    inner join told_several_times as copied
        on
            candidates.person_key = copied.person_key
            and candidates.stage_rank = copied.stage_rank
            and candidates.occurred_at = copied.occurred_at

),

events as (

    select
        candidates.*,
        1 as copy_no,
        candidates.opportunity_ref as first_opportunity_ref
    from candidates
    left join told_several_times as copied
        on
            candidates.person_key = copied.person_key
            and candidates.stage_rank = copied.stage_rank
            and candidates.occurred_at = copied.occurred_at
    where copied.person_key is null

    union all

    select * from copies_ranked
    where copy_no = 1

),

final as (

    select
        person_key,
        stage,
        stage_rank,
        is_exit,
        is_progress,
        occurred_at,
        source,
        source_table,
        source_key,
        row_key,
        record_key,
        coalesce(user_id, actor_id) as actor_id,
        actor_key,
        is_sales_actor,
        definition_version,
        reason,
        loaded_at,
        first_opportunity_ref as opportunity_ref
    from events

)

select * from final
