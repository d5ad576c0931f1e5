with stays as (

    select * from {{ ref('int_handoffs__in_stock') }}

),

midnights as (

    select * from {{ ref('int_days__snapshot_clocked') }}

),

bands as (

    select * from {{ ref('def_age_bands') }}

),

-- Few spans of days are many hand-offs.
spans as (

    select
        channel,
        team,
        owner_id,
        age_band,
        calendar_id,
        from_no,
        until_no,
        greatest(overdue_from_no, from_no) as overdue_from_no,
        count(*) as open_handoffs,
        min(handed_off_business_us) as first_business_us
    from stays
    group by
        channel,
        team,
        owner_id,
        age_band,
        calendar_id,
        from_no,
        until_no,
        greatest(overdue_from_no, from_no)

),

counted as (

    select
        midnights.snapshot_date,
        spans.channel,
        spans.team,
        spans.owner_id,
        spans.age_band,
        sum(spans.open_handoffs) as open_handoffs,
        sum(
            case
                when spans.overdue_from_no <= midnights.snapshot_no
                    then spans.open_handoffs
                else 0
            end
        ) as overdue_handoffs,
        max({{ hours_of(
            'midnights.business_us - spans.first_business_us'
        ) }}) as oldest_age_business_hours
    from spans
    inner join midnights
        on
            spans.calendar_id = midnights.calendar_id
            and spans.from_no <= midnights.snapshot_no
            and spans.until_no > midnights.snapshot_no
    group by
        midnights.snapshot_date,
        spans.channel,
        spans.team,
        spans.owner_id,
        spans.age_band

)

select
    {{ hex_id(null_safe_text([
        'counted.snapshot_date',
        'counted.channel',
        'counted.team',
        'counted.owner_id',
        'counted.age_band',
    ])) }} as funnel_snapshot_id,
    counted.snapshot_date,
    counted.channel,
    counted.team,
    counted.owner_id,
    counted.age_band,
    cast(bands.from_business_hours as double) as age_from_business_hours,
    cast(counted.open_handoffs as bigint) as open_handoffs,
    cast(counted.overdue_handoffs as bigint) as overdue_handoffs,
    counted.oldest_age_business_hours
from counted
inner join bands
    on counted.age_band = bands.age_band
