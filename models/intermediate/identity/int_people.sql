-- The linter indents filters and calls of macros its own way.
-- noqa: disable=LT02
with keyed as (

    select * from {{ ref('int_people__records') }}

),

records as (

    select * from {{ ref('input_layer__records') }}
    where not is_key_missing

),

channels as (

    select
        {{ same_text('source_value') }} as source_value,
        min(channel) as channel
    from {{ ref('def_channels') }}
    group by 1

),

records_ranked as (

    select
        keyed.person_key,
        keyed.primary_source,
        keyed.primary_record_id,
        keyed.has_live_record,
        keyed.first_created_at,
        records.company,
        records.email_match,
        records.region,
        records.full_name,
        records.email,
        records.phone,
        records.lead_source,
        row_number() over (
            partition by keyed.person_key
            order by
                case
                    when keyed.record_key = keyed.person_key then 0 else 1
                end asc,
                keyed.is_live desc,
                keyed.source asc,
                keyed.record_id asc
        ) as primary_rank,
        row_number() over (
            partition by keyed.person_key
            order by
                case when records.created_at is null then 1 else 0 end,
                records.created_at,
                keyed.source,
                keyed.record_id
        ) as age_rank
    from keyed
    inner join records
        on keyed.record_key = records.record_key

),

people_summarised as (

    select
        person_key,
        min(primary_source) as primary_source,
        min(primary_record_id) as primary_record_id,
        count(*) as record_count,
        min(first_created_at) as first_created_at,
        not bool_or(has_live_record) as is_deleted,
        min_by(company, primary_rank) filter (where company is not null)
            as company,
        min_by(email_match, primary_rank)
            filter (where email_match like '%@%') as email_match,
        min_by(email, primary_rank) filter (where email is not null) as email,
        min_by(full_name, primary_rank) filter (where full_name is not null)
            as full_name,
        min_by(phone, primary_rank) filter (where phone is not null) as phone,
        min_by(region, primary_rank) filter (where region is not null)
            as region,
        min_by(lead_source, age_rank) filter (where lead_source is not null)
            as lead_source
    from records_ranked
    group by 1

),

channels_mapped as (

    select
        people_summarised.person_key,
        {{ hex_id(
            "people_summarised.primary_source || '|' || "
            ~ "people_summarised.primary_record_id"
        ) }} as person_id,
        people_summarised.primary_source,
        people_summarised.primary_record_id,
        people_summarised.record_count,
        people_summarised.first_created_at,
        people_summarised.is_deleted,
        not people_summarised.is_deleted
        or {{ run_setting('keep_deleted') }} as is_in_marts,
        people_summarised.company,
        people_summarised.region,
        people_summarised.full_name,
        people_summarised.email,
        people_summarised.phone,
        split_part(people_summarised.email_match, '@', 2) as email_domain,
        people_summarised.lead_source as source,
        coalesce(
            channels.channel, {{ same_text('people_summarised.lead_source') }}
        ) as channel
    from people_summarised
    left join channels
        on
            {{ same_text('people_summarised.lead_source') }}
            = channels.source_value

)

select * from channels_mapped
