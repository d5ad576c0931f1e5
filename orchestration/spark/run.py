"""A run whose models Spark builds: the same steps and gates, one after another."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from orchestration.checks import failure_sentence, run_suite
from orchestration.defs.gates import GATES
from orchestration.defs.transform import LAYERS, Layer, nodes_of, tests_of
from orchestration.errors import LeadFunnelError
from orchestration.project import Project
from orchestration.publication import publications
from orchestration.run import progress
from orchestration.run.report import Observer, Report, Step, keep
from orchestration.settings.run_settings import write_definition, write_settings
from orchestration.sources.landing import read_landing
from orchestration.sources.raw import load_system, now
from orchestration.sources.tables import LOADED_SYSTEMS
from orchestration.spark import session, tables
from orchestration.transformation import dbt_runner


@dataclass(frozen=True)
class _Steps:
    """Runs steps, and writes down how each went."""

    project: Project
    report: Report
    observer: Observer

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        step = Step(name)
        self.report.steps.append(step)
        keep(self.project, self.report)
        self.observer.started(step)
        clock = time.monotonic()
        step.state = "failed"
        try:
            with progress.listening(self.observer.said):
                yield
            step.state = "done"
        finally:
            step.seconds = round(time.monotonic() - clock, 3)
            keep(self.project, self.report)
            self.observer.ended(step)


def execute(project: Project, report: Report, observer: Observer) -> None:
    """Load with DuckDB, build with Spark, check and publish with DuckDB."""
    session.check_installed()
    steps = _Steps(project, report, observer)
    with steps.step("prepare"):
        manifest = dbt_runner.manifest_json(project)
    _load(steps)
    with steps.step("export_to_parquet"):
        files = tables.export_raw(project, manifest)
        tables.show_to_duckdb(project, manifest, files)
    _check(steps, "raw")
    with ExitStack() as open_session:
        with steps.step("start_spark"):
            spark = open_session.enter_context(session.session(project))
            tables.register(spark, files)
        for layer in LAYERS:
            _build(steps, manifest, layer)
            if layer.gate:
                tables.show_to_duckdb(project, manifest, files)
                _check(steps, layer.gate)
    with steps.step("publication"):
        publications.publish(project, publications.public_tables(manifest))
    report.state = "succeeded"


def _load(steps: _Steps) -> None:
    project, loaded_at = steps.project, now()
    landing = read_landing(project.landing)
    for warning in landing.warnings:
        steps.report.warnings.append(warning)
        steps.observer.warned(warning)
    for system in LOADED_SYSTEMS:
        with steps.step(f"load_{system}"):
            load_system(project, system, landing, loaded_at)
    with steps.step("settings__run"):
        write_settings(project)
        write_definition(project)


def _build(steps: _Steps, manifest: tables.Manifest, layer: Layer) -> None:
    ids = [*nodes_of(manifest, layer), *tests_of(manifest, layer)]
    names = [manifest["nodes"][unique_id]["name"] for unique_id in ids]
    done = 0

    def count(name: str) -> None:
        nonlocal done
        done += 1
        progress.say(f"{done} of {len(names)}: {name}")

    with steps.step(f"build_{layer.name}"):
        results = dbt_runner.build(steps.project, names, on_node=count)
        for result in results:
            is_warning = result.status == "warn"
            if result.kind == "test" and (
                result.is_good or result.is_failed or is_warning
            ):
                steps.report.count_check("dbt tests", result.is_good, is_warning)
        sentence = dbt_runner.failure_sentence(results)
        if sentence:
            raise LeadFunnelError(sentence)


def _check(steps: _Steps, gate: str) -> None:
    with steps.step(f"check_{gate}"):
        results = []
        for suite in GATES[gate]:
            progress.say(f"suite {suite}")
            results += run_suite(steps.project, suite)
        for result in results:
            steps.report.count_check(
                "Great Expectations", result.passed, not result.is_blocking
            )
        sentence = failure_sentence(results)
        if sentence:
            raise LeadFunnelError(sentence)
