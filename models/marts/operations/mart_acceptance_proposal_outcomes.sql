{#- What became of a hand-off; nobody decided what was ignored. -#}
{%- set outcomes = ['accepted', 'rejected', 'ignored', 'pending'] -%}

-- The linter cannot indent what a loop writes.
-- noqa: disable=LT02
-- What a person decided of the hand-offs of the last months, beside what would
-- have been proposed of each when it was handed over, of nothing but what was
-- over before its month.
with handoffs as (

    select
        *,
        is_model_better
        and model_probability >= least_probability as is_proposed
    from {{ ref('int_acceptance__compared') }}
    where basis = 'at_handoff' and outcome <> 'withdrawn'

),

counted as (

    select
        month_start_date,
        channel,
        team,
        count(*) as handed_off
        {%- for proposal, condition in [
            ('proposed', 'is_proposed'),
            ('not_proposed', 'is_model_better and not is_proposed'),
        ] %},
        count(case when {{ condition }} then 1 end) as {{ proposal }}
        {%- for outcome in outcomes %},
        count(
            case
                when {{ condition }} and outcome = '{{ outcome }}' then 1
            end
        ) as {{ proposal }}_{{ outcome }}
        {%- endfor %}
        {%- endfor %}
    from handoffs
    group by 1, 2, 3

)

select
    {{ hex_id(null_safe_text(['month_start_date', 'channel', 'team'])) }}
        as proposal_outcome_id,
    month_start_date,
    channel,
    team,
    handed_off,
    proposed,
    proposed_accepted,
    proposed_rejected,
    proposed_ignored,
    proposed_pending,
    not_proposed,
    not_proposed_accepted,
    not_proposed_rejected,
    not_proposed_ignored,
    not_proposed_pending,
    proposed_rejected + not_proposed_accepted as decided_against_proposal,
    proposed_accepted + not_proposed_rejected as decided_as_proposed
from counted
