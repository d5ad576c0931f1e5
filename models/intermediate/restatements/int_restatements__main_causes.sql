with closes as (

    select * from {{ source('closings', 'closes') }}
    where reopened_at is null

),

definition as (

    select * from {{ source('closings', 'definition') }}

),

line_changes as (

    select * from {{ ref('int_restatements__of_lines') }}

),

lead_changes as (

    select * from {{ ref('int_restatements__of_leads') }}

),

-- What is spread over campaigns changes because its lines did, or the leads
-- that it is spread by: the cause that moved most in the period stands for it.
causes_weighed as (

    select
        closes.fiscal_period_id,
        closes.close_no,
        'definition' as cause,
        3 as rank_no,
        cast(1 as decimal(38, 2)) as size
    from closes
    cross join definition
    where closes.spend_fingerprint <> definition.spend_fingerprint

    union all

    select
        fiscal_period_id,
        close_no,
        cause,
        2 as rank_no,
        cast(sum(abs(change)) as decimal(38, 2)) as size
    from line_changes
    where campaign_id is null
    group by 1, 2, 3

    union all

    select
        fiscal_period_id,
        close_no,
        cause,
        1 as rank_no,
        cast(sum(abs(unit_change)) as decimal(38, 2)) as size
    from lead_changes
    where stage = 'sal'
    group by 1, 2, 3

    union all

    select
        fiscal_period_id,
        close_no,
        cause,
        0 as rank_no,
        cast(sum(abs(change)) as decimal(38, 2)) as size
    from line_changes
    where campaign_id is not null
    group by 1, 2, 3

),

causes_ranked as (

    select
        *,
        row_number() over (
            partition by fiscal_period_id, close_no
            order by rank_no desc, size desc, cause asc
        ) as cause_no
    from causes_weighed

),

final as (

    select
        fiscal_period_id,
        close_no,
        cause
    from causes_ranked
    where cause_no = 1

)

select * from final
