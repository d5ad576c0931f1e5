-- What became of each line of spend of a closed period since it was closed, and
-- why. A line keeps its key as long as its raw row keeps its own.
with closes as (

    select * from {{ source('closings', 'closes') }}
    where reopened_at is null

),

frozen as (

    select lines.*
    from {{ source('closings', 'lines') }} as lines
    inner join closes
        on
            lines.fiscal_period_id = closes.fiscal_period_id
            and lines.close_no = closes.close_no

),

lines as (

    select * from {{ ref('fct_spend') }}

),

lines_of_closed as (

    select
        lines.*,
        closes.close_no
    from lines
    inner join closes
        on lines.fiscal_period_id = closes.fiscal_period_id

),

paired as (

    select
        coalesce(frozen.fiscal_period_id, lines_of_closed.fiscal_period_id)
            as fiscal_period_id,
        coalesce(frozen.close_no, lines_of_closed.close_no) as close_no,
        coalesce(frozen.spend_id, lines_of_closed.spend_id) as spend_id,
        coalesce(frozen.source_key, lines_of_closed.source_key) as source_key,
        coalesce(lines_of_closed.account, frozen.account) as account,
        frozen.campaign_id as frozen_campaign_id,
        frozen.amount_reporting as frozen_amount,
        lines_of_closed.campaign_id as current_campaign_id,
        lines_of_closed.amount_reporting as current_amount,
        case
            when frozen.spend_id is null then 'late_data'
            when
                lines_of_closed.spend_id is not null
                and frozen.amount = lines_of_closed.amount
                and frozen.currency = lines_of_closed.currency
                and coalesce(frozen.given_campaign_id, '')
                = coalesce(lines_of_closed.given_campaign_id, '')
                and coalesce(frozen.account, '')
                = coalesce(lines_of_closed.account, '')
                then 'definition'
            else 'correction'
        end as cause
    from frozen
    full outer join lines_of_closed
        on
            frozen.fiscal_period_id = lines_of_closed.fiscal_period_id
            and frozen.close_no = lines_of_closed.close_no
            and frozen.spend_id = lines_of_closed.spend_id

),

changes as (

    select
        fiscal_period_id,
        close_no,
        spend_id,
        source_key,
        account,
        cause,
        frozen_campaign_id as campaign_id,
        frozen_amount as reported_amount,
        cast(0 as decimal(18, 2)) as current_amount
    from paired
    where frozen_amount is not null

    union all

    select
        fiscal_period_id,
        close_no,
        spend_id,
        source_key,
        account,
        cause,
        current_campaign_id as campaign_id,
        cast(0 as decimal(18, 2)) as reported_amount,
        current_amount
    from paired
    where current_amount is not null

),

-- A line that did not change cancels out.
final as (

    select
        fiscal_period_id,
        close_no,
        spend_id,
        campaign_id,
        min(source_key) as source_key,
        min(account) as account,
        min(cause) as cause,
        cast(sum(reported_amount) as decimal(18, 2)) as reported_amount,
        cast(sum(current_amount) as decimal(18, 2)) as current_amount,
        cast(
            sum(current_amount) - sum(reported_amount) as decimal(18, 2)
        ) as change
    from changes
    group by 1, 2, 3, 4
    having sum(current_amount) <> sum(reported_amount)

)

select * from final
