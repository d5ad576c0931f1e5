{#- How earlier runs left what is built later in this one. -#}
{%- set components = left_by_last_run(
    'intermediate', 'int_identity__components'
) -%}
{%- set outcomes = left_by_last_run(
    'intermediate', 'int_passes__outcomes'
) -%}
-- One row per record that an incremental run has to judge anew: of a row that
-- changed, of a clock that ran out or an event that as_of now includes, and of
-- everybody who is or was one person with them. Empty in a full refresh.
with settings as (

    select * from {{ source('settings', 'run') }}

),

clock as (

    select * from {{ ref('int_run__clock') }}

),

records as (

    select * from {{ ref('input_layer__records') }}

),

-- What was not yet, and what still waited, when the last run looked. Times
-- that lay in the future are in quarantine, and looked at as rows come anew.
instants as (

    select
        record_key,
        created_at as happened_at
    from records

    union all

    select
        record_key,
        observed_at as happened_at
    from {{ ref('input_layer__observations') }}

    union all

    select
        record_key,
        occurred_at as happened_at
    from {{ ref('input_layer__activities') }}

    union all

    select
        record_key,
        touched_at as happened_at
    from {{ ref('input_layer__touches') }}

    union all

    select
        record_key,
        created_at as happened_at
    from {{ ref('input_layer__opportunities') }}

    union all

    select
        record_key,
        closed_at as happened_at
    from {{ ref('input_layer__opportunities') }}
    where is_closed

),

scope as (

    select
        settings.previous_as_of,
        settings.is_incremental,
        clock.as_of,
        cast(
            {{ from_utc('clock.as_of', 'settings.reporting_timezone') }} as date
        ) as rate_date,
        cast(
            {{ from_utc(
                'settings.previous_as_of', 'settings.reporting_timezone'
            ) }} as date
        ) as previous_rate_date
    from settings
    cross join clock

),

rates as (

    select * from {{ ref('int_fx_rates__in_force') }}

),

sources as (

    select * from {{ source('settings', 'sources') }}

),

-- An open opportunity is worth what the rate of as_of makes of it.
repriced as (

    select opportunities.record_key
    from {{ ref('input_layer__opportunities') }} as opportunities
    cross join scope
    inner join sources
        on opportunities.source = sources.source
    inner join rates
        on
            coalesce(opportunities.currency, sources.currency) = rates.currency
            and scope.previous_rate_date < rates.valid_from
            and scope.rate_date >= rates.valid_from
    where
        scope.is_incremental
        and not coalesce(
            opportunities.is_closed
            and opportunities.closed_at <= scope.as_of,
            false
        )

),

touched as (

    select record_key from {{ source('settings', 'touched_records') }}

    union

    select coalesce(instants.record_key, 0) as record_key
    from instants
    cross join scope
    where
        scope.is_incremental
        and instants.happened_at > scope.previous_as_of

    union

    select coalesce(record_key, 0) as record_key from repriced
    {%- if outcomes %}

    union

    select outcomes.person_key as record_key
    from {{ outcomes }} as outcomes
    cross join scope
    where
        scope.is_incremental
        and (
            outcomes.final_outcome = 'pending'
            or outcomes.due_at is null
            or outcomes.due_at > scope.previous_as_of
        )
    {%- endif %}

),

-- A new address makes a record one person with all others that have it.
addresses as (

    select distinct records.email_match
    from records
    inner join touched
        on records.record_key = touched.record_key
    where records.email_match is not null

),

reached as (

    select record_key from touched

    union

    select records.record_key
    from records
    inner join addresses
        on records.email_match = addresses.email_match
    where records.record_key is not null

)

{%- if components %},

components as (

    select
        node_key,
        component_key
    from {{ components }}

),

components_reached as (

    select distinct components.component_key
    from components
    inner join reached
        on components.node_key = reached.record_key

)
{%- endif %}

select record_key from reached

{%- if components %}

union

select components.node_key as record_key
from components
inner join components_reached
    on components.component_key = components_reached.component_key
{%- endif %}
