"""An OUT that an earlier version built is taken over by the next run."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
from io import BytesIO
from pathlib import Path

import duckdb
import pytest

from orchestration.project import ROOT, Project
from orchestration.publication import publications
from orchestration.run import runner
from tests.end_to_end import small_folder

EARLIER = "94ac7eb618fcd0134beb15b1da5ff7a5a4489784"
"""The commit before automation, alerts and deploy/ came."""

VARS = {"as_of": "2026-07-31"}
"""By then all is decided, and April can be closed."""

BUILD = """
import sys
from pathlib import Path
from orchestration.commands.finance import closing
from orchestration.project import Project
from orchestration.run.report import Report, keep
from tests.job import build
landing, out = map(Path, sys.argv[1:])
vars = {"as_of": "2026-07-31"}
project = Project.from_environment({}, landing=landing, out=out, vars=vars)
build(project)
keep(project, Report("", "2026-08-01T00:00:00", 1, "succeeded"))
print(*closing.close(project, "2026-04", "Finance", "as every month"))
"""

pytestmark = [pytest.mark.slow, pytest.mark.exhaustive]


@pytest.fixture(scope="module")
def earlier(tmp_path_factory) -> Path:
    """The project as it was; a checkout without its history has none."""
    found = subprocess.run(
        ["git", "archive", "--format=tar", EARLIER],
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    if found.returncode:
        pytest.skip(f"the commit {EARLIER} is not here: git fetch --unshallow")
    folder = tmp_path_factory.mktemp("earlier")
    with tarfile.open(fileobj=BytesIO(found.stdout)) as archive:
        archive.extractall(folder, filter="data")
    return folder


def by(version: Path, *arguments: str) -> None:
    """Run Python on the project of a version, with the packages of this one."""
    environment = {
        name: value
        for name, value in os.environ.items()
        # What dbt parsed of one version is nothing for another.
        if not name.startswith("LEAD_FUNNEL_")
    }
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=version,
        env={**environment, "PYTHONPATH": str(version)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def kept(out: Path) -> dict[str, object]:
    """What may not be another after an upgrade: since when rows are known, and what
    was closed."""
    with duckdb.connect(str(out / "warehouse" / "warehouse.duckdb")) as connection:
        loaded = connection.execute(
            "select min(_loaded_at), max(_loaded_at), count(*) from raw_generic.lead"
        ).fetchall()
    closed = {
        str(path.relative_to(out)): path.read_bytes()
        for path in sorted((out / "closings").rglob("*"))
        if path.is_file()
    }
    return {"loaded": loaded, "closed": closed}


def test_the_next_run_takes_over_what_an_earlier_version_built(earlier, tmp_path):
    landing = small_folder.write(tmp_path / "landing", 24)
    out = tmp_path / "out"
    by(earlier, "-c", BUILD, str(landing), str(out))
    before = kept(out)
    assert any(name.endswith("close.json") for name in before["closed"])

    project = Project.from_environment({}, landing=landing, out=out, vars=VARS)
    old = publications.published(project)
    report = runner.run(project)
    assert report.state == "succeeded", report.sentence
    assert kept(out) == before
    new = publications.published(project)
    assert new.id != old.id
    assert new.rows["fct_lead_lifecycles"] == old.rows["fct_lead_lifecycles"] > 0
    # The closed month is set against what is counted now, and nothing moved.
    with duckdb.connect(str(project.published_database), read_only=True) as connection:
        closed, moved = (
            connection.execute(f"select count(*) from marts.{table}").fetchone()[0]
            for table in ("mart_period_close", "mart_restatement")
        )
    assert closed > 0
    assert moved == 0
