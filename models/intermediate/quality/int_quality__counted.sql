-- One row per rule and system that has rows: how many were looked at, how many
-- break it, and the worst of it in words.
with fates as (

    select
        source,
        sum(raw_rows - duplicates) as row_count
    from {{ ref('raw_row_fates') }}
    where raw_rows > 0
    group by 1

),

quarantined as (

    select
        source,
        rule,
        count(*) as rows_failed,
        'such as ' || min(source_table || ' ' || source_key) as detail
    from {{ ref('quarantine') }}
    group by 1, 2

),

values_unmapped as (

    select
        source,
        field,
        new_value,
        count(*) as row_count,
        cast(min(observed_at) as date) as first_date
    from {{ ref('int_readings__matched') }}
    where is_unmapped_status
    group by 1, 2, 3

),

values_ranked as (

    select
        *,
        row_number() over (
            partition by source
            order by row_count desc, field asc, new_value asc
        ) as position
    from values_unmapped

),

of_quarantine as (

    select
        rules.rule,
        fates.source,
        fates.row_count as rows_checked,
        coalesce(quarantined.rows_failed, 0) as rows_failed,
        coalesce(quarantined.rows_failed, 0) as rows_quarantined,
        coalesce(
            case
                when rules.rule = 'unmapped_status'
                    then
                        values_ranked.field || ' ' || chr(39)
                        || values_ranked.new_value || chr(39) || ', ' || cast(
                            values_ranked.row_count as {{ dbt.type_string() }}
                        )
                        || ' rows since ' || cast(
                            values_ranked.first_date as {{ dbt.type_string() }}
                        )
            end,
            quarantined.detail
        ) as detail
    from fates
    cross join {{ ref('def_quarantine_rules') }} as rules
    left join quarantined
        on
            fates.source = quarantined.source
            and rules.rule = quarantined.rule
    left join values_ranked
        on
            fates.source = values_ranked.source
            and values_ranked.position = 1

),

volumes_ranked as (

    select
        *,
        row_number() over (
            partition by rule, source
            order by rows_failed desc, source_table asc
        ) as position
    from {{ ref('int_quality__volumes') }}

),

of_volumes as (

    select
        rule,
        source,
        sum(rows_checked) as rows_checked,
        sum(rows_failed) as rows_failed,
        0 as rows_quarantined,
        max(case when position = 1 then detail end) as detail
    from volumes_ranked
    group by 1, 2

),

united as (

    select * from of_quarantine
    union all
    select * from of_volumes
    union all
    select
        rule,
        source,
        rows_checked,
        rows_failed,
        0 as rows_quarantined,
        detail
    from {{ ref('int_quality__references') }}

)

select
    rule,
    source,
    cast(rows_checked as bigint) as rows_checked,
    cast(rows_failed as bigint) as rows_failed,
    cast(rows_quarantined as bigint) as rows_quarantined,
    case when rows_failed > 0 then detail end as detail
from united
