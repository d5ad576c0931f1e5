with stock as (

    select * from {{ ref('int_handoffs__in_stock') }}

),

bands as (

    select
        age_band,
        from_business_hours,
        lead(from_business_hours) over (order by from_business_hours)
            as until_business_hours
    from {{ ref('def_age_bands') }}

),

counted as (

    select
        stock.snapshot_date,
        stock.channel,
        stock.team,
        stock.owner_id,
        bands.age_band,
        bands.from_business_hours as age_from_business_hours,
        count(*) as open_handoffs,
        count(case when stock.is_overdue then 1 end) as overdue_handoffs,
        max(stock.age_business_hours) as oldest_age_business_hours
    from stock
    inner join bands
        on
            stock.age_business_hours >= bands.from_business_hours
            and (
                bands.until_business_hours is null
                or stock.age_business_hours < bands.until_business_hours
            )
    group by 1, 2, 3, 4, 5, 6

)

select
    {{ hex_id(null_safe_text([
        'snapshot_date',
        'channel',
        'team',
        'owner_id',
        'age_band',
    ])) }} as funnel_snapshot_id,
    snapshot_date,
    channel,
    team,
    owner_id,
    age_band,
    cast(age_from_business_hours as double) as age_from_business_hours,
    cast(open_handoffs as bigint) as open_handoffs,
    cast(overdue_handoffs as bigint) as overdue_handoffs,
    oldest_age_business_hours
from counted
