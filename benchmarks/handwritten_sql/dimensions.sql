-- Names of what the facts name by id.

create table published.marts.dim_campaigns as
with listed as (
    select
        campaign_id,
        name,
        coalesce(channel, type) as campaign_type,
        start_date::date as start_date
    from read_parquet(getvariable('landing') || '/generic/campaign/*.parquet')
),

ids as (
    select campaign_id from listed
    union
    select campaign_id from published.marts.fct_touches
    union
    select campaign_id from published.marts.fct_spend
),

channels as (
    select lower(source_value) as source_value, min(channel) as channel
    from read_csv(getvariable('seeds') || '/channels.csv')
    group by all
),

platforms as (
    select
        campaign_id,
        string_agg(distinct platform, ', ' order by platform) as platform
    from published.marts.fct_spend
    group by all
)

select
    ids.campaign_id,
    coalesce(listed.name, ids.campaign_id) as campaign_name,
    if(listed.campaign_id is null, null, 'generic') as source,
    platforms.platform,
    coalesce(channels.channel, lower(listed.campaign_type)) as channel,
    listed.campaign_type,
    listed.start_date,
    listed.campaign_id is not null as is_known
from ids
left join listed using (campaign_id)
left join platforms using (campaign_id)
left join channels on lower(listed.campaign_type) = channels.source_value
where ids.campaign_id is not null;

create table published.marts.dim_sales_reps as
with listed as (
    select * from read_parquet(getvariable('landing') || '/generic/user/*.parquet')
),

appearances as (
    select owner_id, passed_at as seen_at from published.marts.fct_handoffs
    union all
    select owner_id, ended_at from published.marts.fct_handoffs
    union all
    select from_owner_id, passed_at from published.marts.fct_handoffs
    union all
    select owner_id, handed_off_at from published.marts.fct_lead_lifecycles
    union all
    select actor_id, occurred_at from published.marts.fct_stage_events
),

seen as (
    select
        owner_id,
        cast(min(seen_at) + interval 9 hour as date) as from_date,
        cast(max(seen_at) + interval 9 hour as date) as until_date
    from appearances
    group by all
),

ids as (
    select owner_id from seen where owner_id is not null
    union
    select user_id from listed
)

select
    ids.owner_id,
    coalesce(listed.name, ids.owner_id) as rep_name,
    if(listed.user_id is null, null, 'generic') as source,
    listed.team,
    listed.role,
    coalesce(
        listed.role is null or listed.role in (
            select role from read_csv(getvariable('seeds') || '/sales_roles.csv')
        ),
        true
    ) as is_sales_user,
    listed.user_id is not null as is_known,
    seen.from_date,
    seen.until_date
from ids
left join listed on ids.owner_id = listed.user_id
left join seen using (owner_id);

create table published.marts.dim_channels as
with mapped as (
    select
        channel,
        string_agg(distinct source_value, ', ' order by source_value)
            as source_values
    from read_csv(getvariable('seeds') || '/channels.csv')
    group by all
),

labels as (
    from read_csv(getvariable('seeds') || '/channel_labels.csv')
),

named as (
    select channel from mapped
    union
    select channel from labels
    union
    select channel from published.marts.dim_people
    union
    select channel from published.marts.dim_campaigns
)

select
    named.channel,
    coalesce(labels.label_en, named.channel) as label_en,
    coalesce(labels.label_ja, named.channel) as label_ja,
    coalesce(
        labels.covers,
        'What calls itself so; no row of the seed channels names it'
    ) as covers,
    mapped.source_values,
    mapped.channel is not null as is_mapped
from named
left join labels using (channel)
left join mapped using (channel)
where named.channel is not null;

create table published.marts.dim_funnel_definitions as
with versions as (
    from read_csv(getvariable('seeds') || '/funnel_versions.csv', all_varchar := true)
),

policy as (
    from read_csv(getvariable('seeds') || '/sla_policies.csv')
),

holidays as (
    select count(*) as holidays
    from read_csv(getvariable('seeds') || '/holidays.csv')
    where calendar_id = 'japan'
),

told as (
    select
        versions.*,
        policy.* exclude (definition_version),
        holidays.holidays,
        concat(
            'Mon, Tue, Wed, Thu, Fri 09:00–18:00 Asia/Tokyo but for ',
            holidays.holidays, ' holidays'
        ) as opening_hours
    from versions
    cross join policy
    cross join holidays
)

select
    version as definition_version,
    description,
    based_on,
    if(version = 'v1', timestamp '1969-12-31 15:00:00', null) as effective_from_at,
    null::timestamp as effective_until_at,
    version = 'v1' as is_in_force,
    handoff_mode,
    null::varchar as acceptance_roles,
    sla_business_hours::decimal(9, 4) as sla_business_hours,
    calendar_id,
    opening_hours,
    max_pending_days::integer as max_pending_days,
    touches_stop_clock,
    null::varchar as other_policies,
    concat(
        if(
            handoff_mode = 'mql',
            'The MQL itself is the hand-off. ',
            'Marketing hands over by a hand-off of its own. '
        ),
        'Anyone accepts. Sales has ', sla_business_hours, ' opening hours (',
        opening_hours, ') to act, a touch stops the clock; open after ',
        max_pending_days, ' days counts as ignored. '
    ) as in_words,
    concat(
        if(
            handoff_mode = 'mql',
            'MQLをそのまま引き渡しとする。',
            'マーケティングが引き渡しを記録する。'
        ),
        '受入は誰でもよい。営業は', sla_business_hours,
        '営業時間以内に対応（月・火・水・木・金 09:00–18:00、Asia/Tokyo、祝日',
        holidays, '日を除く）、接触で時計が止まる、',
        max_pending_days, '日を過ぎて未対応なら無視。'
    ) as in_words_ja
from told;
