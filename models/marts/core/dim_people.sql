with people as (

    select * from {{ ref('int_people') }}
    where is_in_marts

)

select
    person_id,
    primary_source,
    primary_record_id,
    cast(record_count as integer) as record_count,
    company,
    {{ company_key('company') }} as company_key,
    email_domain,
    source,
    channel,
    region,
    first_created_at,
    is_deleted
from people
