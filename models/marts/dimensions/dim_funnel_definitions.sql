-- The linter cannot indent what a loop writes.
-- noqa: disable=LT02
{%- set weekdays = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'] %}

with versions as (

    select * from {{ ref('def_funnel_versions') }}

),

in_force as (

    select * from {{ ref('int_funnel_versions__in_force') }}

),

policies as (

    select * from {{ ref('int_sla_policies__resolved') }}

),

clock as (

    select as_of from {{ ref('int_run__clock') }}

),

holidays as (

    select
        calendar_id,
        count(*) as holidays
    from {{ ref('def_holidays') }}
    group by calendar_id

),

openings_told as (

    select
        calendar_id,
        timezone,
        concat(
            concat_ws(
                ', ',
                {%- for weekday in weekdays %}
                max(
                    case
                        when weekday = {{ loop.index }} then '{{ weekday }}'
                    end
                ){{ ',' if not loop.last }}
                {%- endfor %}
            ),
            ' ', opens_at, '–', closes_at
        ) as opening
    from {{ ref('def_business_calendars') }}
    group by calendar_id, timezone, opens_at, closes_at

),

calendars as (

    select
        openings_told.calendar_id,
        {{ joined_texts('openings_told.opening', '; ') }}
        || ' ' || min(openings_told.timezone) || ' but for '
        || cast(coalesce(max(holidays.holidays), 0) as {{ dbt.type_string() }})
        || ' holidays' as opening_hours
    from openings_told
    left join holidays
        on openings_told.calendar_id = holidays.calendar_id
    group by openings_told.calendar_id

),

policies_told as (

    select
        policies.*,
        calendars.opening_hours,
        {{ plain_number('policies.sla_business_hours') }}
        || ' opening hours (' || calendars.opening_hours || ') to act'
        || case
            when policies.touches_stop_clock then ', a touch stops the clock'
            else ', a touch does not stop the clock'
        end
        || coalesce(
            '; open after '
            || cast(policies.max_pending_days as {{ dbt.type_string() }})
            || ' days counts as ignored',
            ''
        ) as told
    from policies
    left join calendars
        on policies.calendar_id = calendars.calendar_id

),

others as (

    select
        version,
        {{ joined_texts(
            "match_on || ' ' || match_value || ': ' || told", '. '
        ) }} as other_policies
    from policies_told
    where match_on <> 'default'
    group by version

)

select
    versions.version as definition_version,
    versions.description,
    versions.based_on,
    -- What a run names is in force from the beginning of time.
    nullif(in_force.valid_from, cast('0001-01-01 00:00:00' as timestamp))
        as effective_from_at,
    nullif(in_force.valid_to, {{ end_of_time() }}) as effective_until_at,
    coalesce(
        in_force.valid_from <= clock.as_of and in_force.valid_to > clock.as_of,
        false
    ) as is_in_force,
    versions.handoff_mode,
    versions.acceptance_roles,
    defaults.sla_business_hours,
    defaults.calendar_id,
    defaults.opening_hours,
    defaults.max_pending_days,
    defaults.touches_stop_clock,
    others.other_policies,
    case versions.handoff_mode
        when 'mql' then 'The MQL itself is the hand-off. '
        else 'Marketing hands over by a hand-off of its own. '
    end
    || coalesce(
        replace(versions.acceptance_roles, '+', ' and ') || ' must accept. ',
        'Anyone accepts. '
    )
    || coalesce('Sales has ' || defaults.told || '. ', '')
    || coalesce(others.other_policies || '.', '') as in_words
from versions
cross join clock
left join in_force
    on versions.version = in_force.version
left join policies_told as defaults
    on
        versions.version = defaults.version
        and defaults.match_on = 'default'
left join others
    on versions.version = others.version
