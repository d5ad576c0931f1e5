-- Marketing's hand-offs that were neither accepted nor ended when a day ended,
-- by the days that they were in an age band.
with in_stock as (

    select * from {{ ref('int_handoffs__counted') }}

),

bands as (

    select * from {{ ref('int_age_bands__at_snapshots') }}

),

clocked as (

    {{ business_us('in_stock', 'lifecycle_id', 'passed_at') }}

),

counts as (

    select
        in_stock.calendar_id,
        clocked.business_us,
        clocked.lifecycle_id,
        cast(null as bigint) as handed_by_us
    from clocked
    inner join in_stock
        on clocked.lifecycle_id = in_stock.lifecycle_id
    union all
    select distinct
        calendar_id,
        handed_by_us as business_us,
        cast(null as {{ dbt.type_string() }}) as lifecycle_id,
        handed_by_us
    from bands

),

-- The next count by which a hand-off is known to be in a band.
placed as (

    select
        lifecycle_id,
        business_us,
        min(handed_by_us) over (
            partition by calendar_id
            order by business_us
            range between current row and unbounded following
        ) as handed_by_us
    from counts

),

stays as (

    select
        in_stock.lifecycle_id,
        bands.age_band,
        in_stock.channel,
        in_stock.team,
        in_stock.owner_id,
        in_stock.calendar_id,
        placed.business_us as handed_off_business_us,
        greatest(bands.from_no, in_stock.from_no) as from_no,
        least(
            coalesce(bands.until_no, in_stock.until_no), in_stock.until_no
        ) as until_no,
        in_stock.overdue_from_no
    from placed
    inner join in_stock
        on placed.lifecycle_id = in_stock.lifecycle_id
    inner join bands
        on
            in_stock.calendar_id = bands.calendar_id
            and placed.handed_by_us = bands.handed_by_us

)

select *
from stays
where from_no < until_no
