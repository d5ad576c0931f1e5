"""The company that is measured: a CRM as plain Parquet, of any size.

Six changes of status, twenty sales activities and a touch a lead are the bulk of
it. So that every public table has rows, one lead of ten changes hands and has a
score, one of twenty an opportunity, and two of a hundred are merged into another;
there are two years of advertising and of a ledger, and a few rows of a thousand
are broken, each rule of the quarantine in turn, or copies. Every value follows
from the seed. Each table is a folder of files with up to a million leads, so that
changes can be added as a further file without touching them.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import duckdb

from orchestration import warehouse

SEED = 20_260_401
HISTORY, ACTIVITIES = 6, 20
ROWS_PER_LEAD = 1 + HISTORY + ACTIVITIES + 1
USERS, CAMPAIGNS = 60, 200
ADVERTISED, DAYS = 20, 700
PART = 1_000_000
"""Leads of which the rows lie in one file of each table: what is written at once
is sorted, so ten times the leads need no more memory."""

# chance(i, n) is the n-th random number of lead i, in [0, 1).
MACROS = """
create macro chance(i, n) as
    (hash(i, n, getvariable('seed')) % 1000000) / 1000000.0;
create macro one_of(i, n, count) as
    1 + cast(hash(i, n, getvariable('seed')) % count as bigint);
create macro record_id(prefix, i) as
    prefix || lpad(cast(i as varchar), 12, '0') || 'AAA';
create macro address(i) as
    'p' || i || '@company' || i % 50000 || '.example.com';
create macro said(instant) as strftime(instant, '%Y-%m-%d %H:%M:%S');
create macro next_day(lead_id, what, hour) as said(
    timestamp '2026-01-10'
    + to_seconds(cast(hour * 3600 + hash(lead_id, what) % 43200 as bigint))
);
create macro days_after(instant, days) as
    instant + to_seconds(cast(86400 * days as bigint));
-- One lead of five hundred; each fault has its own.
create macro is_nth(i, n) as i % 500 = n;
create macro nobody(i) as record_id('00Q', 900000000000 + i);
"""

LEADS = """
select
    i,
    record_id('00Q', i) as lead_id,
    timestamp '2024-01-01'
    + to_seconds(cast(chance(i, 1) * 86400 * 700 as bigint)) as created_at,
    chance(i, 2) as fate
from range(getvariable('first'), getvariable('beyond')) as numbers (i)
"""

USER = """
select
    record_id('005', i) as user_id,
    'User ' || i as name,
    'Team ' || i % 6 as team,
    case when i % 10 = 0 then 'marketing' when i % 3 = 0 then 'adr'
    else 'field_sales' end as role,
    'Asia/Tokyo' as timezone,
    'true' as is_active
from range(1, {users} + 1) as numbers (i)
"""

CAMPAIGN = """
select
    'C' || i as campaign_id,
    'Campaign ' || i as name,
    'webinar' as channel,
    'webinar' as type,
    '2024-01-01' as start_date,
    '2026-01-01' as end_date
from range(1, {campaigns} + 1) as numbers (i)
"""

# A booth's visitors gave one address, which is no one's; one lead of two hundred
# came twice with the same.
LEAD = """
select
    lead_id,
    case
        when i between 100 and 159 then 'visitor@booth.example.com'
        when i % 200 = 5 then address(i - 1)
        else address(i)
    end as email,
    'Person ' || i as name,
    'Company ' || i % 50000 as company,
    record_id('005', one_of(i, if(i % 10 = 4, 8, 7), {users})) as owner_id,
    'tal' as status,
    cast(null as varchar) as status_reason,
    ['Web', 'Event', 'Referral', 'Ads', 'Partner'][1 + i % 5] as source,
    'C' || one_of(i, 5, {campaigns}) as campaign_id,
    said(created_at) as created_at,
    said(created_at + interval 20 day) as updated_at,
    if(i % 500 = 9, 'true', 'false') as is_deleted,
    case when one_of(i, 9, 50) = 1 and i > 0 then record_id('00Q', i - 1) end
        as merged_into_id
