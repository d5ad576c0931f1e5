"""One small folder, run as a user does: figures, reruns, errors, gates."""

import json
import os
import shutil
from pathlib import Path

import duckdb
import pytest

from orchestration import runner
from orchestration.project import Project
from orchestration.publication import published
from tests.end_to_end import small_folder
from tests.end_to_end.command import published_rows


def project_of(tmp_path: Path, **settings) -> Project:
    settings = {"landing": tmp_path / "landing", "out": tmp_path / "out"} | settings
    return Project.from_environment({}, **settings)


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    """A folder that was run once."""
    folder = tmp_path_factory.mktemp("rerun")
    small_folder.write(folder / "landing", 60)
    project = project_of(folder)
    report = runner.run(project)
    assert report.succeeded, report.sentence
    return project, report


def test_every_kind_of_lead_is_counted(done):
    project, _ = done
    with duckdb.connect(str(project.published_database), read_only=True) as connection:
        [counts] = connection.sql(
            "select sum(handed_off), sum(accepted), sum(rejected), sum(withdrawn), "
            "sum(ignored) + sum(pending) from marts.mart_funnel_cohort"
        ).fetchall()
        origins = dict(
            connection.sql(
                "select origin, count(*) from marts.fct_lead_lifecycles group by 1"
            ).fetchall()
        )
        rules = dict(
            connection.sql(
                "select rule, count(*) from marts.quarantine group by 1"
            ).fetchall()
        )
    handed_off, accepted, rejected, withdrawn, rest = map(int, counts)
    assert (handed_off + withdrawn, accepted, rejected) == (40, 10, 10)
    assert rest == 20 - withdrawn
    assert origins == {"marketing": 40, "nurture": 10, "sales": 10}
    assert rules == {
        "unknown_person": 1,
        "future_timestamp": 1,
        "missing_key": 1,
        "unmapped_status": 1,
    }


def test_running_again_gives_the_same_rows(done):
    project, _ = done
    before = published_rows(project.out)
    first = published(project)
    assert runner.run(project).succeeded
    assert published_rows(project.out) == before
    assert published(project).id != first.id
    assert len(list(project.publications.iterdir())) == 2


def test_parquet_files_hold_the_same_rows(done):
    project, _ = done
    for table, rows in published_rows(project.out).items():
        file = project.published / f"{table.split('.')[1]}.parquet"
        assert duckdb.sql(f"from '{file}'").fetchall() == rows, table


def test_published_columns_say_what_they_mean(done):
    project, _ = done
    with duckdb.connect(str(project.published_database), read_only=True) as connection:
        without = connection.sql(
            "select table_name, column_name from duckdb_columns() "
            "where comment is null and not internal"
        ).fetchall()
        tables = connection.sql(
            "select table_name from duckdb_tables() where comment is null"
        ).fetchall()
    assert (without, tables) == ([], [])


def test_dagster_knows_of_the_run(done):
    """`make dev` shows what `make run` did."""
    import dagster as dg

    project, report = done
    before = os.environ.get("DAGSTER_HOME")
    os.environ["DAGSTER_HOME"] = str(project.dagster_home)
    try:
        with dg.DagsterInstance.get() as instance:
            assert instance.get_run_by_id(report.run_id).is_success
    finally:
        if before is None:
            del os.environ["DAGSTER_HOME"]
        else:
            os.environ["DAGSTER_HOME"] = before


def test_a_failed_gate_stops_everything_after_it(done, tmp_path):
    """A policy that was lost: no due time, so nobody would be seen ignored."""
    project, _ = done
    out = tmp_path / "out"
    shutil.copytree(project.out, out, symlinks=True)
    definition = tmp_path / "definition"
    definition.mkdir()
    (definition / "business_calendars.csv").write_text(
        "calendar_id,timezone,weekday,opens_at,closes_at\nelsewhere,UTC,1,09:00,18:00\n"
    )
    broken = project_of(
        tmp_path, landing=project.landing, out=out, definition=definition
    )
    before = published_rows(out)
    report = runner.run(broken)
    assert report.state == "failed"
    assert report.is_foreseen, report.sentence
    assert "failed" in report.sentence
    names = [step.name for step in report.steps]
    assert "publication" not in names
    assert published_rows(out) == before
    assert json.loads((out / "logs" / "run.json").read_text())["state"] == "failed"
