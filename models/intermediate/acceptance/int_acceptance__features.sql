-- The linter indents filters and calls of macros its own way.
-- noqa: disable=LT02
-- What is known of a lead before anybody in sales decides: of each hand-off of
-- marketing what was known when it was handed over, and of each MQL that waits
-- for one what is known as of now. The YAML says of each column whether it is
-- learned from, and since when it is known.
with lifecycles as (

    select * from {{ ref('int_lifecycles') }}
    where is_in_marts

),

touched as (

    select * from {{ ref('int_lifecycles__touched') }}

),

-- An id that two systems give is one campaign.
campaigns as (

    select
        campaign_id,
        min(campaign_name) as campaign_name,
        min(campaign_type) as campaign_type
    from {{ ref('input_layer__campaigns') }}
    where not is_key_missing and campaign_id is not null
    group by 1

),

settings as (

    select * from {{ source('settings', 'run') }}

),

-- A lifecycle begins after the one before it ended, so all of that is known.
with_past as (

    select
        *,
        count(*) over earlier as earlier_lifecycles,
        count(accepted_at) over earlier as earlier_acceptances,
        count(
            case
                when exit_stage in ('rejected', 'recycled', 'disqualified')
                    then 1
            end
        ) over earlier as earlier_rejections
    from lifecycles
    window earlier as (
        partition by person_id
        order by lifecycle_no
        rows between unbounded preceding and 1 preceding
    )

),

leads as (

    select
        with_past.*,
        'handoff' as stage
    from with_past
    where origin = 'marketing'

    union all

    select
        with_past.*,
        'mql' as stage
    from with_past
    where
        origin = 'nurture'
        and mql_at is not null
        and handed_off_at is null
        and accepted_at is null
        and exited_at is null

),

placed as (

    select
        leads.*,
        touched.touches,
        touched.last_campaign_id as campaign_id,
        case when not touched.is_score_merged then touched.score_at_handoff end
            as score,
        {{ from_utc('leads.handed_off_at', 'settings.reporting_timezone') }}
            as handed_off_local_at,
        cast({{ dbt.date_trunc('month', 'leads.handed_off_date') }} as date)
            as month_start_date,
        settings.reporting_timezone
    from leads
    cross join settings
    left join touched
        on
            leads.person_key = touched.person_key
            and leads.lifecycle_no = touched.lifecycle_no

),

final as (

    select
        placed.lifecycle_id,
        placed.person_id,
        placed.stage,
        placed.handed_off_at,
        placed.month_start_date,
        {{ to_utc(
            'cast(placed.month_start_date as timestamp)',
            'placed.reporting_timezone'
        ) }} as month_started_at,
        placed.outcome,
        placed.accepted_at,
        placed.is_handoff_imputed,
        placed.max_pending_days,
        placed.channel,
        coalesce(campaigns.campaign_name, placed.campaign_id) as campaign,
        campaigns.campaign_type,
        placed.definition_version,
        cast(placed.score as double) as score,
        cast(coalesce(placed.touches, 0) as double) as touches,
        cast(placed.earlier_lifecycles as double) as earlier_lifecycles,
        cast(placed.earlier_acceptances as double) as earlier_acceptances,
        cast(placed.earlier_rejections as double) as earlier_rejections,
        -- An MQL that is told after the hand-off was not known at it, and one
        -- that is told before any inquiry took no time.
        case
            when
                placed.inquiry_at <= placed.mql_at
                and placed.mql_at
                <= coalesce(placed.handed_off_at, placed.mql_at)
                then {{ hours_between('placed.inquiry_at', 'placed.mql_at') }}
                    / 24
        end as days_to_mql,
        placed.team,
        case
            when placed.inquiry_at <= placed.handed_off_at
                then {{ hours_between(
                    'placed.inquiry_at', 'placed.handed_off_at'
                ) }} / 24
        end as days_to_handoff,
        -- Days since 1970-01-01, which was a Thursday.
        cast(
            mod(
                cast(
                    floor(
                        {{ epoch_us('placed.handed_off_local_at') }}
                        / 86400000000
                    ) as bigint
                ) + 3,
                7
            ) + 1 as {{ dbt.type_string() }}
        ) as weekday,
        cast(
            extract(hour from placed.handed_off_local_at)
            as {{ dbt.type_string() }}
        ) as hour_of_day
    from placed
    left join campaigns
        on placed.campaign_id = campaigns.campaign_id

)

select * from final