from leads
order by i
"""

# Six steps from inquiry to an end that depends on the lead's fate; the times
# overlap, so that some steps come out of order as they do in any CRM. One lead
# of fifty was typed in with dates alone, so that several fall into an instant.
LEAD_STATUS_HISTORY = """
with steps as (
    select
        leads.*,
        step,
        case step
            when 1 then 'inquiry' when 2 then 'mql' when 3 then 'handed_off'
            when 4 then 'tal' when 5 then if(fate < 0.5, 'sal', 'tal')
            when 6 then
                case when fate < 0.35 then 'sql' when fate < 0.7 then 'recycled'
                else 'tal' end
            else
                case when fate < 0.2 then 'won' when fate < 0.35 then 'lost'
                when fate < 0.6 then 'mql' else 'tal' end
        end as status
    from leads
    cross join range(1, {history} + 2) as numbers (step)
),

changes as (
    select
        before.i,
        before.step,
        before.lead_id,
        date_trunc(
            if(before.i % 50 = 7, 'day', 'second'),
            days_after(
                before.created_at,
                before.step * (1 + 3 * chance(before.i, 20 + before.step))
            )
        ) as changed_at,
        'status' as field,
        before.status as old_value,
        later.status as new_value,
        record_id('005', one_of(before.i, 7, {users})) as changed_by,
        case when later.status in ('recycled', 'lost') then
            ['No budget', 'Too early', 'No response', 'Competitor', 'Moved on'][
                one_of(before.i, 10, 5)
            ]
        end as reason
    from steps as before
    inner join steps as later
        on before.i = later.i and before.step = later.step - 1
),

handed_on as (
    select
        i,
        8 as step,
        lead_id,
        days_after(created_at, 2 + 18 * chance(i, 31)) as changed_at,
        'owner' as field,
        record_id('005', one_of(i, 7, {users})) as old_value,
        record_id('005', one_of(i, 8, {users})) as new_value,
        record_id('005', one_of(i, 7, {users})) as changed_by,
        cast(null as varchar) as reason
    from leads
    where i % 10 = 4
),

-- What a lead's first step is beside itself, by the lead.
faults as (
    select
        * exclude (step, new_value),
        9 as step,
        if(is_nth(i, 211), 'Dead - do not call', new_value) as new_value,
        i % 500 as fault
    from changes
    where step = 1 and i % 500 in (11, 61, 111, 161, 211, 261, 311)
),

everything as (
    select *, 0 as fault from changes
    union all by name
    select *, 0 as fault from handed_on
    union all by name
    select * from faults
)

select
    case fault when 161 then nobody(i) when 261 then null else lead_id end
        as lead_id,
    case fault
        when 11 then 'soon'
        when 61 then said(changed_at + interval 9 year)
        when 111 then said(changed_at - interval 6 year)
        else said(changed_at)
    end as changed_at,
    field,
    old_value,
    new_value,
    changed_by,
    reason
from everything
order by i, step
"""

SALES_ACTIVITY = """
with activities as (
    select
        i,
        number,
        'A' || lpad(cast(i * {activities} + number as varchar), 14, '0')
            as activity_id,
        lead_id,
        record_id('005', one_of(i, 7, {users})) as user_id,
        said(days_after(created_at, 40 * chance(i, 100 + number)))
            as occurred_at,
        ['call', 'email', 'meeting', 'list email'][1 + number % 4] as type,
        if(number % 7 = 0, 'false', 'true') as is_completed
    from leads
    cross join range({activities}) as numbers (number)
),

faults as (
    select
        * replace (
            {activities} as number,
            if(is_nth(i, 401), null, if(is_nth(i, 411), '', 'F') || activity_id)
                as activity_id,
            if(is_nth(i, 371), nobody(i), lead_id) as lead_id,
            case i % 500
                when 361 then 'unknown'
                when 381 then '2099' || occurred_at[5:]
                when 391 then '2019' || occurred_at[5:]
                else occurred_at
            end as occurred_at
        )
    from activities
    where number = 1 and i % 500 in (361, 371, 381, 391, 401, 411)
),

