"""Activities from a Marketo on the loopback, and from a file: `python -m
benchmarks.live <what> …`.

`serve <folder> <rows>` is that Marketo: it prints its address, and ends when its input
does. `download <folder> <address>` fetches the export of all activities and throws it
away, which is what the server itself can do; `load <folder> <address>` loads it into a
landed store. `scan <folder> <file>` lets DuckDB read every value of such activities in
a CSV file, `table <folder> <file>` read it into a table, `files <folder> <file>` loads
it as a file of LANDING. All print what it took as JSON, without Python's start.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb

from benchmarks import measure
from orchestration.live.marketo.limits import Patience
from orchestration.live.marketo.settings import written
from orchestration.live.marketo.source import ACTIVITY_TYPES, MarketoSource
from orchestration.live.pipeline import load
from orchestration.project import Project
from orchestration.sources.raw import load_system
from tests.live.servers.marketo import Company, MarketoServer

ROWS = 1_000_000
NOW = datetime(2026, 6, 1, tzinfo=UTC)
SPAN = timedelta(days=31)
PATIENCE = Patience(poll=0.05)
SECTION, BEFORE = "## Live loads", "## Growth"
"""The heading of its section of the page, and the one that comes behind it."""
DOWNLOAD, LOAD = "plain download", "live load"
SCAN, FILES = "DuckDB reads the file", "load of the file"
TABLE = "DuckDB makes a table of it"
PLAIN = {LOAD: DOWNLOAD, TABLE: SCAN, FILES: SCAN}
"""By what is measured, the least that it could take."""
HEADINGS = (
    "rows", "MB", "what", "CPU", "wall", "peak memory", "rows per s", "× plain",
)  # fmt: skip


@dataclass(frozen=True)
class Line:
    """One measured process."""

    rows: int
    size: int
    """Of the export or file, in bytes."""
    what: str
    seconds: float
    """Of the work, on the clock."""
    cpu: float
    """Of the process."""
    peak_mb: float


class ManyActivities(Company):
    """A subscription with so many activities in a month, of all kinds that are loaded:
    changes of fields above all, as in real ones."""

    def __init__(self, count: int, folder: Path) -> None:
        super().__init__()
        self.count, self.made = count, folder / "activities.csv"
        with duckdb.connect() as connection:
            connection.execute(ACTIVITIES, [count, str(self.made)])

    def write_export(
        self, kind: str, wanted: Mapping[str, Any], fields: list[str], path: Path
    ) -> int:
        if kind != "activities":
            return super().write_export(kind, wanted, fields, path)
        os.link(self.made, path)
        return self.count


ACTIVITIES = """
copy (
    select
        (100000000 + i)::varchar as marketoGUID,
        1 + i * 7919 % 200000 as leadId,
        strftime(
            timestamp '2026-05-01 01:00:00' + to_seconds(i * 2600000 // $1),
            '%Y-%m-%dT%H:%M:%SZ'
        ) as activityDate,
        [13, 13, 13, 13, 13, 13, 22, 22, 22, 2, 12, 104][1 + i % 12] as activityTypeId,
        if(i % 3 = 0, (17000 + i % 50)::varchar, 'null') as campaignId,
        5 + i % 40 as primaryAttributeValueId,
        'Field ' || (i % 40) as primaryAttributeValue,
        '{"Old Value":"' || (i % 100) || '","New Value":"' || (i % 100 + 5)
            || '","Reason":"Changed by Smart Campaign Scoring ' || (i % 50)
            || '.Step action Change Data Value","Source":"Marketo Flow Action"}'
            as attributes
    from range($1) as numbers (i)
) to $2 (header, delimiter ',', quote '"', escape '"')
"""


@contextmanager
def served(folder: Path, rows: int, environment: Mapping[str, str]) -> Iterator[str]:
    """The address of a server in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.live", "serve", folder, str(rows)]
    process = subprocess.Popen(
        command,
        env=dict(environment),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None and process.stdout is not None
    with process:
        yield process.stdout.readline().strip()
        process.stdin.close()


def run(folder: Path, rows: int, environment: Mapping[str, str]) -> list[Line]:
    """What so many rows take, to download and to load."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    lines = []

    def line(name: str, what: str, of: str) -> None:
        print(f"  {rows:,} rows, {what} …", flush=True)
        command = [sys.executable, "-m", "benchmarks.live", name, str(folder), of]
        cost = measure.run(command, environment, folder / f"{name}.log")
        said = json.loads(
            next(line for line in cost.output.splitlines() if line[:1] == "{")
        )
        if said["rows"] != rows:
            raise SystemExit(f"{what}: {said['rows']:,} of {rows:,} rows came.")
        lines.append(
            Line(rows, said["size"], what, said["seconds"], cost.cpu, cost.peak_mb)
        )

    with served(folder, rows, environment) as address:
        line("download", DOWNLOAD, address)
        line("load", LOAD, address)
    file = folder / "landing" / "marketo" / "activity_change_data_value.csv"
    file.parent.mkdir(parents=True)
    # Without the leads themselves nothing of Marketo is read.
    (file.parent / "lead.csv").write_text("id,createdAt\n")
    with duckdb.connect() as connection:
        connection.execute(ACTIVITIES, [rows, str(file)])
    line("scan", SCAN, str(file))
    line("table", TABLE, str(file))
    line("files", FILES, str(file))
    shutil.rmtree(folder)
    return lines


def cells(lines: list[Line]) -> list[list[str]]:
    """The lines of a table; the time of each beside the least that it could take."""
    found = []
    for line in lines:
        own = next(
            each.seconds
            for each in lines
            if each.rows == line.rows and each.what == PLAIN.get(line.what, line.what)
        )
        found.append(
            [
                f"{line.rows:,}",
                f"{line.size / 1_000_000:,.0f}",
                line.what,
                f"{line.cpu:.1f} s",
                f"{line.seconds:.1f} s",
                f"{line.peak_mb:,.0f} MB",
                f"{line.rows / line.seconds:,.0f}",
                f"{line.seconds / own:.1f}" if line.what in PLAIN else "–",
            ]
        )
    return found


# Its section of the page.


def section(table: str, machine: str) -> str:
    return f"""\
{SECTION}

Activities that Marketo exports, from a server on the loopback: *plain download* fetches
the file of the export and throws it away, which is the rate of the server itself; *live
load* is `lead-funnel load` of it: fetched, held to its checksum, split by activity type
and written as Parquet, in packages between which it can be stopped. *DuckDB reads the
file* is every value of such activities in a CSV file, looked at and forgotten; *DuckDB
makes a table of it* is `create table` in a database file; *load of the file* makes a
raw table of it: the file's digest, its rows in Parquet, and whether any of its lines
may be no row. *Wall* and *rows per s* are without the start of Python. Memory is flat:
a load over the API holds one package of 100,000 rows, however many there are.

{table}

Measured on {machine}.

`make bench ONLY=live` measures this again, with `ACTIVITIES=5000000` at another size.

"""


def with_section(page: str, text: str) -> str:
    """The page with this section, in the place of one that is there."""
    before, _, rest = page.partition(section_of(page) or BEFORE)
    return before + text + (BEFORE + rest if not section_of(page) else rest)


def section_of(page: str) -> str:
    """The section that a page has; blank where it has none."""
    if SECTION not in page:
        return ""
    inner = page.partition(SECTION)[2].partition("\n## ")[0]
    return f"{SECTION}{inner}\n"


# What the processes do.


def serve(folder: Path, rows: int) -> None:
    company = ManyActivities(rows, folder)
    with MarketoServer(company, NOW) as server:
        print(server.url, flush=True)
        sys.stdin.read()


def source_at(address: str) -> MarketoSource:
    given = {
        "ENDPOINT": address,
        "CLIENT_ID": "4c1e7d0a-client",
        "CLIENT_SECRET": "s3cr3t/+of=marketo",
        "SINCE": written(NOW - SPAN),
        "DAILY_MB": "100000",
    }
    environ = {f"LEAD_FUNNEL_MARKETO_{name}": each for name, each in given.items()}
    return MarketoSource(environ, PATIENCE)


def download(folder: Path, address: str) -> dict[str, Any]:
    """Fetch the file as it is, and forget it."""
    marketo = source_at(address).marketo
    start = {"startAt": written(NOW - SPAN), "endAt": written(NOW)}
    body = {"fields": ["marketoGUID"], "filter": {"createdAt": start}}
    path = "bulk/v1/activities/export"
    export = marketo.post(f"{path}/create.json", body)["result"][0]["exportId"]
    marketo.post(f"{path}/{export}/enqueue.json")
    said = marketo.get(f"{path}/{export}/status.json")["result"][0]
    began, size = time.monotonic(), 0
    with marketo.file(f"{path}/{export}/file.json", 0) as answer:
        for chunk in answer.iter_content(1 << 16):
            size += len(chunk)
    seconds = time.monotonic() - began
    return {"rows": said["numberOfRecords"], "size": size, "seconds": seconds}


def load_all(folder: Path, address: str) -> dict[str, Any]:
    """Load all activities into a new store."""
    project = Project.from_environment({}, landing=folder, out=folder / "out")
    source = source_at(address)
    import dlt  # noqa: F401 - its import is no part of the rate

    began = time.monotonic()
    loaded = load(project, source, tuple(ACTIVITY_TYPES))
    seconds = time.monotonic() - began
    rows = sum(loaded.rows.values())
    return {"rows": rows, "size": source.marketo.usage.bytes, "seconds": seconds}


def scan(folder: Path, file: str) -> dict[str, Any]:
    """Let DuckDB read every value of a file."""
    with duckdb.connect() as connection:
        began = time.monotonic()
        [(rows, *_)] = connection.execute(
            "select count(*), max(columns(*)) from read_csv(?, all_varchar = true)",
            [file],
        ).fetchall()
        seconds = time.monotonic() - began
    return {"rows": rows, "size": Path(file).stat().st_size, "seconds": seconds}


def make_table(folder: Path, file: str) -> dict[str, Any]:
    """Let DuckDB read the file into a table of a new database file."""
    began = time.monotonic()
    with duckdb.connect(str(folder / "table.duckdb")) as connection:
        [(rows,)] = connection.execute(
            "create table activities as from read_csv(?, all_varchar = true)", [file]
        ).fetchall()
    seconds = time.monotonic() - began
    return {"rows": rows, "size": Path(file).stat().st_size, "seconds": seconds}


def load_file(folder: Path, file: str) -> dict[str, Any]:
    """Load the file, which lies in LANDING, into a new raw table."""
    project = Project.from_environment(
        {}, landing=Path(file).parents[1], out=folder / "of_file"
    )
    project.prepare_out()
    began = time.monotonic()
    loaded = load_system(project, "marketo")
    seconds = time.monotonic() - began
    rows = sum(table.rows for table in loaded.values())
    return {"rows": rows, "size": Path(file).stat().st_size, "seconds": seconds}


DOES = {
    "download": download,
    "load": load_all,
    "scan": scan,
    "table": make_table,
    "files": load_file,
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.live")
    parser.add_argument("what", choices=("serve", *DOES))
    parser.add_argument("folder", type=Path)
    parser.add_argument("of", help="how many rows, the address, or the file")
    given = parser.parse_args()
    if given.what == "serve":
        serve(given.folder, int(given.of))
        return
    print(json.dumps(DOES[given.what](given.folder, given.of)))


if __name__ == "__main__":
    main()
