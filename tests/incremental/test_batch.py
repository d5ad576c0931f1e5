"""Whom a run after a change builds anew; the clock is read in Tokyo."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import duckdb
import pytest

from orchestration.increment import batch as batches
from orchestration.increment.state import LastRun
from orchestration.project import Project

TABLES = """
create schema settings;
create schema input_layer;
create schema intermediate;
create table settings.touched_records (record_key bigint, reason varchar);
create table settings.run as select 'Asia/Tokyo' as reporting_timezone;
create table settings.sources as select 'generic' as source, 'USD' as currency;
create table input_layer.input_layer__records (
    record_key bigint, email_match varchar, created_at timestamp);
create table input_layer.input_layer__observations (
    record_key bigint, observed_at timestamp);
create table input_layer.input_layer__activities (
    record_key bigint, occurred_at timestamp);
create table input_layer.input_layer__touches (
    record_key bigint, touched_at timestamp);
create table input_layer.input_layer__opportunities (
    record_key bigint, source varchar, currency varchar, is_closed boolean,
    created_at timestamp, closed_at timestamp);
create table intermediate.int_passes__outcomes (
    person_key bigint, final_outcome varchar, due_at timestamp);
create table intermediate.int_identity__components (
    node_key bigint, component_key bigint);
create table intermediate.int_fx_rates__in_force (
    currency varchar, valid_from date, valid_before date, rate double);
"""
LAST = LastRun(
    project="",
    definition="{}",
    vars="{}",
    as_of_given=None,
    closings="[]",
    conventions="{}",
    seen="",
    as_of=datetime(2026, 3, 1, 12),
    earliest_at=datetime(2026, 1, 1),
)
NOW = replace(LAST, as_of=datetime(2026, 3, 2, 12))


@pytest.fixture
def warehouse() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    connection.execute("set TimeZone = 'UTC'")
    connection.execute(TABLES)
    return connection


def batch(
    connection: duckdb.DuckDBPyConnection, project: Project, now: LastRun = NOW
) -> list[int]:
    records, _ = batches.write_batch(connection, project, LAST, now)
    found = connection.execute("from batch order by record_key").fetchall()
    assert len(found) == records
    return [key for (key,) in found]


TIME = """
insert into input_layer.input_layer__observations values
    (1, '2026-03-02 12:00:00'), (2, '2026-03-01 12:00:00'),
    (3, '2026-03-02 12:00:01');
insert into input_layer.input_layer__touches values (9, null);
insert into input_layer.input_layer__opportunities values
    (4, 'generic', null, false, '2026-02-01', null),
    (5, 'generic', 'EUR', false, '2026-02-01', null),
    (6, 'generic', 'JPY', null, '2026-02-01', null),
    (7, 'generic', 'USD', true, '2026-02-01', '2026-02-02'),
    (8, 'generic', 'USD', true, '2026-02-01', '2026-03-03');
insert into intermediate.int_fx_rates__in_force values
    ('USD', '2026-02-01', '2026-03-02', 150), ('USD', '2026-03-02', '2026-03-03', 151),
    ('USD', '2026-03-03', '9999-12-31', 152), ('EUR', '2026-03-01', '9999-12-31', 170),
    ('JPY', '0001-01-01', '9999-12-31', 1);
insert into intermediate.int_passes__outcomes values
    (10, 'pending', '2026-02-02'), (11, 'ignored', '2026-03-01 12:00:01'),
    (12, 'ignored', '2026-03-01 12:00:00'), (13, 'rejected', null);
"""


def test_time_touches_what_it_makes_another(warehouse, project) -> None:
    """The last run saw the evening of 1 March, this one sees that of 2 March.

    Record 1 has an event between, 2 before, 3 after: what lies ahead is looked at
    until it has come. Of the open opportunities, that of 4 is in a currency with a
    new rate, that of 5 in one without, that of 6 in the reporting currency. Those of
    7 and 8 are closed: 7's long ago, 8's tomorrow. Record 9 has a touch without a
    time, to which no time comes. Person 10 still waits; the clock of 11 ran out
    since, that of 12 before; 13 has none.
    """
    warehouse.execute(TIME)
    assert batch(warehouse, project) == [1, 3, 4, 8, 10, 11, 13]


def test_open_opportunities_that_keep_their_old_rate_are_caught(
    warehouse, project, monkeypatch
) -> None:
    """The case above notices where the rate of the day itself is left out."""
    spoilt = batches.batch_query(project, LAST, NOW).replace(
        "rates.valid_from <= ", "rates.valid_from < "
    )
    monkeypatch.setattr(batches, "batch_query", lambda *_: spoilt)
    warehouse.execute(TIME)
    assert batch(warehouse, project) == [1, 3, 8, 10, 11, 13]


def test_where_time_stands_still_it_touches_nobody(warehouse, project) -> None:
    warehouse.execute(TIME)
    assert batch(warehouse, project, LAST) == []


def test_the_batch_is_closed_under_identity(warehouse, project) -> None:
    """Touched are 1, whose address is now 2's, and a row that names no record. 2 was
    one person with 3, and so with the merged id 4 that no system lists any more."""
    warehouse.execute(
        """
        insert into settings.touched_records values (1, 'x'), (null, 'x');
        insert into input_layer.input_layer__records values
            (1, 'a@x.jp', null), (2, 'a@x.jp', null), (3, null, null),
            (5, 'b@x.jp', null), (6, null, null), (null, 'a@x.jp', null);
        insert into intermediate.int_identity__components values
            (2, 2), (3, 2), (4, 2), (5, 5), (6, 5);
        """
    )
    assert batch(warehouse, project) == [0, 1, 2, 3, 4]