everything as (
    select * from activities
    union all
    select * from faults
)

select * exclude (i, number)
from everything
order by i, number
"""

TOUCH = """
select
    'T' || i as touch_id,
    if(is_nth(i, 431), nobody(i), lead_id) as lead_id,
    'C' || one_of(i, 6, {campaigns}) as campaign_id,
    if(is_nth(i, 421), 'tomorrow', said(created_at + interval 1 hour))
        as touched_at,
    'webinar' as type
from leads
order by i
"""

SCORE_CHANGE = """
select
    lead_id,
    said(days_after(created_at, 10 * chance(i, 41))) as changed_at,
    cast(20 + one_of(i, 42, 120) as varchar) as score,
    'form' as reason
from leads
where i % 10 = 1
order by i
"""

# Those of the won and lost leads say when that was; the others are open.
OPPORTUNITY = """
select
    'O' || i as opportunity_id,
    if(is_nth(i, 443), nobody(i), lead_id) as lead_id,
    record_id('005', one_of(i, 7, {users})) as owner_id,
    case when fate < 0.5 then 'closed' else 'open' end as stage,
    'JPY' as currency,
    said(days_after(created_at, 8 + 10 * chance(i, 51))) as created_at,
    case when fate < 0.5 then said(days_after(created_at, 20 + 15 * chance(i, 52)))
    end as closed_at,
    cast(100000 + 1000 * one_of(i, 53, 5000) as varchar) as amount,
    if(fate < 0.5, 'true', 'false') as is_closed,
    if(fate < 0.3, 'true', 'false') as is_won
from leads
where i % 20 = 3
order by i
"""

# Two campaigns are of an agency whose names nobody booked in the CRM.
CAMPAIGN_REPORT = """
select
    cast(date '2024-01-01' + cast(day as integer) as varchar) as date_day,
    ['google_ads', 'linkedin_ads'][1 + i % 2] as platform,
    'account ' || i % 3 as account_id,
    if(i > {advertised} - 2, 'X', 'C') || i as campaign_id,
    'JPY' as currency,
    if(
        i = 1 and day % 100 = 50,
        'about 5',
        cast(cast(1000 + one_of(i, day, 900000) as decimal(18, 2)) / 100 as varchar)
    ) as spend,
    cast(one_of(i, day + 10000, 300) as varchar) as clicks
from range(1, {advertised} + 1) as campaigns (i)
cross join range({days}) as dates (day)
order by day, i
"""

COST = """
with months as (
    select
        month,
        date '2024-01-25' + to_months(cast(month as integer)) as cost_date
    from range(24) as numbers (month)
),

accounts as (
    select *
    from (values
        (1, 'people', null, 4000000),
        (2, 'tools', null, 300000),
        (3, 'agency_fees', null, 150000),
        (4, 'events', null, 500000),
        (5, 'booth', 'C30', 800000),
        (6, 'booth', 'C31', 600000)
    ) as given (no, account, campaign_id, amount)
)

select
    'L' || month * 10 + no as cost_id,
    if(
        month = 7 and no = 4,
        'end of August',
        cast(cast(cost_date as date) as varchar)
    ) as cost_date,
    account,
    campaign_id,
    if(campaign_id is null, null, 'Exhibition Ltd') as vendor,
    'JPY' as currency,
    cast(amount + one_of(month, no, 100000) as varchar) as amount,
    cast(null as varchar) as memo
