"""What is written down in Postgres of what was published there.

These two tables are also what tells our tables from those of others: what they do
not name is somebody else's, and never touched.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from orchestration.errors import LeadFunnelError, listed
from orchestration.publication.postgres.address import SCHEMA, Address
from orchestration.publication.postgres.session import Session
from orchestration.publication.postgres.tables import Table, there
from orchestration.publication.publications import Publication
from orchestration.warehouse import literal, quoted

MARK = "Written by Lead Funnel."
"""How the comment of these tables begins."""

SHOWN, TABLES = "publication", "publication_tables"

COLUMNS = {
    SHOWN: (
        "publication_id text not null, as_of timestamp, built_at timestamp not null, "
        "funnel_version text, engine text not null, copied_at timestamp not null"
    ),
    TABLES: (
        "table_schema text not null, table_name text not null, "
        "row_count bigint not null, content text not null, "
        "publication_id text not null, primary key (table_schema, table_name)"
    ),
}
COMMENTS = {
    SHOWN: f"{MARK} One row: the publication that the tables show. Times are UTC.",
    TABLES: (
        f"{MARK} One row per table: how many rows it has, what tells its content, "
        "and the publication that it was last written for."
    ),
}


@dataclass(frozen=True)
class Shown:
    """The publication that Postgres shows, as text."""

    publication_id: str
    as_of: str | None


@dataclass(frozen=True)
class Books:
    """What was published, and what else is there."""

    contents: Mapping[tuple[str, str], str]
    """What tells the content of each of our tables, by schema and name."""
    found: Mapping[tuple[str, str], Table]
    """Every table that is there, whoever made it."""
    schemas: frozenset[str]
    are_kept: bool
    """Whether anything was published there before."""


def read(session: Session, wanted: Collection[Table]) -> Books:
    """What is there; an error where it is in the way and not ours."""
    address = session.address
    names = ", ".join(map(literal, address.schemas.values()))
    schemas = frozenset(
        name
        for (name,) in session.rows(
            f"select nspname::text from pg_namespace where nspname in ({names})"
        )
    )
    found = there(session, address.schemas.values())
    are_kept = _are_kept(address, found)
    contents = {
        (schema, name): content
        for schema, name, content in (
            session.rows(
                "select table_schema, table_name, content "
                f"from {quoted(address.schema)}.{TABLES}"
            )
            if are_kept
            else []
        )
    }
    ours = {*contents, *((address.schema, name) for name in COLUMNS if are_kept)}
    _refuse_others(session, {(each.schema, each.name) for each in wanted}, ours)
    return Books(contents, found, schemas, are_kept)


def _are_kept(address: Address, found: Mapping[tuple[str, str], Table]) -> bool:
    places = [(address.schema, name) for name in COLUMNS]
    return all(
        place in found and found[place].comment.startswith(MARK) for place in places
    )


def _refuse_others(
    session: Session,
    wanted: set[tuple[str, str]],
    ours: set[tuple[str, str]],
) -> None:
    """Where nothing is ours yet, the schemas must be empty; later others may have
    their own beside it, under other names."""
    address = session.address
    names = ", ".join(map(literal, address.schemas.values()))
    others = {
        (schema, name)
        for schema, name in session.rows(
            "select n.nspname::text, c.relname::text from pg_class as c "
            "join pg_namespace as n on n.oid = c.relnamespace "
            f"where n.nspname in ({names}) and c.relkind in ('r', 'p', 'v', 'm', 'f')"
        )
    } - ours
    in_the_way = sorted(others & wanted if ours else others)
    if in_the_way:
        raise LeadFunnelError(
            f"Postgres at {address.place} has in the schema "
            f"{in_the_way[0][0]} what Lead Funnel did not write "
            f"({listed(name for _, name in in_the_way)}), and so nothing was written "
            f"there. Name another schema with {SCHEMA}, or move these away."
        )


def shown(session: Session) -> Shown | None:
    """The publication that Postgres shows, if any was ever published there."""
    address = session.address
    if not _are_kept(address, there(session, [address.schema])):
        return None
    found = session.rows(
        'select publication_id, to_char(as_of, \'YYYY-MM-DD"T"HH24:MI:SS.US"Z"\') '
        f"from {quoted(address.schema)}.{SHOWN}"
    )
    return Shown(*found[0]) if found else None


def create(session: Session, address: Address) -> None:
    for name, columns in COLUMNS.items():
        place = f"{quoted(address.schema)}.{name}"
        session.run(f"create table {place} ({columns})")
        session.run(f"comment on table {place} is {literal(COMMENTS[name])}")


def write(
    session: Session,
    publication: Publication,
    written: Mapping[tuple[str, str], tuple[int, str]],
    gone: Collection[tuple[str, str]],
) -> None:
    """Write down what is shown now, with rows and content of the written tables."""
    schema = quoted(session.address.schema)
    for place in [*written, *gone]:
        session.run(
            f"delete from {schema}.{TABLES} where table_schema = {literal(place[0])} "
            f"and table_name = {literal(place[1])}"
        )
    for place, (count, content) in written.items():
        values = [*map(literal, place), str(count), literal(content)]
        session.run(
            f"insert into {schema}.{TABLES} values "
            f"({', '.join(values)}, {literal(publication.id)})"
        )
    given = [
        literal(publication.id),
        _timestamp(publication.as_of),
        _timestamp(publication.built_at),
        literal(publication.funnel_version) if publication.funnel_version else "null",
        literal(publication.engine),
        "now() at time zone 'utc'",
    ]
    session.run(f"delete from {schema}.{SHOWN}")
    session.run(f"insert into {schema}.{SHOWN} values ({', '.join(given)})")


def _timestamp(text: str | None) -> str:
    """An instant with an offset as UTC without one, as every time in the marts."""
    if text is None:
        return "cast(null as timestamp)"
    return f"cast({literal(text)} as timestamptz) at time zone 'utc'"
