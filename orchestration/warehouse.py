"""Opening the warehouse, with a sentence where another process holds it."""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Mapping
from pathlib import Path

import duckdb

from orchestration.errors import LeadFunnelError, shorter
from orchestration.project import Project
from orchestration.run import trouble

WRITING_ATTEMPTS = 3


def connect(project: Project, *, read_only: bool = False) -> duckdb.DuckDBPyConnection:
    """A connection to the warehouse; a writer makes the file where it is missing.

    A reader sees what was built, whichever engine has built it. To open the file
    takes DuckDB a tenth of a second, for it reads what every view is; where this
    process has it open the same way it is there at once. So who opens it several
    times in a row keeps one connection meanwhile.
    """
    path = project.built if read_only else project.warehouse
    if read_only and not path.exists():
        raise LeadFunnelError(
            f"There is no warehouse at {path} yet: `lead-funnel run` makes it."
        )
    if not read_only:
        project.prepare_out()
    try:
        connection = duckdb.connect(str(path), read_only=read_only)
    except duckdb.Error as error:
        raise explained(project, error) from error
    configure(connection)
    return connection


MEMORY_LIMIT, THREADS = "LEAD_FUNNEL_MEMORY_LIMIT", "LEAD_FUNNEL_THREADS"

_AMOUNT = re.compile(
    r"(?P<number>[0-9]{1,9}(\.[0-9]{1,9})?)\s*((?P<unit>[KMGT]i?B)|%)", re.IGNORECASE
)
MOST_THREADS = 1_024

OF_A_THREAD = 2 * 10**9
"""Bytes that a thread of DuckDB should have at the least. What it joins, groups or
sorts goes to disk, but each thread keeps some of every part in memory."""


def limits(environ: Mapping[str, str] | None = None) -> dict[str, str]:
    """What DuckDB may take of the machine, as the environment says: memory such
    as 2GB or 50%, and threads. What is not said is DuckDB's own choice; but of
    little memory it gets no more threads than the memory is enough for."""
    environ = os.environ if environ is None else environ
    found: dict[str, str] = {}
    memory = environ.get(MEMORY_LIMIT, "").strip()
    amount = None
    if memory:
        amount = _AMOUNT.fullmatch(memory)
        if amount is None or not _is_enough(amount):
            raise LeadFunnelError(
                f"{MEMORY_LIMIT} is {shorter(memory)!r}, but must be an amount of "
                "memory, "
                "such as 2GB or 50%."
            )
        found["memory_limit"] = literal(memory)
    threads = environ.get(THREADS, "").strip()
    if threads:
        is_number = re.fullmatch("[0-9]{1,4}", threads)
        if not is_number or not 1 <= int(threads) <= MOST_THREADS:
            raise LeadFunnelError(
                f"{THREADS} is {shorter(threads)!r}, but must be a number of threads, "
                f"1 or more, {MOST_THREADS:,} at most."
            )
        found["threads"] = str(int(threads))
    elif amount is not None and amount["unit"]:
        base = 1024 if amount["unit"][1:].lower() == "ib" else 1000
        power = "KMGT".index(amount["unit"][0].upper()) + 1
        enough_for = int(float(amount["number"]) * float(base**power) // OF_A_THREAD)
        if enough_for < (os.cpu_count() or 1):
            found["threads"] = str(max(enough_for, 1))
    return found


def _is_enough(amount: re.Match[str]) -> bool:
    """Whether an amount of memory is one that there can be."""
    most = 1e9 if amount["unit"] else 100
    return 0 < float(amount["number"]) <= most


def settings() -> dict[str, str]:
    """Settings of every connection that the project opens."""
    return {
        "TimeZone": "'UTC'",
        # No query relies on the order of a table's rows, and keeping it takes
        # memory and time.
        "preserve_insertion_order": "false",
        # Every checkpoint rewrites what changed in any table. At 16 MB, the
        # default, a run of a small batch made one after every other model.
        "checkpoint_threshold": "'1GB'",
        **limits(),
    }


def configure(connection: duckdb.DuckDBPyConnection, spill: Path | None = None) -> None:
    """Give a connection these settings.

    `spill` is where a database in memory puts what does not fit; one in a file
    has a place beside it.
    """
    values = settings()
    if spill is not None:
        values["temp_directory"] = literal(str(spill))
    for name, value in values.items():
        connection.execute(f"set {name} = {value}")


def explained(project: Project, error: BaseException) -> LeadFunnelError:
    """Why the warehouse cannot be opened, as a sentence."""
    text = str(error)
    if "could not set lock" in text.lower():
        holder = re.search(r"\(PID (\d+)\)", text)
        who = f"the process {holder.group(1)}" if holder else "another process"
        return LeadFunnelError(
            f"The warehouse {project.built} is in use by {who}: wait until it "
            "has ended or end it, then run again; or choose another OUT."
        )
    of_the_system = trouble.told(project, text)
    if of_the_system:
        return LeadFunnelError(of_the_system)
    first = text.strip().splitlines()[0] if text.strip() else type(error).__name__
    return LeadFunnelError(
        f"The warehouse {project.built} cannot be opened ({first}): if the file "
        "is damaged, delete the folder it lies in; the next run builds it again."
    )


def has_table(connection: duckdb.DuckDBPyConnection, schema: str, table: str) -> bool:
    """Whether there is a table, or a view, of that name."""
    found = connection.execute(
        "select count(*) from information_schema.tables "
        "where table_catalog = current_database() "
        "and table_schema = ? and table_name = ?",
        [schema, table],
    ).fetchone()
    return bool(found and found[0])


def write_parquet(
    connection: duckdb.DuckDBPyConnection, query: str, path: Path, *options: str
) -> int:
    """Write the rows of a query to a Parquet file; how many there are.

    On a busy machine DuckDB was seen to say that it had written a file that was not
    there; why is not known. Then it is written again, and is an OSError at last.
    """
    statement = (
        f"copy ({query}) to {literal(str(path))} "
        f"({', '.join(('format parquet', *options))})"
    )
    for _ in range(WRITING_ATTEMPTS):
        [(rows,)] = connection.execute(statement).fetchall()
        if path.exists():
            return int(rows)
    raise FileNotFoundError(errno.ENOENT, "DuckDB wrote no file", str(path))


def quoted(name: str) -> str:
    """A name as SQL writes it, whatever stands in it."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A text as SQL writes it."""
    return "'" + text.replace("'", "''") + "'"
