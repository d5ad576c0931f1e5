{{ config(post_hook="{{ drop_component_tables() }}") }}

-- One human being is one connected component of the links. The macro widens
-- the labels round by round until none changes, so the model reads its result.
select
    node_key,
    component_key
from {{ connected_components(
    ref('int_identity__links'), 'left_key', 'right_key'
) }}
