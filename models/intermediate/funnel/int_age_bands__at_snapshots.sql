-- An age is a midnight's count on the clock less that of the hand-off. So what
-- was handed off by a count is, at each midnight, at least so old as a band
-- begins; between two such counts all hand-offs are in the same bands on the
-- same days.
with midnights as (

    select * from {{ ref('int_days__snapshot_clocked') }}

),

bands as (

    select * from {{ ref('def_age_bands') }}

),

reached as (

    select
        midnights.calendar_id,
        midnights.snapshot_no,
        bands.age_band,
        bands.from_business_hours,
        midnights.business_us
        - cast(round(bands.from_business_hours * 3600000000) as bigint)
            as handed_by_us
    from midnights
    cross join bands

),

counts as (

    select distinct
        calendar_id,
        handed_by_us
    from reached

),

begun as (

    select
        counts.calendar_id,
        counts.handed_by_us,
        reached.age_band,
        reached.from_business_hours,
        min(reached.snapshot_no) as from_no
    from counts
    inner join reached
        on
            counts.calendar_id = reached.calendar_id
            and counts.handed_by_us <= reached.handed_by_us
    group by
        counts.calendar_id,
        counts.handed_by_us,
        reached.age_band,
        reached.from_business_hours

)

select
    calendar_id,
    handed_by_us,
    age_band,
    from_no,
    lead(from_no) over (
        partition by calendar_id, handed_by_us
        order by from_business_hours
    ) as until_no
from begun
