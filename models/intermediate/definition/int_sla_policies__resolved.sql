with policies as (

    select * from {{ ref('def_sla_policies') }}

),

ancestry as (

    select * from {{ ref('int_funnel_versions__ancestry') }}

),

policies_normalised as (

    select
        definition_version,
        coalesce({{ same_text('match_on') }}, 'default') as match_on,
        coalesce({{ same_text('match_value') }}, '') as match_value,
        cast(round(sla_business_hours * 3600000000) as bigint) as sla_us,
        sla_business_hours,
        calendar_id,
        max_pending_days,
        coalesce(touches_stop_clock, true) as touches_stop_clock
    from policies

),

policies_inherited as (

    select
        ancestry.version,
        policies_normalised.match_on,
        policies_normalised.match_value,
        policies_normalised.sla_us,
        policies_normalised.sla_business_hours,
        policies_normalised.calendar_id,
        policies_normalised.max_pending_days,
        policies_normalised.touches_stop_clock,
        row_number() over (
            partition by
                ancestry.version,
                policies_normalised.match_on,
                policies_normalised.match_value
            order by ancestry.depth, policies_normalised.sla_us
        ) as nearness
    from ancestry
    inner join policies_normalised
        on ancestry.ancestor = policies_normalised.definition_version

),

policies_in_force as (

    select
        version,
        match_on,
        match_value,
        sla_us,
        sla_business_hours,
        calendar_id,
        max_pending_days,
        touches_stop_clock
    from policies_inherited
    where nearness = 1

)

select * from policies_in_force
