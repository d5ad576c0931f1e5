"""What a run costs beside SQL: `python -m benchmarks.overhead LANDING OUT`.

DuckDB works in threads of its own and in the Python thread that asks it. The CPU
of Python's threads outside such calls is the overhead: imports, dbt, Dagster,
the checks' start. Whatever else the process took is DuckDB's.
"""

from __future__ import annotations

import argparse
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb

from benchmarks.measure import cpu
from orchestration.project import Project
from orchestration.run import garbage_collection
from orchestration.run.report import Observer, Step

CALLS = ("execute", "executemany", "sql", "query", "fetchone", "fetchall", "close")


class Clock:
    """The CPU of Python's threads, and how much of it was inside DuckDB."""

    def __init__(self) -> None:
        self.ended = self.inside = 0.0
        self.lock = threading.Lock()
        self.here = threading.local()

    def install(self) -> None:
        """Listen to all threads and connections of this process, from now on."""
        run = threading.Thread.run

        def counted(thread: threading.Thread) -> None:
            try:
                run(thread)
            finally:
                with self.lock:
                    self.ended += time.thread_time()

        threading.Thread.run = counted  # type: ignore[method-assign]
        for name in CALLS:
            connection: Any = duckdb.DuckDBPyConnection
            setattr(connection, name, self._timed(getattr(connection, name)))
        duckdb.connect = self._timed(duckdb.connect)

    def _timed(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def timed(*arguments: Any, **named: Any) -> Any:
            if getattr(self.here, "is_inside", False):
                return call(*arguments, **named)
            self.here.is_inside, began = True, time.thread_time()
            try:
                return call(*arguments, **named)
            finally:
                self.here.is_inside = False
                with self.lock:
                    self.inside += time.thread_time() - began

        return timed

    def overhead(self) -> float:
        """CPU seconds outside DuckDB of this thread and those that have ended."""
        return time.thread_time() + self.ended - self.inside


@dataclass
class Parts(Observer):
    """Each step's CPU, and its overhead."""

    clock: Clock
    steps: list[tuple[str, float, float]] = field(default_factory=list)
    began: tuple[float, float] = (0.0, 0.0)

    def started(self, step: Step) -> None:
        self.began = cpu(), self.clock.overhead()

    def ended(self, step: Step) -> None:
        total, overhead = self.began
        self.steps.append((step.name, cpu() - total, self.clock.overhead() - overhead))


def measure(landing: Path, out: Path, *, full_refresh: bool) -> Parts:
    clock = Clock()
    clock.install()
    parts = Parts(clock)
    with garbage_collection.less_often():
        from orchestration.run import runner
    parts.steps.append(("start, imports", cpu(), clock.overhead()))
    project = Project.from_environment({}, landing=landing, out=out)
    report = runner.run(project, parts, full_refresh=full_refresh)
    if not report.succeeded:
        raise SystemExit(report.sentence)
    counted = [sum(column) for column in list(zip(*parts.steps, strict=True))[1:]]
    between = cpu() - counted[0], clock.overhead() - counted[1]
    parts.steps.append(("between steps", *between))
    return parts


def table(parts: Parts) -> str:
    """The steps, and the sum of them."""
    total = [sum(column) for column in list(zip(*parts.steps, strict=True))[1:]]
    lines = [f"{'CPU seconds':28}{'all':>8}{'SQL':>8}{'rest':>8}"]
    for name, used, overhead in [*parts.steps, ("together", *total)]:
        lines.append(f"{name:28}{used:8.2f}{used - overhead:8.2f}{overhead:8.2f}")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.overhead")
    parser.add_argument("landing", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--incremental", action="store_true")
    given = parser.parse_args()
    parts = measure(given.landing, given.out, full_refresh=not given.incremental)
    print(table(parts))


if __name__ == "__main__":
    main()
