-- The linter cannot indent what a loop writes.
-- noqa: disable=LT02
{#- Column of the lifecycle that dates each count. -#}
{%- set stages = {
    'inquiry': 'inquiry_at',
    'mql': 'mql_at',
    'handed_off': 'handed_off_at',
    'tal': 'tal_at',
    'accepted': 'accepted_at',
    'sql': 'sql_at',
    'opportunity': 'opportunity_at',
} %}
{%- set exits = ['won', 'lost', 'rejected', 'recycled', 'disqualified'] %}

with lifecycles as (

    select * from {{ ref('int_lifecycles') }}
    where is_in_marts

),

settings as (

    select * from {{ source('settings', 'run') }}

),

entries as (

{%- for stage, column in stages.items() %}

    select
        lifecycle_id,
        '{{ stage }}' as stage,
        {{ column }} as entered_at
    from lifecycles
    where {{ column }} is not null

    union all
{%- endfor %}

    select
        lifecycle_id,
        exit_stage as stage,
        exited_at as entered_at
    from lifecycles
    where exit_stage is not null

),

entries_dated as (

    select
        entries.stage,
        cast(
            {{ from_utc('entries.entered_at', 'settings.reporting_timezone') }}
            as date
        ) as entered_date,
        lifecycles.channel,
        lifecycles.last_campaign_id as campaign_id,
        lifecycles.team,
        lifecycles.owner_id,
        lifecycles.origin,
        lifecycles.definition_version
    from entries
    cross join settings
    inner join lifecycles
        on entries.lifecycle_id = lifecycles.lifecycle_id

),

counted as (

    select
        entered_date,
        channel,
        campaign_id,
        team,
        owner_id,
        origin,
        definition_version,
        {%- for stage in stages.keys() | list + exits %}
        count(*) filter (where stage = '{{ stage }}') as {{ stage }}
        {{- ',' if not loop.last }}
        {%- endfor %}
    from entries_dated
    group by 1, 2, 3, 4, 5, 6, 7

)

select
    {{ hex_id(null_safe_text([
        'entered_date',
        'channel',
        'campaign_id',
        'team',
        'owner_id',
        'origin',
        'definition_version',
    ])) }} as funnel_period_id,
    entered_date,
    channel,
    campaign_id,
    team,
    owner_id,
    origin,
    definition_version,
    inquiry,
    mql,
    handed_off,
    tal,
    accepted,
    sql,
    opportunity,
    won,
    lost,
    rejected,
    recycled,
    disqualified
from counted
