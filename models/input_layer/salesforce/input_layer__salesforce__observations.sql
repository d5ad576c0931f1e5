with users as (
    select user_key
    from {{ ref('input_layer__users') }}
    where source = 'salesforce' and user_key is not null
),

fields_named as (
    select
        staged.*,
        {{ same_name('field') }} as field_name
    from {{ ref('stg_salesforce__lead_changes') }} as staged
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
