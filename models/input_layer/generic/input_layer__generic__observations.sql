with changes as (
    select *
    from {{ ref('stg_generic__lead_status_changes') }}
),

scores as (
    select *
    from {{ ref('stg_generic__score_changes') }}
)

select
    {{ row_columns() }},
    'lead' as entity,
    case
        when field is null then 'status'
        when {{ same_name('field') }} = 'ownerid' then 'owner'
        else {{ same_name('field') }}
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
