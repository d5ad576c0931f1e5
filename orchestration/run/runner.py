"""Runs the whole job in this process and tells what it came to."""

from __future__ import annotations

import logging
import os
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import dagster as dg

from orchestration.definition.check import checked
from orchestration.defs.publish import NO_REQUEST_WAITS
from orchestration.errors import LeadFunnelError
from orchestration.increment import state
from orchestration.personal import erasing, requests, retention
from orchestration.printable import printable_lines
from orchestration.project import Project, in_environment
from orchestration.publication import backups, kept, publications
from orchestration.run import (
    garbage_collection,
    history,
    interrupts,
    phases,
    progress,
    run_log,
    trouble,
)
from orchestration.run.failures import INTERRUPTED, sentence_of
from orchestration.run.lock import is_lost, locked
from orchestration.run.report import Observer, Report, Step, keep, last_report
from orchestration.spark import engine, session

KEPT_LOGS = 20


# The run.


def run(
    project: Project,
    observer: Observer | None = None,
    *,
    record: bool = False,
    full_refresh: bool = False,
) -> Report:
    """Load, transform, check and publish; never raises what a user can mend.

    Only an OUT that cannot be used at all is an error: nothing has begun then.
    With `record` the run is kept in OUT/dagster, where `make dev` shows it; with
    `full_refresh` it builds on nothing that earlier runs built. Files that were
    loaded are not loaded again: when a row was first seen is a part of the data.
    """
    project.prepare_out()
    with (
        trouble.explained(project),
        locked(project),
        _environment(project),
        garbage_collection.less_often(),
        interrupts.noted(),
        _logging(project) as log,
    ):
        started = datetime.now(UTC)
        report = Report(
            run_id="",
            started_at=started.isoformat(timespec="seconds"),
            pid=os.getpid(),
            log=str(log),
        )
        before = last_report(project)
        keep(project, report)
        clock = time.monotonic()
        try:
            kept.wanted()
            publications.remove_leftovers(project)
            if full_refresh:
                state.forget(project)
            if project.engine == "spark":
                session.check_installed()
            _run_and_erase(project, report, observer or Observer(), record, log, before)
        except LeadFunnelError as error:
            _fail(report, str(error))
        except dg.Failure as failure:
            _fail(report, failure.description or "The run failed.")
        except (KeyboardInterrupt, dg.DagsterExecutionInterruptedError):
            _fail(report, INTERRUPTED)
        except Exception as error:
            logging.getLogger("lead_funnel").exception("The run failed")
            _fail(report, f"The run failed unexpectedly: {error}", foreseen=False)
        finally:
            engine.close()
            report.seconds = round(time.monotonic() - clock, 3)
            if report.state == "running":
                report.state = "failed"
            _explain(project, report)
            # What a run said before may quote somebody who is being erased.
            erases = bool(requests.are_open(project))
            _keep(project, _to_be_kept(report, None if erases else before))
    return report


def _run_and_erase(
    project: Project,
    report: Report,
    observer: Observer,
    record: bool,
    log: Path,
    before: Report | None,
) -> None:
    """The run, with what was asked to be erased: before it what is kept of them is
    rewritten, after it what readers and history had before is removed. A run that
    learns of more records of theirs is followed by another."""
    stores: Counter[str] = Counter()
    begun: set[str] = set()
    for what, count in retention.apply(project, log).items():
        observer.noted(f"Kept for long enough and removed: {what} ({count:,}).")
    while True:
        requests.take_over(project)
        begun |= {request.request_id for request in requests.are_open(project)}
        if begun:
            stores += _erase(project, report, observer, log)
        _execute(project, report, observer, record, before)
        if not report.succeeded:
            return
        if not erasing.go_on(project):
            break
        report.state = "running"
        # They may quote who was not known then.
        report.warnings.clear()
        log.write_text("")
    erasing.end(project, stores, begun)


def _erase(
    project: Project, report: Report, observer: Observer, log: Path
) -> Counter[str]:
    """What was rewritten and removed for those who asked."""
    step = Step("erase")
    report.steps.append(step)
    observer.started(step)
    clock = time.monotonic()
    done = erasing.begin(project, log)
    observer.said(f"{done['raw rows']:,} raw rows")
    step.seconds = round(time.monotonic() - clock, 3)
    step.state = "done"
    observer.ended(step)
    return done


def _keep(project: Project, report: Report) -> None:
    """Keep the report where there is room for it; where there is none, the run's own
    error says so."""
    with suppress(OSError):
        if not is_lost(project):
            keep(project, report)


def _explain(project: Project, report: Report) -> None:
    """Where OUT is what a run failed by, its sentence says what to do about OUT."""
    if report.state != "failed" or report.sentence == INTERRUPTED:
        return
    sentence = trouble.told(project, report.sentence, is_gone=is_lost(project))
    if sentence is not None:
        report.sentence, report.is_foreseen = sentence, True


def _to_be_kept(report: Report, before: Report | None) -> Report:
    """An interrupted run came to nothing: what the one before it came to holds."""
    if report.sentence != INTERRUPTED or before is None or before.state == "running":
        return report
    return replace(before, interrupted_at=report.started_at)


def _fail(report: Report, sentence: str, *, foreseen: bool = True) -> None:
    if interrupts.came():
        # What fails after Ctrl-C fails because of it, whatever it says.
        sentence, foreseen = INTERRUPTED, True
    report.state, report.sentence, report.is_foreseen = "failed", sentence, foreseen


