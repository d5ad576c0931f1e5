"""One table of a database, read from the instant on that a load before came to."""

from __future__ import annotations

import tempfile
from collections.abc import Generator, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from orchestration.live.database.news import ALWAYS, News
from orchestration.live.database.text import of_rows

if TYPE_CHECKING:
    import pyarrow as pa
    from sqlalchemy import Engine, MetaData
    from sqlalchemy import Table as SqlTable

SYNCED = (
    "_fivetran_synced",
    "_airbyte_extracted_at",
    "_airbyte_emitted_at",
    "_sdc_batched_at",
    "_sdc_extracted_at",
    "_sdc_received_at",
    "_dlt_load_id",
)
"""Where loaders say when they wrote a row; the first of these columns counts."""

CHUNK_ROWS = 10_000


@dataclass(frozen=True)
class Table:
    """A table or view of a database."""

    schema: str | None
    name: str
    columns: Mapping[str, Any]
    """Each with its type, as SQLAlchemy has it."""

    @property
    def shown(self) -> str:
        return f"{self.schema}.{self.name}" if self.schema else self.name

    @property
    def synced(self) -> str | None:
        """The column by which new rows are found; none: all are read each time."""
        names = {name.lower(): name for name in self.columns}
        for wanted in SYNCED:
            name = names.get(wanted)
            if name is None:
                continue
            kind = _python_type(self.columns[name])
            if wanted == "_dlt_load_id" or kind in (
                datetime,
                date,
                int,
                float,
                Decimal,
            ):
                return name
        return None

    def in_sql(self, metadata: MetaData) -> SqlTable:
        import sqlalchemy as sa

        columns = (sa.Column(name, kind) for name, kind in self.columns.items())
        return sa.Table(self.name, metadata, *columns)


@dataclass
class Part:
    """Rows that are new, and where the next load goes on behind them."""

    rows: pa.Table
    place: dict[str, Any]


def read(
    engine: Engine,
    table: Table,
    place: Mapping[str, Any],
    overlap: timedelta,
    *,
    in_one: bool = False,
) -> Iterator[Part]:
    """What of a table is new since that place; with `in_one`, all of the table at once,
    if anything of it is."""
    synced = None if in_one else table.synced
    if place.get("synced") != synced:
        place = {}
    before = newest = _from_json(place.get("newest"))
    news = News(place.get("heap", {}))
    begin = None if newest is None else _minus(newest, overlap)
    columns = list(table.columns)
    with Spool() as spool, closing(_chunks(engine, table, synced, begin)) as chunks:
        found = 0
        for chunk in chunks:
            rows = of_rows(chunk, columns)
            instants = [row[synced] if synced else None for row in chunk]
            newest = max(
                (each for each in (newest, *instants) if each is not None), default=None
            )
            seconds = [_second(each) for each in instants]
            fresh = news.new(rows, seconds)
            found += fresh.num_rows
            if in_one:
                spool.add(rows, seconds)
            elif news.is_decided_at_the_end:
                spool.add(fresh, seconds)
            else:
                _forget(news, newest, overlap)
                # Of a table that is read whole there is no place within it.
                yield Part(
                    fresh, _place(synced, newest, news) if synced else dict(place)
                )
        since = -ALWAYS
        if news.is_decided_at_the_end and news.is_as_before(_second(before)):
            since = _second(before)
            found = 0 if in_one else found
        _forget(news, newest, overlap)
        after = _place(synced, newest, news)
        if in_one and found:
            yield Part(spool.whole(), after)
        elif not in_one:
            yield from (Part(rows, dict(place)) for rows in spool.parts(since))
        yield Part(of_rows([], columns), after)


def _forget(news: News, newest: Any, overlap: timedelta) -> None:
    """Rows before the overlap are not read again."""
    begin = None if newest is None else _minus(newest, overlap)
    if begin is not None:
        news.heap = news.heap.since(_second(begin))


def _place(synced: str | None, newest: Any, news: News) -> dict[str, Any]:
    return {
        "synced": synced,
        "newest": _as_json(newest),
        "heap": news.heap.place(),
    }


