-- History does not record the value a record is created with. It is the old
-- value of the earliest usable status row; where several rows share that
-- instant, of the head of the chain (see macros/chains.sql). A chain that is a
-- circle has no head: it began where it ended, with what the record says next.
with records as (

    select
        records.*,
        people.person_key,
        people.first_created_at
    from {{ ref('input_layer__records') }} as records
    left join {{ ref('int_people__keys') }} as people
        on records.record_key = people.record_key

),

status_rows as (

    select
        record_key,
        source_key,
        observed_at as changed_at,
        old_value,
        -- A cleared value is a value of the chain as well.
        coalesce({{ same_text('old_value') }}, '') as old_text,
        coalesce({{ same_text('new_value') }}, '') as new_text,
        min(observed_at) over (partition by record_key) as earliest_at
    from {{ ref('int_observations__judged') }}
    where
        entity = 'lead'
        and field = 'status'
        and is_usable

),

earliest_rows as (

    select * from status_rows
    where changed_at = earliest_at

),

made_values as (

    {{ values_of_instant('earliest_rows', 'new_text') }}

),

heads_marked as (

    select
        earliest_rows.record_key,
        earliest_rows.source_key,
        earliest_rows.old_value,
        earliest_rows.old_text,
        {{ is_end_of_chain('earliest_rows', 'made_values') }} as is_head
    from earliest_rows
    left join made_values
        on
            earliest_rows.record_key = made_values.record_key
            and earliest_rows.old_text = made_values.value_text

),

-- Circles are few: only for their records all later rows are looked at.
circles as (

    select record_key
    from heads_marked
    group by 1
    having max(case when is_head then 1 else 0 end) = 0

),

later_rows as (

    select status_rows.*
    from status_rows
    inner join circles
        on status_rows.record_key = circles.record_key
    where status_rows.changed_at > status_rows.earliest_at

),

later_made_values as (

    {{ values_of_instant('later_rows', 'new_text') }}

),

later_heads as (

    select
        later_rows.record_key,
        later_rows.old_text,
        row_number() over (
            partition by later_rows.record_key
            order by later_rows.changed_at, later_rows.source_key
        ) as head_rank
    from later_rows
    left join later_made_values
        on
            later_rows.record_key = later_made_values.record_key
            and later_rows.changed_at = later_made_values.changed_at
            and later_rows.old_text = later_made_values.value_text
    where {{ is_end_of_chain('later_rows', 'later_made_values') }}

),

ends_of_circles as (

    select
        circles.record_key,
        coalesce(
            later_heads.old_text,
            {{ same_text('records.status') }},
            ''
        ) as next_text
    from circles
    left join later_heads
        on
            circles.record_key = later_heads.record_key
            and later_heads.head_rank = 1
    left join records
        on circles.record_key = records.record_key

),

heads_ranked as (

    select
        heads_marked.record_key,
        heads_marked.old_value,
        row_number() over (
            partition by heads_marked.record_key
            order by
                case
                    when heads_marked.is_head then 0
                    when
                        heads_marked.old_text = ends_of_circles.next_text
                        then 1
                    else 2
                end,
                heads_marked.source_key
        ) as head_rank
    from heads_marked
    left join ends_of_circles
        on heads_marked.record_key = ends_of_circles.record_key

),

first_values as (

    select
        records.source,
        records.source_table,
        records.source_key,
        records.is_key_missing,
        records.entity,
        records.record_key,
        records.record_id,
        records.person_key,
        records.first_created_at,
        records.has_first_value,
        records.created_at as observed_at,
        records.created_at_text as observed_at_text,
        records.created_by_id as actor_id,
        records.status_reason,
        records.loaded_at,
        records.row_key,
        case
            when not records.has_first_value then null
            when heads_ranked.record_key is not null then heads_ranked.old_value
            else records.status
        end as first_value
    from records
    left join heads_ranked
        on
            records.record_key = heads_ranked.record_key
            and heads_ranked.head_rank = 1

),

judged as (

    select
        *,
        {{ breaks_no_rule(rules_of_readings('observed_at')) | indent(8) }}
            as is_usable
    from first_values

)

select * from judged
