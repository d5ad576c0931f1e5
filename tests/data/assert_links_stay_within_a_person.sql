-- If the labels of connected components had not settled, two records that a
-- link joins would stay two people. Groups too large to be one are exempt.
select
    links.left_key,
    links.right_key
from {{ ref('int_identity__links') }} as links
inner join {{ ref('int_people__keys') }} as left_people
    on links.left_key = left_people.record_key
inner join {{ ref('int_people__keys') }} as right_people
    on links.right_key = right_people.record_key
left join {{ ref('int_people__records') }} as records
    on links.left_key = records.record_key
left join {{ ref('int_people__records') }} as other_records
    on links.right_key = other_records.record_key
where
    left_people.person_key <> right_people.person_key
    and not coalesce(records.is_oversized, other_records.is_oversized, false)
