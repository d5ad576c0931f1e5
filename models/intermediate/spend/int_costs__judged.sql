with costs as (

    select * from {{ ref('input_layer__costs') }}

),

judged as (

    select
        *,
        {{ breaks_no_rule(rules_of_costs()) | indent(8) }}
            as is_usable
    from costs

)

select * from judged
