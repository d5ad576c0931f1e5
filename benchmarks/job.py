"""The main job with an eye on each step: `python -m benchmarks.job`.

Prints what each step took as JSON.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from pathlib import Path

from benchmarks.measure import Meter
from orchestration.project import Project
from orchestration.run.report import Observer, Step


class StepMeter(Observer):
    """What the job took between a step's start and its end."""

    def __init__(self) -> None:
        self.meter = Meter()

    def started(self, step: Step) -> None:
        self.meter.start()

    def ended(self, step: Step) -> None:
        self.meter.end(step.name)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.job")
    parser.add_argument("landing", type=Path)
    parser.add_argument("out", type=Path)
    given = parser.parse_args()
    from orchestration.run import runner

    project = Project.from_environment(landing=given.landing, out=given.out)
    observer = StepMeter()
    report = runner.run(project, observer)
    if not report.succeeded:
        raise SystemExit(report.sentence)
    print(json.dumps([asdict(cost) for cost in observer.meter.costs]))


if __name__ == "__main__":
    main()
