-- A deal may name several contacts, and is one deal all the same. It belongs to
-- the first of those that are known and live (a merged one lives on elsewhere).
-- What a deal or a contact lists is what it listed last.
-- A table: a view would be worked out anew wherever it is named.
{{ config(materialized='table') }}

with records as (
    select
        record_key,
        is_deleted
    from {{ ref('input_layer__records') }}
    where source = 'hubspot' and record_key is not null
),

deals as (
    select *
    from {{ surviving_rows([ref('stg_hubspot__deals')], whole=true) }}
),

contacts as (
    select *
    from {{ surviving_rows([ref('stg_hubspot__contacts')], whole=true) }}
),

associations as (
    select *
    from {{ surviving_rows([ref('stg_hubspot__deal_contacts')], whole=true) }}
    where not coalesce(is_deleted, false) and not is_deleted_by_loader
),

merged_deals as (
    select *
    from {{ ref('input_layer__hubspot__merged_deals') }}
),

merged_away as (
    select distinct left_key as record_key
    from {{ ref('input_layer__hubspot__record_links') }}
    where right_key is not null
),

associations_in_force as (
    select
        coalesce(
            merged_deals.winning_opportunity_id, associations.opportunity_id
        ) as opportunity_id,
        associations.contact_id
    from associations
    left join merged_deals
        on associations.opportunity_id = merged_deals.losing_opportunity_id
    left join deals
        on
            associations.inside_of = 'deal'
            and associations.opportunity_id = deals.opportunity_id
    left join contacts
        on
            associations.inside_of = 'contact'
            and associations.contact_id = contacts.record_id
    where
        not {{ is_listed_no_more('associations', 'deals') }}
        and not {{ is_listed_no_more('associations', 'contacts') }}
),

contacts_ranked as (
    select
        associations_in_force.opportunity_id,
        {{ system_key('hubspot', 'associations_in_force.contact_id') }}
            as record_key,
        associations_in_force.contact_id as record_id,
        row_number() over (
            partition by associations_in_force.opportunity_id
            order by
                case
                    when
                        records.is_deleted and merged_away.record_key is null
                        then 2
                    when
                        records.record_key is null
                        and merged_away.record_key is null
                        then 3
                    else 1
                end asc,
                length(associations_in_force.contact_id) asc,
                associations_in_force.contact_id asc
        ) as contact_no
    from associations_in_force
    left join records
        on
            {{ system_key('hubspot', 'associations_in_force.contact_id') }}
            = records.record_key
    left join merged_away
        on
            {{ system_key('hubspot', 'associations_in_force.contact_id') }}
            = merged_away.record_key
    where
        associations_in_force.opportunity_id is not null
        and associations_in_force.contact_id is not null
)

select
    opportunity_id,
    record_key,
    record_id
from contacts_ranked
where contact_no = 1
