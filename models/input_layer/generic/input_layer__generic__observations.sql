with changes as (
    select *
    from {{ ref('stg_generic__lead_status_changes') }}
),

fields as (
    select
        {{ same_name('heading') }} as field_name,
        max({{ adapter.quote('column') }}) as column_name
    from {{ ref('def_columns') }}
    where
        {{ adapter.quote('system') }} = 'generic'
        and {{ adapter.quote('table') }} = 'lead'
        and {{ adapter.quote('column') }} in ('status', 'owner_id')
    group by {{ same_name('heading') }}
),

stage_dates as (
    select *
    from {{ ref('stg_generic__lead_stage_dates') }}
),

scores as (
    select *
    from {{ ref('stg_generic__score_changes') }}
)

select
    {{ row_columns() }},
    'lead' as entity,
    case
        when changes.field is null then 'status'
        when
            coalesce(fields.column_name, {{ same_name('changes.field') }})
            in ('ownerid', 'owner_id')
            then 'owner'
        else coalesce(fields.column_name, {{ same_name('changes.field') }})
    end as field,
    {{ system_key('generic', 'record_id') }} as record_key,
    record_id,
    old_value,
    new_value,
    changed_at as observed_at,
    {{ unread_text('changed_at', 'changed_at_text') }} as observed_at_text,
    actor_id,
    reason
from changes
left join fields
    on {{ same_name('changes.field') }} = fields.field_name

union all

select
    {{ row_columns() }},
    'lead' as entity,
    'reached' as field,
    {{ system_key('generic', 'record_id') }} as record_key,
    record_id,
    cast(null as string) as old_value,
    stage as new_value,
    reached_at as observed_at,
    {{ unread_text('reached_at', 'reached_at_text') }} as observed_at_text,
    cast(null as string) as actor_id,
    cast(null as string) as reason
from stage_dates

union all

select
    {{ row_columns() }},
    'lead' as entity,
    'score' as field,
    {{ system_key('generic', 'record_id') }} as record_key,
    record_id,
    cast(null as string) as old_value,
    score as new_value,
    changed_at as observed_at,
    {{ unread_text('changed_at', 'changed_at_text') }} as observed_at_text,
    cast(null as string) as actor_id,
    reason
from scores
