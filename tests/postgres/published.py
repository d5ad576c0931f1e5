"""A few public tables by hand, published, with values that are easily lost."""

from __future__ import annotations

from collections.abc import Sequence

import duckdb

from orchestration.project import Project
from orchestration.publication.postgres.copy import Copied, copy
from orchestration.publication.publications import PublicTable, publish
from tests.postgres.conftest import Database
from tests.postgres.server import parsed

LEADS = PublicTable(
    "marts",
    "fct_leads",
    "One row per lead. It's ours. Key: lead_id.",
    {"lead_id": "The key. (リードID)", "status": r"What \ it is. (状態)"},
    key=("lead_id",),
    never_null=frozenset({"lead_id", "status"}),
)
DAYS = PublicTable(
    "marts",
    "mart_days",
    "One row per day and campaign. Key: day, campaign_id.",
    {"day": "The day. (日)"},
    key=("day", "campaign_id"),
    never_null=frozenset({"day", "campaign_id"}),
)
PEOPLE = PublicTable(
    "marts_pii",
    "dim_people_pii",
    "One row per person.",
    {"full_name": "Her name. (氏名)"},
    key=("person_id",),
    never_null=frozenset({"person_id"}),
)
TABLES = [LEADS, DAYS, PEOPLE]

FILL = r"""
create schema marts;
create schema marts_pii;
create table marts.fct_leads as
select * replace (
    cast(weight as decimal(18, 12)) as weight, cast(share as decimal(9, 4)) as share
)
from (values
    ('l1', 'p1', '商談中 — "引用"', true, 9007199254740993, 2147483647, 0.1e0,
        date '2026-04-01', timestamp '2026-04-01 01:02:03.000004',
        cast(1234567890123456.78 as decimal(18, 2)),
        cast(1.000000000001 as decimal(28, 12)),
        cast(999999999999999999999999999999.99 as decimal(32, 2)),
        cast(0.5 as decimal(18, 12)), cast(-0.0001 as decimal(9, 4)),
        cast(0.00000001 as decimal(18, 8))),
    ('l2', '', E'tab\there, line\nthere, back\\slash', false, -1, -2147483648,
        'nan', date '0001-01-01', timestamp '1969-12-31 23:59:59.999999',
        -0.01, -0.000000000001, -0.1, -1.5, 12345.6789, 100),
    ('l3', null, '', null, null, null, null, null, null, null, null, null, null,
        null, null),
    ('l4', 'NULL', '\N', true, 0, 0, '-infinity', date '9999-12-31',
        timestamp '9999-12-31 23:59:59', 0, 0, 10000, 10, 1, 12.5),
    ('l5', 'p' || chr(0) || '5', 'nul' || chr(0), true, 1, 1, 1e300,
        date '2026-02-28', timestamp '2026-02-28 12:00:00', 10, 100, 100000.5,
        1000, 1000, 10000)
) as leads (
    lead_id, person_id, status, is_open, clicks, steps, hours, day, moved_at,
    amount, expected, cost, weight, share, rate
);
create table marts.mart_days as
select date '2026-01-01' + cast(i // 2 as integer) as day, 'c' || i % 2 as campaign_id,
    i as leads
from range(100) as r (i);
create table marts_pii.dim_people_pii as
select * from (values ('p1', '佐藤 花子'), ('p2', 'O''Brien'))
as people (person_id, full_name);
"""


def make(project: Project) -> Project:
    project.prepare_out()
    change(project, FILL)
    return project


def change(
    project: Project, statements: str, tables: Sequence[PublicTable] = TABLES
) -> None:
    """Change the warehouse, and publish it."""
    with duckdb.connect(str(project.warehouse)) as connection:
        connection.execute(statements)
    publish(project, tables)


def copied(
    project: Project,
    database: Database,
    tables: Sequence[PublicTable] = TABLES,
    **more: str,
) -> Copied:
    return copy(project, tables, database.address(**more))


def database_of(project: Project, schema: str) -> str:
    is_personal = PublicTable(schema, "", "").is_personal
    return str(
        project.published_personal_database
        if is_personal
        else project.published_database
    )


def rows_in_file(project: Project, schema: str, name: str) -> list[tuple]:
    """The rows of the published file, in the order of their columns' names."""
    with duckdb.connect(database_of(project, schema), read_only=True) as connection:
        columns = ", ".join(f'"{name}"' for name, _ in described(project, schema, name))
        return connection.sql(f'select {columns} from {schema}."{name}"').fetchall()


def described(project: Project, schema: str, name: str) -> list[tuple[str, str]]:
    with duckdb.connect(database_of(project, schema), read_only=True) as connection:
        found = connection.execute(f'describe {schema}."{name}"').fetchall()
    return sorted((column, kind) for column, kind, *_ in found)


def rows_in_postgres(
    project: Project, database: Database, schema: str, name: str, there: str = ""
) -> list[tuple]:
    columns = described(project, schema, name)
    listed = ", ".join(f'"{column}"' for column, _ in columns)
    text = database.server.psql(
        database.name,
        f'copy (select {listed} from {there or schema}."{name}") to stdout;',
    )
    return [
        tuple(
            parsed(value, kind)
            for value, (_, kind) in zip(line.split("\t"), columns, strict=True)
        )
        for line in text.split("\n")[:-1]
    ]


def ordered(rows: list[tuple]) -> list[str]:
    """Rows as text, which has an order and in which NaN is NaN."""
    return sorted(map(repr, rows))
