-- Whose each record is, under a name that is the same on every engine and in
-- every spelling: what a close remembers people by.
with records as (

    select * from {{ ref('int_people__records') }}

),

people as (

    select * from {{ ref('int_people') }}
    where is_in_marts

),

named as (

    select distinct
        people.person_key,
        records.source || '|' || case
            when records.source = 'salesforce'
                then {{ sf_match_id('records.record_id') }}
            else records.record_id
        end as record,
        people.person_id
    from records
    inner join people
        on records.person_key = people.person_key

)

select * from named
