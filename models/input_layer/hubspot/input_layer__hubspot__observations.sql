with owners as (
    select
        account_user_id,
        min(user_id) as user_id
    from {{ ref('stg_hubspot__owners') }}
    where account_user_id is not null and user_id is not null
    group by account_user_id
),

owners_by_address as (
    select
        {{ same_text('email') }} as email_match,
        min(user_id) as user_id
    from {{ ref('stg_hubspot__owners') }}
    where email is not null and user_id is not null
    group by {{ same_text('email') }}
),

fields as (
    select
        {{ same_name('heading') }} as heading_name,
        max({{ adapter.quote('column') }}) as column_name
    from {{ ref('def_columns') }}
    where
        {{ adapter.quote('system') }} = 'hubspot'
        and {{ adapter.quote('table') }} = 'contact'
        and {{ adapter.quote('column') }} in (
            'lifecyclestage', 'hs_lead_status', 'hubspot_owner_id'
        )
    group by {{ same_name('heading') }}
),

changes_named as (
    select
        staged.*,
        {{ same_name(
            "coalesce(fields.column_name, "
            ~ replace_pattern(
                'lower(staged.property_name)', '^propert(y|ies)_', ''
            ) ~ ")"
        ) }} as field_name,
        -- Who did it is a user, told by number or by address.
        coalesce(
            staged.changed_by_id,
            nullif(
                regexp_extract(
                    staged.change_source_id, 'userId:([0-9]+)', 1
                ), ''
            ),
            case
                when staged.change_source_id like '%@%'
                    then staged.change_source_id
            end
        ) as changed_by,
        coalesce(
            cast(staged.changed_at as {{ dbt.type_string() }}),
            staged.changed_at_text
        ) as told_at
    from {{ ref('stg_hubspot__contact_property_changes') }} as staged
    left join fields
        on {{ same_name('staged.property_name') }} = fields.heading_name
),

-- One key for what is the same change, however its time is written.
changes_keyed as (
    select
        changes_named.*,
        concat_ws(
            '|',
            coalesce(record_id, ''),
            coalesce(field_name, ''),
            coalesce(told_at, ''),
            coalesce(property_value, '')
        ) as change_key
    from changes_named
)

select
    {{ row_columns_of_key('changes_keyed.change_key', 'changes_keyed') }},
    'lead' as entity,
    case
        when changes_keyed.field_name in ('hubspotownerid', 'ownerid')
            then 'owner'
        when changes_keyed.field_name = 'hubspotscore' then 'score'
        else coalesce(changes_keyed.field_name, '')
    end as field,
    {{ system_key('hubspot', 'changes_keyed.record_id') }} as record_key,
    changes_keyed.record_id,
    cast(null as string) as old_value,
    changes_keyed.property_value as new_value,
    changes_keyed.changed_at as observed_at,
    {{ unread_text(
        'changes_keyed.changed_at', 'changes_keyed.changed_at_text'
    ) }} as observed_at_text,
    coalesce(
        owners.user_id, owners_by_address.user_id, changes_keyed.changed_by
    ) as actor_id,
    -- A merge writes what one of the merged contacts had already.
    case
        when {{ same_text('changes_keyed.change_source') }} like 'merge%'
            then 'merge'
    end as reason
from changes_keyed
left join owners
    on changes_keyed.changed_by = owners.account_user_id
left join owners_by_address
    on
        {{ same_text('changes_keyed.changed_by') }}
        = owners_by_address.email_match

union all

-- When a stage was entered, in a column of the contact itself.
select
    {{ row_columns() }},
    'lead' as entity,
    case when property_name is null then 'reached' else 'lifecyclestage' end
        as field,
    {{ system_key('hubspot', 'record_id') }} as record_key,
    record_id,
    cast(null as string) as old_value,
    stage as new_value,
    reached_at as observed_at,
    {{ unread_text('reached_at', 'reached_at_text') }} as observed_at_text,
    cast(null as string) as actor_id,
    cast(null as string) as reason
from {{ ref('stg_hubspot__contact_stage_dates') }}
