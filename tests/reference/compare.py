"""The warehouse against the reference, row by row.

    python -m tests.reference.compare --seed 7 --people 2000

writes a random folder, runs the main job on it and lists what differs:
person, column, expected, got. `--keep` leaves the folder for a closer look,
`--folder X --no-run` compares what an earlier call left there.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Set
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import duckdb

from orchestration.project import Project
from orchestration.run import runner
from tests import job
from tests.reference.generate import situation, write_situation
from tests.reference.reference import Result, compute

ROOT = Path(__file__).resolve().parents[2]
SEEDS = ROOT / "seeds"

TABLES = {
    "dim_people": ("people", ("person_id",)),
    "fct_stage_events": ("stage_events", ("person_id", "stage", "occurred_at")),
    "fct_lead_lifecycles": ("lifecycles", ("lifecycle_id",)),
    "fct_handoffs": ("handoffs", ("handoff_id",)),
    "fct_stage_transitions": ("transitions", ("transition_id",)),
}


@dataclass(frozen=True)
class Difference:
    table: str
    key: tuple
    column: str
    expected: object
    got: object

    def __str__(self) -> str:
        key = " ".join(str(part) for part in self.key)
        return (
            f"{self.table} [{key}] {self.column}: "
            f"expected {self.expected!s}, got {self.got!s}"
        )


def run_warehouse(
    landing: Path,
    out: Path,
    definition: Path | None = None,
    settings: dict | None = None,
) -> Path:
    """Runs the main job on a folder; the path of the published file."""
    # In this process: another one would import for five seconds what is there.
    project = _project(landing, out, definition, settings)
    report = runner.run(project)
    if not report.succeeded:
        raise AssertionError(f"the run on {landing} failed: {report.sentence}")
    return project.published_database


def build_warehouse(
    landing: Path,
    out: Path,
    definition: Path | None = None,
    settings: dict | None = None,
) -> Path:
    """The same rows, without what checks them; the path of the published file."""
    return job.build(_project(landing, out, definition, settings))


def _project(
    landing: Path, out: Path, definition: Path | None, settings: dict | None
) -> Project:
    return Project.from_environment(
        {}, landing=landing, out=out, definition=definition, vars=settings
    )


def loaded_at(out: Path) -> datetime:
    """When the raw rows of a run were loaded."""
    path = str(Path(out) / "warehouse" / "warehouse.duckdb")
    with duckdb.connect(path, read_only=True) as warehouse:
        tables = warehouse.execute(
            "select table_schema, table_name from information_schema.columns"
            " where column_name = '_loaded_at'"
            " and table_schema like 'raw\\_%' escape '\\'"
        ).fetchall()
        instants = [
            warehouse.execute(
                f'select max(_loaded_at) from "{schema}"."{table}"'
            ).fetchone()[0]
            for schema, table in tables
        ]
    found = max(i for i in instants if i is not None)
    return _plain_instant(found)


def _plain_instant(value: datetime) -> datetime:
    if value.tzinfo is not None:
        return value.astimezone(UTC).replace(tzinfo=None)
    return value


def rows_of(path: Path, table: str) -> list[dict]:
    with duckdb.connect(str(path), read_only=True) as published:
        found = published.execute(f"select * from {table}")
        names = [column[0] for column in found.description]
        return [dict(zip(names, r, strict=True)) for r in found.fetchall()]


def same(expected: object, got: object) -> bool:
    if expected is None or got is None:
        return expected is None and got is None
    if isinstance(expected, bool):
        return expected == got
    if isinstance(expected, (int, float, Decimal)):
        return abs(float(expected) - float(got)) < 1e-6
    if isinstance(expected, datetime):
        return expected == _plain_instant(got)
    return str(expected) == str(got)


def compare_rows(
    table: str,
    key: tuple[str, ...],
    expected: Iterable[dict],
    got: Iterable[dict],
    keyless: Set[tuple[str, str]] = frozenset(),
) -> list[Difference]:
    """Row by row; in `keyless` tables a key's name is the project's own."""
    mine = {tuple(row[k] for k in key): row for row in expected}
    theirs = {tuple(row[k] for k in key): row for row in got}
    differences = []
    for name in sorted(mine.keys() | theirs.keys(), key=str):
        if name not in theirs:
            differences.append(Difference(table, name, "(row)", mine[name], "no row"))
            continue
        if name not in mine:
            differences.append(Difference(table, name, "(row)", "no row", theirs[name]))
            continue
        row, other = mine[name], theirs[name]
        is_keyless = (row.get("source"), row.get("source_table")) in keyless
        for column, value in row.items():
            if column == "source_key" and is_keyless:
                continue
            if column not in other:
                differences.append(
                    Difference(table, name, column, value, "no such column")
                )
            elif not same(value, other[column]):
                differences.append(
                    Difference(table, name, column, value, other[column])
                )
    return differences


def quarantine_counts(rows: Iterable[dict], keyless: Set[tuple[str, str]]) -> Counter:
    counts: Counter = Counter()
    for row in rows:
        place = (row["source"], row["source_table"])
        by_content = place in keyless or row["rule"] == "missing_key"
        key = "(by content)" if by_content else row["source_key"]
        counts[(*place, key, row["rule"])] += 1
    return counts


def compare(result: Result, published: Path) -> list[Difference]:
    """Everything in which the published tables differ from the reference."""
    differences = []
    for table, (name, key) in TABLES.items():
        got = rows_of(published, f"marts.{table}")
        differences += compare_rows(
            table, key, getattr(result, name), got, result.keyless
        )
    quarantine = rows_of(published, "marts.quarantine")
    mine = quarantine_counts(result.quarantine, result.keyless)
    theirs = quarantine_counts(quarantine, result.keyless)
    for name in sorted(mine.keys() | theirs.keys()):
        if mine[name] != theirs[name]:
            differences.append(
                Difference("quarantine", name, "(rows)", mine[name], theirs[name])
            )
    return differences


def compare_fates(
    result: Result, out: Path, version: str | None = None
) -> list[Difference]:
    """The fate of every raw row, table by table (§7).

    A run of a named version works in schemas of its own.
    """
    schema = f"whatif_{version}__quality" if version else "quality"
    named = {"duplicate": "duplicates", "reading": "readings"}
    warehouse = Path(out) / "warehouse" / "warehouse.duckdb"
    key = ("source", "source_table")
    expected = [{named.get(k, k): v for k, v in row.items()} for row in result.fates]
    got = {
        tuple(row[k] for k in key): row
        for row in rows_of(warehouse, f"{schema}.raw_row_fates")
    }
    present = [
        got[place]
        for place in (tuple(row[k] for k in key) for row in expected)
        if place in got
    ]
    return compare_rows("raw_row_fates", key, expected, present)


def check_seed(
    seed: int, people: int, folder: Path, run: bool = True
) -> tuple[Result, list[Difference]]:
    if run:
        landing, definition, settings = write_situation(folder, seed, people)
    else:
        landing, settings = folder / "landing", situation(seed).settings
        definition = folder / "definition"
        definition = definition if definition.is_dir() else None
    out = folder / "out"
    published = out / "published" / "lead_funnel.duckdb"
    if run:
        published = run_warehouse(landing, out, definition, settings)
    result = compute(landing, SEEDS, definition, settings, loaded_at(out))
    fates = compare_fates(result, out, settings.get("funnel_version"))
    return result, compare(result, published) + fates


def report(differences: list[Difference], limit: int = 40) -> str:
    by_column = Counter((d.table, d.column) for d in differences)
    lines = [
        f"{count:6d}  {table}.{column}"
        for (table, column), count in by_column.most_common()
    ]
    shown: Counter = Counter()
    for difference in differences:
        place = (difference.table, difference.column)
        shown[place] += 1
        if shown[place] <= 3 and len(lines) < limit + len(by_column):
            lines.append(str(difference))
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--people", type=int, default=2000)
    parser.add_argument("--keep", action="store_true")
    parser.add_argument("--limit", type=int, default=40)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--no-run", action="store_true")
    given = parser.parse_args()
    folder = given.folder or Path(tempfile.mkdtemp(prefix="lead-funnel-"))
    if not given.no_run:
        shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
    result, differences = check_seed(given.seed, given.people, folder, not given.no_run)
    print(
        f"seed {given.seed}: {len(result.people)} people, "
        f"{len(result.lifecycles)} lifecycles, {len(result.handoffs)} passes, "
        f"{len(result.quarantine)} quarantined readings, "
        f"{len(differences)} differences"
    )
    if differences:
        print(report(differences, given.limit))
    if given.keep or given.folder:
        print(f"folder: {folder}")
    else:
        shutil.rmtree(folder, ignore_errors=True)
    return 1 if differences else 0


if __name__ == "__main__":
    sys.exit(main())
