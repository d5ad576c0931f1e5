-- Records are joined on 64-bit keys. Two ids with one key would become one
-- person; it never happens by chance at any size we know, and must not pass.
select
    record_key,
    count(*) as ids
from (
    select distinct
        record_key,
        source,
        record_match_id
    from {{ ref('input_layer__records') }}
    where not is_key_missing
) as ids
group by 1
having count(*) > 1
