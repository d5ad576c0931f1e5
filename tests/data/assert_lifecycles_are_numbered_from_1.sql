-- A hole in the numbers of a person's lifecycles is a lifecycle that was lost.
select
    person_id,
    min(lifecycle_no) as first_no,
    max(lifecycle_no) as last_no,
    count(*) as lifecycles
from {{ ref('fct_lead_lifecycles') }}
group by person_id
having max(lifecycle_no) <> count(*) or min(lifecycle_no) <> 1
