-- Each pending hand-off and each MQL with the probability that it is accepted,
-- and whether it is proposed. What was learned tells of the hand-off; how long
-- the lead has waited since, the curve of older months tells. Their odds
-- multiply: p of the lead, c of all leads of its age, s of all leads at first.
with learned_of as (

    select
        lifecycle_id,
        model_probability,
        reasons,
        reasons_ja
    from {{ ref('int_acceptance__compared') }}
    where basis = 'now'

),

-- A lead has a row of each basis, or one without a basis.
waiting as (

    select distinct
        lifecycle_id,
        person_id,
        stage,
        channel,
        least_probability,
        is_model_better,
        verdict,
        verdict_ja
    from {{ ref('int_acceptance__compared') }}
    where stage = 'mql' or outcome = 'pending'

),

projected as (

    select
        lifecycle_id,
        cast(acceptance_probability as double) as of_its_age,
        cast(share_accepted_finally as double) as of_all
    from {{ ref('int_handoffs__projected') }}

),

joined as (

    select
        waiting.*,
        learned_of.model_probability,
        learned_of.reasons,
        learned_of.reasons_ja,
        projected.of_its_age,
        learned_of.model_probability
        * projected.of_its_age
        * (1e0 - projected.of_all) as for_it,
        (1e0 - learned_of.model_probability)
        * projected.of_all
        * (1e0 - projected.of_its_age) as against_it
    from waiting
    left join learned_of
        on waiting.lifecycle_id = learned_of.lifecycle_id
    left join projected
        on waiting.lifecycle_id = projected.lifecycle_id

),

probable as (

    select
        *,
        case
            when model_probability is null or not is_model_better
                then of_its_age
            when for_it + against_it > 0e0
                then cast(
                    cast(for_it / (for_it + against_it) as decimal(5, 4))
                    as double
                )
            else coalesce(of_its_age, model_probability)
        end as acceptance_probability
    from joined

),

final as (

    select
        lifecycle_id,
        person_id,
        stage,
        channel,
        model_probability,
        acceptance_probability,
        least_probability,
        reasons,
        reasons_ja,
        is_model_better,
        coalesce(
            is_model_better
            and model_probability is not null
            and acceptance_probability >= least_probability,
            false
        ) as is_proposed,
        case
            when not is_model_better
                then coalesce(
                    verdict, 'Nobody is proposed: nothing was learned yet.'
                )
        end as no_proposal,
        case
            when not is_model_better
                then coalesce(verdict_ja, '提案なし: まだ学習していません。')
        end as no_proposal_ja
    from probable

)

select * from final
