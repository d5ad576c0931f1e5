"""Runs carry requests out, and people hear of it."""

from __future__ import annotations

import logging
from pathlib import Path
from types import SimpleNamespace

import pytest
from typer.testing import CliRunner

from orchestration.cli import app
from orchestration.commands import status
from orchestration.personal import erasing, requests
from orchestration.project import Project
from orchestration.run import runner


@pytest.fixture
def project(tmp_path) -> Project:
    (tmp_path / "landing").mkdir()
    made = Project.from_environment(
        {}, landing=tmp_path / "landing", out=tmp_path / "out"
    )
    made.prepare_out()
    return made


@pytest.fixture
def job(monkeypatch, project):
    """The job of a run, which only says how it ended and what it found."""
    told = SimpleNamespace(runs=0, state="succeeded", finds_more=0, seen=[])

    def execute(_project, report, *_):
        told.runs += 1
        report.warnings.append(f"warned in {told.runs}")
        logging.getLogger("lead_funnel").info("logged in %s", told.runs)
        told.seen.append(len(requests.are_open(project)))
        report.state = told.state

    def find_more(_project):
        told.finds_more -= 1
        return int(told.finds_more >= 0)

    publications = SimpleNamespace(
        published=lambda _: SimpleNamespace(id="20260501T000000.000000Z"),
        remove_earlier=lambda _: 1,
    )
    monkeypatch.setattr(runner, "_execute", execute)
    monkeypatch.setattr(erasing, "find_more", find_more)
    monkeypatch.setattr(erasing, "publications", publications)
    return told


def test_without_a_request_a_run_is_a_run(project, job):
    assert runner.run(project).succeeded
    assert (job.runs, job.seen) == (1, [0])
    assert requests.erasures(project) == []


def test_a_run_carries_a_request_out(project, job):
    (project.logs).mkdir()
    (project.logs / "run-0.log").write_text("somebody")
    requests.ask(project, email="anna@example.com")
    report = runner.run(project)
    assert report.succeeded and report.steps[0].title == "Erase who asked for it"
    assert (job.runs, job.seen) == (1, [1])
    [evidence] = requests.erasures(project)
    assert (evidence.request_id, evidence.run) == ("E0001", "20260501T000000.000000Z")
    assert evidence.stores["logs"] == evidence.stores["publications"] == 1
    assert [path.name for path in project.logs.glob("*.log")] == [
        report.log.rsplit("/", 1)[1]
    ]
    assert runner.run(project).succeeded
    assert job.seen == [1, 0]


def test_a_run_that_fails_leaves_the_request_open(project, job):
    requests.ask(project, email="anna@example.com")
    job.state = "failed"
    runner.run(project)
    assert requests.erasures(project) == []
    assert len(requests.are_open(project)) == 1
    job.state = "succeeded"
    runner.run(project)
    assert not requests.are_open(project)


def test_what_a_run_finds_of_them_is_erased_by_the_next_at_once(project, job):
    requests.ask(project, email="anna@example.com")
    # Asked before the first run, after it, before the second, after it.
    job.finds_more = 2
    report = runner.run(project)
    assert report.succeeded and job.runs == 2
    # What the first one said may quote who was not known then.
    assert report.warnings == ["warned in 2"]
    log = Path(report.log).read_text()
    assert "logged in 1" not in log and "logged in 2" in log
    assert len(requests.erasures(project)) == 1


def test_status_and_the_command_speak_of_it(project, job):
    def said(*arguments):
        done = CliRunner().invoke(app, [*arguments, "--out", str(project.out)])
        assert done.exit_code == 0, done.output
        return " ".join(done.output.split())

    assert "Nobody asked to be erased yet" in said("erase")
    told = said("erase", "--email", "anna@example.com", "--basis", "GDPR Art. 17")
    assert "Request E0001 is kept" in told and "anna" not in told
    assert any("1 request is open" in line for line in status.lines(project))
    assert "E0001 asked" in said("erase") and "open" in said("erase")
    runner.run(project)
    assert not any("Erasure" in line for line in status.lines(project))
    assert "erased 20" in said("erase")
    assert "it was carried out" in said("erase", "--email", "anna@example.com")


def test_who_is_not_named_is_said(project):
    done = CliRunner().invoke(
        app, ["erase", "--system", "salesforce", "--out", str(project.out)]
    )
    assert done.exit_code == 1
    assert "Say who asks to be erased" in " ".join(done.output.split())
