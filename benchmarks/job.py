"""The main job with an eye on each step: `python -m benchmarks.job`.

Prints what each step took as JSON. Steps run one after the other in one process,
so the CPU that the process took meanwhile is the step's.
"""

from __future__ import annotations

import argparse
import json
import resource
import time
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path

from orchestration.project import Project
from orchestration.report import Observer, Step

STATUS, CLEAR = Path("/proc/self/status"), Path("/proc/self/clear_refs")


@dataclass
class StepCost:
    name: str
    cpu: float
    wall: float
    peak_mb: float


@dataclass
class Meter(Observer):
    """CPU, wall clock and peak memory between a step's start and its end."""

    costs: list[StepCost] = field(default_factory=list)
    began: tuple[float, float] = (0.0, 0.0)

    def started(self, step: Step) -> None:
        forget_peak()
        self.began = cpu(), time.monotonic()

    def ended(self, step: Step) -> None:
        self.costs.append(
            StepCost(
                step.name,
                cpu() - self.began[0],
                time.monotonic() - self.began[1],
                peak_mb(),
            )
        )


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


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.job")
    parser.add_argument("landing", type=Path)
    parser.add_argument("out", type=Path)
    given = parser.parse_args()
    from orchestration import runner

    project = Project.from_environment(landing=given.landing, out=given.out)
    meter = Meter()
    report = runner.run(project, meter)
    if not report.succeeded:
        raise SystemExit(report.sentence)
    print(json.dumps([asdict(cost) for cost in meter.costs]))


if __name__ == "__main__":
    main()
