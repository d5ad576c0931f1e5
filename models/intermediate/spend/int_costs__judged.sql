with costs as (

    select * from {{ ref('input_layer__costs') }}

),

judged as (

    select
        *,
        not is_key_missing and cost_date is null as is_unparsable_timestamp,
        not is_key_missing and amount is null as is_unparsable_amount,
        not is_key_missing
        and cost_date is not null
        and amount is not null as is_usable
    from costs

)

select * from judged
