"""What a process took: wall clock, CPU of itself and its children, memory."""

from __future__ import annotations

import os
import platform
import resource
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import TextIO

STATUS, CLEAR = Path("/proc/self/status"), Path("/proc/self/clear_refs")
LONG = 5.0
"""Seconds from which on a step is told as it ends."""
TOLD = "  · "
"""What a line of progress begins with."""


@dataclass(frozen=True)
class Cost:
    wall: float
    cpu: float
    peak_mb: float
    output: str


@dataclass(frozen=True)
class StepCost:
    name: str
    cpu: float
    wall: float
    peak_mb: float


@dataclass
class Meter:
    """CPU, wall clock and peak memory of this process between start and end.

    Steps run one after the other, so what the process took meanwhile is theirs.
    """

    costs: list[StepCost] = field(default_factory=list)
    began: tuple[float, float] = (0.0, 0.0)

    def start(self) -> None:
        forget_peak()
        self.began = cpu(), time.monotonic()

    def end(self, name: str) -> None:
        cpu_before, wall_before = self.began
        cost = StepCost(
            name, cpu() - cpu_before, time.monotonic() - wall_before, peak_mb()
        )
        self.costs.append(cost)
        if cost.wall >= LONG:
            print(f"{TOLD}{name}: {cost.cpu:.1f} CPU s", flush=True)


def cpu() -> float:
    return sum(
        usage.ru_utime + usage.ru_stime
        for usage in map(
            resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
        )
    )


def forget_peak() -> None:
    """Start to measure the peak of memory anew, where the system can do that."""
    with suppress(OSError):
        CLEAR.write_text("5")


def peak_mb() -> float:
    with suppress(OSError):
        for line in STATUS.read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def run(command: Sequence[str], environment: Mapping[str, str], log: Path) -> Cost:
    """Run to its end and tell its progress; an error shows the end of what it said."""
    with log.open("w+", encoding="utf-8") as said:
        began = time.monotonic()
        process = subprocess.Popen(
            command, env=environment, stdout=said, stderr=subprocess.STDOUT
        )
        with _told(log):
            _, status, usage = os.wait4(process.pid, 0)
        wall = time.monotonic() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        said.seek(0)
        output = said.read()
    if process.returncode != 0:
        last = "\n".join(output.splitlines()[-15:])
        raise SystemExit(f"{' '.join(command)} failed:\n{last}")
    # Linux counts the peak in kilobytes, macOS in bytes.
    unit = 1024**2 if sys.platform == "darwin" else 1024
    return Cost(
        wall=wall,
        cpu=usage.ru_utime + usage.ru_stime,
        peak_mb=usage.ru_maxrss / unit,
        output=output,
    )


@contextmanager
def _told(log: Path) -> Iterator[None]:
    """Print the lines of progress that a process writes into its log."""
    ended = threading.Event()

    def follow() -> None:
        with log.open(encoding="utf-8", errors="replace") as said:
            while not ended.wait(1.0):
                _tell(said)
            _tell(said)

    follower = threading.Thread(target=follow, daemon=True)
    follower.start()
    try:
        yield
    finally:
        ended.set()
        follower.join()


def _tell(said: TextIO) -> None:
    for line in said.readlines():
        if line.startswith(TOLD):
            print(line.rstrip(), flush=True)


def cores() -> int:
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:
        return os.cpu_count() or 1


def is_busy() -> bool:
    """Whether other programs take so much that wall clocks mean little."""
    return os.getloadavg()[0] > cores() / 2


def machine() -> str:
    """The machine in a sentence, without its name."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1024**3
    tools = ", ".join(
        f"{name} {version(name)}"
        for name in ("duckdb", "polars", "dbt-core", "dagster")
    )
    return (
        f"{cores()} cores ({platform.machine()}), {memory:.0f} GB of memory, "
        f"{platform.system()}, Python {platform.python_version()}, {tools}"
    )
