"""Runs carry requests out, and people hear of it."""

from __future__ import annotations

import logging
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace

import dagster as dg
import pytest
from typer.testing import CliRunner

from orchestration.cli import app
from orchestration.commands import status
from orchestration.defs import publish
from orchestration.defs.load import settings_asset
from orchestration.personal import erasing, requests
from orchestration.project import Project
from orchestration.run import lock, runner


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
    told = SimpleNamespace(
        runs=0, state="succeeded", finds_more=0, seen=[], meanwhile=lambda: None
    )

    def execute(_project, report, *_):
        told.runs += 1
        report.warnings.append(f"warned in {told.runs}")
        logging.getLogger("lead_funnel").info("logged in %s", told.runs)
        told.seen.append(len(requests.are_open(project)))
        told.meanwhile()
        report.state = told.state

    def find_more(_project):
        told.finds_more -= 1
        return int(told.finds_more >= 0)

    publications = SimpleNamespace(
        published=lambda _: SimpleNamespace(id="20260501T000000.000000Z"),
        remove_earlier=lambda *_: 1,
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


@pytest.mark.parametrize("others", [0, 1])
def test_who_asks_during_a_run_waits_for_the_next(project, job, others):
    """What was loaded before is rewritten where a run begins."""
    for _ in range(others):
        requests.ask(project, email="anna@example.com")
    job.meanwhile = lambda: requests.ask(project, email="bea@example.com")
    assert runner.run(project).succeeded
    [waiting] = requests.are_open(project)
    done = [each.request_id for each in requests.erasures(project)]
    assert (waiting.request_id, done) == (f"E000{others + 1}", ["E0001"] * others)
    assert runner.run(project).succeeded
    assert requests.are_open(project) == []
    assert len(requests.erasures(project)) == others + 1


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
    [line] = [line for line in status.lines(project) if "Erasure" in line]
    assert "1 request to be erased is open: the next `lead-funnel run` carries" in line
    assert "no run that Dagster's page or schedule begins does" in line
    assert "E0001 asked" in said("erase") and "open" in said("erase")
    runner.run(project)
    assert not any("Erasure" in line for line in status.lines(project))
    assert "erased 20" in said("erase")
    assert "it was carried out" in said("erase", "--email", "anna@example.com")


@pytest.fixture
def published(project, monkeypatch):
    """What Dagster tells of the publication, with its check, after a step of it."""
    monkeypatch.setenv("LEAD_FUNNEL_OUT", str(project.out))
    monkeypatch.setattr(
        publish,
        "publish_changed",
        lambda *_: SimpleNamespace(as_of=None, rows={}),
    )
    asset = publish.publication_asset({"nodes": {}})

    def evaluated():
        result = dg.materialize_to_memory([asset])
        [check] = result.get_asset_check_evaluations()
        return check

    return evaluated


def test_a_run_of_dagsters_page_warns_of_whom_it_does_not_erase(project, published):
    assert published().passed
    requests.ask(project, email="anna@example.com")
    requests.ask(project, email="bea@example.com")
    check = published()
    assert not check.passed and check.severity == dg.AssetCheckSeverity.WARN
    assert check.description.startswith("2 requests to be erased are open: the next")
    assert "anna" not in str(check)
    # A run by hand is carrying them out.
    with lock.locked(project):
        assert published().passed


@pytest.mark.parametrize("by_hand", [False, True])
def test_a_run_of_dagsters_page_takes_the_table_of_requests_over(
    project, monkeypatch, by_hand
):
    """So that the warning speaks of them, too; a run by hand did it when it began."""
    definition = project.out.parent / "definition"
    definition.mkdir()
    (definition / "erasure_requests.csv").write_text("email\nanna@example.com\n")
    for name, value in {
        "OUT": project.out, "LANDING": project.landing, "DEFINITION": definition,
    }.items():  # fmt: skip
        monkeypatch.setenv(f"LEAD_FUNNEL_{name}", str(value))
    with lock.locked(project) if by_hand else nullcontext():
        assert dg.materialize_to_memory([settings_asset()]).success
    assert len(requests.are_open(project)) == (0 if by_hand else 1)


def test_who_is_not_named_is_said(project):
    done = CliRunner().invoke(
        app, ["erase", "--system", "salesforce", "--out", str(project.out)]
    )
    assert done.exit_code == 1
    assert "Say who asks to be erased" in " ".join(done.output.split())
