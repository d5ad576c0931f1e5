"""What a run came to, kept as a file while it goes on.

Apart from the runner, so that `status` need not import Dagster.
"""

from __future__ import annotations

import fcntl
import json
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from orchestration.project import Project

TITLES = {
    "erase": "Erase who asked for it",
    "settings__run": "Write the run's settings",
    "check_raw": "Check the raw tables",
    "build_input_layer": "Shape the sources into the input layer",
    "build_facts": "Find people, lifecycles and facts",
    "check_core": "Check the facts and the fate of every row",
    "score_acceptance": "Learn which leads are accepted",
    "build_marts": "Build the marts",
    "check_funnel": "Check the marts",
    "publication": "Publish",
    "postgres_publication": "Publish in Postgres",
}


def title(step: str) -> str:
    """What a step is called in front of a person."""
    if step.startswith("land_"):
        return f"Load from {step.removeprefix('land_')}"
    if step.startswith("load_"):
        return f"Load {step.removeprefix('load_')}"
    return TITLES.get(step, step.replace("_", " ").capitalize())


NOTHING_CHECKED = {"run": 0, "passed": 0, "warned": 0, "failed": 0}


@dataclass
class Step:
    """One step of a run, as far as it has got."""

    name: str
    seconds: float | None = None
    state: str = "running"
    """running, done, failed, or stands: what it came to in an earlier run holds."""
    checks: dict[str, dict[str, int]] = field(default_factory=dict)
    """Its part of the report's."""

    @property
    def title(self) -> str:
        return title(self.name)


@dataclass
class Report:
    """What a run came to; kept as OUT/logs/run.json while it goes on."""

    run_id: str
    started_at: str
    pid: int
    state: str = "running"
    """running, succeeded or failed; a running one without a process was killed."""
    sentence: str = ""
    is_foreseen: bool = True
    seconds: float = 0.0
    steps: list[Step] = field(default_factory=list)
    checks: dict[str, dict[str, int]] = field(default_factory=dict)
    """By kind (dbt tests, Great Expectations): run, passed, warned, failed."""
    warnings: list[str] = field(default_factory=list)
    log: str = ""
    trace: str = ""
    interrupted_at: str = ""
    """When a later run began that was interrupted, and so came to nothing."""

    @property
    def succeeded(self) -> bool:
        return self.state == "succeeded"

    def count_check(
        self, kind: str, passed: bool, is_warning: bool, step: Step | None = None
    ) -> None:
        word = "passed" if passed else "warned" if is_warning else "failed"
        one = {kind: NOTHING_CHECKED | {"run": 1, word: 1}}
        self.checks = added(self.checks, one)
        if step is not None:
            step.checks = added(step.checks, one)

    def take_over(self, step: Step) -> None:
        """A step that had nothing to do, with what it came to before."""
        self.steps.append(replace(step, state="stands", seconds=None))
        self.checks = added(self.checks, step.checks)


def added(*counts: dict[str, dict[str, int]]) -> dict[str, dict[str, int]]:
    """Checks by kind, counted together."""
    total: dict[str, dict[str, int]] = {}
    for checks in counts:
        for kind, found in checks.items():
            of_kind = total.setdefault(kind, NOTHING_CHECKED.copy())
            for word, count in found.items():
                of_kind[word] += count
    return total


class Observer:
    """Hears of a run's steps as they happen. Subclasses show them."""

    def started(self, step: Step) -> None: ...

    def said(self, text: str) -> None: ...

    def noted(self, text: str) -> None: ...

    def warned(self, text: str) -> None: ...

    def ended(self, step: Step) -> None: ...


# What is kept of the last run.


def report_path(project: Project) -> Path:
    return project.logs / "run.json"


def last_report(project: Project) -> Report | None:
    """What is known of the last run on this OUT, also where it was killed."""
    try:
        found = json.loads(report_path(project).read_text(encoding="utf-8"))
        steps = [Step(**step) for step in found.pop("steps")]
        return Report(**found, steps=steps)
    except (OSError, ValueError, TypeError, KeyError):
        return None


def was_killed(project: Project, report: Report) -> bool:
    return report.state == "running" and not is_running(project)


def keep(project: Project, report: Report) -> None:
    project.logs.mkdir(parents=True, exist_ok=True)
    text = json.dumps(asdict(report), indent=1)
    fresh = project.logs / ".run.json.new"
    fresh.write_text(text, encoding="utf-8")
    fresh.replace(report_path(project))


def is_running(project: Project) -> bool:
    """Whether a process holds the lock of OUT."""
    try:
        with (project.out / "run.lock").open() as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False
