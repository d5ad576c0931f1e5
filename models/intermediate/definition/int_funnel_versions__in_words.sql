-- What each version says, in words of two languages.
-- The linter cannot indent what a loop writes.
-- noqa: disable=LT02
{#- What a version is said with: a text stands between the values. -#}
{%- set words = {
    'en': {
        'weekdays': ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'],
        'next_day': ', ',
        'next_opening': '; ',
        'timezone': ' ',
        'holidays': [' but for ', ' holidays'],
        'hours': [' opening hours (', ') to act'],
        'touch_stops': ', a touch stops the clock',
        'touch_does_not': ', a touch does not stop the clock',
        'days': ['; open after ', ' days counts as ignored'],
        'team': 'team ',
        'channel': 'channel ',
        'policy': ': ',
        'end': '. ',
        'last_end': '.',
        'mql': 'The MQL itself is the hand-off. ',
        'explicit': 'Marketing hands over by a hand-off of its own. ',
        'next_role': ' and ',
        'accepts': ' must accept. ',
        'anyone': 'Anyone accepts. ',
        'sales': 'Sales has ',
    },
    'ja': {
        'weekdays': ['月', '火', '水', '木', '金', '土', '日'],
        'next_day': '・',
        'next_opening': '、',
        'timezone': '、',
        'holidays': ['、祝日', '日を除く'],
        'hours': ['営業時間以内に対応（', '）'],
        'touch_stops': '、接触で時計が止まる',
        'touch_does_not': '、接触しても時計は止まらない',
        'days': ['、', '日を過ぎて未対応なら無視'],
        'team': 'チーム ',
        'channel': 'チャネル ',
        'policy': '：',
        'end': '。',
        'last_end': '。',
        'mql': 'MQLをそのまま引き渡しとする。',
        'explicit': 'マーケティングが引き渡しを記録する。',
        'next_role': '・',
        'accepts': ' による受入が必要。',
        'anyone': '受入は誰でもよい。',
        'sales': '営業は',
    },
} %}

with versions as (

    select * from {{ ref('def_funnel_versions') }}

),

policies as (

    select * from {{ ref('int_sla_policies__resolved') }}

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
        {%- for language, say in words.items() %}
        concat(
            concat_ws(
                '{{ say.next_day }}',
                {%- for weekday in say.weekdays %}
                max(
                    case
                        when weekday = {{ loop.index }} then '{{ weekday }}'
                    end
                ){{ ',' if not loop.last }}
                {%- endfor %}
            ),
            ' ', opens_at, '–', closes_at
        ) as opening_{{ language }}{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ ref('def_business_calendars') }}
    group by calendar_id, timezone, opens_at, closes_at

),

calendars as (

    select
        openings_told.calendar_id,
        {%- for language, say in words.items() %}
        {{ joined_texts(
            'openings_told.opening_' ~ language, say.next_opening
        ) }}
        || '{{ say.timezone }}' || min(openings_told.timezone)
        || '{{ say.holidays[0] }}'
        || cast(coalesce(max(holidays.holidays), 0) as {{ dbt.type_string() }})
        || '{{ say.holidays[1] }}' as hours_{{ language }}
        {{- ',' if not loop.last }}
        {%- endfor %}
    from openings_told
    left join holidays
        on openings_told.calendar_id = holidays.calendar_id
    group by openings_told.calendar_id

),

policies_told as (

    select
        policies.*,
        {%- for language, say in words.items() %}
        {{ plain_number('policies.sla_business_hours') }}
        || '{{ say.hours[0] }}' || calendars.hours_{{ language }}
        || '{{ say.hours[1] }}'
        || case
            when policies.touches_stop_clock then '{{ say.touch_stops }}'
            else '{{ say.touch_does_not }}'
        end
        || coalesce(
            '{{ say.days[0] }}'
            || cast(policies.max_pending_days as {{ dbt.type_string() }})
            || '{{ say.days[1] }}',
            ''
        ) as told_{{ language }},
        {%- endfor %}
        calendars.hours_en as opening_hours
    from policies
    left join calendars
        on policies.calendar_id = calendars.calendar_id

),

others as (

    select
        version,
        {%- for language, say in words.items() %}
        {%- set told -%}
        case match_on
            when 'team' then '{{ say.team }}'
            when 'channel' then '{{ say.channel }}'
            else match_on || ' '
        end
        || match_value || '{{ say.policy }}' || told_{{ language }}
        {%- endset %}
        {{ joined_texts(told, say.end) }} as others_{{ language }}
        {{- ',' if not loop.last }}
        {%- endfor %}
    from policies_told
    where match_on <> 'default'
    group by version

)

select
    versions.version,
    {%- for language, say in words.items() %}
    case versions.handoff_mode
        when 'mql' then '{{ say.mql }}'
        else '{{ say.explicit }}'
    end
    || coalesce(
        replace(versions.acceptance_roles, '+', '{{ say.next_role }}')
        || '{{ say.accepts }}',
        '{{ say.anyone }}'
    )
    || coalesce(
        '{{ say.sales }}' || defaults.told_{{ language }} || '{{ say.end }}',
        ''
    )
    || coalesce(others.others_{{ language }} || '{{ say.last_end }}', '')
        as in_words
    {{- '_' ~ language if language != 'en' }},
    {%- endfor %}
    defaults.sla_business_hours,
    defaults.calendar_id,
    defaults.opening_hours,
    defaults.max_pending_days,
    defaults.touches_stop_clock,
    others.others_en as other_policies
from versions
left join policies_told as defaults
    on
        versions.version = defaults.version
        and defaults.match_on = 'default'
left join others
    on versions.version = others.version
