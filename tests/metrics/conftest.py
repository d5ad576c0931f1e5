"""The shipped sample with two versions of the definition and a fiscal calendar
whose quarters are none of the calendar's, and what MetricFlow says of it."""

from __future__ import annotations

import csv
import itertools
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.metrics.cells import Cells
from tests.reference.compare import ROOT, build_warehouse

SAMPLE = ROOT / "sample"
FIRST_DAY = date(2025, 3, 31)
WEEKS = (4, 4, 5)


@dataclass
class Metrics:
    """The published file, the parsed metrics, and `mf`."""

    published: Path
    folder: Path
    manifest: dict[str, Any]
    environment: dict[str, str]
    asked: Iterable[int] = field(default_factory=itertools.count)

    @property
    def names(self) -> set[str]:
        return {metric["name"] for metric in self.manifest["metrics"].values()}

    def rows(self, sql: str) -> list[dict[str, Any]]:
        with duckdb.connect(str(self.published), read_only=True) as connection:
            found = connection.execute(sql)
            names = [column[0] for column in found.description or ()]
            return [dict(zip(names, row, strict=True)) for row in found.fetchall()]

    def ask(self, *questions: tuple[Iterable[str], Sequence[str]]) -> list[Cells]:
        """The cells of each question, (metrics, group by)."""
        written = []
        for metrics, group_by in questions:
            answer = self.folder / f"answer{next(iter(self.asked))}.csv"
            written.append((sorted(metrics), list(group_by), str(answer)))
        listed = self.folder / "questions.json"
        listed.write_text(json.dumps(written))
        command = [sys.executable, "-m", "tests.metrics.ask", str(listed)]
        self.run(command)
        return [_cells(*question) for question in written]

    def run(self, command: list[str]) -> str:
        done = subprocess.run(
            command, cwd=ROOT, env=self.environment, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


@pytest.fixture(scope="module")
def metrics(tmp_path_factory: pytest.TempPathFactory) -> Metrics:
    folder = tmp_path_factory.mktemp("metrics")
    definition = shutil.copytree(SAMPLE / "definition", folder / "definition")
    (definition / "fiscal_periods.csv").write_text(fiscal_periods())
    published = build_warehouse(SAMPLE / "landing", folder / "out", definition)

    # What `mf` reads of a project: two files and what dbt parsed.
    project = folder / "project"
    project.mkdir()
    for name in ("dbt_project.yml", "profiles.yml"):
        shutil.copyfile(ROOT / name, project / name)
    environment = {
        **os.environ,
        "DBT_TARGET": "published",
        "DBT_LOG_PATH": str(folder / "logs"),
        "LEAD_FUNNEL_PUBLISHED": str(published),
    }
    target = project / "target"
    parse = ["dbt", "--quiet", "parse", "--no-partial-parse", "--target-path"]
    subprocess.run(
        [program(parse[0]), *parse[1:], str(target)],
        cwd=ROOT,
        env=environment,
        check=True,
    )
    environment |= {"DBT_PROJECT_DIR": str(project), "DBT_PROFILES_DIR": str(project)}
    manifest = json.loads((target / "manifest.json").read_bytes())
    return Metrics(published, folder, manifest, environment)


def program(name: str) -> str:
    return str(Path(sys.executable).with_name(name))


def fiscal_periods() -> str:
    """Two years of 4-4-5 weeks, from a Monday on."""
    lines = [
        "fiscal_period_id,start_date,end_date,fiscal_year,fiscal_quarter,fiscal_month"
    ]
    start = FIRST_DAY
    for number in range(24):
        year, month = divmod(number, 12)
        end = start + timedelta(weeks=WEEKS[month % 3], days=-1)
        lines.append(
            f"{2025 + year}-P{month + 1:02},{start},{end},{2025 + year},"
            f"{month // 3 + 1},{month + 1}"
        )
        start = end + timedelta(days=1)
    return "\n".join(lines) + "\n"


def _cells(metrics: list[str], group_by: list[str], answer: str) -> Cells:
    with Path(answer).open(newline="", encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    cells = {
        tuple(_value(row[name]) for name in group_by): {
            name: float(row[name]) if row[name] else None for name in metrics
        }
        for row in rows
    }
    assert len(cells) == len(rows)
    return cells


def _value(text: str) -> str | date | None:
    if text.endswith("00:00:00"):
        return datetime.fromisoformat(text).date()
    return text or None
