with records as (

    select
        source,
        record_id,
        record_key,
        email_match
    from {{ ref('input_layer__records') }}
    where not is_key_missing

),

explicit_links as (

    select * from {{ ref('input_layer__record_links') }}

),

shared_mailboxes as (

    select {{ same_text('local_part') }} as local_part
    from {{ ref('def_shared_mailboxes') }}

),

addresses_of_one_person as (

    select records.*
    from records
    left join shared_mailboxes
        on split_part(records.email_match, '@', 1) = shared_mailboxes.local_part
    where
        records.email_match like '%@%'
        and shared_mailboxes.local_part is null

),

-- Every record of an address is linked to the smallest one, so that n records
-- give n - 1 links and not n squared.
addresses_anchored as (

    select
        source,
        record_id,
        record_key,
        first_value(source) over by_address as anchor_source,
        first_value(record_id) over by_address as anchor_record_id,
        first_value(record_key) over by_address as anchor_key
    from addresses_of_one_person
    window by_address as (
        partition by email_match order by source, record_id
    )

),

united as (

    select
        link_type,
        source as left_source,
        left_record_id,
        left_key,
        right_source,
        right_record_id,
        right_key,
        linked_at,
        source as evidence_source,
        source_table as evidence_table,
        source_key as evidence_key
    from explicit_links
    where
        not is_key_missing
        and left_key is not null
        and right_key is not null

    union all

    select
        'email' as link_type,
        source as left_source,
        record_id as left_record_id,
        record_key as left_key,
        anchor_source as right_source,
        anchor_record_id as right_record_id,
        anchor_key as right_key,
        cast(null as timestamp) as linked_at,
        cast(null as {{ dbt.type_string() }}) as evidence_source,
        cast(null as {{ dbt.type_string() }}) as evidence_table,
        cast(null as {{ dbt.type_string() }}) as evidence_key
    from addresses_anchored
    where record_key <> anchor_key

)

select * from united
