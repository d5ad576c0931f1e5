with versions as (

    select * from {{ ref('def_funnel_versions') }}

),

in_words as (

    select * from {{ ref('int_funnel_versions__in_words') }}

),

in_force as (

    select * from {{ ref('int_funnel_versions__in_force') }}

),

clock as (

    select as_of from {{ ref('int_run__clock') }}

)

select
    versions.version as definition_version,
    versions.description,
    versions.based_on,
    -- What a run names is in force from the beginning of time.
    nullif(in_force.valid_from, cast('0001-01-01 00:00:00' as timestamp))
        as effective_from_at,
    nullif(in_force.valid_to, {{ end_of_time() }}) as effective_until_at,
    coalesce(
        in_force.valid_from <= clock.as_of and in_force.valid_to > clock.as_of,
        false
    ) as is_in_force,
    versions.handoff_mode,
    versions.acceptance_roles,
    in_words.sla_business_hours,
    in_words.calendar_id,
    in_words.opening_hours,
    in_words.max_pending_days,
    in_words.touches_stop_clock,
    in_words.other_policies,
    in_words.in_words,
    in_words.in_words_ja
from versions
cross join clock
inner join in_words
    on versions.version = in_words.version
left join in_force
    on versions.version = in_force.version
