"""A connection to Postgres, whose errors are sentences without secrets."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from orchestration.errors import LeadFunnelError
from orchestration.publication.postgres.address import Address

if TYPE_CHECKING:
    import pyarrow

Found = TypeVar("Found")

NO_RIGHTS, LOCKED, STILL_NEEDED = "42501", "55P03", "2BP01"
DEADLOCK = "40P01"

_PASSING = ("08", "40", "53", "55P03", "57P")
"""How the SQLSTATE of an error begins that may pass by itself: a connection that is
lost, a conflict, too little disk, memory or connections, a lock, a shutdown."""

_REFUSED = "FATAL"
"""What stands in the message of a server that answers and refuses to connect."""

_BUSY = re.compile(
    r"starting up|shutting down|in recovery mode|too many|remaining connection slots|"
    r"terminating connection"
)

_MESSAGE = re.compile(r"(?:ERROR|FATAL|PANIC):\s+(?P<text>[^\n]*)")
_DETAIL = re.compile(r"DETAIL:\s+(?P<text>.*?)(?:\n(?:HINT|CONTEXT)|\n\n|$)", re.DOTALL)


class PostgresError(LeadFunnelError):
    """What Postgres, or the way to it, has against what was asked."""

    def __init__(self, text: str, state: str | None, *, may_pass: bool) -> None:
        super().__init__(text)
        self.state = state
        self.may_pass = may_pass


class Session:
    """One connection. What is done is seen by others when it is committed."""

    def __init__(self, address: Address) -> None:
        # A second to import, for those who publish there alone.
        from adbc_driver_postgresql import dbapi

        self.address = address
        self._connection = self._told(lambda: dbapi.connect(address.url))
        self._cursor = self._connection.cursor()

    def run(self, statement: str) -> None:
        self._told(lambda: self._cursor.execute(statement))

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        def read() -> list[tuple[Any, ...]]:
            self._cursor.execute(query)
            return self._cursor.fetchall()

        return self._told(read)

    def value(self, query: str) -> Any:
        [(value,)] = self.rows(query)
        return value

    def copy(self, table: str, rows: pyarrow.RecordBatchReader) -> int:
        """Copy rows into a temporary table; how many."""
        return self._told(
            lambda: self._cursor.adbc_ingest(table, rows, mode="append", temporary=True)
        )

    def commit(self) -> None:
        self._told(self._connection.commit)

    def rollback(self) -> None:
        self._told(self._connection.rollback)

    def close(self) -> None:
        from adbc_driver_manager import Error

        try:
            self._cursor.close()
            self._connection.close()
        except Error:
            # Nothing depends on how a connection ends that may be lost already.
            return

    def _told(self, work: Callable[[], Found]) -> Found:
        """What `work` gives; what goes wrong is raised anew, with no trace of the
        driver's own error, which may quote the URL and the rows."""
        from adbc_driver_manager import Error

        try:
            return work()
        except Error as error:
            state, text = error.sqlstate, str(error)
        raise explained(self.address, state, text)


@contextmanager
def session(address: Address) -> Iterator[Session]:
    opened = Session(address)
    try:
        yield opened
    finally:
        opened.close()


def explained(address: Address, state: str | None, text: str) -> PostgresError:
    """An error of the driver as a sentence. Rows, which Postgres quotes in details
    and contexts, and the password are not in it."""
    found = _MESSAGE.search(text)
    said = found["text"] if found else _first_line(text)
    if state == STILL_NEEDED:
        detail = _DETAIL.search(text)
        said += f" ({' '.join(detail['text'].split())})" if detail else ""
    # An error without a state is that of the connection.
    may_pass = (
        state.startswith(_PASSING)
        if state
        else _REFUSED not in text or bool(_BUSY.search(text))
    )
    said = address.without_secrets(" ".join(said.split()).rstrip("."))
    where = f"Postgres at {address.place}"
    if state is None and not found:
        sentence = f"{where} cannot be reached, or the connection was lost: {said}."
    else:
        sentence = f"{where} says: {said}."
    return PostgresError(sentence, state, may_pass=may_pass)


def _first_line(text: str) -> str:
    first = text.strip().splitlines()[0] if text.strip() else "no reason was given"
    return re.sub(r"^[A-Z_]+: (\[libpq\] )?(Failed to connect: )?", "", first)
