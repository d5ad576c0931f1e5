-- One row per rule and system with the limit that holds at as_of: the one that
-- names the system before the one for all, the largest of several. And the last
-- day on which an exception ran out, where one did.
with clock as (

    select cast(as_of as date) as as_of_date from {{ ref('int_run__clock') }}

),

sources as (

    select source from {{ source('settings', 'sources') }}

),

matched as (

    select
        limits.rule,
        sources.source,
        limits.limit_value,
        limits.min_rows,
        limits.reason,
        limits.expires_on,
        limits.source is not null as is_for_source,
        limits.expires_on is not null
        and limits.expires_on <= clock.as_of_date as is_expired
    from {{ ref('def_quality_limits') }} as limits
    cross join clock
    inner join sources
        on
            {{ same_text('limits.source') }} = sources.source
            or limits.source is null

),

ranked as (

    select
        *,
        row_number() over (
            partition by rule, source, is_expired
            order by
                is_for_source desc,
                case when is_expired then expires_on end desc,
                limit_value desc,
                reason asc
        ) as position
    from matched

)

select
    rule,
    source,
    max(case when not is_expired then limit_value end) as limit_value,
    max(case when not is_expired then min_rows end) as min_rows,
    max(case when not is_expired then reason end) as reason,
    max(case when is_expired then expires_on end) as expired_on,
    max(case when is_expired then reason end) as expired_reason
from ranked
where position = 1
group by 1, 2
