"""The benchmark: `make bench [LEADS="10000 100000"]`.

For each size it writes the company of company.py and measures, each in a process
of its own: the scan floor, the handwritten SQL, the same in polars, a run of
`lead-funnel` in an empty folder, the same run once more, and one after one lead
of a hundred has changed. It checks that the run's public tables are those of the
handwritten SQL, row for row (beyond --compare leads: in their main figures),
prints the tables and writes docs/benchmarks.md.

`--only run,handwritten` measures these alone; `--only live` measures a load from an
API (live.py), at a size of its own; `--keep` keeps what was built and measured, and
goes on from what an earlier call with it has kept; `--anew` measures what is named
again, on the company that was kept.
"""

from __future__ import annotations

import argparse
import hashlib
import itertools
import json
import math
import os
import shutil
import sys
from collections.abc import Callable, Collection, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks import company, handwritten, live, measure
from orchestration.publication.publications import DATABASE

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "benchmarks.md"
SIZES = "10000 100000"
COMPARED = 300_000
"""Leads up to which every row is compared."""
FULL, AGAIN, CHANGED = "run", "run, nothing new", "run, 1 % changed"
MARTS = "marts of both departments, again"
BY_HAND, POLARS, FLOOR = "handwritten SQL", "polars (figures)", "scan floor"
PARTS = {
    "floor": FLOOR,
    "handwritten": BY_HAND,
    "polars": POLARS,
    "run": FULL,
    "marts": MARTS,
    "again": AGAIN,
    "changed": CHANGED,
}
"""What can be measured of a size, in this order, by the names that --only takes."""
LIVE = "live"
"""The name for loads from an API, which are of no size in leads."""
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
    steps: Sequence[dict[str, Any]] = ()


@dataclass
class Size:
    """What was measured at one size."""

    leads: int
    rows: int
    lines: list[Line] = field(default_factory=list)
    unlike: list[str] = field(default_factory=list)
    compared: list[str] = field(default_factory=list)
    """Which lines' public tables were compared row for row."""
    figures: list[str] = field(default_factory=list)
    """Which lines' main figures were."""

    def cpu(self, what: str) -> float | None:
        found = self.line(what)
        return found.cost.cpu if found else None

    def line(self, what: str) -> Line | None:
        return next((line for line in self.lines if line.what == what), None)


def phase(step: str) -> str:
    """The phase that a step of a run belongs to.

    dbt's own tests run with the models they test and count as transform.
    """
    if step.startswith(("load_", "settings__")):
        return "load"
    if step.startswith("check_"):
        return "check"
    if step.startswith(("build_", "score_")):
        return "transform"
    return "publish" if step == "publication" else "start"


def steps_of(line: Line) -> dict[str, dict[str, float]]:
    """CPU, wall clock and peak memory by phase of a run, or by file of the
    handwritten SQL; what no step accounts for is starting and ending."""
    is_run = line.what != BY_HAND
    names = PHASES if is_run else ("start", *handwritten.AREAS, handwritten.PARQUET)
    found = {name: {"cpu": 0.0, "wall": 0.0, "peak_mb": 0.0} for name in names}
    for step in line.steps:
        name = str(step["name"])
        told = found[phase(name) if is_run else area(name)]
        told["cpu"] += float(step["cpu"])
        told["wall"] += float(step["wall"])
        told["peak_mb"] = max(told["peak_mb"], float(step["peak_mb"]))
    for name, whole in (("cpu", line.cost.cpu), ("wall", line.cost.wall)):
        rest = whole - sum(told[name] for told in found.values())
        found["start"][name] += max(rest, 0.0)
    return found


def area(statement: str) -> str:
    """The file that a handwritten statement stands in."""
    found, _, _ = statement.partition(": ")
    known = found in handwritten.AREAS or found == handwritten.PARQUET
    return found if known else handwritten.PARQUET


