{#-
    A run after a few rows changed does for the people whom they touch what a
    full refresh does for everybody. CONTRIBUTING.md explains the pattern;
    these are its pieces:

    1. The input layer replaces the rows that came from files which are new,
       changed or gone (`surviving_rows`, strategy `changed_rows`), compares
       old rows with new ones and writes the records that differ to
       settings.touched_records.
    2. int_batch__records adds whoever is touched by time (a clock that ran
       out, an event that as_of now includes, a new rate of an open
       opportunity) and everyone who is or was one person with them: the batch.
       Where time itself begins or ends earlier, that is everybody, and the run
       goes on as a full refresh (`give_up_batch`).
    3. A model of one person's rows reads only the batch (`in_batch`) and
       replaces the batch's rows (strategy `batch_rows`); a public table
       replaces its people's (`in_batch_people`, strategy `batch_people`).
    4. Marts that add up many people are built whole, or, where they hold counts
       alone, get the difference: int_lifecycles writes down which lifecycles
       came and went (`log_lifecycles`, strategy `added_counts`).
    5. When the last of these is done, the program empties the logs. A run
       that is killed before leaves them, and the next one starts from both.

    Spark's tables cannot replace rows, so there every run is a full refresh.
-#}

{#-
    Whether this run does the batch only. The program says so in settings.run;
    where it does not, a table that is there already is filled anew. In a unit
    test there is no table (`this` is none).
-#}
{% macro is_batch_run() -%}
{%- if this is none or not is_incremental() -%}
    {{ return(false) }}
{%- endif -%}
{{ return(is_told_incremental()) }}
{%- endmacro %}

{% macro is_told_incremental() -%}
{%- set told = run_query(
    'select run.is_incremental from ' ~ settings_relation('run') ~ ' as run'
) -%}
{{ return(told.columns[0].values() | first | default(false, true)) }}
{%- endmacro %}


{#-
    A post-hook of the clock. Where as_of lies before the last run's, or another
    event is the first (the calendars begin there), nothing holds that was
    counted before: the run goes on as a full refresh, and so does the next one
    if it is killed, for it finds no last run. The input layer was brought up to
    date before; the logs that name single rows are emptied at the end.
-#}
{% macro give_up_batch() -%}
{%- if execute and is_told_incremental() and run_query(
    'select 1 from ' ~ settings_relation('run') ~ ' as run cross join ' ~ this
    ~ ' as clock where clock.as_of < run.previous_as_of'
    ~ ' or clock.earliest_at <> run.previous_earliest_at'
).rows -%}
update {{ settings_relation('run') }} set is_incremental = false;
delete from {{ settings_relation('last_run') }};
delete from {{ settings_relation('scope') }};
{%- else -%}
select 1 as batch_holds
{%- endif -%}
{%- endmacro %}


{#-
    For a test: which rows of a model this run has replaced, as `key`, the
    column that says whose they are, and `condition`; none where the model was
    built whole.
-#}
{% macro replaced_rows_of(relation) -%}
{%- if not execute or flags.WHICH != 'build' or flags.FULL_REFRESH -%}
    {{ return(none) }}
{%- endif -%}
{%- set found = graph.nodes.values()
    | selectattr('resource_type', 'equalto', 'model')
    | selectattr('name', 'equalto', relation.identifier) | list -%}
{%- set by_record = ['batch_rows', 'people_rows'] -%}
{%- if not found or found[0].config.materialized != 'incremental'
    or found[0].config.incremental_strategy
    not in by_record + ['batch_people', 'added_counts']
    or not is_told_incremental() -%}
    {{ return(none) }}
{%- endif -%}
{%- set key = found[0].config.unique_key -%}
{%- set strategy = found[0].config.incremental_strategy -%}
{%- if strategy in by_record -%}
    {%- set condition = in_batch_of_run(key) -%}
{%- elif strategy == 'batch_people' -%}
    {%- set condition = in_replaced_people(key) -%}
{%- else -%}
    {%- set condition = in_added_rows(key, relation.identifier) -%}
{%- endif -%}
{{ return({'key': key, 'condition': condition}) }}
{%- endmacro %}


{#- Whether the row belongs to the batch, by its record or its person. -#}
{% macro in_batch(column) -%}
{%- if is_batch_run() -%}
{{ in_batch_of_run(column) }}
{%- else -%}
1 = 1
{%- endif -%}
{%- endmacro %}

{#-
    The same where it is known that the run does the batch only. A row that
    names no record is of the record 0, which is in every batch.
-#}
{% macro in_batch_of_run(column) -%}
coalesce({{ column }}, 0) in (
    select batch.record_key
    from {{ intermediate_relation('int_batch__records') }} as batch
)
{%- endmacro %}

{% macro in_batch_people(column) -%}
{%- if is_batch_run() -%}
{{ in_replaced_people(column) }}
{%- else -%}
1 = 1
{%- endif -%}
{%- endmacro %}

{% macro in_replaced_people(column) -%}
{{ column }} in (
    select replaced.person_id
    from {{ settings_relation('replaced_people') }} as replaced
)
{%- endmacro %}


{% macro in_added_rows(column, table_name) -%}
{{ column }} in (
    select added.row_id
    from {{ settings_relation('unpublished_rows') }} as added
    where added.table_name = '{{ table_name }}'
)
{%- endmacro %}


{#-
    A table of another layer by its name: without ref() or source(), so that
    unit tests need not give it, and to read what an earlier run left in a
    model that is built later in this one.
-#}
{% macro named_relation(layer, name) -%}
{{ return(api.Relation.create(
    database=target.database | default(none),
    schema=env_var('LEAD_FUNNEL_SCHEMA_PREFIX', '') ~ layer,
    identifier=name
)) }}
{%- endmacro %}

{% macro intermediate_relation(name) -%}
{{ return(named_relation('intermediate', name)) }}
{%- endmacro %}

{% macro settings_relation(name) -%}
{{ return(named_relation('settings', name)) }}
{%- endmacro %}

{#- The table as the last run left it; none where no run has built it. -#}
{% macro left_by_last_run(layer, name) -%}
{%- if execute and flags.WHICH in ['run', 'build', 'compile'] -%}
    {{ return(load_relation(named_relation(layer, name))) }}
{%- endif -%}
{{ return(none) }}
{%- endmacro %}


{#-
    Before the components of the batch are replaced, the batch is written down:
    if the run is killed after it, the next one cannot tell from the new
    components who was one person before.
-#}
{% macro keep_batch() -%}
{%- if is_batch_run() -%}
insert into {{ settings_relation('touched_records') }}
select
    record_key,
    'batch' as reason
from {{ intermediate_relation('int_batch__records') }}
{%- else -%}
select 1 as nothing_to_keep
{%- endif -%}
{%- endmacro %}


{#- The rows that a run did not touch are as of now too; a post-hook. -#}
{% macro move_as_of() -%}
{%- if is_batch_run() -%}
{%- set as_of -%}
(
    select clock.as_of
    from {{ intermediate_relation('int_run__clock') }} as clock
)
{%- endset -%}
update {{ this }}
set as_of = {{ as_of }}
where as_of <> {{ as_of }}
{%- else -%}
select 1 as as_of_is_new
{%- endif -%}
{%- endmacro %}


{#-
    Strategy of a model with rows of one record or person each; `unique_key`
    names the column that says whose.
-#}
{% macro get_incremental_batch_rows_sql(arguments) -%}
{{ rows_replaced(arguments, in_batch(arguments['unique_key'])) }}
{%- endmacro %}


{#-
    Strategy of int_people: as batch_rows, and writes down whose public rows
    are to be replaced, before and after.
-#}
{% macro get_incremental_people_rows_sql(arguments) -%}
{%- if is_batch_run() -%}
insert into {{ settings_relation('replaced_people') }}
select person_id from {{ arguments['target_relation'] }}
where {{ in_batch(arguments['unique_key']) }}
union
select person_id from {{ arguments['temp_relation'] }};
{%- endif %}

{{ get_incremental_batch_rows_sql(arguments) }}
{%- endmacro %}


{#-
    Writes down the batch's lifecycles, by what is counted of them: before they
    are replaced (-1), and after (1). A run that is killed in between leaves
    the differences it made, and the next one adds its own.
-#}
{% macro log_lifecycles(change) -%}
{%- if is_batch_run() -%}
{%- set log = settings_relation('lifecycle_changes') -%}
{%- set names = adapter.get_columns_in_relation(log)
    | map(attribute='name') | reject('equalto', 'change') | join(', ') -%}
insert into {{ log }} (change, {{ names }})
select
    {{ change }},
    {{ names }}
from {{ this }}
where is_in_marts and {{ in_batch('person_key') }}
{%- else -%}
select 1 as nothing_to_log
{%- endif -%}
{%- endmacro %}


{#-
    A post-hook of what reads the log: with it in one transaction a difference
    is counted once, however a run ends.
-#}
{% macro empty_log(name) -%}
{{ adapter.dispatch('empty_log')(name) }}
{%- endmacro %}

{% macro default__empty_log(name) -%}
delete from {{ settings_relation(name) }}
{%- endmacro %}

{# Every run there is a full refresh and logs nothing. #}
{% macro spark__empty_log(name) -%}
select 1 as nothing_is_logged
{%- endmacro %}


{#-
    Strategy of a mart of counts (its columns of whole numbers): what the model
    gives is added to the rows of the same key, and a row that counts nothing
    any more goes. The keys are written down for the publication.
-#}
{% macro get_incremental_added_counts_sql(arguments) -%}
{%- if not is_batch_run() -%}
{{ rows_replaced(arguments, '1 = 1') }}
{%- else -%}
{%- set target = arguments['target_relation'] -%}
{%- set fresh = arguments['temp_relation'] -%}
{%- set key = arguments['unique_key'] -%}
{%- set columns = arguments['dest_columns'] -%}
{%- set names = columns | map(attribute='quoted') | join(', ') -%}
{%- set counts, others = [], [] -%}
{%- for column in columns -%}
    {%- do (counts if column.is_integer() else others).append(column.quoted) -%}
{%- endfor -%}
insert into {{ settings_relation('unpublished_rows') }}
select
    '{{ target.identifier }}' as table_name,
    {{ key }} as row_id
from {{ fresh }};

insert into {{ fresh }} ({{ names }})
select {{ names }} from {{ target }}
where {{ key }} in (select {{ key }} from {{ fresh }});

delete from {{ target }}
where {{ key }} in (select {{ key }} from {{ fresh }});

insert into {{ target }} ({{ names }})
select
    {%- for column in columns %}
    {{ 'sum(' ~ column.quoted ~ ')' if column.quoted in counts
        else column.quoted }} as {{ column.quoted }}
    {{- ',' if not loop.last }}
    {%- endfor %}
from {{ fresh }}
group by {{ others | join(', ') }}
having
    {% for count in counts -%}
    sum({{ count }}) <> 0 {{- ' or ' if not loop.last }}
    {%- endfor %}
{%- endif -%}
{%- endmacro %}


{#- Strategy of a public table: replaces the rows of the batch's people. -#}
{% macro get_incremental_batch_people_sql(arguments) -%}
{{ rows_replaced(arguments, in_batch_people(arguments['unique_key'])) }}
{%- endmacro %}


{#-
    Strategy of the input layer: replaces the rows of files that are gone and
    those that have a new version; `unique_key` lists the columns that name
    the records which a changed row touches.
-#}
{% macro get_incremental_changed_rows_sql(arguments) -%}
{%- set is_replaced = '1 = 1' -%}
{%- if is_batch_run() -%}
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
{%- if is_batch_run() -%}
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
{%- set quarantine = left_by_last_run('marts', 'quarantine') -%}
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
