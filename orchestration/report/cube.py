"""The cube: additive counts of a publication, small enough to lie in a page.

What can be chosen on the page makes a cell (month, channel, team, campaign, version).
Most tables name the cell of each row by its number, so that texts stand once; the
page adds up the rows of the cells that are chosen.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from orchestration import warehouse
from orchestration.errors import LeadFunnelError, listed
from orchestration.report import glossary
from orchestration.report.queries import CELL, queries
from orchestration.report.query import Query
from orchestration.warehouse import literal

Columns = dict[str, list[Any]]


@dataclass(frozen=True)
class Cube:
    """What the page holds of a publication."""

    values: Mapping[str, Sequence[str]]
    """By column of a cell: its values, which cells name by their places."""
    labels: Mapping[str, Mapping[str, Mapping[str, str]]]
    """By column and language: what a value is called, where that is another text."""
    cells: Columns
    tables: Mapping[str, Columns]
    keys: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Of each table by cell: what tells its rows apart beside the cell."""
    definitions: Sequence[Mapping[str, Any]] = field(default_factory=list)

    def as_json(self) -> str:
        """All of it as the page reads it."""
        return json.dumps(
            {
                "values": self.values,
                "labels": self.labels,
                "cells": self.cells,
                "tables": {
                    name: _packed(table, self.keys.get(name))
                    for name, table in self.tables.items()
                },
                "definitions": self.definitions,
            },
            ensure_ascii=False,
            separators=(",", ":"),
        )


def questions(manifest: Mapping[str, Any], zone: str) -> list[Query]:
    """What is asked of a publication; `zone` is where its days begin."""
    return queries(
        glossary.measures(manifest, "cohorts"),
        glossary.measures(manifest, "lifecycles"),
        glossary.dimension(manifest, "lifecycles", "is_handed_off"),
        zone,
    )


def read(database: Path, asked: Sequence[Query], *, names_reps: bool = False) -> Cube:
    """The cube of a published DuckDB file."""
    connection = duckdb.connect()
    try:
        warehouse.configure(connection)
        connection.execute(f"attach {literal(str(database))} as shown (read_only)")
        connection.execute("use shown")
        _check_tables(connection, asked)
        tables = {
            query.name: _columns(connection.execute(query.sql))
            for query in asked
            if not query.by_cell
        }
        by_cell, cells = _by_cell(connection, [each for each in asked if each.by_cell])
        reps = _reps(connection, by_cell["handoffs"], names_reps)
        labels = _labels(connection)
        definitions = _definitions(connection)
    except duckdb.BinderException as error:
        found = re.search(r'column "(\w+)"', str(error))
        raise _of_another_version([found[1] if found else str(error)]) from error
    finally:
        connection.close()
    tables |= by_cell
    values = _numbered(cells, tables)
    labels["owner"] = {language: dict(reps) for language in ("en", "ja")}
    values["owner"] = [number for number, _ in reps]
    keys = {query.name: query.keys for query in asked if query.by_cell}
    return Cube(values, labels, cells, tables, keys, definitions)


def _check_tables(
    connection: duckdb.DuckDBPyConnection, asked: Sequence[Query]
) -> None:
    there = {
        name
        for (name,) in connection.execute(
            "select table_name from duckdb_tables() "
            "where database_name = 'shown' and schema_name = 'marts'"
        ).fetchall()
    }
    missing = sorted(
        {name for query in asked for name in query.needs} - there,
    )
    if missing:
        raise _of_another_version(missing)


def _of_another_version(missing: Sequence[str]) -> LeadFunnelError:
    return LeadFunnelError(
        f"The publication has no {listed(missing)}, as another version of Lead "
        "Funnel wrote it: `lead-funnel run` publishes anew, and writes the report."
    )


def _columns(answer: duckdb.DuckDBPyConnection) -> Columns:
    """A query's columns as JSON has them. Of a large company they are millions of
    values, so they come as arrays and not as rows."""
    days = [name for name, kind, *_ in answer.description or [] if kind == "DATE"]
    found = answer.fetchnumpy()
    return {
        name: _days(values) if name in days else _plain(values)
        for name, values in found.items()
    }


def _by_cell(
    connection: duckdb.DuckDBPyConnection, asked: Sequence[Query]
) -> tuple[dict[str, Columns], Columns]:
    """The tables with `cell` in place of its columns, and the cells themselves."""
    for query in asked:
        connection.execute(f"create temp table {query.name} as {query.sql}")
    cell = ", ".join(CELL)
    union = " union ".join(f"select {cell} from temp.{query.name}" for query in asked)
    connection.execute(
        f"create temp table cells as "
        f"select {cell}, row_number() over (order by {cell}) - 1 as cell from ({union})"
    )
    cells = _columns(
        connection.execute(f"select {cell} from temp.cells order by cells.cell")
    )
    tables = {}
    for query in asked:
        found = _columns(
            connection.execute(
                f"select cells.cell, asked.* exclude ({cell}) "
                f"from temp.{query.name} as asked "
                f"inner join temp.cells as cells using ({cell}) order by all"
            )
        )
        tables[query.name] = found
    return tables, cells


