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

    select * from {{ ref('fct_lead_lifecycles') }}

),

settings as (

    select * from {{ source('settings', 'run') }}

),

-- What may date a count of the lifecycle, each name once.
stages as (

    {%- for stage in stages.keys() | list + ['exit'] %}
    select '{{ stage }}' as milestone
    {{ 'union all' if not loop.last }}
    {%- endfor %}

),

-- One scan: a lifecycle is read once and repeated for each name, narrow.
entries as (

    select
        case
            when stages.milestone = 'exit' then lifecycles.exit_stage
            else stages.milestone
        end as stage,
        case stages.milestone
            {%- for stage, column in stages.items() %}
            when '{{ stage }}' then lifecycles.{{ column }}
            {%- endfor %}
            else lifecycles.exited_at
        end as entered_at,
        lifecycles.channel,
        lifecycles.last_campaign_id as campaign_id,
        lifecycles.team,
        lifecycles.owner_id,
        lifecycles.origin,
        lifecycles.definition_version
    from lifecycles
    cross join stages

),

entries_dated as (

    select
        entries.*,
        cast(
            {{ from_utc('entries.entered_at', 'settings.reporting_timezone') }}
            as date
        ) as entered_date
    from entries
    cross join settings
    where entries.entered_at is not null and entries.stage is not null

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
    cast(inquiry as bigint) as inquiry,
    cast(mql as bigint) as mql,
    cast(handed_off as bigint) as handed_off,
    cast(tal as bigint) as tal,
    cast(accepted as bigint) as accepted,
    cast(sql as bigint) as sql,
    cast(opportunity as bigint) as opportunity,
    cast(won as bigint) as won,
    cast(lost as bigint) as lost,
    cast(rejected as bigint) as rejected,
    cast(recycled as bigint) as recycled,
    cast(disqualified as bigint) as disqualified
from counted
