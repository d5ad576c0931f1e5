"""Opening the warehouse, with a sentence where another process holds it."""

from __future__ import annotations

import re

import duckdb

from orchestration.errors import LeadFunnelError
from orchestration.project import Project


def connect(project: Project, *, read_only: bool = False) -> duckdb.DuckDBPyConnection:
    """A connection to the warehouse; a writer makes the file where it is missing."""
    path = project.warehouse
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
    connection.execute("set TimeZone = 'UTC'")
    return connection


def explained(project: Project, error: BaseException) -> LeadFunnelError:
    """Why the warehouse cannot be opened, as a sentence."""
    text = str(error)
    if "lock" in text.lower():
        holder = re.search(r"\(PID (\d+)\)", text)
        who = f"the process {holder.group(1)}" if holder else "another process"
        return LeadFunnelError(
            f"The warehouse {project.warehouse} is in use by {who}: wait until it "
            "has ended or end it, then run again; or choose another OUT."
        )
    first = text.strip().splitlines()[0] if text.strip() else type(error).__name__
    return LeadFunnelError(
        f"The warehouse {project.warehouse} cannot be opened ({first}): if the file "
        "is damaged, delete the folder it lies in; the next run builds it again."
    )


def has_table(connection: duckdb.DuckDBPyConnection, schema: str, table: str) -> bool:
    found = connection.execute(
        "select count(*) from duckdb_tables() "
        "where database_name = current_database() "
        "and schema_name = ? and table_name = ?",
        [schema, table],
    ).fetchone()
    return bool(found and found[0])


def quoted(name: str) -> str:
    """A name as SQL writes it, whatever stands in it."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A text as SQL writes it."""
    return "'" + text.replace("'", "''") + "'"
