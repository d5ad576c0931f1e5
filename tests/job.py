"""The job's steps one after another in this process, for tests that ask for rows.

Of a small company Dagster's events, the gates and the data tests take two thirds of a
run. Whether they let it pass is asked where a test runs the job itself.
"""

from __future__ import annotations

from pathlib import Path

from orchestration.acceptance import step
from orchestration.defs import gates, transform
from orchestration.defs.publish import publish_changed
from orchestration.increment import state
from orchestration.increment.decide import decide
from orchestration.increment.lineage import Lineage
from orchestration.project import Project
from orchestration.settings.run_settings import write_definition, write_settings
from orchestration.sources import raw
from orchestration.transformation import dbt_runner


def load(project: Project) -> None:
    """All that is there before dbt builds."""
    project.prepare_out()
    raw.load_all(project)
    write_settings(project)
    write_definition(project)
    decide(project)
    passed(project, "raw")


def passed(project: Project, gate: str) -> None:
    """As if the gate had let everything pass."""
    state.advance(project, *gates.STAGES[gate])


def build(project: Project) -> Path:
    """Load, build and publish; the path of the published file."""
    load(project)
    manifest = dbt_runner.manifest_json(project)
    lineage = Lineage(manifest)
    for layer in transform.LAYERS:
        if layer.name == "marts":
            step.bring_up_to_date(project, manifest)
        models = [*transform.nodes_of(manifest, layer)]
        results, _ = transform.bring_up_to_date(project, layer, lineage, models)
        sentence = dbt_runner.failure_sentence(results)
        assert sentence is None, sentence
        if layer.gate:
            passed(project, layer.gate)
    publish_changed(project, manifest)
    return project.published_database