from months
cross join accounts
order by month, no
"""

OF_THE_COMPANY = {
    "generic/user": USER,
    "generic/campaign": CAMPAIGN,
    "ads/campaign_report": CAMPAIGN_REPORT,
    "ledger/cost": COST,
}

OF_LEADS = {
    "generic/lead": LEAD,
    "generic/lead_status_history": LEAD_STATUS_HISTORY,
    "generic/sales_activity": SALES_ACTIVITY,
    "generic/touch": TOUCH,
    "generic/score_change": SCORE_CHANGE,
    "generic/opportunity": OPPORTUNITY,
}

# What happens to every hundredth lead on the day after the last activity: a
# salesperson calls, takes the lead up, and it is edited. As in a daily run the
# clocks of few other leads run out with that day.
CHANGED = "from {leads} where hash(lead_id) % 100 = 0"
CHANGES = {
    "generic/lead": f"""
        select * replace (
            next_day(lead_id, 'taken up', 12) as updated_at, 'sal' as status
        )
        {CHANGED}
    """,
    "generic/lead_status_history": f"""
        select
            lead_id,
            next_day(lead_id, 'taken up', 12) as changed_at,
            'status' as field,
            'tal' as old_value,
            'sal' as new_value,
            owner_id as changed_by,
            cast(null as varchar) as reason
        {CHANGED}
    """,
    "generic/sales_activity": f"""
        select
            'B' || lead_id as activity_id,
            lead_id,
            owner_id as user_id,
            next_day(lead_id, 'called', 0) as occurred_at,
            'call' as type,
            'true' as is_completed
        {CHANGED}
    """,
}


def write(landing: Path, leads: int, seed: int = SEED) -> int:
    """Write the company's exports; the number of rows."""
    counts = {
        "users": USERS,
        "campaigns": CAMPAIGNS,
        "history": HISTORY,
        "activities": ACTIVITIES,
        "advertised": ADVERTISED,
        "days": DAYS,
    }
    with duckdb.connect() as connection:
        warehouse.configure(connection, landing / ".spill")
        # A file's rows stand lead by lead, as an export's do.
        connection.execute("set preserve_insertion_order = true")
        connection.execute("set variable seed = ?", [seed])
        connection.execute(MACROS)
        rows = sum(
            _copy(connection, landing, table, "part-0", query.format(**counts))
            for table, query in OF_THE_COMPANY.items()
        )
        for part, first in enumerate(range(0, leads, PART)):
            connection.execute("set variable first = ?", [first])
            connection.execute("set variable beyond = ?", [min(first + PART, leads)])
            connection.execute(f"create or replace table leads as {LEADS}")
            rows += sum(
                _copy(connection, landing, table, f"part-{part}", text.format(**counts))
                for table, text in OF_LEADS.items()
            )
        return rows


def change(landing: Path) -> int:
    """Add files with a day's changes to every hundredth lead; the number of rows."""
    leads = landing / "generic" / "lead" / "part-*.parquet"
    with duckdb.connect() as connection:
        connection.execute(MACROS)
        return sum(
            _copy(
                connection,
                landing,
                table,
                "changes",
                query.format(leads=f"read_parquet({warehouse.literal(str(leads))})"),
            )
            for table, query in CHANGES.items()
        )


def unchange(landing: Path) -> None:
    """Take the file of changes away again."""
    for path in landing.glob("*/*/changes.parquet"):
        path.unlink()


def _copy(
    connection: duckdb.DuckDBPyConnection,
    landing: Path,
    table: str,
    name: str,
    query: str,
) -> int:
    folder = landing / table
    folder.mkdir(parents=True, exist_ok=True)
    target = warehouse.literal(str(folder / f"{name}.parquet"))
    [(rows,)] = connection.execute(
        f"copy ({query}) to {target} (format parquet)"
    ).fetchall()
    return int(rows)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.company")
    parser.add_argument("landing", type=Path)
    parser.add_argument("leads", help="a number, or `change` for a file of changes")
    given = parser.parse_args()
    rows = (
        change(given.landing)
        if given.leads == "change"
        else write(given.landing, int(given.leads))
    )
    print(json.dumps([rows]))


if __name__ == "__main__":
    main()
