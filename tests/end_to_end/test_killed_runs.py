"""A run may be killed at any point; no reader sees half of one."""

import os
import random
import signal
import threading
import time
from pathlib import Path

import duckdb
import pytest

from tests.end_to_end import small_folder
from tests.end_to_end.command import lead_funnel, published_rows, start

KILLS = 5

pytestmark = pytest.mark.slow


class Reader(threading.Thread):
    """Polls the published file as a dashboard does, and holds one open."""

    def __init__(self, out: Path) -> None:
        super().__init__(daemon=True)
        self.path = out / "published" / "lead_funnel.duckdb"
        self.seen: set[tuple[int, ...]] = set()
        self.errors: list[str] = []
        self.polls = 0
        self.ended = threading.Event()

    def run(self) -> None:
        while not self.ended.wait(0.05):
            if not self.path.exists():
                continue
            try:
                with duckdb.connect(
                    str(self.path.resolve()), read_only=True
                ) as connection:
                    self.seen.add(self.look(connection))
                    self.polls += 1
            except duckdb.Error as error:
                self.errors.append(str(error))

    @staticmethod
    def look(connection: duckdb.DuckDBPyConnection) -> tuple[int, ...]:
        """Figures that agree only within one build."""
        [counts] = connection.sql(
            """
            select
                (select count(*) from marts.dim_people),
                (select count(*) from marts.fct_lead_lifecycles),
                (select sum(handed_off) from marts.mart_funnel_cohort),
                (select count(*) from marts.quarantine)
            """
        ).fetchall()
        return tuple(int(count or 0) for count in counts)

    def stop(self) -> None:
        self.ended.set()
        self.join()


def test_five_killed_runs_leave_no_trace(tmp_path: Path) -> None:
    landing = small_folder.write(tmp_path / "before", 30)
    larger = small_folder.write(tmp_path / "after", 60)
    out, undisturbed = tmp_path / "out", tmp_path / "undisturbed"

    began = time.monotonic()
    first = lead_funnel("run", landing=landing, out=out)
    assert first.returncode == 0, first.stderr
    duration = time.monotonic() - began
    with duckdb.connect(
        str((out / "published" / "lead_funnel.duckdb").resolve()), read_only=True
    ) as connection:
        before = Reader.look(connection)

    reader = Reader(out)
    reader.start()
    chance = random.Random()
    moments = [chance.uniform(0.05, 0.95) * duration for _ in range(KILLS)]
    print(f"killed after {[round(moment, 1) for moment in moments]} s")
    for moment in moments:
        process = start("run", landing=larger, out=out)
        time.sleep(moment)
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
    last = lead_funnel("run", landing=larger, out=out)
    assert last.returncode == 0, last.stderr
    time.sleep(0.2)
    reader.stop()

    alone = lead_funnel("run", landing=larger, out=undisturbed)
    assert alone.returncode == 0, alone.stderr
    expected = published_rows(undisturbed)
    found = published_rows(out)
    assert found.keys() == expected.keys()
    for table in expected:
        assert without_load_instants(found[table], table) == without_load_instants(
            expected[table], table
        ), table

    assert reader.errors == []
    assert reader.polls > KILLS
    with duckdb.connect(
        str((out / "published" / "lead_funnel.duckdb").resolve()), read_only=True
    ) as connection:
        after = Reader.look(connection)
    assert reader.seen <= {before, after}
    assert [path.name for path in (out / "publications").glob("*.partial")] == []


def without_load_instants(rows: list[tuple], table: str) -> list[tuple]:
    """When a quarantined row was seen is when it was loaded: another run's."""
    return [row[:-1] for row in rows] if table == "marts.quarantine" else rows


def test_a_second_run_waits_for_nobody(tmp_path: Path) -> None:
    """Two runs on one OUT: the second says who is there and ends."""
    landing = small_folder.write(tmp_path / "landing", 6)
    out = tmp_path / "out"
    first = start("run", landing=landing, out=out)
    try:
        deadline = time.monotonic() + 60
        while not (out / "run.lock").exists() and time.monotonic() < deadline:
            time.sleep(0.1)
        while not (out / "run.lock").read_text():
            time.sleep(0.05)
        second = lead_funnel("run", landing=landing, out=out)
    finally:
        os.killpg(first.pid, signal.SIGKILL)
        first.communicate()
    assert second.returncode == 1
    assert f"Another run is writing to {out} (the process {first.pid})" in second.stderr
    assert "Traceback" not in second.stderr

    status = lead_funnel("status", out=out)
    assert status.returncode == 0
    assert "was killed during" in status.stdout
