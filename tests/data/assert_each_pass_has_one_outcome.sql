-- A pass that was passed on was ignored or reassigned, the last one ends as a
-- hand-off does; another word would blame nobody, or a rep twice.
with numbered as (

    select
        *,
        row_number() over in_order as position_no,
        lead(pass_no) over in_order is null as is_last
    from {{ ref('fct_handoffs') }}
    window in_order as (partition by lifecycle_id order by pass_no)

)

select *
from numbered
where
    pass_no <> position_no
    or outcome is null
    or (
        is_last
        and outcome not in (
            'accepted', 'rejected', 'ignored', 'withdrawn', 'pending'
        )
    )
    or (not is_last and outcome not in ('ignored', 'reassigned'))
