-- One row per record and instant at which its owner changed: who had it before
-- and who has it after. Several changes of one instant are a chain (see
-- macros/chains.sql): it starts at the owner nobody of that instant gave, and
-- ends at the owner from whom nobody took. Changes after as_of are kept: their
-- old value may be all that tells who owned the lead until then.
with changes as (

    select
        source,
        source_key,
        record_key,
        record_id,
        person_key,
        observed_at as changed_at,
        coalesce(trim(old_value), '') as old_owner_id,
        coalesce(trim(new_value), '') as new_owner_id,
        coalesce({{ user_match_id('source', 'old_value') }}, '')
            as old_match_id,
        coalesce({{ user_match_id('source', 'new_value') }}, '') as new_match_id
    from {{ ref('int_observations__judged') }}
    where
        entity = 'lead'
        and field = 'owner'
        and is_usable

),

owners_given as (

    {{ values_of_instant('changes', 'new_match_id') }}

),

owners_left as (

    {{ values_of_instant('changes', 'old_match_id') }}

),

ends_marked as (

    select
        changes.*,
        {{ is_end_of_chain('changes', 'owners_given') }} as is_head,
        {{ is_end_of_chain('changes', 'owners_left') }} as is_tail
    from changes
    left join owners_given
        on
            changes.record_key = owners_given.record_key
            and changes.changed_at = owners_given.changed_at
            and changes.old_match_id = owners_given.value_text
    left join owners_left
        on
            changes.record_key = owners_left.record_key
            and changes.changed_at = owners_left.changed_at
            and changes.new_match_id = owners_left.value_text

),

ends_ranked as (

    select
        *,
        row_number() over (
            partition by record_key, changed_at
            order by case when is_head then 0 else 1 end, source_key
        ) as head_rank,
        row_number() over (
            partition by record_key, changed_at
            order by case when is_tail then 0 else 1 end, source_key desc
        ) as tail_rank
    from ends_marked

),

chains_closed as (

    select
        record_key,
        changed_at,
        min(source) as source,
        min(record_id) as record_id,
        min(person_key) as person_key,
        max(case when head_rank = 1 then old_owner_id end) as old_owner_id,
        max(case when tail_rank = 1 then new_owner_id end) as new_owner_id
    from ends_ranked
    group by 1, 2

)

select * from chains_closed
