-- How well the score tells in each month. The AUC is the share of pairs of an
-- accepted hand-off and one that was settled otherwise in which the accepted
-- one has the higher score, a tie counted half (Mann and Whitney). The
-- threshold is the lowest score from which on the SAL rate is on target.
with scores as (

    select * from {{ ref('int_scores__counted') }}
    where is_scored

),

targets as (

    select
        period_start_date,
        sal_rate_target
    from {{ ref('mart_funnel_monthly') }}
    where period_type = 'month' and dimension = 'all'

),

cumulated as (

    select
        scores.month_start_date,
        scores.score,
        scores.handed_off,
        scores.accepted,
        scores.settled,
        scores.pending,
        scores.settled - scores.accepted as not_accepted,
        targets.sal_rate_target,
        coalesce(
            sum(scores.settled - scores.accepted) over (
                partition by scores.month_start_date
                order by scores.score
                rows between unbounded preceding and 1 preceding
            ),
            0
        ) as not_accepted_below,
        sum(scores.handed_off) over (
            partition by scores.month_start_date
            order by scores.score desc
            rows between unbounded preceding and current row
        ) as handed_off_from,
        sum(scores.accepted) over (
            partition by scores.month_start_date
            order by scores.score desc
            rows between unbounded preceding and current row
        ) as accepted_from
    from scores
    left join targets
        on scores.month_start_date = targets.period_start_date

),

thresholds as (

    select
        *,
        min(
            case
                when
                    cast(accepted_from as decimal(18, 4))
                    >= sal_rate_target * cast(
                        handed_off_from as decimal(14, 0)
                    )
                    then score
            end
        ) over (partition by month_start_date) as best_threshold
    from cumulated

),

summed as (

    select
        month_start_date,
        min(sal_rate_target) as sal_rate_target,
        sum(handed_off) as handed_off,
        sum(accepted) as accepted,
        sum(settled) as settled,
        sum(not_accepted) as not_accepted,
        sum(pending) as pending,
        sum(accepted * (2 * not_accepted_below + not_accepted))
            as twice_ordered_pairs,
        min(best_threshold) as best_threshold,
        sum(case when score < best_threshold then handed_off else 0 end)
            as handed_off_below,
        sum(case when score < best_threshold then accepted else 0 end)
            as accepted_below
    from thresholds
    group by 1

),

final as (

    select
        month_start_date,
        sal_rate_target,
        handed_off,
        accepted,
        settled,
        pending,
        {{ rate('twice_ordered_pairs', '(2 * accepted * not_accepted)') }}
            as auc,
        best_threshold,
        case when best_threshold is not null then handed_off_below end
            as threshold_lost_handoffs,
        case when best_threshold is not null then accepted_below end
            as threshold_lost_accepted,
        sum(accepted) over earlier as accepted_earlier,
        sum(settled) over earlier as settled_earlier
    from summed
    window earlier as (
        order by month_start_date
        rows between unbounded preceding and 1 preceding
    )

)

select * from final
