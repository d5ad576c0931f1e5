"""One reading of the data in the warehouse: the actual one or a what-if."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import duckdb

from orchestration import warehouse
from orchestration.errors import LeadFunnelError
from orchestration.project import ACTUAL, Project, schema_prefix, whatif_build

Values = Sequence[Any] | dict[str, Any]

EDITED = "edited"
"""How the last compared definition is called where it has no version's name."""

EDITED_BUILD = "whatif"


@dataclass(frozen=True)
class Reading:
    """A connection and where on it the tables of one reading lie."""

    connection: duckdb.DuckDBPyConnection
    build: str = ACTUAL

    @property
    def what_if(self) -> str | None:
        """What the reading is called where it is not the actual one."""
        if self.build == ACTUAL:
            return None
        if self.build == EDITED_BUILD:
            return EDITED
        return self.build.removeprefix(f"{EDITED_BUILD}_")

    def rows(self, sql: str, values: Values = ()) -> list[dict[str, Any]]:
        """The rows of a query, in which `{intermediate}` names that schema."""
        prefix = schema_prefix(self.build)
        placed = re.sub(r"\{(\w+)\}", lambda found: prefix + found[1], sql)
        answer = self.connection.execute(placed, values)
        columns = [column[0] for column in answer.description]
        return [dict(zip(columns, row, strict=True)) for row in answer.fetchall()]

    def row(self, sql: str, values: Values = ()) -> dict[str, Any]:
        [row] = self.rows(sql, values)
        return row


@contextmanager
def opened(project: Project, what_if: str | None = None) -> Iterator[Reading]:
    """The warehouse, read-only; a sentence where nothing was built in it."""
    connection = warehouse.connect(project, read_only=True)
    try:
        yield Reading(connection, _build(connection, project, what_if))
    finally:
        connection.close()


def _build(
    connection: duckdb.DuckDBPyConnection, project: Project, what_if: str | None
) -> str:
    if what_if is None:
        if not is_built(connection, ACTUAL):
            raise LeadFunnelError(
                f"Nothing has been built in {project.warehouse} yet: `make run` "
                "builds it."
            )
        return ACTUAL
    builds = [whatif_build(what_if), *([EDITED_BUILD] if what_if == EDITED else [])]
    for build in builds:
        if is_built(connection, build):
            return build
    command = "lead-funnel compare"
    if what_if != EDITED:
        command += f" --version {what_if}"
    raise LeadFunnelError(
        f"The what-if {what_if!r} has not been built on {project.out}: "
        f"`{command}` builds it."
    )


def is_built(connection: duckdb.DuckDBPyConnection, build: str) -> bool:
    """Whether a build got as far as lifecycles and what became of raw rows."""
    return all(
        warehouse.has_table(connection, schema_prefix(build) + schema, table)
        for schema, table in (
            ("intermediate", "int_lifecycles"),
            ("intermediate", "int_readings__judged"),
            ("marts", "quarantine"),
        )
    )
