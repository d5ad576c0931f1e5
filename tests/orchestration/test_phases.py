"""When the second half of a run has nothing to build, and what it tells then."""

from types import SimpleNamespace

import pytest

from orchestration.project import Project
from orchestration.run import phases
from orchestration.run.report import Report, Step

DBT = {"dbt tests": {"run": 3, "passed": 2, "warned": 1, "failed": 0}}
GX = {"Great Expectations": {"run": 1, "passed": 1, "warned": 0, "failed": 0}}


def last(**other) -> Report:
    steps = [
        Step("prepare", 1.0, "done"),
        Step("check_raw", 1.0, "done", GX),
        Step("build_facts", 1.0, "done", DBT),
        Step("build_marts", 1.0, "stands", DBT),
        Step("publication", 1.0, "done"),
    ]
    twice = {"dbt tests": {"run": 6, "passed": 4, "warned": 2, "failed": 0}}
    told = {"state": "succeeded", "steps": steps, "checks": GX | twice} | other
    return Report("second half", "2026-01-01", 1, **told)


@pytest.fixture
def standing(tmp_path, monkeypatch):
    """What stands of a last run, where the publication and the tables are as said."""

    def found(before, shown="second half", kept=(), owes=False):
        publication = shown and SimpleNamespace(id="p", run_id=shown)
        monkeypatch.setattr(phases, "published", lambda _: publication)
        monkeypatch.setattr(phases, "kept_results", lambda *_: kept)
        monkeypatch.setattr(phases.state, "is_shown", lambda *_: not owes)
        report = Report("", "2026-01-02", 1, steps=[Step("prepare"), Step("check_raw")])
        project = Project.from_environment({}, out=tmp_path)
        return phases.standing(project, before, report)

    return found


def test_what_the_last_run_came_to_is_told_again(standing):
    steps = standing(last())
    assert [step.name for step in steps] == ["build_facts", "build_marts"]
    report = Report("", "2026-01-02", 1, checks=GX)
    for step in steps:
        report.take_over(step)
    assert report.checks == last().checks
    assert [step.state for step in report.steps] == ["stands", "stands"]
    assert report.steps[0].seconds is None


@pytest.mark.parametrize(
    ("before", "how"),
    {
        "there was no run": (None, {}),
        "it failed": (last(state="failed"), {}),
        "it was killed": (last(state="running"), {}),
        "nothing is published": (last(), {"shown": None}),
        "another run published": (last(), {"shown": "another"}),
        "what its checks found is not there": (last(), {"kept": None}),
        "it did not keep them by step": (last(checks=DBT), {}),
        "something is owed to readers": (last(), {"owes": True}),
    }.values(),
)
def test_everything_is_gone_through_where(before, how, standing):
    assert standing(before, **how) is None
