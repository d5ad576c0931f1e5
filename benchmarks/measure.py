"""What a process took: wall clock, CPU of itself and its children, memory."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path


@dataclass(frozen=True)
class Cost:
    wall: float
    cpu: float
    peak_mb: float
    output: str


def run(command: Sequence[str], environment: Mapping[str, str], log: Path) -> Cost:
    """Run to its end; an error shows the end of what it said."""
    with log.open("w+", encoding="utf-8") as said:
        began = time.monotonic()
        process = subprocess.Popen(
            command, env=environment, stdout=said, stderr=subprocess.STDOUT
        )
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
        for name in ("duckdb", "polars", "dbt-core", "dagster", "dlt")
    )
    return (
        f"{cores()} cores ({platform.machine()}), {memory:.0f} GB of memory, "
        f"{platform.system()}, Python {platform.python_version()}, {tools}"
    )
