select
    {{ row_columns() }},
    user_id,
    {{ system_key('generic', 'user_id') }} as user_key,
    user_name,
    team,
    role,
    cast(null as string) as role_name
from {{ ref('stg_generic__users') }}
