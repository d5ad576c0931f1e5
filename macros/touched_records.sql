{#-
    What finds the records that a change touches, and nothing else: the input
    layer brings its tables up to date with the files that are new or gone, and
    writes down whose rows are others now. The models below it are plain
    tables and know nothing of this (CONTRIBUTING.md, "Runs after a change").

    1. `surviving_rows` gives the rows of new files and those of which another
       copy came or went.
    2. The strategies of the input layer compare old rows with new ones and
       write the records that differ to settings.touched_records.
    3. The program builds the people of these records in a slice and folds the
       slice into the whole (orchestration/increment/).

    Spark's tables cannot replace rows, so there every run is a full refresh.
-#}

{#-
    Whether this run brings the input layer up to date instead of building it
    anew. The program says so in settings.run; where it does not, a table that
    is there already is filled anew. In a unit test there is no table (`this`
    is none).
-#}
{% macro is_update() -%}
{%- if this is none or not is_incremental() -%}
    {{ return(false) }}
{%- endif -%}
{%- set told = run_query(
    'select run.is_incremental from ' ~ settings_relation('run') ~ ' as run'
) -%}
{{ return(told.columns[0].values() | first | default(false, true)) }}
{%- endmacro %}


{#-
    A table of another layer by its name, without ref() or source(): unit tests
    need not give it, and what a later layer left can be read.
-#}
{% macro named_relation(layer, name) -%}
{{ return(api.Relation.create(
    database=target.database | default(none),
    schema=env_var('LEAD_FUNNEL_SCHEMA_PREFIX', '') ~ layer,
    identifier=name
)) }}
{%- endmacro %}

{% macro settings_relation(name) -%}
{{ return(named_relation('settings', name)) }}
{%- endmacro %}


{#-
    Strategy of the input layer: replaces the rows of files that are gone and
    those that have a new version; `unique_key` lists the columns that name
    the records which a changed row touches.
-#}
{% macro get_incremental_changed_rows_sql(arguments) -%}
{%- set is_replaced = '1 = 1' -%}
{%- if is_update() -%}
{%- set target = arguments['target_relation'] -%}
{%- set is_replaced -%}
row_key in (select fresh.row_key from {{ arguments['temp_relation'] }} as fresh)
{%- endset -%}
{#- Most runs have nothing but new rows: then only these keys are looked for,
    and the other columns read where they are found. -#}
{%- set is_gone -%}
(
    file_key is null
    or file_key in (
        select gone.file_key from {{ settings_relation('gone_files') }} as gone
    )
)
{%- endset -%}
{%- set any_gone = run_query(
    'select 1 from ' ~ target ~ ' where ' ~ is_gone ~ ' limit 1'
) -%}
{%- if any_gone.rows -%}
    {%- set is_replaced = '(' ~ is_replaced ~ ' or ' ~ is_gone ~ ')' -%}
{%- endif %}
{{ log_touched_records(arguments, is_replaced) }};
{%- endif %}

{{ rows_replaced(arguments, is_replaced) }}
{%- endmacro %}


{#- The same for a small model that is computed whole on every run. -#}
{% macro get_incremental_whole_table_sql(arguments) -%}
{%- if is_update() -%}
{{ log_touched_records(arguments, '1 = 1') }};
{%- endif %}

{{ rows_replaced(arguments, '1 = 1') }}
{%- endmacro %}


{#-
    Writes down the records of which a row is new, gone or another now. When a
    row was loaded changes nothing, but for the rows that are in quarantine:
    there it is shown, and a time that lay in the future may have come.
-#}
{% macro log_touched_records(arguments, is_replaced) -%}
{%- set bookkeeping = ['loaded_at', 'file_key', 'row_key', 'has_copies'] -%}
{%- set quarantine = load_relation(named_relation('marts', 'quarantine')) -%}
{%- set content = [] -%}
{%- for column in arguments['dest_columns']
    if column.name not in bookkeeping -%}
    {%- do content.append(column.name) -%}
{%- endfor -%}
{%- set keys = arguments['unique_key'] -%}
{%- set keys = [keys] if keys is string else keys -%}
insert into {{ settings_relation('touched_records') }}
with versions as (
    select
        {{ keys | join(', ') }},
        hash({{ content | join(', ') }}) as content_hash,
        -1 as version
    from {{ arguments['target_relation'] }}
    where {{ is_replaced }}
    union all
    select
        {{ keys | join(', ') }},
        hash({{ content | join(', ') }}) as content_hash,
        1 as version
    from {{ arguments['temp_relation'] }}
),

changed as (
    select {{ keys | join(', ') }}
    from versions
    group by {{ keys | join(', ') }}, content_hash
    having sum(version) <> 0
    {%- if quarantine %}
    union all
    select {{ keys | join(', ') }}
    from {{ arguments['temp_relation'] }}
    where (source, source_table, source_key) in (
        select (source, source_table, source_key) from {{ quarantine }}
    )
    {%- endif %}
)
{% for key in keys %}
select
    coalesce({{ key }}, 0) as record_key,
    '{{ arguments['target_relation'].identifier }}' as reason
from changed
{{ 'union' if not loop.last }}
{%- endfor %}
{%- endmacro %}


{% macro rows_replaced(arguments, condition) -%}
{%- set names = arguments['dest_columns'] | map(attribute='quoted')
    | join(', ') -%}
delete from {{ arguments['target_relation'] }} where {{ condition }};

insert into {{ arguments['target_relation'] }} ({{ names }})
select {{ names }} from {{ arguments['temp_relation'] }}
{%- endmacro %}
