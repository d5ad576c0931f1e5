"""The job in two halves, each a run of Dagster's: what is loaded and decided, and what
that makes necessary. Where nothing is owed to readers, the second publishes again
what stands: to say of 400 tables and as many checks that they are as they were
took longer than all the rest."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import dagster as dg

from orchestration.automation.following import LOADED_GROUPS, SETTINGS_KEY
from orchestration.checks import SUITES, kept_results
from orchestration.defs.automation import JOB_NAME
from orchestration.increment import state
from orchestration.live.configured import loaded_by_runs
from orchestration.project import Project
from orchestration.publication.postgres import address
from orchestration.publication.publications import published
from orchestration.run.report import Report, Step, added
from orchestration.transformation import dbt_runner

PUBLICATION_GROUP = "publication"
PUBLISHING = ("publication", "postgres_publication")
"""The steps of that group, which every run goes through."""


@dataclass(frozen=True)
class Phase:
    """One of Dagster's runs: the job, and which of its assets it goes through."""

    job: dg.JobDefinition
    assets: Sequence[dg.AssetKey]


def loads(project: Project) -> Phase:
    """What is loaded, with the run's settings and the gate of the raw tables."""
    return _phase(project, _is_loaded, with_models=False)


def builds(project: Project) -> Phase:
    """Everything else."""
    return _phase(project, lambda spec: not _is_loaded(spec), with_models=True)


def publication(project: Project) -> Phase:
    """What of that shows readers what is there."""
    return _phase(
        project, lambda spec: spec.group_name == PUBLICATION_GROUP, with_models=False
    )


def _is_loaded(spec: dg.AssetSpec) -> bool:
    return spec.group_name in LOADED_GROUPS or spec.key == SETTINGS_KEY


def _phase(
    project: Project, is_in: Callable[[dg.AssetSpec], bool], *, with_models: bool
) -> Phase:
    job, specs = _defined(
        project.engine,
        dbt_runner.fingerprint(project),
        address.is_wanted(),
        tuple((source.name, *source.tables) for source in loaded_by_runs()),
        with_models,
    )
    return Phase(job, [spec.key for spec in specs if is_in(spec)])


@lru_cache(maxsize=4)
def _defined(
    _engine: str,
    _fingerprint: str,
    _with_postgres: bool,
    _live: tuple,
    with_models: bool,
) -> tuple[dg.JobDefinition, Sequence[dg.AssetSpec]]:
    """The job and its assets; what they are made of changes only with these."""
    from orchestration import definitions

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = definitions.of_this_process(with_models=with_models)
        return found.resolve_job_def(JOB_NAME), found.resolve_all_asset_specs()


def standing(
    project: Project, before: Report | None, report: Report
) -> list[Step] | None:
    """The steps of the last run that need not be gone through again, after the first
    half of this one decided what to do; None where anything is owed to readers, or
    where the last run did not come to what they see."""
    shown = published(project)
    if (
        before is None
        or not before.succeeded
        or shown is None
        or shown.run_id != before.run_id
        # What it is that stands is told again.
        or added(*(step.checks for step in before.steps)) != before.checks
        or any(kept_results(project, suite) is None for suite in SUITES)
        or not state.is_shown(project, shown.id)
    ):
        return None
    others = {"erase", *PUBLISHING, *(step.name for step in report.steps)}
    return [step for step in before.steps if step.name not in others]
