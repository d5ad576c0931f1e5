-- One row per rule of what is referred to and system: sources that are new,
-- owners and campaigns that no list has, leads from before the first version.
{%- set new_for_days = 28 %}

with clock as (

    select
        as_of,
        cast(
            {{ dbt.dateadd('day', -new_for_days, 'cast(as_of as date)') }}
            as date
        ) as new_from,
        cast(
            {{ dbt.dateadd('day', -2 * new_for_days, 'cast(as_of as date)') }}
            as date
        ) as old_before
    from {{ ref('int_run__clock') }}

),

records as (

    select
        source,
        source_table,
        {{ same_text('lead_source') }} as lead_source,
        created_at
    from {{ ref('input_layer__records') }}
    cross join clock
    where created_at <= clock.as_of

),

known_sources as (

    select distinct {{ same_text('source_value') }} as lead_source
    from {{ ref('def_channels') }}

),

histories as (

    select
        source,
        min(created_at) as first_at
    from records
    group by 1

),

lead_sources as (

    select
        source,
        lead_source,
        count(*) as row_count,
        min(created_at) as first_at
    from records
    where lead_source is not null
    group by 1, 2

),

new_sources as (

    select
        lead_sources.source,
        lead_sources.lead_source,
        lead_sources.row_count,
        cast(lead_sources.first_at as date) as first_date,
        known_sources.lead_source is null
        and lead_sources.first_at > clock.new_from
        -- Of a young system everything is new.
        and histories.first_at < clock.old_before as is_new
    from lead_sources
    cross join clock
    inner join histories
        on lead_sources.source = histories.source
    left join known_sources
        on lead_sources.lead_source = known_sources.lead_source

),

first_version as (

    select min(valid_from) as valid_from
    from {{ ref('int_funnel_versions__in_force') }}

),

people as (

    select
        person_id,
        primary_source as source
    from {{ ref('dim_people') }}

),

united as (

    select
        'new_source_value' as rule,
        source,
        sum(row_count) as rows_checked,
        coalesce(sum(row_count) filter (where is_new), 0) as rows_failed,
        min(
            case
                when is_new
                    then
                        chr(39) || lead_source || chr(39) || ', '
                        || cast(row_count as {{ dbt.type_string() }})
                        || ' leads since '
                        || cast(first_date as {{ dbt.type_string() }})
            end
        ) as detail
    from new_sources
    group by 1, 2

    union all

    select
        'before_first_version' as rule,
        records.source,
        count(*) as rows_checked,
        count(*) filter (where records.created_at < first_version.valid_from)
            as rows_failed,
        'the first is of ' || cast(
            cast(min(records.created_at) as date) as {{ dbt.type_string() }}
        ) as detail
    from records
    cross join first_version
    group by 1, 2

    union all

    select
        'unknown_owner' as rule,
        people.source,
        count(*) as rows_checked,
        count(*) filter (where not reps.is_known) as rows_failed,
        'such as '
        || min(case when not reps.is_known then passes.owner_id end) as detail
    from {{ ref('fct_handoffs') }} as passes
    inner join people
        on passes.person_id = people.person_id
    inner join {{ ref('dim_sales_reps') }} as reps
        on passes.owner_id = reps.owner_id
    where
        people.source in (select source from {{ ref('input_layer__users') }})
    group by 1, 2

    union all

    select
        'unknown_campaign' as rule,
        people.source,
        count(*) as rows_checked,
        count(*) filter (where not campaigns.is_known) as rows_failed,
        'such as '
        || min(
            case when not campaigns.is_known then touches.campaign_id end
        ) as detail
    from {{ ref('fct_touches') }} as touches
    inner join people
        on touches.person_id = people.person_id
    inner join {{ ref('dim_campaigns') }} as campaigns
        on touches.campaign_id = campaigns.campaign_id
    where
        people.source
        in (select source from {{ ref('input_layer__campaigns') }})
    group by 1, 2

)

select * from united