def environment() -> dict[str, str]:
    """The caller's, without settings of another run; limits are kept."""
    kept = ("LEAD_FUNNEL_MEMORY_LIMIT", "LEAD_FUNNEL_THREADS")
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("LEAD_FUNNEL_") or name in kept
    } | {"PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])}


def measured(
    module: str, *arguments: Path | str, log: Path | None = None
) -> tuple[measure.Cost, Any]:
    """What a module of this package took, and what it said as JSON.

    Nothing large happens in this process itself: the system counts the memory of
    the process that starts another as the other's.
    """
    command = [sys.executable, "-m", f"benchmarks.{module}", *map(str, arguments)]
    folder = log or Path(arguments[0]).parent
    cost = measure.run(command, environment(), folder / f"{module}.log")
    # Libraries may have their say after it, as the process ends.
    said = next(
        line for line in cost.output.splitlines() if line.startswith(("{", "["))
    )
    return cost, json.loads(said)


def differences(found: handwritten.Figures, expected: handwritten.Figures) -> list[str]:
    return [
        f"{name}: {found[name]}, by hand {value}"
        for name, value in json.loads(json.dumps(expected)).items()
        if json.loads(json.dumps(found[name])) != value
    ]


class Bench:
    """Measures one size in a folder, which can keep what was built."""

    def __init__(self, leads: int, folder: Path, *, keep: bool, compare: int) -> None:
        self.folder = folder
        self.landing, self.out = folder / "landing", folder / "out"
        self.by_hand = folder / "handwritten"
        self.compares_rows = leads <= compare
        kept = self._kept(leads) if keep else None
        self.size = kept or self._written(leads)

    def _written(self, leads: int) -> Size:
        """The company of this size, in an empty folder."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        print("  writing the company …", flush=True)
        _, [rows] = measured("company", self.landing, str(leads))
        return Size(leads, rows)

    def measure(self, wanted: Collection[str], *, anew: bool = False) -> Size:
        """Measure what is wanted and was not measured yet, or all of it anew."""
        size = self.size
        missing = {what for what in wanted if anew or size.line(what) is None}
        # A run again and one after a change start from the run before them.
        if size.line(CHANGED) and missing & {FULL, AGAIN}:
            missing |= {FULL, CHANGED}
        if missing & {MARTS, AGAIN, CHANGED} and not self._ran():
            missing.add(FULL)
        self._keep()
        for what in PARTS.values():
            if what in missing:
                self._measure(what)
                self._keep()
        return size

    def _measure(self, what: str) -> None:
        print(f"  {what} …", flush=True)
        if what == CHANGED:
            _, [rows] = measured("company", self.landing, "change")
        else:
            company.unchange(self.landing)
            rows = 0
        if what == FULL:
            shutil.rmtree(self.out, ignore_errors=True)
        module, target = {
            FLOOR: ("floor", ()),
            BY_HAND: ("handwritten", (self.by_hand,)),
            POLARS: ("in_polars", ()),
            MARTS: ("marts", (self.out,)),
        }.get(what, ("job", (self.out,)))
        cost, said = measured(module, self.landing, *target)
        steps = said if isinstance(said, list) else said.get("steps", ())
        # A step's peak is measured from its start, and forgets those before it.
        peak = max([cost.peak_mb, *(float(step["peak_mb"]) for step in steps)])
        cost = replace(cost, peak_mb=peak, output="")
        size = self.size
        size.lines = [line for line in size.lines if line.what != what]
        size.lines.append(Line(size.leads, size.rows + rows, what, cost, steps))
        size.lines.sort(key=lambda line: list(PARTS.values()).index(line.what))
        print(f"  {what}: {cost.cpu:.1f} CPU s, {peak:,.0f} MB", flush=True)
        self._check(what, said)

    def _check(self, what: str, said: Any) -> None:
        """Compare with the handwritten SQL over the same files."""
        size, database = self.size, self.by_hand / DATABASE
        self._forget(what)
        if what in (FLOOR, BY_HAND, MARTS) or not database.exists():
            return
        if what == CHANGED:
            database = self.folder / "handwritten-changed" / DATABASE
            measured("handwritten", self.landing, database.parent)
        is_run = what in (FULL, AGAIN, CHANGED)
        if is_run and self.compares_rows:
            found = self.out / "published" / DATABASE
            _, unlike = measured("rows", found, database, log=self.folder)
            size.compared.append(what)
        else:
            figures = (
                handwritten.figures_of(self.out / "published" / DATABASE)
                if is_run
                else said["figures"]
            )
            unlike = differences(figures, handwritten.figures_of(database))
            size.figures.append(what)
        size.unlike += [self._label(what) + text for text in unlike]

    def _label(self, what: str) -> str:
        return f"{self.size.leads:,} leads, {what}: "

    def _forget(self, what: str) -> None:
        size = self.size
        size.compared = [name for name in size.compared if name != what]
        size.figures = [name for name in size.figures if name != what]
        size.unlike = [
            text for text in size.unlike if not text.startswith(self._label(what))
        ]

    def _ran(self) -> bool:
        return (self.out / "published" / DATABASE).exists()

    # What is kept between two calls.

    def _recipe(self) -> str:
        return hashlib.sha256(Path(company.__file__).read_bytes()).hexdigest()

    def _keep(self) -> None:
        content = {"recipe": self._recipe(), "size": asdict(self.size)}
        text = json.dumps(content, ensure_ascii=False, indent=1)
        (self.folder / "measured.json").write_text(text, encoding="utf-8")

    def _kept(self, leads: int) -> Size | None:
        """What an earlier call has left, of the company as it is written now."""
        try:
            text = (self.folder / "measured.json").read_text(encoding="utf-8")
        except OSError:
            return None
        content = json.loads(text)
        if content["recipe"] != self._recipe() or content["size"]["leads"] != leads:
            return None
        lines = [
            Line(**{**line, "cost": measure.Cost(**line["cost"])})
            for line in content["size"].pop("lines")
        ]
        return Size(**content["size"], lines=lines)


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
        for name, told in steps_of(line).items()
    ]


def rows_of_steps(sizes: Sequence[Size], what: str) -> list[list[str]]:
    lines = [line for size in sizes if (line := size.line(what))]
    return [row for line in lines for row in step_cells(line)]


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


def marts_share(sizes: Sequence[Size]) -> str:
    """What of a run the marts of both departments are, their process's start
    aside."""
    said = []
    for size in sizes:
        run, again = size.cpu(FULL), size.line(MARTS)
        if run and again:
            took = sum(float(step["cpu"]) for step in again.steps)
            parts = ", ".join(
                f"{step['name']} {float(step['cpu']):.1f}" for step in again.steps
            )
            said.append(
                f"* {size.leads:,} leads: {took / run:.0%} of the run "
                f"(CPU seconds: {parts})"
            )
    return "\n".join(said) or "* not measured"


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


def agreement(sizes: Sequence[Size]) -> str:
    """What was compared with the handwritten SQL, and what came of it."""
    unlike = [text for size in sizes for text in size.unlike]
    if unlike:
        return "They differ:\n\n" + "\n".join(f"- {text}" for text in unlike)
    by_row = _named(sizes, lambda size: size.compared)
    by_figure = _named(sizes, lambda size: size.figures)
    told = []
    if by_row:
        told.append(
            "The public tables of these are those of the handwritten SQL, compared "
            "row\nfor row in both directions over all columns but "
            "`quarantine.seen_at`:\n\n" + by_row
        )
    if by_figure:
        told.append(
            f"The main figures of these are the same: {', '.join(handwritten.FIGURES)}."
            "\n\n" + by_figure
        )
    return "\n\n".join(told) or "Nothing was compared with the handwritten SQL."


def _named(sizes: Sequence[Size], lines: Callable[[Size], Collection[str]]) -> str:
    """The lines that were compared, as they stand in the table."""
    return "\n".join(
        f"* {size.leads:,} leads: "
        + "; ".join(what for what in PARTS.values() if what in lines(size))
        for size in sizes
        if lines(size)
    )


def page(sizes: Sequence[Size], machine: str) -> str:
    """The page that `make bench` writes."""
    whole = markdown(HEADINGS, [cells(x, size) for size in sizes for x in size.lines])
    steps = markdown(STEP_HEADINGS, rows_of_steps(sizes, FULL))
    by_hand = markdown(STEP_HEADINGS, rows_of_steps(sizes, BY_HAND))
    growth = "\n".join(f"* {text}" for text in exponents(sizes))
    return f"""\
# Benchmarks

Written by `make bench`. Ratios are what we promise, not seconds: all lines of a size
are measured one after the other on the same machine and the same files.

{whole}

Measured on {machine}.

{agreement(sizes)}

* *run*: `lead-funnel run` in an empty folder, imports and parsing included; *nothing
  new*: the same command again; *1 % changed*: the same after a file with the
  next day's changes to every hundredth lead was added to each of three tables.
* *handwritten SQL*: [handwritten_sql/](../benchmarks/handwritten_sql) in DuckDB, for
  this one company and one definition, straight from the files: every table that the
  run publishes, with equal rows, in a DuckDB file and in Parquet files. It keeps no raw
  tables and nothing for the next run to build on, knows no other source, format,
  currency or definition, and checks nothing: what lies between the two is what those
  cost.
* *polars*: [in_polars.py](../benchmarks/in_polars.py), streaming, only up to the
  figures that are compared: people, events, lifecycles, outcomes, months. It publishes
  nothing.
* *scan floor*: reading the columns that any public table needs.
* *CPU* is of the whole process with its children, *peak memory* its resident set.

## By step

What the first run of each size took. *Start* is Python's imports, parsing the dbt
project and reading the definitions; *transform* is dbt's models and tests; *check* the
Great Expectations suites and their pages.

{steps}

The handwritten SQL by its files; a public table is compressed into the DuckDB file
where it is made, and then copied to Parquet.

{by_hand}

## Marts of both departments

What [operations](operations.md), [targets](targets.md), [proposals](proposals.md) and
the dimensions add to a run: built once more with their tests in the folder of the run,
without start and parsing. Columns that facts have for them are not in it.

{marts_share(sizes)}

## Growth

The exponent of CPU over leads; 1 is linear, less is a fixed cost that weighs less.

{growth or "* one size only: nothing to compare"}

## Larger sizes

A lead has {company.ROWS_PER_LEAD} raw rows: itself, six changes of status, twenty
activities and a touch. About one lead of four has one more: a change of owner, a score,
an opportunity, a copy or a row that breaks a rule. There are 14,000 rows of spend at
every size.

| `make bench` with | needs about | |
|---|---|---|
| nothing | a few minutes, 1 GB of disk | {SIZES.replace(" ", " and ")} leads |
| `LEADS="100000 1000000"` | half an hour, 20 GB | the ratio at one million |
| `LEADS="1000000 5000000" ONLY=run,handwritten` | two hours, 80 GB | the exponent |
| `LEADS=10000000 ONLY=run,handwritten KEEP=1` | three hours, 150 GB | peak of memory |

`ONLY` names what is measured: {", ".join([*PARTS, LIVE])}. With
`KEEP=1` what was built and measured stays in `out/bench`, and the next call measures
only what is missing (`ANEW=1`: what `ONLY` names, again, on the same files). Rows are
compared up to {COMPARED:,} leads, figures beyond.
`LEAD_FUNNEL_MEMORY_LIMIT=2GB make bench LEADS=5000000` measures with little memory, the
handwritten SQL too; `LEAD_FUNNEL_THREADS` limits the threads. What larger sizes cost is
estimated in [limits.md](limits.md).
"""


def parts(text: str) -> list[str]:
    """The lines that the names of --only stand for."""
    names = text.replace(",", " ").split()
    known = {**PARTS, LIVE: LIVE}
    unknown = [name for name in names if name not in known]
    if unknown:
        raise SystemExit(
            f"--only does not know {', '.join(unknown)}: it takes {', '.join(known)}."
        )
    return [known[name] for name in names]


def measured_live(rows: int, folder: Path, machine: str) -> str:
    """What the page says of loads from an API, of so many rows and, where the start
    does not outweigh them, of a tenth."""
    lines = [
        line
        for count in ((rows // 10, rows) if rows >= 100_000 else (rows,))
        for line in live.run(folder, count, environment())
    ]
    show(live.HEADINGS, live.cells(lines))
    return live.section(markdown(live.HEADINGS, live.cells(lines)), machine)


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description="Measure the main job."
    )
    parser.add_argument("--leads", default=SIZES, help="sizes, separated by blanks")
    parser.add_argument(
        "--only",
        default=",".join([*PARTS, LIVE]),
        help="what to measure: %(default)s",
    )
    parser.add_argument("--out", type=Path, default=ROOT / "out" / "bench")
    parser.add_argument("--page", type=Path, default=PAGE)
    parser.add_argument(
        "--keep", action="store_true", help="keep what was built, and go on from it"
    )
    parser.add_argument(
        "--anew", action="store_true", help="measure again what was kept, too"
    )
    parser.add_argument(
        "--compare",
        type=int,
        default=COMPARED,
        metavar="LEADS",
        help="up to which size rows are compared, figures beyond: %(default)s",
    )
    parser.add_argument(
        "--activities",
        type=int,
        default=live.ROWS,
        help="how many rows are loaded from an API: %(default)s",
    )
    given = parser.parse_args()
    wanted = parts(given.only)
    sizes: list[Size] = []
    machine = measure.machine()
    if measure.is_busy():
        machine += ". " + BUSY
        print(BUSY)
    written = given.page.read_text("utf-8") if given.page.is_file() else ""
    section = live.section_of(written)
    if LIVE in wanted:
        wanted.remove(LIVE)
        section = measured_live(given.activities, given.out / LIVE, machine)
        if not wanted:
            given.page.write_text(live.with_section(written, section), "utf-8")
            print(f"Written to {given.page}.")
            return
    for leads in given.leads.replace(",", " ").split():
        print(f"Measuring {int(leads):,} leads …", flush=True)
        folder = given.out / leads
        bench = Bench(int(leads), folder, keep=given.keep, compare=given.compare)
        sizes.append(bench.measure(wanted, anew=given.anew))
        if not given.keep:
            shutil.rmtree(folder, ignore_errors=True)
    show(HEADINGS, [cells(line, size) for size in sizes for line in size.lines])
    for what in (FULL, BY_HAND):
        show(STEP_HEADINGS, rows_of_steps(sizes, what))
    text = live.with_section(page(sizes, machine), section)
    given.page.write_text(text, encoding="utf-8")
    print(f"Written to {given.page}.")
    unlike = [text for size in sizes for text in size.unlike]
    if unlike:
        raise SystemExit("\n".join(["They differ:", *unlike]))


if __name__ == "__main__":
    main()
