"""What a run costs beside SQL is told apart from what DuckDB takes."""

from __future__ import annotations

import threading
import time

import duckdb
import pytest

from benchmarks import overhead


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> overhead.Clock:
    # As they are now: they come back after the test.
    monkeypatch.setattr(threading.Thread, "run", threading.Thread.run)
    monkeypatch.setattr(duckdb, "connect", duckdb.connect)
    connection = duckdb.DuckDBPyConnection
    for name in overhead.CALLS:
        monkeypatch.setattr(connection, name, getattr(connection, name))
    made = overhead.Clock()
    made.install()
    return made


def compute() -> None:
    """A tenth of a second of Python."""
    began = time.thread_time()
    while time.thread_time() - began < 0.1:
        pass


def test_python_counts_in_every_thread(clock: overhead.Clock) -> None:
    before = clock.overhead()
    thread = threading.Thread(target=compute)
    thread.start()
    thread.join()
    compute()
    assert clock.overhead() - before == pytest.approx(0.2, abs=0.05)


def test_sql_does_not_count(clock: overhead.Clock) -> None:
    before = clock.overhead()
    with duckdb.connect() as connection:
        connection.execute("set threads = 1")
        began = time.thread_time()
        found = connection.execute("select sum(hash(range)) from range(20000000)")
        assert found.fetchone() is not None
        took = time.thread_time() - began
    assert took > 0.02
    assert clock.overhead() - before < took / 2


def test_the_parts_are_shown_with_their_sum(clock: overhead.Clock) -> None:
    parts = overhead.Parts(clock, [("prepare", 2.0, 1.5), ("check_raw", 1.0, 0.5)])
    said = overhead.table(parts).splitlines()
    assert said[1].split() == ["prepare", "2.00", "0.50", "1.50"]
    assert said[-1].split() == ["together", "3.00", "1.00", "2.00"]
