-- In each period the channels together are the whole, and so are the teams: a
-- breakdown that loses leads blames the wrong people.
with summed as (

    select
        period_type,
        period_start_date,
        dimension,
        sum(handed_off) as handed_off,
        sum(accepted) as accepted,
        sum(ignored) as ignored
    from {{ ref('mart_funnel_monthly') }}
    group by period_type, period_start_date, dimension

)

select
    summed.*,
    whole.handed_off as handed_off_of_all,
    whole.accepted as accepted_of_all,
    whole.ignored as ignored_of_all
from summed
inner join summed as whole
    on
        summed.period_type = whole.period_type
        and summed.period_start_date = whole.period_start_date
        and whole.dimension = 'all'
where
    summed.handed_off <> whole.handed_off
    or summed.accepted <> whole.accepted
    or summed.ignored <> whole.ignored
