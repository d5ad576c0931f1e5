-- Lifecycles: milestones, hand-off, acceptance, and whose lead it was.

-- A lifecycle's number is its person's number and its own. The first of several
-- is the smallest event number, with what is asked of the event behind it.
create temp table milestones as
select
    person_no,
    lifecycle_no,
    min(event_no) as first_event_no,
    min(occurred_at) filter (stage = 'inquiry'::stage) as inquiry_at,
    min(occurred_at) filter (stage = 'mql'::stage) as mql_at,
    min(occurred_at) filter (stage = 'handed_off'::stage) as explicit_at,
    min(occurred_at) filter (stage = 'tal'::stage) as tal_at,
    min(occurred_at) filter (stage = 'sal'::stage) as sal_at,
    min(occurred_at) filter (stage = 'sql'::stage) as sql_at,
    min(occurred_at) filter (stage = 'opportunity'::stage) as opportunity_at,
    min(event_no) filter (stage = 'mql'::stage) as mql_no,
    max(event_no) filter (
        stage between 'tal'::stage and 'lost'::stage
        or (stage >= 'won'::stage and is_sales)
    ) as sales_no,
    arg_min(stage, event_no)
        filter (stage between 'tal'::stage and 'opportunity'::stage)
        as first_progress,
    arg_min(ref, event_no) filter (stage = 'handed_off'::stage) as explicit_ref,
    arg_min(ref, event_no) filter (stage = 'mql'::stage) as mql_ref,
    arg_min_null(actor_id, event_no) filter (stage = 'tal'::stage) as adr_id,
    arg_min_null(actor_id, event_no) filter (stage = 'sal'::stage) as sal_actor_id,
    arg_min_null(actor_id, event_no) filter (stage = 'sql'::stage) as sql_actor_id,
    arg_min_null(actor_id, event_no) filter (stage = 'opportunity'::stage)
        as opportunity_actor_id,
    arg_min(ref, event_no) filter (stage = 'opportunity'::stage) as opportunity_ref,
    -- A lifecycle has one exit at most.
    any_value(stage) filter (stage >= 'won'::stage) as exit_stage,
    any_value(occurred_at) filter (stage >= 'won'::stage) as exited_at,
    any_value(actor_id) filter (stage >= 'won'::stage) as exited_by,
    any_value(reason) filter (stage >= 'won'::stage) as exit_reason,
    any_value(ref) filter (stage >= 'won'::stage) as exit_ref,
    any_value(is_sales) filter (stage >= 'won'::stage) as is_exit_by_sales
from events
where not closes_nothing
group by person_no, lifecycle_no;

create temp table lives as
with handed as (
    select
        *,
        coalesce(explicit_at, if(sales_no > mql_no, mql_at, null))
            as handed_off_at,
        explicit_at is null and coalesce(sales_no > mql_no, false)
            as is_handoff_imputed,
        ref_row(if(explicit_at is null, mql_ref, explicit_ref))
            as handoff_record_no
    from milestones
),

accepted as (
    select
        *,
        if(
            handed_off_at is null or sal_at >= handed_off_at, sal_at, null
        ) as recorded_at,
        if(handed_off_at is null, null, least(
            if(sql_at >= handed_off_at, sql_at, null),
            if(opportunity_at >= handed_off_at, opportunity_at, null),
            if(
                exit_stage = 'won'::stage and exited_at >= handed_off_at,
                exited_at,
                null
            )
        )) as imputed_at
    from handed
),

-- Who owned the lead just before and just after; only few leads change hands.
asked as (
    select
        accepted.person_no,
        accepted.lifecycle_no,
        arg_max(changes.new_owner, changes.changed_at)
            filter (changes.changed_at <= accepted.handed_off_at) as owner_before,
        arg_min(changes.old_owner, changes.changed_at)
            filter (changes.changed_at > accepted.handed_off_at) as owner_after
    from accepted
    inner join owner_changes as changes
        on accepted.handoff_record_no = changes.record_no
    where accepted.handed_off_at is not null
    group by all
),

told as (
    select
        accepted.*,
        coalesce(recorded_at, imputed_at) as accepted_at,
        recorded_at is null and imputed_at is not null as is_acceptance_imputed,
        case
            when handed_off_at <= coalesce(
                least(sal_at, sql_at, opportunity_at), handed_off_at
            ) then 'marketing'
            when first_progress = 'tal'::stage then 'adr'
            when first_progress is not null then 'sales'
            else 'nurture'
        end as origin
    from accepted
)

select
    told.* exclude (
        explicit_at, explicit_ref, mql_ref, recorded_at, imputed_at, mql_no,
        sales_no, first_progress, sal_actor_id, sql_actor_id,
        opportunity_actor_id, opportunity_ref, exit_ref
    ),
    case
        when accepted_at is null then null
        when not is_acceptance_imputed then sal_actor_id
        when accepted_at = sql_at then sql_actor_id
        when accepted_at = opportunity_at then opportunity_actor_id
        else exited_by
    end as accepted_by,
    ref_row(coalesce(
        if(ref_table(exit_ref) = 2, exit_ref, null), opportunity_ref
    )) as opportunity_no,
    if(
        handed_off_at is null,
        null,
        coalesce(asked.owner_before, asked.owner_after, leads.owner_id)
    ) as owner_id
from told
left join asked using (person_no, lifecycle_no)
left join leads on told.handoff_record_no = leads.record_no;

drop table milestones;
