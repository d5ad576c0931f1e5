{#-
    A text as an instant (naive UTC), or null where it is blank, impossible
    or outside the years 1900 to 2200. `zone` is the time zone of a text that
    has no offset; white space around it is gone already (`stage` trims it).
    The usual ISO forms go a short way; every other form of sources.md is
    brought into ISO first. `convention` says what the column as a whole means
    by 04/05/2026 and 04.05.2026 (`column_conventions`), `words` the names of
    months and eras (`time_words`).
-#}
{% macro parse_instant(text, zone, convention={}, words={}) -%}
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
                iso_text(text, convention, words),
                'iso', iso_text_to_utc('iso', zone)
            ) | indent(12) }}
    end
)
{%- endmacro %}

{#- The text of an instant, kept only where no instant could be read of it. -#}
{% macro unread_text(instant, text) -%}
case when {{ instant }} is null then {{ text }} end
{%- endmacro %}

{#-
    The forms of a time that people write as yyyy-m-d h:m[:s[.f]][offset].
    Words are looked for only where the column has any (`words` is empty where
    it has none); the hour of a clock of twelve is counted last.
-#}
{% macro iso_text(text, convention={}, words={}) -%}
{%- set dotted = '<3>-<1>-<2> '
    if convention.get('dotted_order') == 'month_first' else '<3>-<2>-<1> ' -%}
{%- set slashed = '<3>-<2>-<1> '
    if convention.get('day_order') == 'day_first' else '<3>-<1>-<2> ' -%}
{%- set steps = [
    ('([0-9]+)年 *([0-9]+)月 *([0-9]+)日', '<1>-<2>-<3> '),
    ('([0-9]+)時 *([0-9]+)分 *([0-9]+)秒', '<1>:<2>:<3>'),
    ('([0-9]+)時 *([0-9]+)分', '<1>:<2>'),
    ('([0-9]+)時', '<1>:00'),
    ('^ *([0-9]{1,2})[/-]([0-9]{1,2})[/-]([0-9]{4}),?', slashed),
    ('^ *([0-9]{1,2})[.] ?([0-9]{1,2})[.] ?([0-9]{4}),?', dotted),
    ('^ *([0-9]{4})/([0-9]{1,2})/([0-9]{1,2}),?', '<1>-<2>-<3>'),
    (
        '^ *([0-9]{4})[.] ?([0-9]{1,2})[.] ?([0-9]{1,2})[.]?([ ,T]|$)',
        '<1>-<2>-<3> '
    ),
    ('^ *([0-9]{4}-[0-9]{1,2}-[0-9]{1,2}),', '<1>'),
    ('([0-9])T([0-9])', '<1> <2>'),
    ('([0-9]),([0-9])', '<1>.<2>'),
    (' *(Z|UTC|GMT) *$', '+00:00'),
    (' *JST *$', '+09:00'),
    (' UHR *$', ''),
    ('(:[0-9.]+( [AP]M)?) *([+-][0-9]{2}):?([0-9]{2}) *$', '<1><3>:<4>'),
    ('(:[0-9.]+( [AP]M)?) *([+-][0-9]{2}) *$', '<1><3>:00'),
    (
        '( [0-9]+:[0-9]+)(( [AP]M)?[+-][0-9]{2}:[0-9]{2})$',
        '<1>:00<2>'
    ),
    (
        '^ *([0-9]{4})([0-9]{2})([0-9]{2}) ?'
        ~ '([0-9]{2})([0-9]{2})([0-9]{2})([.][0-9]+)?([+-][0-9:]+)?$',
        '<1>-<2>-<3> <4>:<5>:<6><7><8>'
    ),
    ('^ *([0-9]{4})([0-9]{2})([0-9]{2})( [0-9]+:[^ ]*)? *$', '<1>-<2>-<3><4>'),
    (' +', ' '),
] -%}
{%- set folded = 'upper(' ~ fold_width(text) ~ ')' -%}
{%- set worded -%}
case
    when {{ matches('txt', '[-0-9 :./,TZ+]*') }} then txt
    else {{ words_replaced('txt', words) }}
end
{%- endset -%}
{%- set iso = namespace(
    sql=bind(folded, 'txt', worded) if words else folded
) -%}
{#- In two halves, as twenty calls within each other are too deep to be linted. -#}
{%- set later = namespace(sql='half') -%}
{%- for pattern, replacement in steps -%}
    {%- if loop.index0 < 10 -%}
        {%- set iso.sql = replace_pattern(iso.sql, pattern, replacement) -%}
    {%- else -%}
        {%- set later.sql = replace_pattern(later.sql, pattern, replacement) -%}
    {%- endif -%}
{%- endfor -%}
{%- set iso.sql = bind(iso.sql, 'half', later.sql) -%}
{%- if words %}
{{ bind('trim(' ~ iso.sql ~ ')', 'hours', clock_of_24('hours')) }}
{%- else %}
trim({{ iso.sql }})
{%- endif %}
{%- endmacro %}


{#- 2026-04-06 3:24:05 PM on the clock of 24 hours; anything else as it is. -#}
{% macro clock_of_24(text) -%}
{%- set form = '([0-9]{4}-[0-9]{1,2}-[0-9]{1,2}) (0?[0-9]|1[0-2])'
    ~ '((:[0-9]{1,2}(:[0-9]{1,2}([.][0-9]+)?)?)?) ?([AP])M(.*)' -%}
{%- set part = "regexp_extract(" ~ text ~ ", '" ~ form ~ "', " -%}
case
    when {{ text }} like '%M%' and {{ matches(text, form) }}
        then concat(
            {{ part }}1), ' ',
            cast(
                cast({{ part }}2) as int) % 12
                + case when {{ part }}7) = 'P' then 12 else 0 end
                as {{ dbt.type_string() }}
            ),
            case when {{ part }}3) = '' then ':00' else {{ part }}3) end,
            {{ part }}8)
        )
    else {{ text }}
