"""Brings the tables in Postgres up to date with the published DuckDB file.

What changed is copied to temporary tables first. Then ONE transaction takes it
over: rows that are others are deleted, new ones inserted. So tables stay the same
ones, with the views, grants and indexes that others made on them; who reads
meanwhile goes on reading what there was, waits for nothing, and is waited for by
nothing. Only where the columns of a table are others must its readers be gone for
an instant: then the transaction waits for them a little, gives up its place so that
nobody queues behind it, and tries again.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import duckdb

from orchestration import warehouse
from orchestration.errors import LeadFunnelError
from orchestration.project import Project
from orchestration.publication import publications
from orchestration.publication.postgres import books, readers, tables
from orchestration.publication.postgres.address import Address
from orchestration.publication.postgres.books import Books
from orchestration.publication.postgres.session import (
    DEADLOCK,
    LOCKED,
    NO_RIGHTS,
    STILL_NEEDED,
    PostgresError,
    Session,
    session,
)
from orchestration.publication.postgres.tables import Table
from orchestration.publication.publications import (
    PERSONAL_DATABASE,
    Publication,
    PublicTable,
)
from orchestration.run import interrupts, progress
from orchestration.warehouse import literal, quoted

BATCH = 100_000
"""Rows that are handed over at a time."""

LOCK_TIMEOUT = "2s"
ATTEMPTS = 15
PAUSE = 4.0
"""Seconds between two attempts: a reader has a minute and a half to end."""


@dataclass(frozen=True)
class Copied:
    """What a copy did."""

    publication: Publication
    place: str
    written: Mapping[str, int]
    """How many rows the written tables have, by the name of the table."""
    of: int
    """How many tables there are."""
    to_do: Sequence[str]
    """What an administrator still has to do."""


def copy(project: Project, public: Sequence[PublicTable], address: Address) -> Copied:
    """Bring Postgres up to date with what OUT/published shows."""
    publication = publications.published(project)
    if publication is None:
        raise LeadFunnelError(
            f"Nothing is published in {project.published} that could be copied to "
            "Postgres: `lead-funnel run` publishes."
        )
    file = project.published_database.resolve()
    with duckdb.connect() as source:
        warehouse.configure(source, project.out / "warehouse" / "postgres.tmp")
        source.execute(f"attach {literal(str(file))} as publication (read_only)")
        # Those that a setting leaves out are taken out of Postgres, too.
        public = [table for table in public if table.name in publication.rows]
        if any(table.is_personal for table in public):
            personal = literal(str(file.with_name(PERSONAL_DATABASE)))
            source.execute(f"attach {personal} as personal (read_only)")
        try:
            with session(address) as target:
                return _copy(source, target, publication, public)
        except PostgresError as error:
            raise _advised(error, address) from None


def _copy(
    source: duckdb.DuckDBPyConnection,
    target: Session,
    publication: Publication,
    public: Sequence[PublicTable],
) -> Copied:
    address = target.address
    wanted = tables.wanted(source, public, address)
    contents = {_place(each): tables.digest(source, each) for each in wanted}
    _prepare(target)
    there = books.read(target, wanted)
    changed = [
        each
        for each in wanted
        if there.contents.get(_place(each)) != contents[_place(each)][1]
        or _place(each) not in there.found
    ]
    _stage(source, target, changed)
    gone = sorted(there.contents.keys() - contents.keys())
    written = {_place(each): contents[_place(each)] for each in changed}
    ours = [*contents, *((address.schema, name) for name in books.COLUMNS)]
    for attempt in range(1, ATTEMPTS + 1):
        interrupts.check()
        try:
            _take_over(target, there, changed, gone)
            books.write(target, publication, written, gone)
            to_do = readers.granted(target, ours)
            target.commit()
            break
        except PostgresError as error:
            if error.state not in (LOCKED, DEADLOCK) or attempt == ATTEMPTS:
                raise
            target.rollback()
            progress.say("waiting for somebody who holds a table that changes")
            time.sleep(PAUSE)
    return Copied(
        publication=publication,
        place=address.place,
        written={each.name: contents[_place(each)][0] for each in changed},
        of=len(wanted),
        to_do=to_do,
    )


def _place(table: Table) -> tuple[str, str]:
    return table.schema, table.name


def _prepare(target: Session) -> None:
    """Settings, and a place in the queue of those who publish there."""
    target.run("set standard_conforming_strings = on")
    target.run(f"set lock_timeout = '{LOCK_TIMEOUT}'")
    address = target.address
    encoding = target.value(
        "select pg_encoding_to_char(encoding)::text from pg_database "
        "where datname = current_database()"
    )
    if encoding != "UTF8":
        raise LeadFunnelError(
            f"Postgres at {address.place} keeps text as {encoding}, which has not all "
            "characters: name a database that was made with encoding 'UTF8'."
        )
    if not target.value(
        f"select pg_try_advisory_lock(hashtext({literal('lead_funnel')}), "
        f"hashtext({literal(address.schema)}))"
    ):
        raise PostgresError(
            f"Another run is publishing to {address.place} at the moment: run again "
            "when it has ended.",
            None,
            may_pass=True,
        )


def _stage(
    source: duckdb.DuckDBPyConnection, target: Session, changed: Collection[Table]
) -> None:
    """Copy the changed tables to where nobody sees them; a connection that ends
    takes them along."""
    count = progress.counting(len(changed))
    for table in changed:
        interrupts.check()
        count(table.name)
        target.run(tables.made_to_stage(table))
        target.copy(table.staged, tables.rows_of(source, table).to_arrow_reader(BATCH))
    target.commit()


def _take_over(
    target: Session, there: Books, changed: Collection[Table], gone: Sequence
) -> None:
    address = target.address
    for schema in address.schemas.values():
        if schema not in there.schemas:
            target.run(f"create schema {quoted(schema)}")
    if not there.are_kept:
        books.create(target, address)
    for schema, name in gone:
        target.run(f"drop table if exists {quoted(schema)}.{quoted(name)}")
    for table in changed:
        _write(target, there.found.get(_place(table)), table)


def _write(target: Session, now: Table | None, table: Table) -> None:
    columns = ", ".join(quoted(column.name) for column in table.columns)
    staged = f"pg_temp.{quoted(table.staged)}"
    fill = f"insert into {table.place} ({columns}) select {columns} from {staged}"
    if now is not None and tables.has_rows_that_fit(now, table):
        is_same_key = " and ".join(
            f"old.{quoted(name)} = new.{quoted(name)}" for name in table.key
        )
        target.run(f"analyze {staged}")
        old, new = (
            ", ".join(f"{side}.{quoted(column.name)}" for column in table.columns)
            for side in ("old", "new")
        )
        target.run(
            f"delete from {table.place} as old where not exists (select from {staged} "
            f"as new where {is_same_key} and row({new}) is not distinct from "
            f"row({old}))"
        )
        target.run(
            f"{fill} as new where not exists "
            f"(select from {table.place} as old where {is_same_key})"
        )
    elif now is not None:
        target.run(f"delete from {table.place}")
        for statement in tables.reshaped(now, table):
            target.run(statement)
        target.run(fill)
    else:
        target.run(tables.created(table))
        target.run(fill)
    for statement in (
        *tables.constrained(now, table),
        *_missing_indexes(target, table),
        *tables.commented(now, table),
        f"analyze {table.place}",
    ):
        target.run(statement)


def _missing_indexes(target: Session, table: Table) -> list[str]:
    found = {
        name
        for (name,) in target.rows(
            "select indexname::text from pg_indexes "
            f"where schemaname = {literal(table.schema)} "
            f"and tablename = {literal(table.name)}"
        )
    }
    return [
        f"create index {quoted(name)} on {table.place} ({quoted(column)})"
        for name, column in table.indexes().items()
        if name not in found
    ]


def _advised(error: PostgresError, address: Address) -> PostgresError:
    """The same, with what can be done about it."""
    advice = {
        NO_RIGHTS: (
            "The user of the URL must own the tables that earlier runs wrote, and "
            "needs: grant create, temporary on database … to it (or schemas "
            f"{' and '.join(address.schemas.values())} of its own, and temporary)."
        ),
        STILL_NEEDED: (
            "Something of yours reads a table or a column that is no longer "
            "published: drop it, run again, and make it anew."
        ),
        LOCKED: (
            "Somebody held a table for longer than a run waits: one whose columns "
            "change can be changed only while nobody reads it. Run again when that "
            "has ended."
        ),
    }.get(error.state or "")
    if advice is None:
        return error
    return PostgresError(f"{error} {advice}", error.state, may_pass=error.may_pass)
