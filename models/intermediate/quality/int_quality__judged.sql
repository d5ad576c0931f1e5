-- One row per rule and system, as this run sees it: it passes, what breaks it
-- is accepted, or it fails. An exception that ran out is no exception.
with counted as (

    select * from {{ ref('int_quality__counted') }}

),

rules as (

    select
        rule,
        owner,
        remedy
    from {{ ref('def_quarantine_rules') }}

    union all

    select
        rule,
        owner,
        remedy
    from {{ ref('def_quality_rules') }}

),

limited as (

    select
        counted.rule,
        counted.source,
        counted.rows_checked,
        counted.rows_failed,
        counted.rows_quarantined,
        counted.detail,
        rules.owner,
        rules.remedy,
        limits.expired_on,
        limits.expired_reason,
        -- The limits of volumes are of shares and days: what is over one of
        -- these is counted, and nothing else.
        case
            when counted.rule in ('volume_low', 'volume_high', 'silent') then 0
            else coalesce(limits.limit_value, 0)
        end as accepted_rows
    from counted
    inner join rules
        on counted.rule = rules.rule
    left join {{ ref('int_quality__limits') }} as limits
        on
            counted.rule = limits.rule
            and counted.source = limits.source

)

select
    rule,
    source,
    rows_checked,
    rows_failed,
    rows_quarantined,
    case
        when rows_failed = 0 then 'passed'
        when rows_failed <= accepted_rows then 'accepted'
        else 'failed'
    end as state,
    case
        when rows_failed > accepted_rows and expired_on is not null
            then
                'Accepted until '
                || cast(expired_on as {{ dbt.type_string() }})
                || ' (' || expired_reason || '), and counts again: '
                || coalesce(detail, '')
        else detail
    end as detail,
    owner,
    remedy
from limited
