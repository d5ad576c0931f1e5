{#-
    A text as an instant (naive UTC), or null where it is blank, impossible
    or outside the years 1900 to 2200. `zone` is the time zone of a text that
    has no offset; white space around it is gone already (`stage` trims it).
    The usual ISO forms go a short way; every other form of sources.md
    (2026/04/01, 4/1/2026 9:05, 2026年4月1日 9時05分, epoch seconds and
    milliseconds, offsets, full-width digits) is brought into ISO first.
-#}
{% macro parse_instant(text, zone) -%}
coalesce(
    case
        when {{ text }} >= '1900' and {{ text }} < '2201'
            and {{ text }} not like '___________24%'
            then case
                when {{ text }} like '____-__-_____:__:__'
                    or {{ text }} like '____-__-__'
                    or {{ text }} like '____-__-_____:__:__.___'
                    then {{ to_utc(
                        'try_cast(' ~ text ~ ' as timestamp)', zone
                    ) | indent(20) }}
                when {{ text }} like '____-__-_____:__:__%'
                    and (
                        {{ text }} like '%Z' or {{ text }} like '% UTC'
                        or {{ text }} like '%+0000'
                        or {{ text }} like '%+00:00'
                    )
                    then {{ offset_text_to_utc(text) }}
            end
    end,
    case
        when {{ text }} is not null
            then {{ bind(
                iso_text(text), 'iso', iso_text_to_utc('iso', zone)
            ) | indent(12) }}
    end
)
{%- endmacro %}

{#- The text of an instant, kept only where no instant could be read of it. -#}
{% macro unread_text(instant, text) -%}
case when {{ instant }} is null then {{ text }} end
{%- endmacro %}

{#- The forms of a time that people write as yyyy-m-d h:m[:s[.f]][offset]. -#}
{% macro iso_text(text) -%}
{%- set steps = [
    ('([0-9]+)年 *([0-9]+)月 *([0-9]+)日', '<1>-<2>-<3> '),
    ('([0-9]+)時 *([0-9]+)分 *([0-9]+)秒', '<1>:<2>:<3>'),
    ('([0-9]+)時 *([0-9]+)分', '<1>:<2>'),
    ('([0-9]+)時', '<1>:00'),
    ('^ *([0-9]{1,2})/([0-9]{1,2})/([0-9]{4})', '<3>-<1>-<2>'),
    ('^ *([0-9]{4})/([0-9]{1,2})/([0-9]{1,2})', '<1>-<2>-<3>'),
    ('([0-9])T([0-9])', '<1> <2>'),
    ('([0-9]),([0-9])', '<1>.<2>'),
    (' *(Z|UTC|GMT) *$', '+00:00'),
    ('(:[0-9.]+) *([+-][0-9]{2}):?([0-9]{2}) *$', '<1><2>:<3>'),
    ('(:[0-9.]+) *([+-][0-9]{2}) *$', '<1><2>:00'),
    ('( [0-9]+:[0-9]+)([+-][0-9]{2}:[0-9]{2})$', '<1>:00<2>'),
    ('^ *([0-9]{4})([0-9]{2})([0-9]{2}) *$', '<1>-<2>-<3>'),
    (' +', ' '),
] -%}
{%- set iso = namespace(sql='upper(' ~ fold_width(text) ~ ')') -%}
{%- for pattern, replacement in steps -%}
{%- set iso.sql = replace_pattern(iso.sql, pattern, replacement) -%}
{%- endfor -%}
trim({{ iso.sql }})
{%- endmacro %}

{% macro iso_text_to_utc(iso, zone) -%}
{%- set day = '[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}' -%}
{%- set hour = '([01]?[0-9]|2[0-3])' -%}
{%- set time = hour ~ ':[0-9]{1,2}(:[0-9]{1,2}([.][0-9]+)?)?' -%}
case
    when {{ matches(iso, '[0-9]{10}') }} and {{ iso }} < '7289654400'
        then {{ from_epoch_us('cast(' ~ iso ~ ' as bigint) * 1000000') }}
    when {{ matches(iso, '[0-9]{13}') }} and {{ iso }} < '7289654400000'
        then {{ from_epoch_us('cast(' ~ iso ~ ' as bigint) * 1000') }}
    when {{ iso }} < '1900' or {{ iso }} >= '2201' then null
    when {{ matches(iso, day ~ '( ' ~ time ~ ')?') }}
        then {{ to_utc('try_cast(' ~ iso ~ ' as timestamp)', zone) | indent(8) }}
    when {{ matches(iso, day ~ ' ' ~ time ~ '[+-][0-9]{2}:[0-9]{2}') }}
        then {{ offset_text_to_utc(iso) }}
end
{%- endmacro %}


{#-
    A text as a number, or null where it is none: thousands separators,
    currency signs and codes, accountants' parentheses, a decimal comma. One
    comma or several with three digits behind each are thousands; one point
    alone is the decimal point.
-#}
{% macro parse_decimal(text, type='decimal(18, 2)') -%}
{%- set steps = [
    ('[ ¥$€£円]', ''),
    ('^([+-]?)[A-Z]{3}', '<1>'),
    ('[A-Z]{3}$', ''),
    ('^[(](.*)[)]$', '-<1>'),
    ('^(.*[0-9])-$', '-<1>'),
    ('^[+]', ''),
] -%}
{%- set plain = namespace(
    sql='upper(' ~ fold_width(unicode_trim(text)) ~ ')'
) -%}
{%- for pattern, replacement in steps -%}
{%- set plain.sql = replace_pattern(plain.sql, pattern, replacement) -%}
{%- endfor -%}
{%- set separated -%}
try_cast(
    case
        when {{ matches('num', '-?[0-9]+([.][0-9]*)?|-?[.][0-9]+') }}
            then num
        when {{ matches('num', '-?[0-9]{1,3}(,[0-9]{3})+([.][0-9]*)?') }}
            then replace(num, ',', '')
        when {{ matches('num', '-?[0-9]{1,3}([.][0-9]{3})+(,[0-9]+)?') }}
            or {{ matches('num', '-?[0-9]+,[0-9]+') }}
            then replace(replace(num, '.', ''), ',', '.')
    end as {{ type }}
)
{%- endset -%}
case
    when {{ text }} is null then null
    when {{ matches(text, '-?[0-9]+([.][0-9]+)?') }}
        then try_cast({{ text }} as {{ type }})
    else {{ bind(plain.sql, 'num', separated) | indent(4) }}
end
{%- endmacro %}

{#- A score or another number that is no money. -#}
{% macro parse_number(text) -%}
{{ parse_decimal(text, 'decimal(28, 9)') }}
{%- endmacro %}


{#-
    A flag in any case and width, or null where the text is none. Compared one
    by one: of a list as long as this, DuckDB makes a join that it computes
    even where nobody reads the flag.
-#}
{% macro parse_boolean(text) -%}
case
    when {{ text }} is null then null
    {{ flag_branches('lower(' ~ text ~ ')') }}
    when not {{ is_ascii(text) }}
        then {{ bind(
            'lower(' ~ fold_width(unicode_trim(text)) ~ ')',
            'plain',
            'case ' ~ flag_branches('plain') ~ ' end'
        ) }}
end
{%- endmacro %}

{% macro flag_branches(plain) -%}
{%- set flags = {
    'true': 'true', 'false': 'false', 't': 'true', 'f': 'false',
    '1': 'true', '0': 'false', 'yes': 'true', 'no': 'false',
    'y': 'true', 'n': 'false', 'はい': 'true', 'いいえ': 'false',
} -%}
{%- set branches = [] -%}
{%- for word, flag in flags.items() -%}
    {%- do branches.append(
        'when ' ~ plain ~ " = '" ~ word ~ "' then " ~ flag
    ) -%}
{%- endfor -%}
{{ branches | join(' ') }}
{%- endmacro %}