end
{%- endmacro %}


{#- Days of the week gone, months, eras and halves of a day as numbers. -#}
{% macro words_replaced(text, words) -%}
{%- set edge = '[ 0-9.,/-]' -%}
{%- set steps = [
    ('[(（][月火水木金土日][)）]', ' '),
    ('([0-9]) *[月火水木金土日]曜日?', '<1> '),
    ('^ *(MON|TUE|WED|THU|FRI|SAT|SUN)[A-Z]*[.]?,? *', ''),
    ('(^|[^A-Z])([AP])[.]? ?M[.]?( |,|[+-]|$)', '<1> <2>M<3>'),
    (' (AT|DE|OF|DEL) ', ' '),
] -%}
{%- for month, names in words.get('months', {}).items() -%}
{%- do steps.append((
    '(^|' ~ edge ~ ')(' ~ names | join('|') ~ ')(' ~ edge ~ '|$)',
    '<1>@' ~ '%02d' | format(month) ~ '@<3>'
)) -%}
{%- endfor -%}
{%- do steps.extend([
    (
        '^ *([0-9]{1,2})(ST|ND|RD|TH|[.])?[ ,./-]*@([0-9]{2})@'
        ~ '[ ,./-]*([0-9]{4}),? *',
        '<4>-<3>-<1> '
    ),
    (
        '^ *@([0-9]{2})@[ ,./-]*([0-9]{1,2})(ST|ND|RD|TH)?[ ,./-]+([0-9]{4}),? *',
        '<4>-<1>-<2> '
    ),
    (
        '^ *@([0-9]{2})@[ ,./-]*([0-9]{1,2}) +([0-9]{1,2}:[0-9:]+)'
        ~ ' *([A-Z+0-9:-]*) +([0-9]{4}) *$',
        '<5>-<1>-<2> <3><4>'
    ),
    (
        '^ *([0-9]{4})[ ,./-]*@([0-9]{2})@[ ,./-]*([0-9]{1,2}),? *',
        '<1>-<2>-<3> '
    ),
    ('([0-9]+)時 *([0-9]+)分 *([0-9]+)秒', '<1>:<2>:<3>'),
    ('([0-9]+)時 *([0-9]+)分', '<1>:<2>'),
    ('([0-9]+)時', '<1>:00'),
    ('午前 *([0-9:.]+)', ' <1> AM'),
    ('午後 *([0-9:.]+)', ' <1> PM'),
    ('([0-9])([AP]M)', '<1> <2>'),
    (' +', ' '),
]) -%}
{%- set done = namespace(sql=text) -%}
{%- for era in words.get('eras', []) -%}
{%- set form = '^ *(' ~ [era.era, era.sign, era.letter] | join('|')
    ~ ') ?(元|[0-9]{1,2})' -%}
{%- set year -%}
case
    when {{ matches('dated', '( *(' ~ [era.era, era.sign, era.letter]
        | join('|') ~ ') ?(元|[0-9]{1,2})) ?[-年./].*') }}
        then concat(
            cast(
                {{ era.year_before }} + cast(
                    replace(
                        regexp_extract(dated, '{{ form }}', 2), '元', '1'
                    ) as int
                ) as {{ dbt.type_string() }}
            ),
            {{ replace_pattern('dated', form, '') }}
        )
    else dated
end
{%- endset -%}
{%- set done.sql = bind(done.sql, 'dated', year) -%}
{%- endfor -%}
{%- for pattern, replacement in steps -%}
{%- set done.sql = replace_pattern(done.sql, pattern, replacement) -%}
{%- endfor -%}
{{ done.sql }}
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
    -- A spreadsheet counts days since 1899-12-30; from 1954 on, so that a
    -- postal code is hardly one.
    when {{ matches(iso, '[2-9][0-9]{4}([.][0-9]+)?') }}
        then {{ to_utc(from_epoch_us(
            'cast(round((cast(' ~ iso ~ ' as double) - 25569e0) * 86400e0'
            ~ ' * 1000e0) as bigint) * 1000'
        ), zone) | indent(8) }}
    when {{ iso }} < '1900' or {{ iso }} >= '2201' then null
    when {{ matches(iso, day ~ '( ' ~ time ~ ')?') }}
        then {{ to_utc('try_cast(' ~ iso ~ ' as timestamp)', zone) | indent(8) }}
    when {{ matches(iso, day ~ ' ' ~ time ~ '[+-][0-9]{2}:[0-9]{2}') }}
        then {{ offset_text_to_utc(iso) }}
end
{%- endmacro %}


{#-
    A text as a number, or null where it is none: thousands separators,
    currency signs and codes, accountants' parentheses, a decimal comma.
    `mark` is what the column as a whole has before its decimals, point or
    comma; without one, a comma or several with three digits behind each are
    thousands, and one point alone is the decimal point. `signs` are currency
    signs (`currency_signs`).
-#}
{% macro parse_decimal(
    text, type='decimal(18, 2)', mark=none, signs=['¥', '$', '€', '£', '円']
) -%}
{%- set steps = [
    ('^([-+(]*) ?[A-Z]{3}([^A-Z])', '<1><2>'),
    ('([^A-Z])[A-Z]{3}([)-]*)$', '<1><2>'),
] -%}
{%- for sign in signs -%}
{%- do steps.append((literal_pattern(sign), '')) -%}
{%- endfor -%}
{%- do steps.extend([
    ("[ ’´`]|'", ''),
    ('^[(](.*)[)]$', '-<1>'),
    ('^(.*[0-9])-$', '-<1>'),
    ('^[+]', ''),
]) -%}
{%- set plain = namespace(
    sql='upper(' ~ fold_width(unicode_trim(text)) ~ ')'
) -%}
{%- for pattern, replacement in steps -%}
{%- set plain.sql = replace_pattern(
    plain.sql, pattern | replace("'", "''"), replacement
) -%}
{%- endfor -%}
{%- set whole = '-?[0-9]+' -%}
{%- set with_point = '-?[0-9]+([.][0-9]*)?|-?[.][0-9]+' -%}
{%- set comma_groups = '-?[0-9]{1,3}(,[0-9]{3})+([.][0-9]*)?'
    ~ '|-?[0-9]{1,2}(,[0-9]{2})+,[0-9]{3}([.][0-9]*)?' -%}
{%- set with_comma = '-?[0-9]+(,[0-9]*)?|-?,[0-9]+' -%}
{%- set point_groups = '-?[0-9]{1,3}([.][0-9]{3})+(,[0-9]*)?' -%}
{%- set as_comma = "replace(replace(num, '.', ''), ',', '.')" -%}
{%- set separated -%}
try_cast(
    case
    {%- if mark == 'comma' %}
        when {{ matches('num', with_comma ~ '|' ~ point_groups) }}
            then {{ as_comma }}
    {%- else %}
        when {{ matches('num', with_point) }}
            then num
        when {{ matches('num', comma_groups) }}
            then replace(num, ',', '')
    {%- if mark is none %}
        when {{ matches('num', '-?[0-9]{1,3}([.][0-9]{3})+(,[0-9]+)?') }}
            or {{ matches('num', '-?[0-9]+,[0-9]+') }}
            then {{ as_comma }}
    {%- endif %}
    {%- endif %}
    end as {{ type }}
)
{%- endset -%}
case
    when {{ text }} is null then null
    when {{ matches(
        text, whole if mark == 'comma' else '-?[0-9]+([.][0-9]+)?'
    ) }}
        then try_cast({{ text }} as {{ type }})
    else {{ bind(plain.sql, 'num', separated) | indent(4) }}
end
{%- endmacro %}

{#- A text as a pattern that means just this text. -#}
{% macro literal_pattern(text) -%}
{%- for character in text -%}
{{ '[' ~ character ~ ']' if character in '$.' else character }}
{%- endfor -%}
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
