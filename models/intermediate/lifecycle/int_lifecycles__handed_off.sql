-- The linter indents filters and calls of macros its own way.
-- noqa: disable=LT02
-- One row per person and lifecycle: the first event of each stage, the exit,
-- the hand-off and the version that it is judged by.
{%- set first_stages = [
    'inquiry', 'mql', 'handed_off', 'tal', 'sal', 'sql', 'opportunity'
] %}

with events as (

    select
        events.*,
        in_force.handoff_mode
    from {{ ref('int_stage_events__cut') }} as events
    inner join {{ ref('int_funnel_versions__in_force') }} as in_force
        on events.definition_version = in_force.version
    where
        not events.is_exit_without_lifecycle

),

milestones as (

    select
        person_key,
        lifecycle_no,
        min_by(definition_version, event_no) as opening_version,
        {%- for stage in first_stages %}
        min(occurred_at) filter (where stage = '{{ stage }}')
            as {{ stage }}_at,
        min(event_no) filter (where stage = '{{ stage }}')
            as {{ stage }}_no,
        {%- endfor %}
        min_by(handoff_mode, event_no) filter (where stage = 'handed_off')
            as handed_off_mode,
        min_by(handoff_mode, event_no) filter (where stage = 'mql')
            as mql_mode,
        min_by(definition_version, event_no)
            filter (where stage = 'handed_off') as handed_off_version,
        min_by(definition_version, event_no) filter (where stage = 'mql')
            as mql_version,
        min_by(record_key, event_no) filter (where stage = 'handed_off')
            as handed_off_record_key,
        min_by(record_key, event_no) filter (where stage = 'mql')
            as mql_record_key,
        {%- for stage in ['tal', 'sal', 'sql', 'opportunity'] %}
        min_by(coalesce(actor_id, ''), event_no)
            filter (where stage = '{{ stage }}') as {{ stage }}_actor_id,
        {%- endfor %}
        min_by(coalesce(opportunity_ref, ''), event_no)
            filter (where stage = 'opportunity') as milestone_opportunity_ref,
        -- What sales did, for hand-offs that nobody recorded.
        max(event_no) filter (
            where is_progress
            or stage in ('won', 'lost')
            or (is_exit and is_sales_actor)
        ) as last_sales_event_no,
        min_by(stage, event_no) filter (where is_progress)
            as first_progress_stage,
        min_by(stage, event_no) filter (where is_exit) as exit_stage,
        min(occurred_at) filter (where is_exit) as exited_at,
        min_by(coalesce(actor_id, ''), event_no) filter (where is_exit)
            as exit_actor_id,
        min_by(is_sales_actor, event_no) filter (where is_exit)
            as is_exit_by_sales,
        min_by(coalesce(reason, ''), event_no) filter (where is_exit)
            as exit_reason,
        min_by(record_key, event_no) filter (where is_exit)
            as exit_record_key,
        min_by(coalesce(opportunity_ref, ''), event_no) filter (where is_exit)
            as exit_opportunity_ref
    from events
    group by 1, 2

),

handoffs_possible as (

    select
        *,
        case when mql_mode = 'mql' then mql_at end as mql_handoff_at,
        case when handed_off_mode = 'explicit' then handed_off_at end
            as explicit_handoff_at,
        case
            when mql_mode = 'explicit' and last_sales_event_no > mql_no
                then mql_at
        end as imputed_handoff_at
    from milestones

),

handoffs_chosen as (

    select
        *,
        case
            when mql_handoff_at <= explicit_handoff_at then 'mql'
            when explicit_handoff_at is not null then 'explicit'
            when mql_handoff_at is not null then 'mql'
            when imputed_handoff_at is not null then 'imputed'
        end as handoff_kind
    from handoffs_possible

),

handoffs_dated as (

    select
        *,
        case handoff_kind
            when 'explicit' then handed_off_at
            when 'mql' then mql_at
            when 'imputed' then mql_at
        end as handoff_at,
        case handoff_kind
            when 'explicit' then handed_off_version
            when 'mql' then mql_version
            when 'imputed' then mql_version
            else opening_version
        end as definition_version,
        case handoff_kind
            when 'explicit' then handed_off_record_key
            when 'mql' then mql_record_key
            when 'imputed' then mql_record_key
        end as handoff_record_key,
        case when exit_stage = 'won' then exited_at end as won_at
    from handoffs_chosen

),

final as (

    select
        person_key,
        lifecycle_no,
        definition_version,
        inquiry_at,
        mql_at,
        handoff_at as handed_off_at,
        coalesce(handoff_kind = 'imputed', false) as is_handoff_imputed,
        coalesce(handoff_kind in ('mql', 'imputed'), false) as is_mql_handoff,
        handoff_record_key,
        first_progress_stage,
        tal_at,
        sal_at as first_sal_at,
        sql_at,
        opportunity_at,
        won_at,
        exit_stage,
        exited_at,
        is_exit_by_sales,
        exit_record_key,
        exit_reason,
        tal_actor_id,
        nullif(sal_actor_id, '') as first_sal_actor_id,
        sql_actor_id,
        opportunity_actor_id,
        exit_actor_id,
        milestone_opportunity_ref,
        exit_opportunity_ref
    from handoffs_dated

)

select * from final
