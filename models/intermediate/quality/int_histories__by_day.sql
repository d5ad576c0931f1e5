with clock as (

    select as_of from {{ ref('int_run__clock') }}

),

-- Of before there was anybody; in quarantine for that.
too_early as (

    select row_key
    from {{ ref('int_raw_rows__broken') }}
    where rule = 'before_first_record'
    group by row_key

)

select
    histories.source,
    histories.source_table,
    histories.field,
    cast(histories.happened_at as date) as happened_date,
    count(
        case when histories.happened_at <= clock.as_of then 1 end
    ) as changes,
    min(
        case
            when histories.happened_at <= clock.as_of
                then histories.happened_at
        end
    ) as first_at,
    max(
        case
            when histories.happened_at <= clock.as_of
                then histories.happened_at
        end
    ) as last_at,
    -- What was loaded later is not yet loaded, seen from as_of.
    max(
        case
            when histories.loaded_at > clock.as_of then clock.as_of
            else histories.loaded_at
        end
    ) as last_loaded_at
from {{ ref('input_layer__histories') }} as histories
cross join clock
left join too_early
    on histories.row_key = too_early.row_key
where
    too_early.row_key is null
    and histories.happened_at is not null
    -- A time that was not yet when it was loaded is in quarantine.
    and histories.happened_at <= histories.loaded_at
group by
    histories.source,
    histories.source_table,
    histories.field,
    cast(histories.happened_at as date)
