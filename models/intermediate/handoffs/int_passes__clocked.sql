-- Each pass with the policy that it runs under and the instant it is due. The
-- version is the one in force at the lifecycle's hand-off; within it the most
-- particular policy applies: of the owner's team, of the channel, the default.
with passes as (

    select * from {{ ref('int_passes') }}

),

lifecycles as (

    select * from {{ ref('int_lifecycles__milestones') }}
    where origin = 'marketing'

),

people as (

    select
        person_key,
        channel
    from {{ ref('int_people') }}

),

policies as (

    select * from {{ ref('int_sla_policies__resolved') }}

),

passes_found as (

    select
        {{ key64(
            "cast(passes.person_key as " ~ dbt.type_string() ~ ") || '|' || "
            ~ "cast(passes.lifecycle_no as " ~ dbt.type_string() ~ ") || '|' "
            ~ "|| cast(passes.pass_no as " ~ dbt.type_string() ~ ")"
        ) }} as pass_key,
        passes.*,
        lifecycles.definition_version,
        lifecycles.handed_off_at,
        lifecycles.accepted_at,
        lifecycles.exited_at,
        lifecycles.exit_stage,
        lifecycles.is_exit_by_sales,
        coalesce({{ same_text('passes.team') }}, '') as team_text,
        coalesce({{ same_text('people.channel') }}, '') as channel_text
    from passes
    inner join lifecycles
        on
            passes.person_key = lifecycles.person_key
            and passes.lifecycle_no = lifecycles.lifecycle_no
    inner join people
        on passes.person_key = people.person_key

),

-- There are few teams and channels: the policy of each is found once.
shapes as (

    select distinct
        definition_version,
        team_text,
        channel_text
    from passes_found

),

policies_ranked as (

    select
        shapes.definition_version,
        shapes.team_text,
        shapes.channel_text,
        policies.calendar_id,
        policies.sla_us,
        policies.sla_business_hours,
        policies.max_pending_days,
        policies.touches_stop_clock,
        row_number() over (
            partition by
                shapes.definition_version,
                shapes.team_text,
                shapes.channel_text
            order by
                case policies.match_on
                    when 'team' then 0
                    when 'channel' then 1
                    else 2
                end
        ) as policy_rank
    from shapes
    inner join policies
        on
            shapes.definition_version = policies.version
            and (
                policies.match_on = 'default'
                or (
                    policies.match_on = 'team'
                    and shapes.team_text = policies.match_value
                )
                or (
                    policies.match_on = 'channel'
                    and shapes.channel_text = policies.match_value
                )
            )

),

policies_chosen as (

    select
        passes_found.pass_key,
        passes_found.person_key,
        passes_found.lifecycle_no,
        passes_found.pass_no,
        passes_found.passed_at,
        passes_found.next_passed_at,
        passes_found.owner_id,
        passes_found.owner_key,
        passes_found.from_owner_id,
        passes_found.team,
        passes_found.definition_version,
        passes_found.handed_off_at,
        passes_found.accepted_at,
        passes_found.exited_at,
        passes_found.exit_stage,
        passes_found.is_exit_by_sales,
        policies.calendar_id,
        policies.sla_us,
        policies.sla_business_hours,
        policies.max_pending_days,
        policies.touches_stop_clock
    from passes_found
    left join policies_ranked as policies
        on
            passes_found.definition_version = policies.definition_version
            and passes_found.team_text = policies.team_text
            and passes_found.channel_text = policies.channel_text
            and policies.policy_rank = 1

),

starts as (

    {{ business_us('policies_chosen', 'pass_key', 'passed_at') }}

),

acceptances as (

    {{ business_us('policies_chosen', 'pass_key', 'accepted_at') }}

),

ends as (

    select
        policies_chosen.pass_key,
        policies_chosen.calendar_id,
        starts.business_us + policies_chosen.sla_us as target_us
    from policies_chosen
    inner join starts
        on policies_chosen.pass_key = starts.pass_key

),

dues as (

    {{ business_due('ends', 'pass_key', 'target_us') }}

),

final as (

    select
        policies_chosen.*,
        starts.business_us as passed_business_us,
        starts.open_day_no as passed_open_day_no,
        acceptances.business_us as accepted_business_us,
        acceptances.open_day_no as accepted_open_day_no,
        case
            when policies_chosen.sla_us = 0 then policies_chosen.passed_at
            else {{ from_epoch_us('dues.due_us') }}
        end as due_at
    from policies_chosen
    left join starts
        on policies_chosen.pass_key = starts.pass_key
    left join acceptances
        on policies_chosen.pass_key = acceptances.pass_key
    left join dues
        on policies_chosen.pass_key = dues.pass_key

)

select * from final
