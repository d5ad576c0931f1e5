"""Builds staging and input layer on files that a test writes down."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import duckdb

from orchestration.project import Project
from orchestration.transformation import dbt_runner
from tests import job
from tests.input_layer.conftest import InputLayer

LAYERS = ("+def_columns", "path:models/staging", "path:models/input_layer")
READINGS = ("+int_observations__judged", "+int_users__with_roles")


def project_of(folder: Path) -> Project:
    landing = folder / "landing"
    return Project.from_environment({}, landing=landing, out=folder / "out")


def load_and_build(
    folder: Path, write: Callable[[Path], None], *selected: str
) -> InputLayer:
    """Write files into the folder of the system, load them as a run does, and build
    the layers that the tests ask."""
    project = project_of(folder)
    write(project.landing / "hubspot")
    job.load(project)
    results = dbt_runner.build(project, [*(selected or LAYERS)])
    failure = dbt_runner.failure_sentence(results)
    assert failure is None, failure
    connection = duckdb.connect(str(project.warehouse), read_only=True)
    connection.execute("set search_path = 'input_layer'")
    return InputLayer(connection)
