"""Tables that dbt reads in the warehouse as another loader left them there."""

import json
import os

import duckdb
import pytest

from orchestration.project import Project
from orchestration.settings.run_settings import write_definition
from orchestration.transformation import dbt_runner
from tests.input_layer.conftest import write_raw_tables

DEALS = {"id": "9", "createdate": "2026-04-01", "contacts": "[11, 12]"}


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    folder = tmp_path_factory.mktemp("theirs")
    project = Project.from_environment({}, landing=folder / "none", out=folder / "out")
    write_raw_tables(project.warehouse, {"hubspot/deal": [DEALS]})
    write_definition(project)
    return project


def warnings(project, schemas):
    """What dbt warns of while it compiles a staging model."""
    from dbt.cli.main import dbtRunner

    heard = []

    def hear(event):
        if event.info.level == "warn":
            heard.append(event.info.msg)

    before = dict(os.environ)
    os.environ.update(project.dbt_environment())
    try:
        outcome = dbtRunner(
            manifest=dbt_runner.manifest(project), callbacks=[hear]
        ).invoke(
            [
                "--log-level", "none", "compile", "--select", "stg_hubspot__deals",
                "--vars", json.dumps({"raw_schemas": schemas}),
                "--project-dir", str(project.root),
                "--profiles-dir", str(project.root),
                "--target-path", str(project.out / "compiled"),
            ]
        )  # fmt: skip
    finally:
        dbt_runner.close_connections()
        os.environ.clear()
        os.environ.update(before)
    assert outcome.success, outcome.exception
    return [each for each in heard if "may hold rows" in each]


def test_lists_in_columns_that_stay_closed_are_said(project):
    named = {"hubspot": "raw_hubspot"}
    [said] = warnings(project, named)
    assert "The column contacts of raw_hubspot.deal may hold rows" in said
    assert "name it in LEAD_FUNNEL_SOURCE_HUBSPOT" in " ".join(said.split())
    # Our own load took them out, or had nothing to take out.
    assert warnings(project, {}) == []
    # The loader has the rows in a table of their own.
    with duckdb.connect(str(project.warehouse)) as connection:
        connection.execute(
            "create table raw_hubspot.deal_contact as "
            "select '9' as deal_id, '11' as contact_id"
        )
    assert warnings(project, named) == []
