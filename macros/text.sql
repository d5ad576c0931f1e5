{#-
    Text as people and loaders type it. What differs between dialects is the
    small pieces here; the parsers in parse.sql are written once on top of
    them. Patterns are plain enough to mean the same in both (no backslash).
-#}

{#- Whether the whole text has the pattern. -#}
{% macro matches(text, pattern) -%}
{{ return(adapter.dispatch('matches')(text, pattern)) }}
{%- endmacro %}

{% macro duckdb__matches(text, pattern) -%}
regexp_full_match({{ text }}, '{{ pattern }}')
{%- endmacro %}

{% macro spark__matches(text, pattern) -%}
({{ text }} rlike '^({{ pattern }})$')
{%- endmacro %}


{#- Every occurrence of a pattern replaced; <1> is what group 1 took. -#}
{% macro replace_pattern(text, pattern, replacement) -%}
{{ return(
    adapter.dispatch('replace_pattern')(text, pattern, replacement)
) }}
{%- endmacro %}

{% macro duckdb__replace_pattern(text, pattern, replacement) -%}
regexp_replace(
    {{ text }},
    '{{ pattern }}',
    '{{ replacement | replace('<', '\\') | replace('>', '') }}',
    'g'
)
{%- endmacro %}

{% macro spark__replace_pattern(text, pattern, replacement) -%}
regexp_replace(
    {{ text }},
    '{{ pattern }}',
    '{{ replacement | replace('<', '$') | replace('>', '') }}'
)
{%- endmacro %}


{#-
    `body`, in which `name` stands for the value of `expression`: computed
    once, however often the body names it.
-#}
{% macro bind(expression, name, body) -%}
{{ return(adapter.dispatch('bind')(expression, name, body)) }}
{%- endmacro %}

{% macro duckdb__bind(expression, name, body) -%}
list_transform([{{ expression }}], lambda {{ name }}: {{ body }})[1]
{%- endmacro %}

{% macro spark__bind(expression, name, body) -%}
transform(array({{ expression }}), {{ name }} -> {{ body }})[0]
{%- endmacro %}


{#- Whether a text is plain ASCII, which nothing needs to be folded in. -#}
{% macro is_ascii(text) -%}
{{ return(adapter.dispatch('is_ascii')(text)) }}
{%- endmacro %}

{% macro duckdb__is_ascii(text) -%}
(strlen({{ text }}) = length({{ text }}))
{%- endmacro %}

{% macro spark__is_ascii(text) -%}
(octet_length({{ text }}) = char_length({{ text }}))
{%- endmacro %}


{#-
    Full-width letters, digits and signs as the plain ones (the part of NFKC
    that times, numbers and flags need, in plain SQL; no quote or backslash,
    which dialects escape in different ways). Translating a text is slow, so
    only a text that needs it is.
-#}
{% macro fold_width(text) -%}
case when {{ is_ascii(text) }} then {{ text }} else {{ widths_folded(text) }} end
{%- endmacro %}

{% macro widths_folded(text) -%}
translate(
    {{ text }},
    '！＂＃＄％＆（）＊＋，－．／０１２３４５６７８９：；＜＝＞？＠ＡＢＣ'
    || 'ＤＥＦＧＨＩＪＫＬＭＮＯＰＱＲＳＴＵＶＷＸＹＺ［］＾＿｀ａｂｃｄｅｆ'
    || 'ｇｈｉｊｋｌｍｎｏｐｑｒｓｔｕｖｗｘｙｚ｛｜｝～　￥￠￡−'
    || '{{ "\xa0\u2007\u2009\u202f" }}',
    '!"#$%&()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[]^_`abcdefgh'
    || 'ijklmnopqrstuvwxyz{|}~ ¥¢£-    '
)
{%- endmacro %}


{#- Without Unicode white space at either end. -#}
{% macro unicode_trim(text) -%}
{{ return(adapter.dispatch('unicode_trim')(text)) }}
{%- endmacro %}

{%- macro unicode_space() -%}
{{- ' \t\n\x0b\x0c\r\x1c\x1d\x1e\x1f\x85\xa0\u1680\u2000\u2001\u2002\u2003'
    ~ '\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f'
    ~ '\u3000' -}}
{%- endmacro -%}

{% macro duckdb__unicode_trim(text) -%}
{#- Most texts need no trimming, and looking is cheaper than trimming; at the
    last character by its place, since `right` counts them all. -#}
case
    when {{ is_ascii(text) }}
        and {{ text }} >= '!' and array_extract({{ text }}, -1) > ' '
        then {{ text }}
    else {{ plain_trim(text) }}
end
{%- endmacro %}

{% macro spark__unicode_trim(text) -%}
{{ plain_trim(text) }}
{%- endmacro %}

{#- The same without a look first, for what is seldom computed. -#}
{% macro plain_trim(text) -%}
{{ return(adapter.dispatch('plain_trim')(text)) }}
{%- endmacro %}

{% macro duckdb__plain_trim(text) -%}
trim({{ text }}, '{{ unicode_space() }}')
{%- endmacro %}

{% macro spark__plain_trim(text) -%}
trim(both '{{ unicode_space() }}' from {{ text }})
{%- endmacro %}


{#- The text without white space around it; null where nothing is left. -#}
{% macro trimmed(text) -%}
nullif({{ unicode_trim(text) }}, '')
{%- endmacro %}


{#-
    What is compared where two texts count as the same: after Unicode NFKC,
    trimming of Unicode space and lower-casing; null of null and of blank.
    Neither engine has NFKC: `unicode_same_text` is a function that the run
    brings along (orchestration/transformation/dbt_plugin.py, orchestration/spark/text.py).
    It costs far more than SQL, so only texts beyond ASCII are given to it.
-#}
{% macro same_text(text) -%}
{{ return(adapter.dispatch('same_text')(text)) }}
{%- endmacro %}

{% macro duckdb__same_text(text) -%}
nullif(
    case
        when {{ is_ascii(text) }}
            then lower({{ unicode_trim(text) }})
        else unicode_same_text({{ text }})
    end,
    ''
)
{%- endmacro %}

{% macro spark__same_text(text) -%}
{#- Spark calls the function on every row: of a null it has an answer at once. -#}
nullif(
    case
        when {{ is_ascii(text) }}
            then lower({{ unicode_trim(text) }})
        else unicode_same_text(
            case when not {{ is_ascii(text) }} then {{ text }} end
        )
    end,
    ''
)
{%- endmacro %}


{#- A name compared without case, spaces and underscores. -#}
{% macro same_name(text) -%}
replace(replace({{ same_text(text) }}, ' ', ''), '_', '')
{%- endmacro %}


{#- Meta's id of an account, which its API writes with `act_` before it. -#}
{% macro plain_account(account) -%}
{{ replace_pattern(account, '^act_', '') }}
{%- endmacro %}
