-- Every channel that a seed names or that stands in the data.
with mapped as (

    select
        channel,
        {{ joined_texts('source_value') }} as source_values
    from {{ ref('def_channels') }}
    where channel is not null
    group by 1

),

labels as (

    select
        channel,
        min(label_en) as label_en,
        min(label_ja) as label_ja,
        min(covers) as covers
    from {{ ref('def_channel_labels') }}
    group by 1

),

channels_named as (

    select channel from mapped

    union distinct

    select channel from labels

    union distinct

    select channel from {{ ref('dim_people') }}

    union distinct

    select channel from {{ ref('fct_lead_lifecycles') }}

    union distinct

    select channel from {{ ref('dim_campaigns') }}

)

select
    channels_named.channel,
    coalesce(labels.label_en, channels_named.channel) as label_en,
    coalesce(labels.label_ja, channels_named.channel) as label_ja,
    coalesce(
        labels.covers,
        case
            when mapped.channel is not null
                then 'What the seed channels maps to it'
            else 'What calls itself so; no row of the seed channels names it'
        end
    ) as covers,
    mapped.source_values,
    mapped.channel is not null as is_mapped
from channels_named
left join labels
    on channels_named.channel = labels.channel
left join mapped
    on channels_named.channel = mapped.channel
where channels_named.channel is not null
