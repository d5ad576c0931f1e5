-- One row per row of a record that is no copy: whether it takes part, or would
-- if it were not after as_of. A record that begins nothing, links nothing and
-- touches nothing is there, and is not read.
with clock as (

    select * from {{ ref('int_run__clock') }}

),

exits_without_lifecycle as (

    select * from {{ ref('int_exits_without_lifecycle') }}

),

rows_of_first_values as (

    select distinct matched.row_key
    from {{ ref('int_readings__matched') }} as matched
    left join exits_without_lifecycle
        on
            matched.person_key = exits_without_lifecycle.person_key
            and matched.stage = exits_without_lifecycle.stage
            and matched.observed_at = exits_without_lifecycle.occurred_at
    where
        matched.stage <> 'none'
        and matched.is_first_value
        and exits_without_lifecycle.person_key is null

),

-- A record that is linked by its address, or whose own row names another one.
links as (

    select * from {{ ref('int_identity__links') }}

),

records_linked as (

    select distinct linked.record_key
    from (
        select left_key as record_key from links
        where link_type = 'email'
        union all
        select right_key as record_key from links
        where link_type = 'email'
        union all
        select records.record_key
        from links
        inner join {{ ref('int_records__first_values') }} as records
            on
                links.evidence_source = records.source
                and links.evidence_table = records.source_table
                and links.evidence_key = records.source_key
    ) as linked
    inner join {{ ref('int_people__records') }} as people
        on linked.record_key = people.record_key
    where not people.is_oversized

),

records_judged as (

    select
        records.row_key,
        records.record_key,
        records.source,
        records.source_table,
        not records.is_key_missing
        and (
            records_linked.record_key is not null
            or (
                records.is_usable
                and records.observed_at <= clock.as_of
                and (
                    rows_of_first_values.row_key is not null
                    or said.campaign_match_id is not null
                )
            )
        ) as takes_part,
        records.is_usable
        and records.observed_at > clock.as_of as is_after_as_of
    from {{ ref('int_records__first_values') }} as records
    cross join clock
    left join {{ ref('input_layer__records') }} as said
        on records.row_key = said.row_key
    left join records_linked
        on
            records.record_key = records_linked.record_key
            and not records.is_key_missing
    left join rows_of_first_values
        on records.row_key = rows_of_first_values.row_key

)

select * from records_judged