def _chunks(
    engine: Engine, table: Table, synced: str | None, begin: Any
) -> Generator[list[Mapping[str, Any]], None, None]:
    """The rows from an instant on, oldest first, and those that have none."""
    import sqlalchemy as sa
    from dlt.sources.sql_database import TableLoader

    def since(query: sa.Select, told: SqlTable) -> sa.Select:
        if synced is None:
            return query
        column = told.c[synced]
        if begin is not None:
            query = query.where(sa.or_(column >= begin, column.is_(None)))
        return query.order_by(column)

    yield from TableLoader(
        engine,
        "sqlalchemy",
        table.in_sql(sa.MetaData(schema=table.schema)),
        {},
        chunk_size=CHUNK_ROWS,
        query_adapter_callback=since,
    ).load_rows()


# Instants, as loaders write them: with a zone, without, as a day, as a number.

MILLISECONDS = 100_000_000_000
"""Numbers beyond this are no seconds."""


def _python_type(kind: Any) -> type | None:
    try:
        return kind.python_type
    except NotImplementedError:
        return None


def _second(instant: Any) -> float:
    """Seconds since 1970; of none, after all others."""
    if isinstance(instant, datetime):
        at = instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant
        return at.timestamp()
    if isinstance(instant, date):
        return datetime(
            instant.year, instant.month, instant.day, tzinfo=UTC
        ).timestamp()
    try:
        return float(instant)
    except (TypeError, ValueError):
        return ALWAYS


def _minus(instant: Any, overlap: timedelta) -> Any:
    """The instant before, as its column has it; none where that cannot be told."""
    if isinstance(instant, datetime):
        return instant - overlap
    if isinstance(instant, date):
        return instant - max(overlap, timedelta(days=1))
    seconds = overlap.total_seconds()
    if isinstance(instant, str):
        try:
            return f"{float(instant) - seconds:.6f}"
        except ValueError:
            return None
    unit = 1000 if instant > MILLISECONDS else 1
    return instant - type(instant)(int(seconds * unit))


def _as_json(instant: Any) -> dict[str, str] | None:
    if instant is None:
        return None
    text = instant.isoformat() if isinstance(instant, date) else str(instant)
    return {type(instant).__name__: text}


def _from_json(found: Mapping[str, str] | None) -> Any:
    if not found:
        return None
    [(kind, text)] = found.items()
    if kind in ("datetime", "date"):
        return (datetime if kind == "datetime" else date).fromisoformat(text)
    return {"int": int, "float": float, "Decimal": Decimal, "str": str}[kind](text)


class Spool:
    """Rows that wait on disk until it is known whether they are new."""

    def __init__(self) -> None:
        self.file: Any = None
        self.writer: Any = None

    def __enter__(self) -> Spool:
        return self

    def __exit__(self, *_: object) -> None:
        if self.writer is not None:
            self.writer.close()
            self.file.close()

    def add(self, rows: pa.Table, seconds: list[float]) -> None:
        import pyarrow as pa

        table = rows.append_column(SECOND, pa.array(seconds, pa.float64()))
        if self.writer is None:
            self.file = tempfile.TemporaryFile()  # noqa: SIM115
            self.writer = pa.ipc.new_stream(self.file, table.schema)
        self.writer.write_table(table)

    def parts(self, since: float = -ALWAYS) -> Iterator[pa.Table]:
        """The rows after a second; without one, all."""
        import pyarrow as pa
        import pyarrow.compute as pc

        if self.writer is None:
            return
        self.writer.close()
        self.file.seek(0)
        for batch in pa.ipc.open_stream(self.file):
            second = batch.column(SECOND)
            later = pc.and_(pc.greater(second, since), pc.less(second, ALWAYS))
            kept = batch if since == -ALWAYS else batch.filter(later)
            if kept.num_rows:
                yield pa.Table.from_batches([kept.drop_columns([SECOND])])

    def whole(self) -> pa.Table:
        import pyarrow as pa

        return pa.concat_tables(self.parts())


SECOND = "_second_of_the_spool"
