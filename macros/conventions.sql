{#-
    How the texts of a raw table are to be read where one text alone does not
    say it: which words stand for nothing, whether 04/05/2026 is in April,
    whether 1.234 is more than a thousand. Words are rows of seeds; what a
    column as a whole means stands in settings.columns, which the program works
    out of all its rows (orchestration/sources/conventions.py).

    All of it is asked when a staging view is made and written into it, so that
    no row pays for it. What changes here rebuilds everything.
-#}

{#- The rows of a seed's effective definition; none where it is not built. -#}
{% macro rows_of_definition(name, columns) -%}
{%- set relation = ref('def_' ~ name) -%}
{{ return(rows_there(relation, columns, '1 = 1')) }}
{%- endmacro %}

{% macro rows_there(relation, columns, condition) -%}
{%- set rows = [] -%}
{%- if execute and load_relation(relation) -%}
    {%- set found = run_query(
        'select ' ~ columns | join(', ') ~ ' from ' ~ relation
        ~ ' where ' ~ condition ~ ' order by ' ~ columns | join(', ')
    ) -%}
    {%- for row in found.rows -%}
        {%- do rows.append(dict(zip(columns, row.values()))) -%}
    {%- endfor -%}
{%- endif -%}
{{ return(rows) }}
{%- endmacro %}


{#-
    The words that mean nothing, by kind of column: id, email, instant, amount
    and flag compare them in any case and width, text as they are written.
-#}
{% macro blank_words() -%}
{%- set kinds = {
    'id': 'in_ids', 'email': 'in_emails', 'instant': 'in_instants',
    'amount': 'in_amounts', 'flag': 'in_flags', 'text': 'in_texts',
} -%}
{%- set words = {} -%}
{%- for kind in kinds -%}
    {%- do words.update({kind: []}) -%}
{%- endfor -%}
{%- for row in rows_of_definition(
    'blank_words', ['word'] + kinds.values() | list
) -%}
    {#- dbt takes null in a seed for no value, so there it is in quotes. -#}
    {%- set said = row.word[1:-1]
        if row.word[0] == "'" and row.word[-1] == "'" else row.word -%}
    {%- for kind, column in kinds.items() if row[column] -%}
        {%- set word = said if kind == 'text' else said | lower -%}
        {%- if word not in words[kind] -%}
            {%- do words[kind].append(word) -%}
        {%- endif -%}
    {%- endfor -%}
{%- endfor -%}
{{ return(words) }}
{%- endmacro %}


{#- The text, or null where it is one of the words. -#}
{% macro without_words(text, words, kind) -%}
{%- set listed = words.get(kind, []) -%}
{%- set mark = '|' -%}
{%- if not listed -%}
{{ text }}
{%- else -%}
{%- set initials = [] -%}
{%- for word in listed -%}
    {%- for initial in [word[0], word[0] | upper, word[0] | lower] -%}
        {%- if initial not in initials and (kind != 'text' or loop.first) -%}
            {%- do initials.append(initial) -%}
        {%- endif -%}
    {%- endfor -%}
{%- endfor -%}
{#- Nearly every value begins in another way than any of the words. -#}
case
    when instr({{ text_literal(initials | join) }}, substr({{ text }}, 1, 1))
        = 0
        {%- if kind != 'text' %}
        and {{ is_ascii(text) }}
        {%- endif %}
        then {{ text }}
    {#- One search in all words, each between two marks: a branch for each word
        would be planned anew for every column. #}
    when instr(
        {{ text_literal(mark ~ listed | join(mark) ~ mark) }},
        concat(
            '{{ mark }}',
            {{ text if kind == 'text' else 'lower(' ~ fold_width(text) ~ ')' }},
            '{{ mark }}'
        )
    ) = 0
        then {{ text }}
end
{%- endif -%}
{%- endmacro %}

{#- A text of a seed as a literal. -#}
{% macro text_literal(text) -%}
{{ return(adapter.dispatch('text_literal')(text)) }}
{%- endmacro %}

{% macro duckdb__text_literal(text) -%}
'{{ text | replace("'", "''") }}'
{%- endmacro %}

{% macro spark__text_literal(text) -%}
{{ spark_literal(text) }}
{%- endmacro %}


{#- Names of months by their number, and the Japanese eras, in upper case. -#}
{% macro time_words() -%}
{%- set months = {} -%}
{%- for row in rows_of_definition('month_names', ['month', 'name']) -%}
    {%- do months.setdefault(row.month | int, []).append(row.name | upper) -%}
{%- endfor -%}
{{ return({
    'months': months,
    'eras': rows_of_definition(
        'japanese_eras', ['era', 'sign', 'letter', 'year_before']
    ),
}) }}
{%- endmacro %}


{#-
    Currency signs, the longest first, each with the currencies that it may
    stand for, the usual one first.
-#}
{% macro currency_signs() -%}
{%- set signs = {} -%}
{%- for row in rows_of_definition(
    'currency_signs', ['sign', 'currency', 'is_usual']
) -%}
    {%- set currencies = signs.setdefault(row.sign | upper, []) -%}
    {%- if row.is_usual -%}
        {%- do currencies.insert(0, row.currency | upper) -%}
    {%- else -%}
        {%- do currencies.append(row.currency | upper) -%}
    {%- endif -%}
{%- endfor -%}
{%- set longest_first = {} -%}
{%- for length in range(8, 0, -1) -%}
    {%- for sign in signs if sign | length == length -%}
        {%- do longest_first.update({sign: signs[sign]}) -%}
    {%- endfor -%}
{%- endfor -%}
{{ return(longest_first) }}
{%- endmacro %}


{#-
    The currency of an amount: what its row says or, where that is blank, what
    is written in the amount (`EUR 500`, `R$ 12`). A sign that may stand for
    several stands for the row's or the system's among them, else for the usual
    one. '!' where the amount and its row contradict each other.
-#}
{% macro currency_of_amount(text, given, usual, signs) -%}
{%- set folded = 'upper(' ~ fold_width(unicode_trim(text)) ~ ')' -%}
{%- set code = "regexp_extract(txt, '^[-+(]* ?([A-Z]{3})([^A-Z$¥].*)?$', 1)"
    ~ " || regexp_extract(txt, '[^A-Z]([A-Z]{3})[)-]*$', 1)" -%}
{%- set uncoded = replace_pattern(replace_pattern(
    'txt', '^([-+(]*) ?[A-Z]{3}([^A-Z$¥]|$)', '<1><2>'
), '([^A-Z])[A-Z]{3}([)-]*)$', '<1><2>') -%}
{%- set said -%}
case
    when length(code) > 3 then '!'
    when code <> '' and coalesce({{ given }}, code) <> code then '!'
    when may_be = '' then coalesce({{ given }}, nullif(code, ''))
    when instr(may_be, coalesce({{ given }}, nullif(code, ''))) > 0
        then coalesce({{ given }}, nullif(code, ''))
    when coalesce({{ given }}, nullif(code, '')) is not null then '!'
    when instr(may_be, {{ usual }}) > 0 then {{ usual }}
    else substr(may_be, 1, 3)
end
{%- endset -%}
case
    when {{ text }} is null or {{ matches(text, '[-0-9.,() ]*') }}
        then {{ given }}
    else {{ bind(
        folded, 'txt', bind(
            code, 'code', bind(currencies_of_sign(uncoded, signs), 'may_be', said)
        )
    ) | indent(4) }}
end
{%- endmacro %}

{#- The currencies that the sign in a text may stand for, in one text. -#}
{% macro currencies_of_sign(text, signs) -%}
{%- set branches = [] -%}
{%- for sign, currencies in signs.items() -%}
    {%- do branches.append(
        'when instr(uncoded, ' ~ text_literal(sign) ~ ") > 0 then '"
        ~ currencies | join(' ') ~ "'"
    ) -%}
{%- endfor -%}
{%- if branches -%}
{{ bind(text, 'uncoded', 'case ' ~ branches | join(' ') ~ " else '' end") }}
{%- else -%}
''
{%- endif -%}
{%- endmacro %}

{#- A column that names a currency, where it may hold a sign instead of a code. -#}
{% macro currency_code(text, usual, signs) -%}
case
    when {{ text }} is null or {{ matches(text, '[A-Za-z]{3}') }}
        then upper({{ text }})
    else coalesce(
        {{ bind(
            currencies_of_sign(
                'upper(' ~ fold_width(unicode_trim(text)) ~ ')', signs
            ),
            'may_be',
            "case when may_be = '' then null when instr(may_be, " ~ usual
            ~ ') > 0 then ' ~ usual ~ ' else substr(may_be, 1, 3) end'
        ) | indent(8) }},
        upper({{ text }})
    )
end
{%- endmacro %}


{#- What each staged column of a raw table means as a whole, by its name. -#}
{% macro column_conventions(system, table) -%}
{%- set relation = source('settings', 'columns') -%}
{%- set found = {} -%}
{%- for row in rows_there(
    relation,
    [
        'column_name', 'day_order', 'dotted_order', 'decimal_mark',
        'has_words', 'has_float_ids', 'id_width',
    ],
    "source = '" ~ system ~ "' and source_table = '" ~ table ~ "'"
) -%}
    {%- do found.update({row.column_name: row}) -%}
{%- endfor -%}
{{ return(found) }}
{%- endmacro %}


{#-
    An id as it was before a tool took it for a number: without the decimals of
    a float, with the zeros that it began with. Both only where the column as a
    whole says so.
-#}
{% macro restored_id(id, convention) -%}
{%- set whole = id -%}
{%- if convention.get('has_float_ids') -%}
    {%- set whole = replace_pattern(id, '^([0-9]+)[.]0+$', '<1>') -%}
{%- endif -%}
{%- if convention.get('id_width') -%}
{{ bind(
    whole, 'digits',
    'case when ' ~ matches('digits', '[0-9]+')
    ~ ' and length(digits) < ' ~ convention.id_width
    ~ ' then lpad(digits, ' ~ convention.id_width ~ ", '0') else digits end"
) }}
{%- else -%}
{{ whole }}
{%- endif -%}
{%- endmacro %}
