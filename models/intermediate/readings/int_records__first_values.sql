-- History does not record the value a record is created with. It is the old
-- value of the earliest usable status row; where several rows share that
-- instant, of the head of the chain (see macros/chains.sql).
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
        {{ is_end_of_chain('earliest_rows', 'made_values') }} as is_head
    from earliest_rows
    left join made_values
        on
            earliest_rows.record_key = made_values.record_key
            and earliest_rows.old_text = made_values.value_text

),

heads_ranked as (

    select
        record_key,
        old_value,
        row_number() over (
            partition by record_key
            order by
                case when is_head then 0 else 1 end,
                source_key
        ) as head_rank
    from heads_marked

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
