-- A deal may name several contacts, and is one deal all the same. It belongs to
-- the first of those that are known and live (a merged one lives on elsewhere):
-- to the one in the deal itself before the primary one of its roles.
with records as (
    select
        record_key,
        is_deleted and merged_into_key is null as is_gone
    from {{ ref('input_layer__records') }}
    where source = 'salesforce' and record_key is not null
),

deals as (
    select *
    from {{ surviving_rows([ref('stg_salesforce__opportunities')]) }}
),

roles as (
    select *
    from {{ surviving_rows(
        [ref('stg_salesforce__opportunity_contact_roles')]
    ) }}
    where not coalesce(is_deleted, false) and not is_deleted_by_loader
),

contacts_named as (
    select
        opportunity_id,
        contact_id,
        1 as place,
        cast(null as timestamp) as named_at
    from deals
    union all
    select
        opportunity_id,
        contact_id,
        case when is_primary then 2 else 3 end as place,
        created_at as named_at
    from roles
),

contacts_ranked as (
    select
        {{ sf_match_id('contacts_named.opportunity_id') }}
            as opportunity_match_id,
        {{ system_key('salesforce', sf_match_id('contacts_named.contact_id'))
            }} as record_key,
        contacts_named.contact_id as record_id,
        row_number() over (
            partition by {{ sf_match_id('contacts_named.opportunity_id') }}
            order by
                case
                    when records.is_gone then 2
                    when records.record_key is null then 3
                    else 1
                end asc,
                contacts_named.place asc,
                contacts_named.named_at asc nulls last,
                {{ sf_match_id('contacts_named.contact_id') }} asc,
                contacts_named.contact_id asc
        ) as contact_no
    from contacts_named
    left join records
        on
            {{ system_key(
                'salesforce', sf_match_id('contacts_named.contact_id')
            ) }} = records.record_key
    where
        contacts_named.opportunity_id is not null
        and contacts_named.contact_id is not null
)

select
    opportunity_match_id,
    record_key,
    record_id
from contacts_ranked
where contact_no = 1
