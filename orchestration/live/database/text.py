"""Values of databases and files as text, as the landed store keeps them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow as pa


def as_text(value: Any) -> str | None:
    """A value as text; null where it is blank.

    An instant without an offset is one in UTC: that is what loaders write into columns
    that know no zone.
    """
    if value is None or value == "":
        return None
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        at = value.replace(tzinfo=UTC) if value.tzinfo is None else value
        return at.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, float):
        return None if value != value else _number(value)
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value).hex()
    if isinstance(value, Mapping | Sequence | set):
        return json.dumps(value, ensure_ascii=False, default=as_text)
    return str(value)


def _number(value: float) -> str:
    """Without an exponent, and a whole number without decimals: an id that somebody
    kept as a float is an id."""
    return str(int(value)) if value.is_integer() else format(Decimal(repr(value)), "f")


def of_rows(rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> pa.Table:
    """Rows as columns of text."""
    import pyarrow as pa

    return pa.table(
        {
            name: pa.array([as_text(row[name]) for row in rows], pa.string())
            for name in columns
        }
    )


def of_arrow(batch: pa.RecordBatch) -> pa.Table:
    """A batch of any types as columns of text."""
    import pyarrow as pa
    import pyarrow.compute as pc

    columns = {}
    for name, column in zip(batch.schema.names, batch.columns, strict=True):
        kind = column.type
        if pa.types.is_dictionary(kind):
            column = column.dictionary_decode()
            kind = column.type
        if pa.types.is_string(kind) or pa.types.is_large_string(kind):
            text = column.cast(pa.string())
            blank = pc.equal(text, "")
            text = pc.if_else(blank, pa.scalar(None, pa.string()), text)
        elif pa.types.is_integer(kind) or pa.types.is_boolean(kind):
            text = column.cast(pa.string())
        else:
            text = pa.array([as_text(each) for each in column.to_pylist()], pa.string())
        columns[name] = text
    return pa.table(columns)
