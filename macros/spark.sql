{#-
    What dbt's Spark adapter does in its own way and this project needs in
    another. On DuckDB nothing here is called.
-#}

{#-
    The rows of a seed, all in one statement. The adapter's own macro writes a
    null as the text None and leaves quotes as they are.
-#}
{% macro spark__load_csv_rows(model, agate_table) -%}
{%- set types = model.config.column_types -%}
{%- set names = agate_table.column_names -%}
{%- if agate_table.rows -%}
    {%- set sql -%}
        insert into {{ this.render() }} values
        {%- for row in agate_table.rows %}
        (
            {%- for value in row -%}
            cast({{ spark_literal(value) }} as {{ types[names[loop.index0]] }})
            {{- ', ' if not loop.last }}
            {%- endfor -%}
        ){{ ',' if not loop.last }}
        {%- endfor %}
    {%- endset -%}
    {%- do adapter.add_query(sql, abridge_sql_log=True) -%}
    {{ return(sql) }}
{%- endif -%}
{%- endmacro %}

{% macro spark_literal(value) -%}
{%- if value is none -%}
null
{%- else -%}
'{{ value | string | replace('\\', '\\\\') | replace("'", "\\'") }}'
{%- endif -%}
{%- endmacro %}


{#-
    A contract's constraints. Spark's own tables hold none, so the rows are
    asked; a row that breaks one fails the model, as it does on DuckDB. Keys
    are tested as unique by the model's data tests.
-#}
{% macro spark__persist_constraints(relation, model) -%}
{%- set broken = [] -%}
{%- if model.config.contract.enforced -%}
    {%- for constraint in model.constraints -%}
        {%- do broken.extend(spark_broken(constraint, constraint.columns)) -%}
    {%- endfor -%}
    {%- for column in model.columns.values() -%}
        {%- for constraint in column.constraints -%}
            {%- do broken.extend(spark_broken(constraint, [column.name])) -%}
        {%- endfor -%}
    {%- endfor -%}
{%- endif -%}
{%- if broken -%}
    {%- set count = run_query(
        'select count(*) from ' ~ relation ~ ' where '
        ~ broken | unique | join(' or ')
    ).columns[0].values()[0] -%}
    {%- if count -%}
        {{ exceptions.raise_compiler_error(
            count ~ ' rows of ' ~ relation ~ ' break its contract: '
            ~ broken | unique | join(' or ') ~ '.'
        ) }}
    {%- endif -%}
{%- endif -%}
{%- endmacro %}

{#- The conditions under which a row breaks a constraint. -#}
{% macro spark_broken(constraint, columns) -%}
{%- set found = [] -%}
{%- if constraint.type in ['not_null', 'primary_key'] -%}
    {%- for column in columns -%}
        {%- do found.append(column ~ ' is null') -%}
    {%- endfor -%}
{%- elif constraint.type == 'check' -%}
    {%- do found.append('not (' ~ constraint.expression ~ ')') -%}
{%- endif -%}
{{ return(found) }}
{%- endmacro %}


{#- The numbers from 1 on; the adapter's own joins as often as there are bits. -#}
{% macro spark__generate_series(upper_bound) -%}
select explode(sequence(1, {{ upper_bound }})) as generated_number
{%- endmacro %}