def _execute(
    project: Project,
    report: Report,
    observer: Observer,
    record: bool,
    before: Report | None,
) -> None:
    preparing = Step("prepare")
    report.steps.append(preparing)
    observer.started(preparing)
    clock = time.monotonic()
    # What has to be mended there is said before anything is loaded.
    checked(project)
    backups.check(project)
    # Imports of its own while this process prepares.
    recorder = history.Recorder(project) if record else None
    try:
        loads = phases.loads(project)
        preparing.seconds = round(time.monotonic() - clock, 3)
        preparing.state = "done"
        observer.ended(preparing)
        watch = _Watch(project, report, observer)
        with (
            dg.DagsterInstance.ephemeral() as instance,
            run_log.listening(watch.hear),
            progress.listening(observer.said, observer.noted),
        ):
            run = partial(_in_dagster, instance, recorder)
            result = run(loads)
            if result.success:
                stands = phases.standing(project, before, report)
                if stands is None:
                    result = run(phases.builds(project))
                else:
                    state.end_without_news(project)
                    for step in stands:
                        report.take_over(step)
                    result = run(phases.publication(project))
    finally:
        if recorder is not None and not recorder.finish():
            _warn(
                report,
                observer,
                f"Dagster's history lacks this run; {recorder.log} says why.",
            )
    report.run_id = result.run_id
    if result.success:
        report.state = "succeeded"
    elif report.state == "running":
        _fail(report, "The run ended without a result.", foreseen=False)


def _in_dagster(
    instance: dg.DagsterInstance,
    recorder: history.Recorder | None,
    phase: phases.Phase,
) -> dg.ExecuteInProcessResult:
    """A run of some of the job's assets, with their checks."""
    run_id = str(uuid.uuid4())
    if recorder is not None:
        recorder.listen(instance, run_id)
    return phase.job.execute_in_process(
        instance=instance,
        run_id=run_id,
        asset_selection=phase.assets,
        run_config={"loggers": {"run_log": {}}},
        tags=recorder.tags if recorder is not None else None,
        raise_on_error=False,
    )


def _warn(report: Report, observer: Observer, text: str) -> None:
    report.warnings.append(text)
    observer.warned(text)


class _Watch:
    """Turns Dagster's events into the report's steps and checks."""

    def __init__(self, project: Project, report: Report, observer: Observer) -> None:
        self.project, self.report, self.observer = project, report, observer
        self.steps: dict[str, Step] = {}
        self.began: dict[str, float] = {}

    def hear(self, record: run_log.RunRecord) -> None:
        level = max(record.level, logging.DEBUG)
        where = f"{record.step}: " if record.step else ""
        logging.getLogger("lead_funnel").log(level, "%s%s", where, record.text)
        event = record.event
        if event is None:
            if record.level == logging.WARNING and record.step:
                _warn(self.report, self.observer, record.text)
            return
        if event.is_step_start:
            self._start(record.step or "")
        elif event.is_step_success:
            self._end(record.step or "", "done")
        elif event.is_step_failure:
            sentence, trace, foreseen = sentence_of(event)
            if self.report.state != "failed":
                _fail(self.report, sentence, foreseen=foreseen)
                self.report.trace = trace
            logging.getLogger("lead_funnel").error("%s", trace)
            self._end(record.step or "", "failed")
        elif event.event_type == dg.DagsterEventType.ASSET_CHECK_EVALUATION:
            self._count(event.event_specific_data, self.steps.get(record.step or ""))

    def _start(self, name: str) -> None:
        step = self.steps[name] = Step(name)
        self.began[name] = time.monotonic()
        self.report.steps.append(step)
        _keep(self.project, self.report)
        self.observer.started(step)

    def _end(self, name: str, state: str) -> None:
        step = self.steps.get(name)
        if step is None or step.state != "running":
            return
        step.state = state
        step.seconds = round(time.monotonic() - self.began[name], 3)
        _keep(self.project, self.report)
        self.observer.ended(step)

    def _count(self, evaluation: Any, step: Step | None) -> None:
        if evaluation.check_name == NO_REQUEST_WAITS:
            # A run by hand carries them out.
            return
        said = evaluation.metadata.get("kind")
        is_expectation = "data_docs" in evaluation.metadata
        self.report.count_check(
            str(said.value)
            if said is not None
            else "Great Expectations"
            if is_expectation
            else "dbt tests",
            evaluation.passed,
            evaluation.severity == dg.AssetCheckSeverity.WARN,
            step,
        )


@contextmanager
def _environment(project: Project) -> Iterator[None]:
    """Steps find the project through the environment, as under `dg dev`."""
    os.environ.setdefault("RUNTIME__DLTHUB_TELEMETRY", "false")
    os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")
    with in_environment(project.environment()):
        yield


class _LogFile(logging.FileHandler):
    """A log that there is no room for stops no run, and no traceback tells of it."""

    def handleError(self, record: logging.LogRecord) -> None:
        pass


class _Printable(logging.Formatter):
    """A log is looked at in a terminal."""

    def format(self, record: logging.LogRecord) -> str:
        return printable_lines(super().format(record))


@contextmanager
def _logging(project: Project) -> Iterator[Path]:
    """Everything that is logged goes to a file of the run, not to the terminal."""
    project.logs.mkdir(parents=True, exist_ok=True)
    for old in sorted(project.logs.glob("run-*.log"))[: -KEPT_LOGS + 1]:
        with suppress(OSError):
            old.unlink()
    path = project.logs / f"run-{datetime.now(UTC):%Y%m%dT%H%M%S.%fZ}.log"
    handler = _LogFile(path, encoding="utf-8")
    handler.setFormatter(_Printable("%(asctime)s %(levelname)s %(name)s %(message)s"))
    root, own = logging.getLogger(), logging.getLogger("lead_funnel")
    root.addHandler(handler)
    own.setLevel(logging.DEBUG)
    logging.captureWarnings(True)
    try:
        yield path
    finally:
        logging.captureWarnings(False)
        root.removeHandler(handler)
        with suppress(OSError):
            handler.close()
