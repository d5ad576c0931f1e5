"""Dagster's history of the runs of one OUT, which `make dev` shows.

Dagster writes each event of a run into SQLite by itself, in two or three
transactions, and has nothing that writes many at once: of a run with its 1,500
events that was a third of the time. So the run hands those that its pages are made
of to a second process, which writes them down while the run goes on.
What goes wrong with the history is said, and stops no run.
"""

from __future__ import annotations

import logging
import os
import signal
import sqlite3
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import dagster as dg

from orchestration.personal import retention
from orchestration.project import ROOT, Project

KEPT_RUNS = 40
"""Dagster's: a run of the whole job is two of them (orchestration/run/phases.py)."""

PID_TAG = "lead_funnel/pid"
"""The process that writes the run down: without it nobody ends the run."""

END = "end"
_POLL = 0.05

LEFT_OUT = {
    dg.DagsterEventType.STEP_OUTPUT,
    dg.DagsterEventType.ASSET_MATERIALIZATION_PLANNED,
}
"""Events that say nothing more once the asset's own event is there: half of all."""


# In the process that runs.


class Recorder:
    """Hands what happens in runs to the process that writes it down."""

    def __init__(self, project: Project) -> None:
        folder = project.dagster_home / "unwritten"
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / f"{uuid.uuid4()}.jsonl"
        self.log = project.logs / "history.log"
        self._file = self.path.open("w", encoding="utf-8")
        with self.log.open("w") as log:
            self._writer = subprocess.Popen(
                [
                    sys.executable,
                    "-m",
                    "orchestration.run.history",
                    str(self.path),
                    str(os.getpid()),
                ],
                env={
                    **os.environ,
                    "DAGSTER_HOME": str(project.dagster_home),
                    "PYTHONPATH": str(ROOT),
                },
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=log,
                # Ctrl-C is for the run, whose end is a part of the history.
                start_new_session=True,
            )

    @property
    def tags(self) -> dict[str, str]:
        return {PID_TAG: str(self._writer.pid)}

    def listen(self, instance: dg.DagsterInstance, run_id: str) -> None:
        begun: list[str] = []

        def heard(event: dg.EventLogEntry) -> None:
            if not begun:
                begun.append(run_id)
                self._begin(instance, run_id)
            told = event.dagster_event
            if told is None or told.event_type not in LEFT_OUT:
                self._hand_over(event)

        instance.add_event_listener(run_id, heard)

    def _begin(self, instance: dg.DagsterInstance, run_id: str) -> None:
        run = instance.get_run_by_id(run_id)
        assert run is not None
        assert run.job_snapshot_id and run.execution_plan_snapshot_id
        plan = instance.get_execution_plan_snapshot(run.execution_plan_snapshot_id)
        self._hand_over(plan)
        self._hand_over(instance.get_job_snapshot(run.job_snapshot_id))
        self._hand_over(run)

    def _hand_over(self, value: Any) -> None:
        self._write(dg.serialize_value(value))

    def _write(self, line: str) -> None:
        try:
            self._file.write(line + "\n")
            self._file.flush()
        except OSError as error:
            # Nobody is left to tell the other process that the run has ended.
            self._writer.terminate()
            logging.getLogger("lead_funnel").warning("Without history: %s", error)

    def finish(self) -> bool:
        """Wait until everything is written down; whether it was."""
        self._write(END)
        with suppress(OSError):
            self._file.close()
        clock = time.monotonic()
        is_written = self._writer.wait() == 0
        waited = time.monotonic() - clock
        logging.getLogger("lead_funnel").info("Waited %.1f s for history", waited)
        return is_written


# In the process that writes.


def write_down(path: Path, run_process: int) -> None:
    """Write down the runs whose events come in `path`, until they end or their
    process is gone."""
    with _not_waiting_for_the_disk(), dg.DagsterInstance.get() as instance:
        _end_killed_runs(instance)
        for old in instance.get_run_ids()[KEPT_RUNS - 1 :]:
            instance.delete_run(old)
        _remove_old_runs(instance)
        runs: list[dg.DagsterRun] = []
        for line in _lines(path, run_process):
            value = dg.deserialize_value(line)
            if isinstance(value, dg.EventLogEntry):
                instance.handle_new_event(value)
            elif isinstance(value, dg.DagsterRun):
                runs.append(instance.add_run(value))
            else:
                instance.add_snapshot(value)
        for run in runs:
            found = instance.get_run_by_id(run.run_id)
            if found is not None and not found.is_finished:
                instance.report_run_failed(found, "The process was killed.")
    path.unlink(missing_ok=True)


def _remove_old_runs(instance: dg.DagsterInstance) -> None:
    """Remove the runs that were kept for as long as they are to be."""
    since = retention.oldest_run(Project.from_environment())
    if since is not None:
        for old in instance.get_runs(filters=dg.RunsFilter(created_before=since)):
            instance.delete_run(old.run_id)


def _lines(path: Path, run_process: int) -> Iterator[str]:
    """The lines of a file that another process still writes."""
    text = ""
    with path.open(encoding="utf-8") as file:
        while True:
            is_alone = os.getppid() != run_process
            more = file.readline()
            if more:
                text += more
                if text.endswith("\n"):
                    line, text = text.rstrip("\n"), ""
                    if line == END:
                        return
                    yield line
            elif is_alone:
                return
            else:
                time.sleep(_POLL)


@contextmanager
def _not_waiting_for_the_disk() -> Iterator[None]:
    """SQLite waits for the disk at each event, unless it is told not to: that took
    longer than to write. A power failure may lose the history, nothing else."""
    import sqlalchemy

    def connected(connection: Any, _record: Any) -> None:
        if isinstance(connection, sqlite3.Connection):
            connection.execute("pragma synchronous = off")

    sqlalchemy.event.listen(sqlalchemy.Engine, "connect", connected)
    try:
        yield
    finally:
        sqlalchemy.event.remove(sqlalchemy.Engine, "connect", connected)


def _end_killed_runs(instance: dg.DagsterInstance) -> None:
    """Close the books on runs that nobody writes down any more."""
    unfinished = dg.RunsFilter(
        statuses=[dg.DagsterRunStatus.NOT_STARTED, dg.DagsterRunStatus.STARTED]
    )
    for killed in instance.get_runs(filters=unfinished):
        pid = killed.tags.get(PID_TAG)
        if pid is not None and not _is_alive(int(pid)):
            instance.report_run_failed(killed, "The process was killed.")


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    write_down(Path(sys.argv[1]), int(sys.argv[2]))
