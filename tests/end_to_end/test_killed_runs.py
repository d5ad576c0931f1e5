"""A run may be killed at any point; no reader sees half of one."""

import json
import os
import random
import signal
import subprocess
import threading
import time
from contextlib import suppress
from pathlib import Path

import duckdb
import pytest

from orchestration.project import Project
from tests import job
from tests.end_to_end import small_folder
from tests.end_to_end.command import lead_funnel, published_rows, start

KILLS = 10
PATIENCE = 600
"""Seconds that a run may need on a busy machine for what takes it some ten."""
STEPS = [
    "load_generic",
    "check_raw",
    "build_input_layer",
    "build_facts",
    "check_core",
    "build_marts",
    "publication",
]

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
        while not self.ended.wait(0.2):
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

    @classmethod
    def at(cls, out: Path) -> tuple[int, ...]:
        path = (out / "published" / "lead_funnel.duckdb").resolve()
        with duckdb.connect(str(path), read_only=True) as connection:
            return cls.look(connection)

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


def reach(process: subprocess.Popen[str], out: Path, step: str) -> None:
    """Wait until the run is somewhere in the step, or in a later one if it is quick."""
    report = out / "logs" / "run.json"
    while process.poll() is None:
        with suppress(OSError, ValueError):
            said = json.loads(report.read_text())
            if said["pid"] == process.pid and step in str(said["steps"]):
                break
        time.sleep(0.02)
    time.sleep(random.uniform(0, 2))


def kill_during(process: subprocess.Popen[str], out: Path, step: str) -> None:
    reach(process, out, step)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.communicate()


def test_ten_killed_runs_leave_no_trace(tmp_path: Path) -> None:
    before = small_folder.write(tmp_path / "before", 30)
    after = small_folder.write(tmp_path / "after", 60)
    killed = Project.from_environment({}, landing=before, out=tmp_path / "killed")
    undisturbed = Project.from_environment({}, landing=after, out=tmp_path / "alone")
    for project in (killed, undisturbed):
        job.build(project)
    expected = {Reader.at(killed.out), Reader.at(undisturbed.out)}
    assert len(expected) == 2

    reader = Reader(killed.out)
    reader.start()
    moments = random.sample([*STEPS, *random.choices(STEPS, k=3)], KILLS)
    print(f"killed during {', '.join(moments)}")
    for step in moments:
        kill_during(start("run", landing=after, out=killed.out), killed.out, step)
    last = lead_funnel("run", landing=after, out=killed.out)
    assert last.returncode == 0, last.stderr
    time.sleep(1)
    reader.stop()

    rows, found = published_rows(undisturbed.out), published_rows(killed.out)
    assert found.keys() == rows.keys()
    for table in rows:
        assert without_load_instants(found[table], table) == without_load_instants(
            rows[table], table
        ), table
    assert reader.errors == []
    assert reader.polls > KILLS
    assert reader.seen <= expected
    assert list((killed.out / "publications").glob("*.partial")) == []


def test_an_interrupted_run_says_so_and_waits_for_dbts_threads(
    tmp_path: Path,
) -> None:
    landing = small_folder.write(tmp_path / "landing", 30)
    process = start("run", landing=landing, out=tmp_path / "out")
    reach(process, tmp_path / "out", "build_input_layer")
    os.kill(process.pid, signal.SIGINT)
    _, said = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130, said
    assert "The run was interrupted." in said
    assert "fault of the program" not in said


def without_load_instants(rows: list[tuple], table: str) -> list[tuple]:
    """When a quarantined row was seen is when it was loaded: another run's."""
    return [row[:-1] for row in rows] if table == "marts.quarantine" else rows


def test_a_second_run_waits_for_nobody(tmp_path: Path) -> None:
    """Two runs on one OUT: the second says who is there and ends."""
    landing = small_folder.write(tmp_path / "landing", 6)
    out = tmp_path / "out"
    first = start("run", landing=landing, out=out)
    try:
        deadline = time.monotonic() + PATIENCE
        lock = out / "run.lock"
        while not (lock.exists() and lock.read_text()):
            assert time.monotonic() < deadline, "the first run never took the lock"
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
