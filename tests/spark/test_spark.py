"""Every model builds on Spark, and what is published is what DuckDB publishes."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pytest

from orchestration.project import ROOT, Project
from orchestration.run.report import last_report
from orchestration.transformation.dbt_runner import manifest_json
from tests import job
from tests.end_to_end.command import lead_funnel
from tests.reference.generate import write_situation
from tests.spark.publications import differences, tables_of


def run(project: Project) -> Path:
    """The folder that a run has published."""
    done = lead_funnel(
        "run",
        landing=project.landing,
        out=project.out,
        definition=project.definition,
        vars_json=project.vars.as_json(),
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return project.published.resolve()


def run_on_both(
    landing: Path,
    out: Path,
    definition: Path | None,
    settings: dict,
    monkeypatch: pytest.MonkeyPatch,
    spark_settings: dict[str, str],
) -> None:
    """Both engines on one OUT, so that both read the same load; they agree."""
    project = Project.from_environment(
        {}, landing=landing, out=out, definition=definition, vars=settings
    )
    on_duckdb = job.build(project).parent.resolve()
    for name, value in spark_settings.items():
        monkeypatch.setenv(name, value)
    on_spark = run(project)
    assert on_spark != on_duckdb
    project = replace(project, engine="spark")
    tables = tables_of(project)
    assert {table.name for table in tables} == {
        path.stem for path in on_spark.rglob("*.parquet")
    }
    assert not differences(tables, on_duckdb, on_spark)
    assert_everything_was_built(project)


def assert_everything_was_built(project: Project) -> None:
    """Each model and each seed with rows is among Spark's tables, each data test
    has passed."""
    nodes = manifest_json(project)["nodes"].values()
    with duckdb.connect(str(project.built), read_only=True) as built:
        there = {
            (schema, name)
            for schema, name in built.execute(
                "select schema_name, view_name from duckdb_views() where not internal"
            ).fetchall()
        }
    wanted = {
        (node["schema"], node["name"])
        for node in nodes
        if node["resource_type"] == "model" or is_filled_seed(node)
    }
    assert len(wanted) > 100
    assert wanted <= there
    report = last_report(project)
    tests = sum(node["resource_type"] == "test" for node in nodes)
    assert report is not None
    counts = report.checks["dbt tests"]
    assert counts == {"run": tests, "passed": tests, "warned": 0, "failed": 0}
    assert report.checks["Great Expectations"]["failed"] == 0


def is_filled_seed(node: Mapping[str, Any]) -> bool:
    """Spark writes no file for a seed that is shipped with its heading alone."""
    if node["resource_type"] != "seed":
        return False
    text = (ROOT / node["original_file_path"]).read_text(encoding="utf-8")
    return len(text.splitlines()) > 1


def test_five_thousand_random_people(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spark_settings: dict[str, str]
) -> None:
    """Three systems with time zones and a definition of their own, currencies,
    texts and times of every form."""
    landing, definition, settings = write_situation(tmp_path, seed=39, people=5000)
    assert definition is not None
    assert len(settings["source_timezones"]) == 3
    run_on_both(
        landing, tmp_path / "out", definition, settings, monkeypatch, spark_settings
    )


def test_the_sample_on_a_cluster_with_two_workers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spark_settings: dict[str, str]
) -> None:
    """All of history is read with a named version, so in schemas of its own."""
    landing = ROOT / "sample" / "landing"
    settings = {
        "funnel_version": "mql_handoff",
        "reporting_timezone": "America/New_York",
    }
    with standalone_cluster(tmp_path / "cluster") as master:
        on_cluster = {
            **spark_settings,
            "LEAD_FUNNEL_SPARK_MASTER": master,
            "PYSPARK_PYTHON": sys.executable,
            "SPARK_LOCAL_IP": "127.0.0.1",
        }
        run_on_both(landing, tmp_path / "out", None, settings, monkeypatch, on_cluster)
    for worker in ("worker_1", "worker_2"):
        executors = list((tmp_path / "cluster" / worker).glob("app-*/*/stderr"))
        assert executors, f"{worker} took no part"
        assert "Finished task" in executors[0].read_text(), f"{worker} did nothing"


@contextmanager
def standalone_cluster(folder: Path) -> Iterator[str]:
    """A master and two workers of one core each, on loopback: its address."""
    import pyspark

    home = Path(pyspark.__file__).parent
    environment = {
        **os.environ,
        "SPARK_HOME": str(home),
        "SPARK_LOCAL_IP": "127.0.0.1",
        "SPARK_DAEMON_MEMORY": "256m",
    }
    started: list[subprocess.Popen[bytes]] = []

    def start(name: str, *arguments: str) -> Path:
        log = folder / f"{name}.log"
        with log.open("wb") as stream:
            started.append(
                subprocess.Popen(
                    [str(home / "bin" / "spark-class"), *arguments],
                    env=environment,
                    stdout=stream,
                    stderr=stream,
                    cwd=folder,
                )
            )
        return log

    folder.mkdir()
    deploy = "org.apache.spark.deploy"
    here = ("--host", "127.0.0.1", "--webui-port", "0")
    try:
        log = start("master", f"{deploy}.master.Master", *here, "--port", "0")
        master = said(log, r"Starting Spark master at (spark://127\.0\.0\.1:\d+)")
        for name in ("worker_1", "worker_2"):
            (folder / name).mkdir()
            size = ("--cores", "1", "--memory", "1g")
            place = ("--work-dir", str(folder / name))
            worker = f"{deploy}.worker.Worker"
            worker_log = start(name, worker, *here, *size, *place, master)
            said(worker_log, r"Successfully registered with master (\S+)")
        yield master
    finally:
        for process in reversed(started):
            process.terminate()
        for process in started:
            process.wait(timeout=30)


def said(log: Path, pattern: str) -> str:
    """What the pattern's group took, once the log has it."""
    for _ in range(600):
        found = re.search(pattern, log.read_text(errors="replace"))
        if found:
            return found.group(1)
        time.sleep(0.1)
    raise AssertionError(f"{log.name} never said {pattern}:\n{log.read_text()}")
