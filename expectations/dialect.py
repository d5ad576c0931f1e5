"""duckdb-engine's dialect for SQLAlchemy, fetching when it executes.

Great Expectations reads its rows after it has closed the connection. The cursor
of duckdb-engine *is* the connection, so by then nothing is left to read. This
one takes the rows along, under a driver name of its own (`duckdb+fetched`), and
leaves both libraries as they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Any
from weakref import WeakSet

import duckdb
import duckdb_engine
from sqlalchemy import types
from sqlalchemy.dialects import registry

DRIVER = "duckdb+fetched"

TYPES: dict[str, type[types.TypeEngine[Any]]] = {
    "BIGINT": types.BigInteger,
    "BOOLEAN": types.Boolean,
    "DATE": types.Date,
    "DECIMAL": types.Numeric,
    "DOUBLE": types.Double,
    "HUGEINT": types.Numeric,
    "INTEGER": types.Integer,
    "TIMESTAMP": types.DateTime,
    "VARCHAR": types.String,
}

_open: WeakSet[FetchedConnection] = WeakSet()


class FetchedCursor(duckdb_engine.CursorWrapper):
    """A cursor that holds its rows in memory once it has executed."""

    rowcount = -1

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        wrapper: duckdb_engine.ConnectionWrapper,
    ) -> None:
        super().__init__(connection, wrapper)
        self._connection = connection
        self._rows: list[tuple[Any, ...]] = []
        self.description: Any = None

    def execute(
        self, statement: str, parameters: Any = None, context: Any = None
    ) -> None:
        super().execute(statement, parameters, context)
        self.description = self._connection.description
        self._rows = self._connection.fetchall() if self.description else []

    def fetchall(self) -> list[tuple[Any, ...]]:
        return self.fetchmany(len(self._rows))

    def fetchone(self) -> tuple[Any, ...] | None:
        rows = self.fetchmany(1)
        return rows[0] if rows else None

    def fetchmany(self, size: int | None = None) -> list[tuple[Any, ...]]:
        size = 1 if size is None else size
        taken, self._rows = self._rows[:size], self._rows[size:]
        return taken


class FetchedConnection(duckdb_engine.ConnectionWrapper):
    """A connection whose cursors are fetched."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        super().__init__(connection)
        self._connection = connection
        _open.add(self)

    def cursor(self) -> FetchedCursor:
        return FetchedCursor(self._connection, self)


class FetchedDialect(duckdb_engine.Dialect):
    """DuckDB, read by a library that fetches after it has hung up."""

    driver = "fetched"
    supports_statement_cache = False

    def connect(
        self, *args: Any, first: Sequence[str] = (), **kwargs: Any
    ) -> FetchedConnection:
        """`first` are statements that each connection begins with."""
        kwargs.pop("url_config", None)
        connection = duckdb.connect(*args, **kwargs)
        for statement in first:
            connection.execute(statement)
        return FetchedConnection(connection)

    # A table's columns are asked for as PostgreSQL's dialect asks, by joins over
    # all of pg_catalog: for a small company that took longer than the checks.

    def get_columns(
        self, connection: Any, table_name: str, schema: str | None = None, **_: Any
    ) -> list[dict[str, Any]]:
        quote = self.identifier_preparer.quote_identifier
        path = ".".join(map(quote, filter(None, (schema, table_name))))
        described = connection.exec_driver_sql(f"describe {path}").fetchall()
        return [
            {
                "name": name,
                "type": TYPES.get(kind.split("(")[0], types.NullType)(),
                "nullable": null != "NO",
                "default": None,
            }
            for name, kind, null, *_ in described
        ]

    def get_pk_constraint(self, *_: Any, **__: Any) -> dict[str, Any]:
        # No table of the warehouse has an index for its key.
        return {"constrained_columns": [], "name": None}


def register() -> None:
    """Make `duckdb+fetched:///<path>` known to SQLAlchemy."""
    registry.register("duckdb.fetched", "expectations.dialect", "FetchedDialect")


def close_connections() -> None:
    """Close what Great Expectations keeps open in its pools: as long as this
    process reads the warehouse, it cannot open it for writing."""
    for connection in list(_open):
        with suppress(duckdb.Error):
            connection.close()
