-- The linter cannot indent what a loop writes.
-- noqa: disable=LT02
{%- set stages = {
    'inquiry': ('inquiries', 'inquiry'),
    'mql': ('mqls', 'mql'),
    'handed_off': ('handoffs', 'handoff'),
    'sal': ('sals', 'sal'),
    'sql': ('sqls', 'sql'),
    'opportunity': ('opportunities', 'opportunity'),
    'won': ('customers', 'customer'),
} %}

with shares as (

    select * from {{ ref('fct_spend_shares') }}

),

attributed as (

    select * from {{ ref('int_attribution__by_campaign') }}

),

periods as (

    select
        fiscal_period_id,
        period_start_date
    from {{ ref('dim_fiscal_periods') }}

),

names as (

    select
        campaign_id,
        min(campaign_name) as campaign_name
    from {{ ref('input_layer__campaigns') }}
    where campaign_id is not null
    group by 1

),

-- Leads stand beside a campaign's own spend and nowhere else, so that every
-- column adds up. Those without a touch have a row without a campaign.
spend_and_leads as (

    select
        fiscal_period_id,
        campaign_id,
        cost_kind,
        attribution_model,
        {{ cents('amount_reporting') }} as spend_cents,
        {%- for stage in stages %}
        cast(0 as decimal(20, 0)) as {{ stage }}_units,
        {%- endfor %}
        cast(0 as decimal(38, 0)) as won_cent_units
    from shares

    union all

    select
        fiscal_period_id,
        campaign_id,
        'campaign' as cost_kind,
        attribution_model,
        cast(0 as decimal(19, 0)) as spend_cents,
        {%- for stage in stages %}
        case
            when stage = '{{ stage }}' then weight_units
            else cast(0 as decimal(20, 0))
        end as {{ stage }}_units,
        {%- endfor %}
        coalesce(won_cent_units, 0) as won_cent_units
    from attributed

),

summed as (

    select
        fiscal_period_id,
        campaign_id,
        cost_kind,
        attribution_model,
        cast(sum(spend_cents) as decimal(19, 0)) as spend_cents,
        {%- for stage in stages %}
        cast(sum({{ stage }}_units) as decimal(20, 0))
            as {{ stage }}_units,
        {%- endfor %}
        cast(sum(won_cent_units) as decimal(38, 0)) as won_cent_units
    from spend_and_leads
    group by 1, 2, 3, 4

),

-- What a campaign costs with its part of the costs that name none.
with_allocated as (

    select
        fiscal_period_id,
        campaign_id,
        attribution_model,
        cast(sum(spend_cents) as decimal(19, 0)) as loaded_cents
    from summed
    where cost_kind in ('campaign', 'allocated')
    group by 1, 2, 3

),

won_rounded as (

    select
        summed.*,
        with_allocated.loaded_cents,
        {{ rounded_quotient('summed.won_cent_units', '1', units_of_one()) }}
            as won_cents,
        row_number() over (
            partition by summed.fiscal_period_id, summed.attribution_model
            order by
                summed.won_cent_units desc,
                summed.campaign_id asc nulls last,
                summed.cost_kind desc
        ) as won_size_no
    from summed
    left join with_allocated
        on
            summed.fiscal_period_id = with_allocated.fiscal_period_id
            and summed.campaign_id
            is not distinct from with_allocated.campaign_id
            and summed.attribution_model = with_allocated.attribution_model
            and summed.cost_kind = 'campaign'

),

-- Won amounts add up to the cent, too.
won_whole as (

    select
        *,
        won_cents + case
            when won_size_no = 1
                then {{ rounded_quotient(
                    'sum(won_cent_units) over one_period', '1', units_of_one()
                ) }} - sum(won_cents) over one_period
            else 0
        end as won_cents_whole
    from won_rounded
    window one_period as (partition by fiscal_period_id, attribution_model)

)

select
    {{ hex_id(null_safe_text([
        'won_whole.fiscal_period_id',
        'won_whole.campaign_id',
        'won_whole.cost_kind',
        'won_whole.attribution_model',
    ])) }} as spend_per_sal_id,
    won_whole.fiscal_period_id,
    periods.period_start_date,
    won_whole.campaign_id,
    names.campaign_name,
    won_whole.cost_kind,
    won_whole.attribution_model,
    {{ from_cents('won_whole.spend_cents') }} as spend_reporting,
    {{ from_cents('won_whole.loaded_cents') }}
        as spend_with_allocated_reporting,
    {%- for stage, (plural, singular) in stages.items() %}
    {{ from_units('won_whole.' ~ stage ~ '_units') }}
        as attributed_{{ plural }},
    {%- endfor %}
    {{ from_cents('won_whole.won_cents_whole') }}
        as attributed_won_amount_reporting,
    {%- for stage, (plural, singular) in stages.items() %}
    case
        when won_whole.{{ stage }}_units > 0
            then {{ cost_of_each(
                'won_whole.spend_cents', 'won_whole.' ~ stage ~ '_units'
            ) }}
    end as cost_per_{{ singular }}_reporting,
    {%- endfor %}
    case
        when won_whole.sal_units > 0
            then {{ cost_of_each(
                'won_whole.loaded_cents', 'won_whole.sal_units'
            ) }}
    end as cost_per_sal_with_allocated_reporting
from won_whole
inner join periods
    on won_whole.fiscal_period_id = periods.fiscal_period_id
left join names
    on won_whole.campaign_id = names.campaign_id
