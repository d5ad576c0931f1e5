"""What the tables must be in Postgres: columns, keys, indexes, comments."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

import duckdb

from orchestration.errors import LeadFunnelError
from orchestration.publication.postgres.address import Address
from orchestration.publication.postgres.session import Session
from orchestration.publication.publications import PublicTable
from orchestration.warehouse import literal, quoted

TYPES = {
    "BIGINT": "bigint",
    "BOOLEAN": "boolean",
    "DATE": "date",
    "DOUBLE": "double precision",
    "INTEGER": "integer",
    "TIMESTAMP": "timestamp without time zone",
    "VARCHAR": "text",
}
"""Postgres's name of a type, as its catalog writes it, by DuckDB's."""

_DECIMAL = re.compile(r"DECIMAL\((\d+),(\d+)\)")

ID = "_id"
"""How the name of a column ends that is looked up and joined by."""

LONGEST_NAME = 63


@dataclass(frozen=True)
class Column:
    name: str
    type: str
    never_null: bool
    comment: str

    @property
    def declared(self) -> str:
        return f"{quoted(self.name)} {self.type}"


@dataclass(frozen=True)
class Table:
    """A table, as it must be or as it is found."""

    schema: str
    name: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    comment: str
    source: str = ""
    """Its name in the DuckDB file."""
    key_name: str = ""
    """What the constraint of its key is called, where it is found."""

    @property
    def place(self) -> str:
        return f"{quoted(self.schema)}.{quoted(self.name)}"

    @property
    def staged(self) -> str:
        """The temporary table that its rows are copied to."""
        return f"next__{self.name}"[:LONGEST_NAME]

    @property
    def declared_key(self) -> str:
        return f"primary key ({', '.join(map(quoted, self.key))})"

    def indexes(self) -> dict[str, str]:
        """The indexed columns by the index's name: every id that the key's own
        index does not find."""
        return {
            f"{self.name}_{column.name}_idx"[:LONGEST_NAME]: column.name
            for column in self.columns
            if column.name.endswith(ID) and self.key[:1] != (column.name,)
        }


def postgres_type(given: str, column: str) -> str:
    found = _DECIMAL.fullmatch(given)
    if found:
        return f"numeric({found[1]},{found[2]})"
    if given not in TYPES:
        raise LeadFunnelError(
            f"The column {column} is of the type {given}, for which "
            "orchestration/publication/postgres/tables.py knows no type of Postgres: "
            "name one in TYPES, or cast the column in its model."
        )
    return TYPES[given]


def wanted(
    connection: duckdb.DuckDBPyConnection,
    tables: Sequence[PublicTable],
    address: Address,
) -> list[Table]:
    """The tables of a publication, whose two DuckDB files are attached as
    `publication` and, for names and addresses, `personal`."""
    found = []
    for table in tables:
        catalog = "personal" if table.is_personal else "publication"
        source = f"{catalog}.{table.schema}.{quoted(table.name)}"
        described = connection.execute(f"describe {source}").fetchall()
        found.append(
            Table(
                schema=address.schemas[table.schema],
                name=table.name,
                columns=tuple(
                    Column(
                        name=name,
                        type=postgres_type(kind, f"{table.name}.{name}"),
                        never_null=name in table.never_null or name in table.key,
                        comment=table.columns.get(name, ""),
                    )
                    for name, kind, *_ in described
                ),
                key=table.key,
                comment=table.description,
                source=source,
            )
        )
    return found


def rows_of(
    connection: duckdb.DuckDBPyConnection, table: Table
) -> duckdb.DuckDBPyRelation:
    """The rows, without the character that no text in Postgres can have."""
    columns = ", ".join(
        f"replace({quoted(column.name)}, chr(0), '') as {quoted(column.name)}"
        if column.type == "text"
        else quoted(column.name)
        for column in table.columns
    )
    return connection.sql(f"select {columns} from {table.source}")


def digest(connection: duckdb.DuckDBPyConnection, table: Table) -> tuple[int, str]:
    """How many rows there are, and what is another text when a row, the shape or a
    comment is another one. The order of rows does not matter."""
    [(count, total)] = connection.execute(
        f"select count(*), cast(sum(hash(told)) as varchar) from {table.source} as told"
    ).fetchall()
    text = json.dumps(
        [
            count,
            total,
            table.key,
            table.comment,
            [
                [column.name, column.type, column.never_null, column.comment]
                for column in table.columns
            ],
        ]
    )
    return count, hashlib.sha256(text.encode()).hexdigest()


def there(session: Session, schemas: Collection[str]) -> dict[tuple[str, str], Table]:
    """The tables of these schemas, by schema and name."""
    names = ", ".join(map(literal, schemas))
    of_these = (
        "from pg_class as c join pg_namespace as n on n.oid = c.relnamespace "
        f"and n.nspname in ({names}) and c.relkind in ('r', 'p')"
    )
    keys = {
        (schema, name): (constraint, tuple(json.loads(columns)))
        for schema, name, constraint, columns in session.rows(
            "select n.nspname::text, c.relname::text, p.conname::text, (select "
            "json_agg(a.attname order by k.place)::text "
            "from unnest(p.conkey) with ordinality as k (number, place) "
            "join pg_attribute as a on a.attrelid = c.oid and a.attnum = k.number) "
            f"{of_these} join pg_constraint as p on p.conrelid = c.oid "
            "and p.contype = 'p'"
        )
    }
    found: dict[tuple[str, str], list[Column]] = {}
    comments: dict[tuple[str, str], str] = {}
    for schema, name, comment in session.rows(
        "select n.nspname::text, c.relname::text, "
        f"coalesce(obj_description(c.oid, 'pg_class'), '') {of_these}"
    ):
        found[schema, name], comments[schema, name] = [], comment
    for schema, name, *column in session.rows(
        "select n.nspname::text, c.relname::text, a.attname::text, "
        "format_type(a.atttypid, a.atttypmod), a.attnotnull, "
        f"coalesce(col_description(c.oid, a.attnum), '') {of_these} "
        "join pg_attribute as a on a.attrelid = c.oid and a.attnum > 0 "
        "and not a.attisdropped order by a.attnum"
    ):
        found.setdefault((schema, name), []).append(Column(*column))
    return {
        place: Table(
            schema=place[0],
            name=place[1],
            columns=tuple(columns),
            key=keys[place][1] if place in keys else (),
            comment=comments.get(place, ""),
            key_name=keys[place][0] if place in keys else "",
        )
        for place, columns in found.items()
    }


# Statements.


def created(table: Table) -> str:
    columns = ", ".join(
        column.declared + (" not null" if column.never_null else "")
        for column in table.columns
    )
    return f"create table {table.place} ({columns})"


def made_to_stage(table: Table) -> str:
    columns = ", ".join(column.declared for column in table.columns)
    return f"create temporary table {quoted(table.staged)} ({columns})"


def kept_columns(now: Table, table: Table) -> set[str]:
    """The columns of a table that may stay as they are."""
    types = {column.name: column.type for column in table.columns}
    return {
        column.name for column in now.columns if types.get(column.name) == column.type
    }


def keeps_key(now: Table, table: Table) -> bool:
    return now.key == table.key and kept_columns(now, table).issuperset(table.key)


def has_rows_that_fit(now: Table, table: Table) -> bool:
    """Whether rows can be compared, one by one."""
    names = {column.name for column in now.columns}
    return (
        bool(table.key)
        and keeps_key(now, table)
        and kept_columns(now, table)
        == names
        == {column.name for column in table.columns}
    )


def reshaped(now: Table, table: Table) -> Iterator[str]:
    """What gives an emptied table the columns that it must have. Columns that stay
    are left alone, so that views on them stay, too."""
    if now.key and not keeps_key(now, table):
        yield f"alter table {table.place} drop constraint {quoted(now.key_name)}"
    kept = kept_columns(now, table)
    for column in now.columns:
        if column.name not in kept:
            yield f"alter table {table.place} drop column {quoted(column.name)}"
    for column in table.columns:
        if column.name not in kept:
            yield f"alter table {table.place} add column {column.declared}"


def constrained(now: Table | None, table: Table) -> Iterator[str]:
    """What gives a filled table the constraints that it must have."""
    if now is not None:
        kept = kept_columns(now, table)
        are_never_null = {
            column.name: column.never_null
            for column in now.columns
            if column.name in kept
        }
        for column in table.columns:
            if are_never_null.get(column.name, False) != column.never_null:
                verb = "set" if column.never_null else "drop"
                yield (
                    f"alter table {table.place} alter column {quoted(column.name)} "
                    f"{verb} not null"
                )
    if table.key and (now is None or not now.key or not keeps_key(now, table)):
        yield f"alter table {table.place} add {table.declared_key}"


def commented(now: Table | None, table: Table) -> Iterator[str]:
    if now is None or now.comment != table.comment:
        yield f"comment on table {table.place} is {literal(table.comment)}"
    before = {each.name: each.comment for each in now.columns} if now else {}
    for column in table.columns:
        if before.get(column.name, "") != column.comment:
            yield (
                f"comment on column {table.place}.{quoted(column.name)} "
                f"is {literal(column.comment)}"
            )
