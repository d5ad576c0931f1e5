-- Each accepted lead counts exactly once under every attribution model.
select
    lifecycle_id,
    attribution_model,
    sum(weight) as weight
from {{ ref('fct_attributed_acceptances') }}
group by lifecycle_id, attribution_model
having sum(weight) <> 1
