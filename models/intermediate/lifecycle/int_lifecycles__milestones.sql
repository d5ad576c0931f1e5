-- One row per person and lifecycle: the milestones, the hand-off, the
-- acceptance and whose lead it was.
with handed_off as (

    select * from {{ ref('int_lifecycles__handed_off') }}

),

in_force as (

    select * from {{ ref('int_funnel_versions__in_force') }}

),

completed as (

    select * from {{ ref('int_acceptances__completed') }}

),

-- Anyone's first SAL, or the one with which all roles have accepted that the
-- version names.
sals_chosen as (

    select
        handed_off.*,
        case
            when in_force.acceptance_roles is null
                then handed_off.first_sal_at
            else completed.sal_at
        end as sal_at,
        case
            when in_force.acceptance_roles is null
                then handed_off.first_sal_actor_id
            else completed.sal_actor_id
        end as sal_actor_id
    from handed_off
    inner join in_force
        on handed_off.definition_version = in_force.version
    left join completed
        on
            handed_off.person_key = completed.person_key
            and handed_off.lifecycle_no = completed.lifecycle_no
            and handed_off.definition_version = completed.definition_version

),

acceptances_dated as (

    select
        *,
        case
            when
                sal_at is not null
                and (handed_off_at is null or sal_at >= handed_off_at)
                then sal_at
        end as recorded_acceptance_at,
        case
            when handed_off_at is not null
                then nullif(
                    least(
                        {{ at_or_after('sql_at', 'handed_off_at') }},
                        {{ at_or_after('opportunity_at', 'handed_off_at') }},
                        {{ at_or_after('won_at', 'handed_off_at') }}
                    ),
                    {{ end_of_time() }}
                )
        end as imputed_acceptance_at
    from sals_chosen

),

origins_told as (

    select
        *,
        coalesce(recorded_acceptance_at, imputed_acceptance_at) as accepted_at,
        recorded_acceptance_at is null
        and imputed_acceptance_at is not null as is_acceptance_imputed,
        case
            when
                handed_off_at <= least(
                    coalesce(sal_at, {{ end_of_time() }}),
                    coalesce(sql_at, {{ end_of_time() }}),
                    coalesce(opportunity_at, {{ end_of_time() }})
                )
                then 'marketing'
            when first_progress_stage = 'tal' then 'adr'
            when first_progress_stage is not null then 'sales'
            else 'nurture'
        end as origin
    from acceptances_dated

),

final as (

    select
        person_key,
        lifecycle_no,
        definition_version,
        origin,
        inquiry_at,
        mql_at,
        handed_off_at,
        is_handoff_imputed,
        is_mql_handoff,
        handoff_record_key,
        tal_at,
        sal_at,
        accepted_at,
        is_acceptance_imputed,
        sql_at,
        opportunity_at,
        exit_stage,
        exited_at,
        is_exit_by_sales,
        exit_record_key,
        nullif(exit_reason, '') as exit_reason,
        nullif(exit_actor_id, '') as exited_by,
        nullif(tal_actor_id, '') as adr_id,
        nullif(
            case
                when accepted_at is null then ''
                when not is_acceptance_imputed then sal_actor_id
                when accepted_at = sql_at then sql_actor_id
                when accepted_at = opportunity_at then opportunity_actor_id
                else exit_actor_id
            end,
            ''
        ) as accepted_by,
        coalesce(
            nullif(exit_opportunity_ref, ''),
            nullif(milestone_opportunity_ref, '')
        ) as opportunity_ref
    from origins_told

)

select * from final
