-- What this run sees, below what earlier runs saw as they published it: since
-- when a rule fails is known from the run before. A run is known by its as_of,
-- so the same data gives the same rows however often it is run.
{%- set kept_runs = 100 %}

with clock as (

    select as_of from {{ ref('int_run__clock') }}

),

published as (

    select published.*
    from {{ source('settings', 'published_data_quality') }} as published
    cross join clock
    where published.run_as_of < clock.as_of

),

runs as (

    select
        run_as_of,
        row_number() over (order by run_as_of desc) as runs_ago
    from (select distinct run_as_of from published) as known

),

earlier as (

    select
        published.*,
        runs.runs_ago
    from published
    inner join runs
        on published.run_as_of = runs.run_as_of
    where runs.runs_ago < {{ kept_runs }}

),

this_run as (

    select
        clock.as_of as run_as_of,
        judged.rule,
        judged.source,
        judged.rows_checked,
        judged.rows_failed,
        judged.rows_quarantined,
        judged.state,
        case
            when judged.state = 'failed'
                then coalesce(before.failing_since, clock.as_of)
        end as failing_since,
        judged.detail,
        judged.owner,
        judged.remedy as what_to_do
    from {{ ref('int_quality__judged') }} as judged
    cross join clock
    left join earlier as before
        on
            judged.rule = before.rule
            and judged.source = before.source
            and before.runs_ago = 1

),

united as (

    select
        run_as_of,
        rule,
        source,
        rows_checked,
        rows_failed,
        rows_quarantined,
        state,
        failing_since,
        detail,
        owner,
        what_to_do
    from earlier

    union all

    select * from this_run

)

select
    {{ hex_id(
        "cast(run_as_of as " ~ dbt.type_string() ~ ") || '|' || rule "
        ~ "|| '|' || source"
    ) }} as data_quality_id,
    run_as_of,
    run_as_of = max(run_as_of) over () as is_last_run,
    rule,
    source,
    rows_checked,
    rows_failed,
    rows_quarantined,
    state,
    failing_since,
    detail,
    owner,
    what_to_do
from united
