-- What was learned of each lead, beside the probability from which on it is
-- proposed, and whether what was learned is good enough to propose anybody.
with predictions as (

    select * from {{ source('scoring', 'acceptance_predictions') }}

),

verdicts as (

    select * from {{ source('scoring', 'acceptance_quality') }}
    where period_type = 'all' and is_better is not null

),

leads as (

    select * from {{ ref('int_acceptance__features') }}

),

thresholds as (

    select
        coalesce({{ same_text('match_on') }}, 'default') as match_on,
        coalesce({{ same_text('match_value') }}, '') as match_value,
        max(least_probability) as least_probability
    from {{ ref('def_acceptance_proposals') }}
    group by 1, 2

),

defaults as (

    select max(least_probability) as least_probability
    from thresholds
    where match_on = 'default'

),

groups_named as (

    select
        leads.*,
        coalesce({{ same_text('leads.team') }}, '') as team_matched,
        coalesce({{ same_text('leads.channel') }}, '') as channel_matched,
        case when leads.stage = 'mql' then 'mql_model' else 'model' end
            as predictor
    from leads

),

final as (

    select
        groups_named.lifecycle_id,
        groups_named.person_id,
        groups_named.stage,
        groups_named.outcome,
        groups_named.month_start_date,
        groups_named.channel,
        groups_named.team,
        predictions.basis,
        case
            when groups_named.stage = 'mql'
                then predictions.mql_model_probability
            else predictions.model_probability
        end as model_probability,
        predictions.reasons,
        predictions.reasons_ja,
        cast(
            coalesce(
                teams.least_probability,
                channels.least_probability,
                defaults.least_probability
            ) as double
        ) as least_probability,
        coalesce(verdicts.is_better, false) as is_model_better,
        verdicts.verdict,
        verdicts.verdict_ja
    from groups_named
    cross join defaults
    left join predictions
        on groups_named.lifecycle_id = predictions.lifecycle_id
    left join verdicts
        on groups_named.predictor = verdicts.predictor
    left join thresholds as teams
        on
            teams.match_on = 'team'
            and groups_named.team_matched = teams.match_value
    left join thresholds as channels
        on
            channels.match_on = 'channel'
            and groups_named.channel_matched = channels.match_value

)

select * from final
