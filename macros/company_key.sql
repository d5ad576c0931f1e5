{#-
    What is compared where two company names count as one company: the same text
    without its legal form. NFKC has already made (株) of ㈱ and full width of
    half width. Japanese forms stand before or behind the name.
-#}
{% macro company_key(name) -%}
nullif(
    trim(
        replace(
            replace(
                replace(
                    replace({{ same_text(name) }}, '株式会社', ''),
                    '有限会社', ''
                ),
                '(株)', ''
            ),
            '(有)', ''
        )
    ),
    ''
)
{%- endmacro %}
