"""The company that is measured: a CRM as plain Parquet, of any size.

Six changes of status and twenty sales activities a lead, two leads of a hundred
merged into another; every value follows from the seed. Each table is a folder,
so that changes can be added as a further file without touching the first.
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
TABLES = (
    "user",
    "campaign",
    "lead",
    "lead_status_history",
    "sales_activity",
    "touch",
)

# chance(i, n) is the n-th random number of lead i, in [0, 1).
MACROS = """
create macro chance(i, n) as
    (hash(i, n, getvariable('seed')) % 1000000) / 1000000.0;
create macro one_of(i, n, count) as
    1 + hash(i, n, getvariable('seed')) % count;
create macro record_id(prefix, i) as
    prefix || lpad(cast(i as varchar), 12, '0') || 'AAA';
create macro said(instant) as strftime(instant, '%Y-%m-%d %H:%M:%S');
"""

LEADS = """
select
    i,
    record_id('00Q', i) as lead_id,
    timestamp '2024-01-01'
    + to_seconds(cast(chance(i, 1) * 86400 * 700 as bigint)) as created_at,
    chance(i, 2) as fate
from range(getvariable('leads')) as numbers (i)
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

LEAD = """
select
    lead_id,
    'p' || i || '@company' || i % 50000 || '.example.com' as email,
    'Person ' || i as name,
    'Company ' || i % 50000 as company,
    record_id('005', one_of(i, 7, {users})) as owner_id,
    'tal' as status,
    cast(null as varchar) as status_reason,
    ['Web', 'Event', 'Referral', 'Ads', 'Partner'][1 + i % 5] as source,
    'C' || one_of(i, 5, {campaigns}) as campaign_id,
    said(created_at) as created_at,
    said(created_at + interval 20 day) as updated_at,
    'false' as is_deleted,
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
)

select
    before.lead_id,
    said(date_trunc(
        if(before.i % 50 = 7, 'day', 'second'),
        before.created_at
        + to_seconds(cast(
            86400 * before.step * (1 + 3 * chance(before.i, 20 + before.step))
            as bigint
        ))
    )) as changed_at,
    'status' as field,
    before.status as old_value,
    later.status as new_value,
    record_id('005', one_of(before.i, 7, {users})) as changed_by,
    cast(null as varchar) as reason
from steps as before
inner join steps as later
    on before.i = later.i and before.step = later.step - 1
order by before.i, before.step
"""

SALES_ACTIVITY = """
select
    'A' || lpad(cast(i * {activities} + number as varchar), 14, '0')
        as activity_id,
    lead_id,
    record_id('005', one_of(i, 7, {users})) as user_id,
    said(
        created_at + to_seconds(cast(86400 * 40 * chance(i, 100 + number) as bigint))
    ) as occurred_at,
    ['call', 'email', 'meeting', 'list email'][1 + number % 4] as type,
    if(number % 7 = 0, 'false', 'true') as is_completed
from leads
cross join range({activities}) as numbers (number)
order by i, number
"""

TOUCH = """
select
    'T' || i as touch_id,
    lead_id,
    'C' || one_of(i, 6, {campaigns}) as campaign_id,
    said(created_at + interval 1 hour) as touched_at,
    'webinar' as type
from leads
order by i
"""

QUERIES = dict(
    zip(
        TABLES,
        (USER, CAMPAIGN, LEAD, LEAD_STATUS_HISTORY, SALES_ACTIVITY, TOUCH),
        strict=True,
    )
)

# What happens to every hundredth lead later on: it is edited, a salesperson
# takes it up, and calls.
CHANGES = {
    "lead": """
        select * replace (
            said(strptime(updated_at, '%Y-%m-%d %H:%M:%S') + interval 60 day)
                as updated_at,
            'sal' as status
        )
        from {lead} where hash(lead_id) % 100 = 0
    """,
    "lead_status_history": """
        select
            lead_id,
            said(strptime(updated_at, '%Y-%m-%d %H:%M:%S') + interval 60 day)
                as changed_at,
            'status' as field,
            'tal' as old_value,
            'sal' as new_value,
            owner_id as changed_by,
            cast(null as varchar) as reason
        from {lead} where hash(lead_id) % 100 = 0
    """,
    "sales_activity": """
        select
            'B' || lead_id as activity_id,
            lead_id,
            owner_id as user_id,
            said(strptime(updated_at, '%Y-%m-%d %H:%M:%S') + interval 59 day)
                as occurred_at,
            'call' as type,
            'true' as is_completed
        from {lead} where hash(lead_id) % 100 = 0
    """,
}


def write(landing: Path, leads: int, seed: int = SEED) -> int:
    """Write the company's exports; the number of rows."""
    counts = {
        "users": USERS,
        "campaigns": CAMPAIGNS,
        "history": HISTORY,
        "activities": ACTIVITIES,
    }
    with duckdb.connect() as connection:
        warehouse.configure(connection, landing / ".spill")
        # A file's rows stand lead by lead, as an export's do.
        connection.execute("set preserve_insertion_order = true")
        connection.execute("set variable seed = ?", [seed])
        connection.execute("set variable leads = ?", [leads])
        connection.execute(MACROS)
        connection.execute(f"create table leads as {LEADS}")
        return sum(
            _copy(connection, landing, table, "part-0", query.format(**counts))
            for table, query in QUERIES.items()
        )


def change(landing: Path) -> int:
    """Add a file of changes to every hundredth lead; the number of rows."""
    lead = landing / "generic" / "lead" / "part-0.parquet"
    with duckdb.connect() as connection:
        connection.execute(MACROS)
        return sum(
            _copy(
                connection,
                landing,
                table,
                "part-1",
                query.format(lead=f"read_parquet({warehouse.literal(str(lead))})"),
            )
            for table, query in CHANGES.items()
        )


def _copy(
    connection: duckdb.DuckDBPyConnection,
    landing: Path,
    table: str,
    name: str,
    query: str,
) -> int:
    folder = landing / "generic" / table
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
