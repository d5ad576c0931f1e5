"""The job in two halves, each a run of Dagster's: what is loaded and decided, and what
that makes necessary. Where nothing is owed to readers, the second publishes again
what stands: to say of 400 tables and as many checks that they are as they were
took longer than all the rest."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
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
class Phases:
    """The job, and which of its assets go together."""

    job: dg.JobDefinition
    loads: Sequence[dg.AssetKey]
    """With the run's settings, and the gate of the raw tables."""
    builds: Sequence[dg.AssetKey]
    """Everything else."""
    publication: Sequence[dg.AssetKey]
    """Those of `builds` that show readers what is there."""


def of_this_process(project: Project) -> Phases:
    return _phases(
        project.engine,
        dbt_runner.fingerprint(project),
        address.is_wanted(),
        tuple((source.name, *source.tables) for source in loaded_by_runs()),
    )


@lru_cache(maxsize=4)
def _phases(
    _engine: str, _fingerprint: str, _with_postgres: bool, _live: tuple
) -> Phases:
    """What it is made of changes only with these."""
    from orchestration import definitions

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = definitions.of_this_process()
        job = found.resolve_job_def(JOB_NAME)
    loads, builds, publication = [], [], []
    for spec in found.resolve_all_asset_specs():
        if spec.group_name in LOADED_GROUPS or spec.key == SETTINGS_KEY:
            loads.append(spec.key)
        else:
            builds.append(spec.key)
        if spec.group_name == PUBLICATION_GROUP:
            publication.append(spec.key)
    return Phases(job, loads, builds, publication)


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
