with versions as (

    select * from {{ ref('def_funnel_versions') }}

),

settings as (

    select * from {{ source('settings', 'run') }}

),

dated as (

    select
        versions.version,
        versions.handoff_mode,
        {{ same_text('versions.acceptance_roles') }} as acceptance_roles,
        case
            when settings.funnel_version is not null
                then cast('0001-01-01 00:00:00' as timestamp)
            else
                {{ parse_instant(
                    'versions.effective_from', 'settings.reporting_timezone'
                ) }}
        end as valid_from
    from versions
    cross join settings
    where
        (
            settings.funnel_version is null
            and versions.effective_from is not null
        )
        or versions.version = settings.funnel_version

),

bounded as (

    select
        version,
        handoff_mode,
        acceptance_roles,
        valid_from,
        coalesce(
            lead(valid_from) over (order by valid_from, version),
            cast('9999-12-31 00:00:00' as timestamp)
        ) as valid_to
    from dated

)

select * from bounded
