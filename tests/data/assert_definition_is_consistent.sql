-- A rule for a stage that does not exist, a policy without its calendar or a
-- version without a policy would change numbers without a word. Each row names
-- the seed, the value and what is wrong with it, and says so in a sentence.
with stages as (

    select stage from {{ ref('def_stages') }}

),

versions as (

    select version from {{ ref('def_funnel_versions') }}

),

accepting as (

    select * from {{ ref('int_funnel_versions__accepting') }}

),

last_fiscal_day as (

    select max(end_date) as end_date from {{ ref('def_fiscal_periods') }}

),

problems as (

    select
        'stage_rules' as seed,
        rules.stage as seed_value,
        'is not a stage' as problem
    from {{ ref('def_stage_rules') }} as rules
    left join stages
        on {{ same_text('rules.stage') }} = stages.stage
    where stages.stage is null

    union all

    select
        'stage_rules' as seed,
        rules.operator as seed_value,
        'is not equals, crosses or exists' as problem
    from {{ ref('def_stage_rules') }} as rules
    where
        coalesce({{ same_text('rules.operator') }}, '')
        not in ('equals', 'crosses', 'exists')

    union all

    select
        'stage_rules' as seed,
        rules.value as seed_value,
        'is not a number to cross' as problem
    from {{ ref('def_stage_rules') }} as rules
    where
        {{ same_text('rules.operator') }} = 'crosses'
        and {{ parse_number('rules.value') }} is null

    union all

    select
        'stage_rules' as seed,
        rules.definition_version as seed_value,
        'is not a version of funnel_versions' as problem
    from {{ ref('def_stage_rules') }} as rules
    left join versions
        on rules.definition_version = versions.version
    where versions.version is null

    union all

    select
        'funnel_versions' as seed,
        based.version as seed_value,
        'is based on a version that is not there' as problem
    from {{ ref('def_funnel_versions') }} as based
    left join versions
        on based.based_on = versions.version
    where based.based_on is not null and versions.version is null

    union all

    select
        'funnel_versions' as seed,
        ancestry.version as seed_value,
        'is based on itself, or on more than {{ most_versions_of_a_line() }}'
        || ' versions one after another' as problem
    from {{ ref('int_funnel_versions__ancestry') }} as ancestry
    inner join {{ ref('def_funnel_versions') }} as oldest
        on ancestry.ancestor = oldest.version
    where
        ancestry.depth = {{ most_versions_of_a_line() }}
        and oldest.based_on is not null

    union all

    select
        'funnel_versions' as seed,
        effective_from as seed_value,
        'is neither an instant nor a day' as problem
    from {{ ref('def_funnel_versions') }}
    where
        effective_from is not null
        and {{ parse_instant('effective_from', "'UTC'") }} is null

    union all

    select
        'funnel_versions' as seed,
        handoff_mode as seed_value,
        'is not explicit or mql' as problem
    from {{ ref('def_funnel_versions') }}
    where coalesce(handoff_mode, '') not in ('explicit', 'mql')

    union all

    select
        'funnel_versions' as seed,
        role as seed_value,
        'is not a role of sales_roles, but stands in the acceptance_roles of '
        || version as problem
    from accepting
    where not is_sales_role

    union all

    select
        'funnel_versions' as seed,
        repeated.role as seed_value,
        'stands more than once in the acceptance_roles of '
        || repeated.version as problem
    from accepting
    inner join accepting as repeated
        on
            accepting.version = repeated.version
            and accepting.role = repeated.role
            and accepting.role_no < repeated.role_no

    union all

    select
        'funnel_versions' as seed,
        version as seed_value,
        'has more than {{ most_roles_that_accept() }} acceptance_roles'
            as problem
    from accepting
    where role_count > {{ most_roles_that_accept() }}

    union all

    select
        'sla_policies' as seed,
        policies.definition_version as seed_value,
        'is not a version of funnel_versions' as problem
    from {{ ref('def_sla_policies') }} as policies
    left join versions
        on policies.definition_version = versions.version
    where versions.version is null

    union all

    select
        'sla_policies' as seed,
        policies.calendar_id as seed_value,
        'is not a calendar of business_calendars' as problem
    from {{ ref('def_sla_policies') }} as policies
    left join {{ ref('def_business_calendars') }} as calendars
        on policies.calendar_id = calendars.calendar_id
    where calendars.calendar_id is null

    union all

    select
        'sla_policies' as seed,
        in_force.version as seed_value,
        'has no default policy, its own or inherited' as problem
    from {{ ref('int_funnel_versions__in_force') }} as in_force
    left join {{ ref('int_sla_policies__resolved') }} as policies
        on
            in_force.version = policies.version
            and policies.match_on = 'default'
    where policies.version is null

    union all

    select
        'stage_transitions' as seed,
        verdict as seed_value,
        'is not a verdict' as problem
    from {{ ref('def_stage_transitions') }}
    where
        coalesce(verdict, '') not in (
            'expected', 'skipped', 'repeated', 'backward', 'forbidden'
        )

    union all

    select
        'holidays' as seed,
        holidays.calendar_id as seed_value,
        'is not a calendar of business_calendars' as problem
    from {{ ref('def_holidays') }} as holidays
    left join {{ ref('def_business_calendars') }} as calendars
        on holidays.calendar_id = calendars.calendar_id
    where calendars.calendar_id is null

    union all

    select
        'business_calendars' as seed,
        earlier.calendar_id as seed_value,
        'has openings that overlap' as problem
    from {{ ref('int_calendar__openings') }} as earlier
    inner join {{ ref('int_calendar__openings') }} as later
        on
            earlier.calendar_id = later.calendar_id
            and later.day_no - earlier.day_no between 0 and 1
            and earlier.opens_us < later.opens_us
            and earlier.closes_us > later.opens_us
    union all

    select
        'cost_allocation_rules' as seed,
        rule as seed_value,
        'is not by_accepted_leads, by_spend or unallocated' as problem
    from {{ ref('def_cost_allocation_rules') }}
    where
        coalesce({{ same_text('rule') }}, '')
        not in ('by_accepted_leads', 'by_spend', 'unallocated')

    union all

    select
        'attribution_models' as seed,
        attribution_model as seed_value,
        'has no method that is known, or not the numbers that it needs'
            as problem
    from {{ ref('def_attribution_models') }}
    where
        attribution_model is null
        or not coalesce(
            method in ('first_touch', 'last_touch', 'linear')
            or (method = 'time_decay' and half_life_days > 0)
            or (
                method = 'position_based'
                and first_share >= 0
                and last_share >= 0
                and first_share + last_share > 0
                and first_share + last_share <= 1
            ),
            false
        )
        or window_days < 0

    union all

    select
        'spend_sources' as seed,
        source as seed_value,
        'counts neither always, never nor if_no_other' as problem
    from {{ ref('def_spend_sources') }}
    where
        coalesce({{ same_text('counts') }}, '')
        not in ('always', 'never', 'if_no_other')

    union all

    select
        'campaign_mappings' as seed,
        match_on as seed_value,
        'is not campaign_id, campaign_name or utm_campaign' as problem
    from {{ ref('def_campaign_mappings') }}
    where
        coalesce(match_on, '')
        not in ('campaign_id', 'campaign_name', 'utm_campaign')

    union all

    select
        'fiscal_periods' as seed,
        fiscal_period_id as seed_value,
        'has no days' as problem
    from {{ ref('def_fiscal_periods') }}
    where not coalesce(start_date <= end_date, false)

    union all

    select
        'fiscal_periods' as seed,
        earlier.fiscal_period_id as seed_value,
        'has days of another period' as problem
    from {{ ref('def_fiscal_periods') }} as earlier
    inner join {{ ref('def_fiscal_periods') }} as later
        on
            earlier.fiscal_period_id <> later.fiscal_period_id
            and earlier.start_date <= later.end_date
            and earlier.end_date >= later.start_date

    union all

    select
        'fiscal_periods' as seed,
        earlier.fiscal_period_id as seed_value,
        'is followed by days of no period' as problem
    from {{ ref('def_fiscal_periods') }} as earlier
    cross join last_fiscal_day
    left join {{ ref('def_fiscal_periods') }} as later
        on
            {{ dbt.dateadd('day', 1, 'earlier.end_date') }} >= later.start_date
            and earlier.end_date < later.end_date
    where
        later.fiscal_period_id is null
        and earlier.end_date < last_fiscal_day.end_date

    union all

    select
        'fx_rates' as seed,
        currency as seed_value,
        'has a rate that is not above 0' as problem
    from {{ ref('def_fx_rates') }}
    where not coalesce(rate > 0, false)

    union all

    select
        'score_bands' as seed,
        score_band as seed_value,
        'has no lower bound, or the one of another band' as problem
    from (
        select
            score_band,
            count(*) over (
                partition by coalesce(lower_bound, -1e300)
            ) as bands
        from {{ ref('def_score_bands') }}
    ) as bands_counted
    where bands > 1

    union all

    select
        'kpi_targets' as seed,
        metric as seed_value,
        'is neither a rate nor a count that may have a target ('
        || '{{ (kpi_rates().keys() | list + kpi_counts()) | join(", ") }})'
            as problem
    from {{ ref('def_kpi_targets') }}
    where
        coalesce(metric, '') not in (
            {%- for metric in kpi_rates().keys() | list + kpi_counts() %}
            '{{ metric }}'{{ ',' if not loop.last }}
            {%- endfor %}
        )

    union all

    select
        'kpi_targets' as seed,
        dimension as seed_value,
        'is not a dimension ({{ funnel_dimensions().keys() | join(", ") }})'
            as problem
    from {{ ref('def_kpi_targets') }}
    where
        coalesce(dimension, 'all') not in (
            {%- for dimension in funnel_dimensions().keys() %}
            '{{ dimension }}'{{ ',' if not loop.last }}
            {%- endfor %}
        )

    union all

    select
        'kpi_targets' as seed,
        metric as seed_value,
        'has a target without a first day or without a number' as problem
    from {{ ref('def_kpi_targets') }}
    where effective_from is null or target is null

    union all

    select
        'kpi_targets' as seed,
        metric as seed_value,
        'has a target that no rate can be: shares are between 0 and 1'
            as problem
    from {{ ref('def_kpi_targets') }}
    where
        metric in (
            {%- for metric in kpi_rates().keys() %}
            '{{ metric }}'{{ ',' if not loop.last }}
            {%- endfor %}
        )
        and not coalesce(target between 0 and 1, true)

    union all

    select
        'acceptance_proposals' as seed,
        match_on as seed_value,
        'is not team, channel or default' as problem
    from {{ ref('def_acceptance_proposals') }}
    where
        coalesce({{ same_text('match_on') }}, 'default')
        not in ('team', 'channel', 'default')

    union all

    select
        'acceptance_proposals' as seed,
        coalesce(match_value, match_on) as seed_value,
        'has no probability above 0 and up to 1' as problem
    from {{ ref('def_acceptance_proposals') }}
    where
        least_probability is null
        or least_probability <= 0
        or least_probability > 1

    union all

    select
        'acceptance_proposals' as seed,
        'default' as seed_value,
        'is missing: say from which probability other leads are proposed'
            as problem
    from {{ ref('def_acceptance_proposals') }}
    having
        count(
            case
                when
                    coalesce({{ same_text('match_on') }}, 'default')
                    = 'default'
                    then 1
            end
        ) = 0
)

select distinct
    seed,
    seed_value,
    problem,
    'In ' || seed || ' (seeds/ or DEFINITION), '
    || coalesce('"' || seed_value || '"', 'a blank value')
    || ' ' || problem || ': correct that row.' as sentence
from problems
order by 1, 2, 3
