"""Ctrl-C is remembered, whatever becomes of it."""

import signal

import pytest

from orchestration.commands import status
from orchestration.project import Project
from orchestration.run import interrupts, runner
from orchestration.run.failures import INTERRUPTED, without_retries
from orchestration.run.report import Report, last_report


@pytest.fixture
def deaf():
    """A handler that swallows Ctrl-C, as Dagster's does."""
    before = signal.signal(signal.SIGINT, lambda *_: None)
    yield
    signal.signal(signal.SIGINT, before)


def test_an_interrupt_is_noted_whoever_handles_it(deaf: None) -> None:
    with interrupts.noted():
        assert not interrupts.came()
        signal.raise_signal(signal.SIGINT)
        assert interrupts.came()
        assert interrupts.came()
    assert not interrupts.came()
    with interrupts.noted():
        assert not interrupts.came()


def test_an_interrupt_is_raised_where_it_was_swallowed(deaf: None) -> None:
    with interrupts.raised(), pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)
    signal.raise_signal(signal.SIGINT)


@pytest.mark.parametrize("begun", [interrupts.raised, without_retries])
def test_an_interrupt_that_came_before_is_raised(deaf: None, begun) -> None:
    """Nothing is begun after it, though who took it went on."""
    with interrupts.noted():
        with begun():
            pass
        signal.raise_signal(signal.SIGINT)
        with pytest.raises(KeyboardInterrupt), begun():
            raise AssertionError("It was begun.")


@pytest.mark.parametrize("is_interrupted", [True, False])
def test_what_fails_after_an_interrupt_is_the_interrupt(
    deaf: None,
    project: Project,
    monkeypatch: pytest.MonkeyPatch,
    is_interrupted: bool,
) -> None:
    def fail(*_: object) -> None:
        if is_interrupted:
            signal.raise_signal(signal.SIGINT)
        raise RuntimeError("Resource In Use Error: connection is busy")

    monkeypatch.setattr(runner, "_execute", fail)
    report = runner.run(project)
    assert (report.sentence == INTERRUPTED) is is_interrupted
    assert report.is_foreseen is is_interrupted


def test_an_interrupted_run_takes_no_place_in_status(
    deaf: None, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It came to nothing: what the last run came to is still so."""

    def succeed(_: Project, report: Report, *__: object) -> None:
        report.state = "succeeded"

    def interrupt(*_: object) -> None:
        signal.raise_signal(signal.SIGINT)
        raise KeyboardInterrupt

    monkeypatch.setattr(runner, "_execute", interrupt)
    assert not runner.run(project).succeeded
    first = last_report(project)
    assert first is not None and first.sentence == INTERRUPTED

    monkeypatch.setattr(runner, "_execute", succeed)
    done = runner.run(project)
    monkeypatch.setattr(runner, "_execute", interrupt)
    assert runner.run(project).sentence == INTERRUPTED
    kept = last_report(project)
    assert kept is not None and kept.succeeded
    assert kept.started_at == done.started_at
    said = "\n".join(status.lines(project))
    assert "and succeeded after" in said
    assert f"A run that began {kept.interrupted_at} was interrupted" in said
