"""Who reads while a copy is taken over sees the whole old or the whole new one, and
neither waits nor is waited for."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable

import pytest
from adbc_driver_postgresql import dbapi

from orchestration.project import ROOT
from orchestration.publication import publications
from orchestration.publication.postgres import address, copy
from orchestration.publication.postgres.session import PostgresError
from tests.postgres.conftest import Database
from tests.postgres.published import (
    TABLES,
    change,
    copied,
    make,
    ordered,
    rows_in_file,
    rows_in_postgres,
)

COPIES = 6

SEEN = (
    "select (select publication_id from marts.publication), "
    "(select string_agg(distinct clicks::text, ',') from marts.fct_leads), "
    "(select string_agg(distinct leads::text, ',') from marts.mart_days), "
    "(select count(*) from marts.mart_days)"
)


@pytest.fixture
def project(project):
    make(project)
    to(project, 0)
    return project


def to(project, number):
    """Publish tables that all say the number; rows come and go with it."""
    change(
        project,
        f"""
        update marts.fct_leads set clicks = {number};
        update marts.mart_days set leads = {number};
        insert into marts.mart_days values (date '2027-01-01' + {number}, 'c', {number})
        """,
    )


class Reader:
    """A connection of somebody who reads."""

    def __init__(self, database: Database) -> None:
        self.connection = dbapi.connect(database.url("postgres"))
        self.cursor = self.connection.cursor()

    def see(self) -> tuple:
        self.cursor.execute(SEEN)
        [row] = self.cursor.fetchall()
        return row

    def close(self) -> None:
        self.cursor.close()
        self.connection.close()


@pytest.fixture
def reader(database):
    opened = []

    def open_one() -> Reader:
        opened.append(Reader(database))
        return opened[-1]

    yield open_one
    for one in opened:
        one.close()


class Poll(threading.Thread):
    """Reads all the time, as dashboards do, each time in a transaction of its own."""

    def __init__(self, one: Reader) -> None:
        super().__init__(daemon=True)
        self.one, self.seen, self.slowest = one, [], 0.0
        self.ended = threading.Event()

    def run(self) -> None:
        while not self.ended.is_set():
            clock = time.monotonic()
            self.seen.append(self.one.see())
            self.one.connection.rollback()
            self.slowest = max(self.slowest, time.monotonic() - clock)


def test_a_reader_that_polls_sees_one_publication_or_the_next(
    project, database, reader
):
    copied(project, database)
    shown = {publications.published(project).id: ("0", "0", 101)}
    poll = Poll(reader())
    poll.start()
    for number in range(1, COPIES + 1):
        to(project, number)
        shown[publications.published(project).id] = (
            str(number),
            str(number),
            101 + number,
        )
        copied(project, database)
    poll.ended.set()
    poll.join(timeout=30)
    # More often than there were publications, or nothing would be proven.
    assert len(poll.seen) > 5 * COPIES
    assert set(poll.seen) <= {(name, *row) for name, row in shown.items()}
    order = list(shown)
    positions = [order.index(name) for name, *_ in poll.seen]
    assert positions == sorted(positions)
    assert positions[-1] == COPIES or poll.one.see()[0] == order[-1]


def test_an_open_transaction_neither_waits_nor_is_waited_for(
    project, database, reader, monkeypatch
):
    monkeypatch.setattr(copy, "ATTEMPTS", 1)
    copied(project, database)
    long, snapshot = reader(), reader()
    snapshot.cursor.execute("set transaction isolation level repeatable read")
    before = long.see()
    assert snapshot.see() == before
    to(project, 1)
    copied(project, database)
    to(project, 2)
    copied(project, database)
    assert snapshot.see() == before
    assert long.see()[1:] == ("2", "2", 103)


def test_columns_change_when_their_readers_are_gone_and_nobody_is_thrown_out(
    project, database, reader, monkeypatch
):
    monkeypatch.setattr(copy, "LOCK_TIMEOUT", "300ms")
    monkeypatch.setattr(copy, "PAUSE", 0.5)
    copied(project, database)
    long = reader()
    before = long.see()
    change(
        project,
        "alter table marts.fct_leads add column more integer default 1; "
        "update marts.mart_days set leads = 7",
    )
    poll = Poll(reader())
    poll.start()
    monkeypatch.setattr(copy, "ATTEMPTS", 2)
    with pytest.raises(PostgresError, match=r"held a table.*Run again") as told:
        copied(project, database)
    assert told.value.may_pass
    # The other readers waited behind it for no longer than it waits itself.
    assert set(poll.seen) == {before}
    assert poll.slowest < 2
    assert long.see() == before

    monkeypatch.setattr(copy, "ATTEMPTS", 40)
    end = threading.Timer(1.5, long.connection.rollback)
    end.start()
    copied(project, database)
    end.join()
    poll.ended.set()
    poll.join(timeout=30)
    assert "7" in poll.one.see()
    assert database.psql("select distinct more from marts.fct_leads") == "1"


# Copies that come to nothing.


def until(is_so: Callable[[], bool], seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.05)


WAITING = (
    "select pid from pg_stat_activity where application_name = 'lead_funnel' "
    "and wait_event_type = 'Lock'"
)
LEFT = (
    "select count(*) from pg_class as c join pg_namespace as n "
    "on n.oid = relnamespace where relname like 'next\\_\\_%' "
    "and nspname like 'pg\\_temp%'"
)


@pytest.fixture
def held(project, database, reader):
    """A table that is locked so that a copy of changes stops in the middle: after
    some tables were written, before the last ones are."""
    copied(project, database)
    to(project, 1)
    # Tables are taken over in this order, and the one in the middle waits.
    holder = reader()
    holder.cursor.execute("lock table marts.mart_days in share mode")
    before = holder.see()
    return holder, before


def is_whole(project, database):
    for table in TABLES[1:]:
        there = rows_in_postgres(project, database, table.schema, table.name)
        here = rows_in_file(project, table.schema, table.name)
        assert ordered(there) == ordered(here)


def test_a_connection_that_is_lost_in_the_middle_leaves_the_old_whole(
    project, database, reader, held, monkeypatch
):
    monkeypatch.setattr(copy, "LOCK_TIMEOUT", "60s")
    holder, before = held
    failures = []

    def work():
        try:
            copied(project, database)
        except PostgresError as error:
            failures.append(error)

    running = threading.Thread(target=work)
    running.start()
    until(lambda: database.psql(WAITING) != "")
    database.psql(f"select pg_terminate_backend(pid) from ({WAITING}) as waiting")
    running.join(timeout=30)
    [error] = failures
    assert error.may_pass
    assert "terminating connection" in str(error)
    assert reader().see() == before
    holder.connection.rollback()
    copied(project, database)
    is_whole(project, database)


def test_a_process_that_is_killed_in_the_middle_leaves_the_old_whole(
    project, database, reader, held
):
    holder, before = held
    program = (
        "import sys; from pathlib import Path\n"
        "from orchestration.project import Project\n"
        "from orchestration.publication.postgres import address, copy\n"
        "from tests.postgres.published import TABLES\n"
        "copy.LOCK_TIMEOUT = '60s'\n"
        "project = Project.from_environment({}, landing=sys.argv[1], out=sys.argv[2])\n"
        "copy.copy(project, TABLES, address.from_environment())\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", program, str(project.landing), str(project.out)],
        cwd=ROOT,
        env={**os.environ, address.URL: database.url(), "PYTHONPATH": str(ROOT)},
    )
    until(lambda: database.psql(WAITING) != "")
    assert database.psql(LEFT) != "0"
    process.send_signal(signal.SIGKILL)
    process.wait(timeout=30)
    holder.connection.rollback()
    until(lambda: database.psql(LEFT) == "0")
    assert reader().see() == before
    copied(project, database)
    is_whole(project, database)


def test_two_do_not_publish_at_once(project, database, held, monkeypatch):
    monkeypatch.setattr(copy, "LOCK_TIMEOUT", "60s")
    holder, _ = held
    running = threading.Thread(target=copied, args=(project, database))
    running.start()
    until(lambda: database.psql(WAITING) != "")
    with pytest.raises(PostgresError, match=r"Another run is publishing.*run again"):
        copied(project, database)
    holder.connection.rollback()
    running.join(timeout=30)
    is_whole(project, database)


def test_a_table_that_somebody_writes_to_is_waited_for(
    project, database, held, monkeypatch
):
    monkeypatch.setattr(copy, "LOCK_TIMEOUT", "100ms")
    monkeypatch.setattr(copy, "PAUSE", 0.2)
    holder, _ = held
    end = threading.Timer(1.0, holder.connection.rollback)
    end.start()
    copied(project, database)
    end.join()
    is_whole(project, database)
