-- A schema of its own, which no mart joins: whoever may see the numbers need
-- not see names and addresses.
{{ config(schema='marts_pii') }}

with people as (

    select * from {{ ref('int_people') }}
    where is_in_marts

)

select
    person_id,
    full_name,
    email,
    phone
from people
