"""The benchmark: `make bench [LEADS="20000 200000"]`.

For each size it makes the sample company, runs `lead-funnel run` on it in a
fresh folder and once more on the same exports, and builds the same tables with
handwritten.sql. It prints a table and writes docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

import duckdb
from rich.console import Console
from rich.table import Table

from benchmarks import handwritten, measure
from sample.generate import SEED, generate

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "benchmarks.md"
PHASES = ("start", "load", "transform", "check", "publish")
SIZES = "20000 200000"
BUSY = (
    "Other programs were running on it: compare CPU seconds, wall-clock times are "
    "too long"
)


@dataclass(frozen=True)
class Line:
    """One measured process."""

    leads: int
    rows: int
    what: str
    phases: dict[str, float]
    cost: measure.Cost


def phase(step: str) -> str:
    """The phase that a step of a run belongs to.

    dbt's own tests run with the models they test and count as transform.
    """
    if step.startswith(("load_", "settings__")):
        return "load"
    if step.startswith("check_"):
        return "check"
    if step.startswith("build_"):
        return "transform"
    return "publish" if step == "publication" else "start"


def phases_of(report: dict[str, object], wall: float) -> dict[str, float]:
    """Seconds by phase; what no step accounts for is starting and ending."""
    seconds = dict.fromkeys(PHASES, 0.0)
    steps = report["steps"]
    assert isinstance(steps, list)
    for step in steps:
        seconds[phase(step["name"])] += step["seconds"] or 0.0
    seconds["start"] += max(wall - sum(seconds.values()), 0.0)
    return seconds


def environment() -> dict[str, str]:
    """The caller's, without settings of another run."""
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("LEAD_FUNNEL_")
    } | {"PYTHONPATH": str(ROOT)}


def measure_run(landing: Path, out: Path, what: str, leads: int, rows: int) -> Line:
    command = [sys.executable, "-m", "orchestration.cli", "run"]
    command += ["--landing", str(landing), "--out", str(out)]
    cost = measure.run(command, environment(), out.with_suffix(".log"))
    report = json.loads((out / "logs" / "run.json").read_text(encoding="utf-8"))
    return Line(leads, rows, what, phases_of(report, cost.wall), cost)


def measure_handwritten(
    landing: Path, folder: Path, leads: int, rows: int
) -> tuple[Line, dict[str, list[list[object]]]]:
    command = [sys.executable, "-m", "benchmarks.handwritten"]
    command += [str(landing), str(folder / "handwritten.duckdb")]
    cost = measure.run(command, environment(), folder / "handwritten.log")
    told = json.loads(cost.output)
    seconds = dict.fromkeys(PHASES, 0.0) | told["seconds"]
    seconds["start"] = max(cost.wall - sum(told["seconds"].values()), 0.0)
    return Line(leads, rows, "handwritten SQL", seconds, cost), told["figures"]


def differences(published: Path, expected: dict[str, list[list[object]]]) -> list[str]:
    """The figures in which a run and the handwritten tables differ."""
    with duckdb.connect(str(published), read_only=True) as connection:
        found = handwritten.figures(connection, "marts.")
    return [
        f"{name}: {found[name]} in the run, {value} by hand"
        for name, value in expected.items()
        if found[name] != value
    ]


def bench(leads: int, folder: Path) -> tuple[list[Line], list[str]]:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    landing, out = folder / "landing", folder / "out"
    facts = generate(landing, leads, SEED)
    rows = sum(count for name, count in facts.items() if name.startswith("rows:"))
    by_hand, figures = measure_handwritten(landing, folder, leads, rows)
    first = measure_run(landing, out, "lead-funnel run", leads, rows)
    again = measure_run(landing, out, "the same once more", leads, rows)
    unlike = differences(out / "published" / "lead_funnel.duckdb", figures)
    return [first, again, by_hand], [f"{leads:,} leads: {text}" for text in unlike]


HEADINGS = [
    "leads", "raw rows", "what", *PHASES, "total", "CPU", "peak memory",
]  # fmt: skip


def cells(line: Line) -> list[str]:
    return [
        f"{line.leads:,}",
        f"{line.rows:,}",
        line.what,
        *(
            f"{line.phases[name]:.1f} s" if line.phases[name] else "–"
            for name in PHASES
        ),
        f"{line.cost.wall:.1f} s",
        f"{line.cost.cpu:.1f} s",
        f"{line.cost.peak_mb:,.0f} MB",
    ]


def show(lines: list[Line]) -> None:
    table = Table(box=None)
    for heading in HEADINGS:
        table.add_column(heading, justify="left" if heading == "what" else "right")
    for line in lines:
        table.add_row(*cells(line))
    Console(width=None if sys.stdout.isatty() else 132).print(table)


def page(lines: list[Line], unlike: list[str], machine: str) -> str:
    """The page that `make bench` writes."""
    head = "| " + " | ".join(HEADINGS) + " |"
    rule = "|" + "|".join("---" if h == "what" else "---:" for h in HEADINGS) + "|"
    body = "\n".join("| " + " | ".join(cells(line)) + " |" for line in lines)
    agreement = (
        "The run and the handwritten SQL gave the same figures at every size: "
        + ", ".join(handwritten.FIGURES)
        + "."
        if not unlike
        else "They differ:\n\n" + "\n".join(f"- {text}" for text in unlike)
    )
    return f"""\
# Benchmarks

Written by `make bench`; `make bench LEADS="20000 1000000"` measures other sizes.

{head}
{rule}
{body}

Measured on {machine}.

The exports are the sample company at that size (see [sample.md](sample.md)):
Salesforce, Marketo, ads and ledger as CSV. The first line of a size is a run in an
empty folder, which also compiles the dbt project; the second is the same command
again, with the exports unchanged.

* *start*: Python's imports, compiling the dbt project where needed, reading the
  definitions, and the closing table.
* *load*: the exports into raw tables; the run's settings.
* *transform*: dbt models and the dbt tests that run beside them.
* *check*: the Great Expectations suites and their page.
* *publish*: the public tables copied to a DuckDB file and to Parquet, and swapped.
* *total* and *CPU* are of the whole process with its children; *peak memory* is the
  resident set of the largest.

The handwritten SQL is [benchmarks/handwritten.sql](../benchmarks/handwritten.sql):
`dim_people`, `fct_stage_events`, `fct_stage_transitions`, `fct_lead_lifecycles`,
`mart_funnel_cohort` and `mart_funnel_monthly` for this one company, one definition
and two systems, read from the same files. It has no quarantine, passes, money,
projection, other sources or formats, no checks and no publication: what lies
between the two is what those cost.

{agreement}
"""


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description="Measure the main job."
    )
    parser.add_argument("--leads", default=SIZES, help="sizes, separated by blanks")
    parser.add_argument("--out", type=Path, default=ROOT / "out" / "bench")
    parser.add_argument("--page", type=Path, default=PAGE)
    given = parser.parse_args()
    lines: list[Line] = []
    unlike: list[str] = []
    machine = measure.machine()
    if measure.is_busy():
        machine += ". " + BUSY
        print(BUSY)
    for size in given.leads.replace(",", " ").split():
        print(f"Measuring {int(size):,} leads …", flush=True)
        found, differing = bench(int(size), given.out / size)
        lines += found
        unlike += differing
    show(lines)
    given.page.write_text(page(lines, unlike, machine), encoding="utf-8")
    print(f"Written to {given.page}.")
    if unlike:
        raise SystemExit("\n".join(["The figures differ:", *unlike]))


if __name__ == "__main__":
    main()
