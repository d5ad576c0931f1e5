-- Marketing's hand-offs by the score that they were handed over with. A merge
-- sums the scores of two records, so a score after one is in no band, and a
-- hand-off without a score is in none either; both are counted.
with handoffs as (

    select
        cast({{ dbt.date_trunc('month', 'handed_off_date') }} as date)
            as month_start_date,
        case when not is_score_merged then score_at_handoff end as score,
        is_score_merged,
        outcome
    from {{ ref('fct_lead_lifecycles') }}
    where origin = 'marketing' and outcome <> 'withdrawn'

),

bands_numbered as (

    select
        score_band,
        lower_bound,
        row_number() over (
            order by coalesce(lower_bound, -1e300), score_band
        ) as band_no
    from {{ ref('def_score_bands') }}

),

-- The lowest band holds whatever is below it, too.
bands as (

    select
        score_band,
        case when band_no > 1 then lower_bound end as lower_bound,
        lead(lower_bound) over (order by band_no) as next_bound,
        band_no
    from bands_numbered

),

counted as (

    select
        month_start_date,
        score,
        is_score_merged,
        count(*) as handed_off,
        count(*) filter (where outcome = 'accepted') as accepted,
        count(*) filter (where outcome = 'rejected') as rejected,
        count(*) filter (where outcome = 'ignored') as ignored,
        count(*) filter (where outcome = 'pending') as pending
    from handoffs
    group by 1, 2, 3

),

final as (

    select
        counted.month_start_date,
        counted.score,
        case
            when counted.is_score_merged then 'merged scores'
            when counted.score is null then 'no score'
            else coalesce(bands.score_band, 'any score')
        end as score_band,
        bands.lower_bound,
        coalesce(
            bands.band_no,
            case
                when counted.is_score_merged then 1001
                when counted.score is null then 1000
                else 1
            end
        ) as band_no,
        counted.score is not null as is_scored,
        counted.handed_off,
        counted.accepted,
        counted.rejected,
        counted.ignored,
        counted.pending,
        counted.accepted + counted.rejected + counted.ignored as settled
    from counted
    left join bands
        on
            (bands.lower_bound is null or counted.score >= bands.lower_bound)
            and (bands.next_bound is null or counted.score < bands.next_bound)
            and counted.score is not null

)

select * from final