def _packed(columns: Columns, keys: Sequence[str] | None) -> dict[str, Any]:
    """A table by cell as the page unpacks it, others as they are.

    Most rows count one or two leads. Where so few combinations of counts occur that
    it pays, `counts` has each once, the frequent ones first, and its number for each
    row. What rows are sorted by is told by the steps between them, which zip smaller.
    """
    if keys is None:
        return columns
    counted = [
        name
        for name, values in columns.items()
        if name not in {"cell", *keys} and _are_whole(values)
    ]
    rows = list(zip(*(columns[name] for name in counted), strict=True))
    times = Counter(rows)
    often = sorted(times, key=lambda row: (-times[row], row))
    if 4 * len(often) > len(rows):
        counted, rows, often = [], [], []
    places = {found: place for place, found in enumerate(often)}
    stepped = [name for name in ("cell", *keys[:1]) if _are_whole(columns[name])]
    return {
        "steps": {name: _steps(columns[name]) for name in stepped},
        "counts": {
            "names": counted,
            "often": often,
            "rows": [places[row] for row in rows],
        },
        "columns": {
            name: values
            for name, values in columns.items()
            if name not in {*counted, *stepped}
        },
    }


def _are_whole(values: Sequence[Any]) -> bool:
    return set(map(type, values)) <= {int, bool}


def _steps(numbers: Sequence[int]) -> list[int]:
    return [b - a for a, b in zip([0, *numbers], numbers, strict=False)]


def _numbered(cells: Columns, tables: Mapping[str, Columns]) -> dict[str, list[str]]:
    """Put the place of each value where the value stands; gives back the values."""
    months = {*cells["month"], *tables["sla"]["month"], *tables["spend"]["month"]}
    known: dict[str, Iterable[str]] = {
        "month": _every_month(months),
        "channel": {
            *cells["channel"],
            *tables["stock"]["channel"],
            *tables["spend"]["channel"],
        },
        "team": {
            *cells["team"],
            *tables["stock"]["team"],
            *tables["sla"]["team"],
        },
        "campaign": {*cells["campaign"], *tables["spend"]["campaign"]},
        "version": set(cells["version"]),
    }
    values = {name: sorted(found) for name, found in known.items()}
    places = {
        name: {value: place for place, value in enumerate(found)}
        for name, found in values.items()
    }
    for columns in (cells, *tables.values()):
        for name in CELL:
            if name in columns:
                columns[name] = [places[name].get(each) for each in columns[name]]
    return values


def _every_month(found: Iterable[str]) -> list[str]:
    """The months from the first to the last, also those without a row."""
    months = sorted(found)
    if not months:
        return []
    day, last = date.fromisoformat(months[0]), date.fromisoformat(months[-1])
    every = []
    while day <= last:
        every.append(day.isoformat())
        day = date(day.year + day.month // 12, day.month % 12 + 1, 1)
    return every


def _reps(
    connection: duckdb.DuckDBPyConnection, handoffs: Columns, names_reps: bool
) -> list[tuple[str, str]]:
    """A number for each owner, and what the page calls the owner: the number alone
    unless reps may be named. No id of a user comes into the page."""
    owners = sorted(set(handoffs["owner"]) - {""})
    places = {owner: place + 1 for place, owner in enumerate(owners)}
    names: dict[str, str] = {}
    if names_reps:
        names = dict(
            connection.execute(
                "select owner_id, rep_name from marts.dim_sales_reps"
            ).fetchall()
        )
    handoffs["owner"] = [places.get(owner, 0) for owner in handoffs["owner"]]
    return [("0", ""), *((str(places[each]), names.get(each, "")) for each in owners)]


def _labels(
    connection: duckdb.DuckDBPyConnection,
) -> dict[str, dict[str, dict[str, str]]]:
    channels = connection.execute(
        "select channel, label_en, label_ja from marts.dim_channels order by 1"
    ).fetchall()
    campaigns = dict(
        connection.execute(
            "select campaign_id, campaign_name from marts.dim_campaigns order by 1"
        ).fetchall()
    )
    return {
        "channel": {
            "en": {channel: en or channel for channel, en, _ in channels},
            "ja": {channel: ja or channel for channel, _, ja in channels},
        },
        "campaign": {"en": campaigns, "ja": campaigns},
    }


def _definitions(connection: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    found = _columns(
        connection.execute(
            "select definition_version as version, in_words as en, in_words_ja as ja, "
            "strftime(effective_from_at, '%Y-%m-%d') as since "
            "from marts.dim_funnel_definitions where is_in_force order by 3, 1"
        )
    )
    return [
        dict(zip(found, row, strict=True)) for row in zip(*found.values(), strict=True)
    ]


def _days(values: Any) -> list[str | None]:
    """Dates as JSON has them."""
    import numpy as np

    texts = np.datetime_as_string(np.ma.getdata(values), unit="D").astype(object)
    texts[np.ma.getmaskarray(values)] = None
    return texts.tolist()


def _plain(values: Any) -> list[Any]:
    """Values as JSON has them; whole numbers without a point."""
    found = values.tolist()
    if values.dtype.kind != "f":
        return found
    return [
        int(value) if value is not None and value.is_integer() else value
        for value in found
    ]
