"""What an analytics engineer does: writes a model, builds it with plain dbt on a
warehouse that is in use, looks at it; and the next run goes on from there."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import duckdb
import pytest

from orchestration.errors import LeadFunnelError
from orchestration.project import ROOT, Project
from orchestration.transformation import dbt_runner
from tests.incremental import story as stories

pytestmark = [pytest.mark.slow, pytest.mark.exhaustive]

PASSES = """
with passes as (

    select * from {{ ref('int_passes') }}

)

select
    person_key,
    lifecycle_no,
    count(*) as passes
from passes
group by person_key, lifecycle_no
"""
NUMBERED = """
with passes as (

    select * from {{ ref('int_passes') }}
    where pass_no = 1

)

select
    person_key,
    lifecycle_no,
    row_number() over (order by person_key, lifecycle_no) as handoff_no
from passes
"""
UNIQUE = """
version: 2
models:
  - name: int_planted
    columns:
      - name: handoff_no
        data_tests: [unique]
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A copy of what dbt reads, to write models in."""
    folder = tmp_path / "project"
    for name in ("models", "seeds", "macros", "tests/data"):
        shutil.copytree(ROOT / name, folder / name)
    for name in ("dbt_project.yml", "profiles.yml"):
        shutil.copy(ROOT / name, folder)
    return folder


def write_model(root: Path, sql: str, yaml: str = "") -> None:
    """In a folder whose models hold rows of people; nothing more is said of it."""
    folder = root / "models" / "intermediate" / "handoffs"
    (folder / "int_planted.sql").write_text(sql.lstrip())
    if yaml:
        (folder / "_planted.yml").write_text(yaml.lstrip())


def begin(folder: Path, root: Path, seed: int) -> stories.Story:
    story = stories.begin(folder, seed, people=80, root=root)
    stories.people.WORTHWHILE = 2
    return story


@pytest.fixture(autouse=True)
def _usual_share():
    yield
    stories.people.WORTHWHILE = stories.USUAL_SHARE


def planted(project: Project) -> list[tuple]:
    dbt_runner.close_connections()
    with duckdb.connect(str(project.warehouse), read_only=True) as connection:
        return connection.execute(
            "from intermediate.int_planted order by all"
        ).fetchall()


def test_a_model_that_knows_of_no_batch_is_right_after_every_change(
    root: Path, tmp_path: Path
) -> None:
    write_model(root, PASSES)
    story = begin(tmp_path, root, seed=4)
    for day in ("day1", "day2"):
        for event in (stories.changed_people, stories.merged_people):
            event(story.exports, day)
        story.land()
        stories.build(story.project, incremental=True)
        assert story.rows("select is_incremental from settings.run") == [(True,)]
        assert story.compare() == []
        full = replace(story.project, out=story.folder / "full")
        assert planted(story.project) == planted(full)


def test_a_model_that_looks_at_other_people_is_refused(
    root: Path, tmp_path: Path
) -> None:
    """It is in a folder of people's rows, but numbers everybody's."""
    write_model(root, NUMBERED, UNIQUE)
    story = begin(tmp_path, root, seed=4)
    [(as_of,)] = story.rows("select as_of from intermediate.int_run__clock")
    later = replace(story.project.vars, as_of=as_of + timedelta(days=1))
    story.project = replace(story.project, vars=later)
    before = planted(story.project)
    with pytest.raises(LeadFunnelError, match="already somebody else's"):
        stories.build(story.project, incremental=True)
    assert planted(story.project) == before


def dbt(project: Project, *arguments: str) -> None:
    done = subprocess.run(
        [Path(sys.executable).with_name("dbt"), *arguments],
        cwd=project.root,
        env={
            **os.environ,
            "LEAD_FUNNEL_WAREHOUSE": str(project.warehouse),
            "PYTHONPATH": str(ROOT),
            "DBT_TARGET_PATH": str(project.out / "target"),
            "DBT_LOG_PATH": str(project.out / "dbt_logs"),
        },
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout


def test_a_model_that_is_built_by_hand_is_built_for_everybody(
    root: Path, tmp_path: Path
) -> None:
    story = begin(tmp_path, root, seed=5)
    stories.changed_people(story.exports, "day1")
    story.land()
    stories.build(story.project, incremental=True)
    write_model(root, PASSES)
    dbt(story.project, "build", "--select", "int_planted", "fct_handoffs")
    everybody = story.rows(
        "select person_key, lifecycle_no, count(*) from intermediate.int_passes "
        "group by all order by all"
    )
    assert planted(story.project) == everybody
    assert story.compare() == []
    stories.changed_people(story.exports, "day2")
    story.land()
    stories.build(story.project, incremental=True)
    assert story.compare() == []
    # What was tried and taken back leaves nothing behind.
    write_model(root, PASSES.replace("from passes", "from passes where pass_no = 1"))
    dbt(story.project, "build", "--select", "int_planted")
    write_model(root, PASSES)
    stories.build(story.project, incremental=True)
    everybody = story.rows(
        "select person_key, lifecycle_no, count(*) from intermediate.int_passes "
        "group by all order by all"
    )
    assert planted(story.project) == everybody
