-- Where more of a raw table could not be read than its limit allows, the rates
-- would be about the rest and nobody would see it. The limits are rows of
-- quarantine_limits, which say why; a row that names the table goes before one
-- that does not.
with fates as (

    select
        source,
        source_table,
        raw_rows,
        readings,
        quarantined,
        raw_rows - duplicates as row_count
    from {{ ref('raw_row_fates') }}

),

limits as (

    select limits.*
    from {{ ref('def_quarantine_limits') }} as limits
    cross join {{ ref('int_run__clock') }} as clock
    where
        limits.expires_on is null
        or limits.expires_on > cast(clock.as_of as date)

),

rules_broken as (

    select
        source,
        source_table,
        rule,
        count(*) as broken_rows,
        cast(null as bigint) as published_rows
    from {{ ref('quarantine') }}
    group by 1, 2, 3

    union all

    select
        source,
        source_table,
        'any' as rule,
        quarantined as broken_rows,
        cast(null as bigint) as published_rows
    from fates

    union all

    select
        source,
        source_table,
        'nothing_read' as rule,
        case when readings = 0 then row_count else 0 end as broken_rows,
        cast(null as bigint) as published_rows
    from fates

    union all

    select
        published.source,
        published.source_table,
        'shrunk' as rule,
        published.raw_rows - fates.raw_rows as broken_rows,
        published.raw_rows as published_rows
    from {{ source('settings', 'published_raw_tables') }} as published
    inner join fates
        on
            published.source = fates.source
            and published.source_table = fates.source_table

),

limits_found as (

    select
        fates.source,
        fates.source_table,
        coalesce(rules_broken.published_rows, fates.row_count) as row_count,
        fates.raw_rows,
        rules_broken.rule,
        rules_broken.broken_rows,
        limits.max_share,
        limits.min_rows,
        limits.reason,
        row_number() over (
            partition by fates.source, fates.source_table, rules_broken.rule
            order by
                case when limits.source_table is null then 1 else 0 end asc,
                case when limits.source is null then 1 else 0 end asc,
                limits.max_share desc
        ) as limit_rank
    from fates
    inner join rules_broken
        on
            fates.source = rules_broken.source
            and fates.source_table = rules_broken.source_table
    inner join limits
        on
            rules_broken.rule = limits.rule
            and (limits.source is null or fates.source = limits.source)
            and (
                limits.source_table is null
                or fates.source_table = limits.source_table
            )

),

beyond as (

    select *
    from limits_found
    where
        limit_rank = 1
        and row_count >= coalesce(min_rows, 0)
        and broken_rows > max_share * row_count

),

details as (

    select
        source,
        source_table,
        rule,
        detail,
        count(*) as row_count,
        row_number() over (
            partition by source, source_table
            order by count(*) desc, rule asc, detail asc
        ) as detail_rank
    from {{ ref('quarantine') }}
    group by 1, 2, 3, 4

),

said as (

    select
        details.source,
        details.source_table,
        {%- for rank in [1, 2, 3] %}
        max(
            case
                when details.detail_rank = {{ rank }}
                    then
                        ' ' || details.detail || ' ('
                        || cast(details.row_count as {{ dbt.type_string() }})
                        || case details.row_count
                            when 1 then ' row).' else ' rows).'
                        end
            end
        ) as detail_{{ rank }},
        {%- endfor %}
        max(case when details.detail_rank = 1 then rules.remedy end) as remedy
    from details
    left join {{ ref('def_quarantine_rules') }} as rules
        on details.rule = rules.rule
    group by 1, 2

)

select
    beyond.source,
    beyond.source_table,
    beyond.rule,
    beyond.broken_rows,
    beyond.row_count,
    case beyond.rule when 'shrunk' then '' else 'Of ' end
    || beyond.source || '.' || beyond.source_table || ' '
    || case
        when beyond.rule = 'nothing_read'
            then
                'no row of '
                || cast(beyond.row_count as {{ dbt.type_string() }})
                || ' could be read.'
        when beyond.rule = 'shrunk'
            then
                'has '
                || cast(beyond.raw_rows as {{ dbt.type_string() }})
                || case beyond.raw_rows
                    when 1 then ' row' else ' rows'
                end
                || ', and had '
                || cast(beyond.row_count as {{ dbt.type_string() }})
                || ' when it was last published.'
        else
            cast(beyond.broken_rows as {{ dbt.type_string() }}) || ' of '
            || cast(beyond.row_count as {{ dbt.type_string() }})
            || ' rows could not be read'
            || case
                when beyond.rule = 'any' then '.'
                else ' (' || beyond.rule || ').'
            end
    end
    || case beyond.rule
        when 'shrunk'
            then
                ' Export the whole of it again, or lay the files that are'
                || ' missing beside it.'
        else
            coalesce(said.detail_1, '') || coalesce(said.detail_2, '')
            || coalesce(said.detail_3, '')
            || coalesce(' ' || said.remedy, '')
    end
    || ' ' || beyond.reason
    || ' If it is right so, say why in a row of quarantine_limits.add.csv in '
    || 'DEFINITION (' || beyond.source || ',' || beyond.source_table || ','
    || beyond.rule || ',1,0,<reason>,<until when>).' as sentence
from beyond
left join said
    on
        beyond.source = said.source
        and beyond.source_table = said.source_table
order by 1, 2, 3
