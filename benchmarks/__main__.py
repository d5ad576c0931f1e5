"""The benchmark: `make bench [LEADS="10000 100000"]`.

For each size it writes the company of company.py and measures, each in a process
of its own: the scan floor, the handwritten SQL, the same in polars, a run of
`lead-funnel` in an empty folder, the same run once more, and one after one lead
of a hundred has changed. It checks that all give the same figures, prints the
tables and writes docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
import itertools
import json
import math
import os
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import duckdb
from rich.console import Console
from rich.table import Table

from benchmarks import handwritten, measure

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "benchmarks.md"
SIZES = "10000 100000"
FULL, AGAIN, CHANGED = "run", "run, nothing new", "run, 1 % changed"
BY_HAND, POLARS, FLOOR = "handwritten SQL", "polars", "scan floor"
BUSY = (
    "Other programs were running on it: compare CPU seconds, wall-clock times are "
    "too long"
)
HEADINGS = (
    "leads", "raw rows", "what", "CPU", "wall", "peak memory", "rows per CPU s",
    "× SQL", "× polars", "× floor",
)  # fmt: skip
STEP_HEADINGS = ("leads", "step", "CPU", "wall", "peak memory", "rows per CPU s")
PHASES = ("start", "load", "transform", "check", "publish")


@dataclass(frozen=True)
class Line:
    """One measured process."""

    leads: int
    rows: int
    what: str
    cost: measure.Cost
    steps: Sequence[dict[str, float | str]] = ()


@dataclass
class Size:
    """What was measured at one size."""

    leads: int
    rows: int
    lines: list[Line] = field(default_factory=list)
    unlike: list[str] = field(default_factory=list)

    def cpu(self, what: str) -> float | None:
        found = (line.cost.cpu for line in self.lines if line.what == what)
        return next(found, None)


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


def phases_of(line: Line) -> dict[str, dict[str, float]]:
    """CPU, wall clock and peak memory by phase; what no step accounts for is
    starting and ending."""
    found = {name: {"cpu": 0.0, "wall": 0.0, "peak_mb": 0.0} for name in PHASES}
    for step in line.steps:
        told = found[phase(str(step["name"]))]
        told["cpu"] += float(step["cpu"])
        told["wall"] += float(step["wall"])
        told["peak_mb"] = max(told["peak_mb"], float(step["peak_mb"]))
    for name, whole in (("cpu", line.cost.cpu), ("wall", line.cost.wall)):
        rest = whole - sum(told[name] for told in found.values())
        found["start"][name] += max(rest, 0.0)
    return found


def environment() -> dict[str, str]:
    """The caller's, without settings of another run; limits are kept."""
    kept = ("LEAD_FUNNEL_MEMORY_LIMIT", "LEAD_FUNNEL_THREADS")
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("LEAD_FUNNEL_") or name in kept
    } | {"PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])}


def measured(module: str, *arguments: Path | str) -> tuple[measure.Cost, Any]:
    """What a module of this package took, and what it said as JSON.

    Nothing large happens in this process itself: the system counts the memory of
    the process that starts another as the other's.
    """
    command = [sys.executable, "-m", f"benchmarks.{module}", *map(str, arguments)]
    log = Path(arguments[0]).parent / f"{module}.log"
    cost = measure.run(command, environment(), log)
    # Libraries may have their say after it, as the process ends.
    said = next(
        line for line in cost.output.splitlines() if line.startswith(("{", "["))
    )
    return cost, json.loads(said)


def differences(
    what: str, found: handwritten.Figures, expected: handwritten.Figures
) -> list[str]:
    return [
        f"{what}: {name}: {found[name]}, by hand {value}"
        for name, value in expected.items()
        if found[name] != value
    ]


def published(out: Path) -> handwritten.Figures:
    path = out / "published" / "lead_funnel.duckdb"
    with duckdb.connect(str(path), read_only=True) as connection:
        return handwritten.figures(connection, "marts.")


def bench(leads: int, folder: Path) -> Size:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    landing, out = folder / "landing", folder / "out"
    by_hand = folder / "handwritten.duckdb"
    _, [rows] = measured("company", landing, str(leads))
    size = Size(leads, rows)

    def add(what: str, module: str, *arguments: Path) -> Any:
        cost, said = measured(module, *arguments)
        steps = said if isinstance(said, list) else ()
        # A step's peak is measured from its start, and forgets those before it.
        peak = max([cost.peak_mb, *(float(step["peak_mb"]) for step in steps)])
        cost = replace(cost, peak_mb=peak)
        size.lines.append(Line(leads, size.rows, what, cost, steps))
        print(f"  {what}: {cost.cpu:.1f} CPU s", flush=True)
        return said

    def check(what: str, found: handwritten.Figures) -> None:
        size.unlike += [f"{leads:,} leads, {text}" for text in differences(
            what, found, expected["figures"]
        )]  # fmt: skip

    add(FLOOR, "floor", landing)
    expected = add(BY_HAND, "handwritten", landing, by_hand)
    in_polars = add(POLARS, "in_polars", landing)
    check(POLARS, in_polars["figures"])
    add(FULL, "job", landing, out)
    check(FULL, published(out))
    add(AGAIN, "job", landing, out)
    check(AGAIN, published(out))
    _, [rows] = measured("company", landing, "change")
    size.rows += rows
    add(CHANGED, "job", landing, out)
    _, expected = measured("handwritten", landing, by_hand)
    check(CHANGED, published(out))
    return size


# The tables.


def ratio(line: Line, size: Size, to: str) -> str:
    other = size.cpu(to)
    return f"{line.cost.cpu / other:.1f}" if other and line.what != to else "–"


def cells(line: Line, size: Size) -> list[str]:
    return [
        f"{line.leads:,}",
        f"{line.rows:,}",
        line.what,
        f"{line.cost.cpu:.1f} s",
        f"{line.cost.wall:.1f} s",
        f"{line.cost.peak_mb:,.0f} MB",
        f"{line.rows / line.cost.cpu:,.0f}",
        *(ratio(line, size, to) for to in (BY_HAND, POLARS, FLOOR)),
    ]


def step_cells(line: Line) -> list[list[str]]:
    return [
        [
            f"{line.leads:,}",
            name,
            f"{told['cpu']:.1f} s",
            f"{told['wall']:.1f} s",
            f"{told['peak_mb']:,.0f} MB" if told["peak_mb"] else "–",
            f"{line.rows / told['cpu']:,.0f}" if told["cpu"] else "–",
        ]
        for name, told in phases_of(line).items()
    ]


def exponents(sizes: Sequence[Size]) -> list[str]:
    """How CPU grows with rows, between each size and the next: 1 is linear, less
    is a fixed cost that weighs less and less."""
    said = []
    for smaller, larger in itertools.pairwise(sizes):
        grown = math.log(larger.leads / smaller.leads)
        each = [
            f"{what} {math.log(after / before) / grown:.2f}"
            for what in (FULL, BY_HAND, POLARS, FLOOR)
            if (before := smaller.cpu(what)) and (after := larger.cpu(what))
        ]
        said.append(
            f"from {smaller.leads:,} to {larger.leads:,} leads: {', '.join(each)}"
        )
    return said


def show(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    table = Table(box=None)
    for heading in headings:
        is_text = heading in ("what", "step")
        table.add_column(heading, justify="left" if is_text else "right")
    for row in rows:
        table.add_row(*row)
    Console(width=None if sys.stdout.isatty() else 132).print(table)


def markdown(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    rule = "|".join("---" if h in ("what", "step") else "---:" for h in headings)
    lines = [" | ".join(row) for row in (headings, *rows)]
    head, *body = (f"| {line} |" for line in lines)
    return "\n".join([head, f"|{rule}|", *body])


def page(sizes: Sequence[Size], machine: str) -> str:
    """The page that `make bench` writes."""
    unlike = [text for size in sizes for text in size.unlike]
    agreement = (
        "All of them gave the same figures at every size, before and after the "
        "change: " + ", ".join(handwritten.FIGURES) + "."
        if not unlike
        else "They differ:\n\n" + "\n".join(f"- {text}" for text in unlike)
    )
    whole = markdown(HEADINGS, [cells(x, size) for size in sizes for x in size.lines])
    steps = markdown(
        STEP_HEADINGS,
        [
            row
            for size in sizes
            for line in size.lines
            if line.what == FULL
            for row in step_cells(line)
        ],
    )
    growth = "\n".join(f"* {text}" for text in exponents(sizes))
    return f"""\
# Benchmarks

Written by `make bench`. Ratios are what we promise, not seconds: all lines of a size
are measured one after the other on the same machine and the same files.

{whole}

Measured on {machine}.

{agreement}

* *run*: `lead-funnel run` in an empty folder, imports and parsing included; *nothing
  new*: the same command again; *1 % changed*: the same after a file with changes to
  every hundredth lead was added to each of three tables.
* *handwritten SQL*: [handwritten_sql/](../benchmarks/handwritten_sql) in DuckDB, for
  this one company and one definition, straight from the files: people, stage events,
  transitions, lifecycles, cohorts and months. It has no raw tables, quarantine, passes,
  identity links, curve, projection, percentiles, other sources or formats, checks or
  publication: what lies between the two is what those cost.
* *polars*: the same reading in [in_polars.py](../benchmarks/in_polars.py), streaming,
  up to the figures that are compared.
* *scan floor*: reading the columns that any of them needs.
* *CPU* is of the whole process with its children, *peak memory* its resident set.

## By step

What the first run of each size took. *Start* is Python's imports, parsing the dbt
project and reading the definitions; *transform* is dbt's models and tests; *check* the
Great Expectations suites and their pages.

{steps}

## Growth

The exponent of CPU over leads; 1 is linear, less is a fixed cost that weighs less.

{growth or "* one size only: nothing to compare"}

## Larger sizes

A lead has 28 raw rows: itself, six changes of status, twenty activities and a touch.

| | needs about | |
|---|---|---|
| `make bench` | a few minutes, 1 GB of disk | {SIZES.replace(" ", " and ")} leads |
| `make bench LEADS="100000 1000000"` | half an hour, 20 GB | the ratio at one million |
| `make bench LEADS="1000000 5000000"` | two hours, 80 GB | the exponent |
| `make bench LEADS=10000000` | three hours, 150 GB | the peak of memory |

`LEAD_FUNNEL_MEMORY_LIMIT=2GB make bench LEADS=5000000` measures with little memory;
`LEAD_FUNNEL_THREADS` limits the threads. What larger sizes cost is estimated in
[limits.md](limits.md).
"""


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description="Measure the main job."
    )
    parser.add_argument("--leads", default=SIZES, help="sizes, separated by blanks")
    parser.add_argument("--out", type=Path, default=ROOT / "out" / "bench")
    parser.add_argument("--page", type=Path, default=PAGE)
    parser.add_argument("--keep", action="store_true", help="keep what was built")
    given = parser.parse_args()
    sizes: list[Size] = []
    machine = measure.machine()
    if measure.is_busy():
        machine += ". " + BUSY
        print(BUSY)
    for leads in given.leads.replace(",", " ").split():
        print(f"Measuring {int(leads):,} leads …", flush=True)
        sizes.append(bench(int(leads), given.out / leads))
        if not given.keep:
            shutil.rmtree(given.out / leads, ignore_errors=True)
    show(HEADINGS, [cells(line, size) for size in sizes for line in size.lines])
    full = [x for size in sizes for x in size.lines if x.what == FULL]
    show(STEP_HEADINGS, [row for line in full for row in step_cells(line)])
    given.page.write_text(page(sizes, machine), encoding="utf-8")
    print(f"Written to {given.page}.")
    unlike = [text for size in sizes for text in size.unlike]
    if unlike:
        raise SystemExit("\n".join(["The figures differ:", *unlike]))


if __name__ == "__main__":
    main()
