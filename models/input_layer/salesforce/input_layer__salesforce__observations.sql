with users as (
    select user_key
    from {{ ref('input_layer__users') }}
    where source = 'salesforce' and user_key is not null
),

fields as (
    select
        {{ same_name('heading') }} as heading_name,
        max({{ adapter.quote('column') }}) as column_name
    from {{ ref('def_columns') }}
    where
        {{ adapter.quote('system') }} = 'salesforce'
        and {{ adapter.quote('table') }} = 'lead'
        and {{ adapter.quote('column') }} in ('status', 'owner_id')
    group by {{ same_name('heading') }}
),

-- A report calls a field as the page does, the API by its name.
fields_named as (
    select
        staged.*,
        coalesce(
            replace(fields.column_name, '_', ''),
            {{ same_name('staged.field') }}
        ) as field_name
    from {{ ref('stg_salesforce__lead_changes') }} as staged
    left join fields
        on {{ same_name('staged.field') }} = fields.heading_name
),

-- A change of owner is told twice: with the ids, and with the names.
owner_names_told_from_ids as (
    select
        changes.*,
        case
            when changes.new_value is null then false
            when users.user_key is not null then false
            else not {{ matches(
                'changes.new_value',
                '00[5G][A-Za-z0-9]{12}([A-Za-z0-9]{3})?'
            ) }}
        end as is_name
    from fields_named as changes
    left join users
        on
            {{ system_key('salesforce', sf_match_id('changes.new_value')) }}
            = users.user_key
)

select
    {{ row_columns() }},
    'lead' as entity,
    case
        when field_name in ('owner', 'ownerid')
            then case when is_name then 'ownername' else 'owner' end
        else coalesce(field_name, '')
    end as field,
    {{ system_key('salesforce', sf_match_id('record_id')) }} as record_key,
    record_id,
    old_value,
    new_value,
    changed_at as observed_at,
    {{ unread_text('changed_at', 'changed_at_text') }} as observed_at_text,
    actor_id,
    cast(null as string) as reason
from owner_names_told_from_ids

union all

-- A date of a stage in a column of the lead itself.
select
    {{ row_columns() }},
    'lead' as entity,
    'reached' as field,
    {{ system_key('salesforce', sf_match_id('record_id')) }} as record_key,
    record_id,
    cast(null as string) as old_value,
    stage as new_value,
    reached_at as observed_at,
    {{ unread_text('reached_at', 'reached_at_text') }} as observed_at_text,
    cast(null as string) as actor_id,
    cast(null as string) as reason
from {{ ref('stg_salesforce__lead_stage_dates') }}
