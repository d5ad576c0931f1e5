"""The fold: one transaction that puts the slice's people in the place of what the
whole has of them, or leaves the whole as it was."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import duckdb

from orchestration.errors import LeadFunnelError
from orchestration.increment import decide, state
from orchestration.increment.batch import NOBODY
from orchestration.increment.lineage import (
    Kind,
    Lineage,
    Node,
    is_table,
    owner_column,
    relation,
)
from orchestration.increment.slice import SLICE, attached
from orchestration.project import Project
from orchestration.publication.publications import AS_OF
from orchestration.warehouse import quoted

PEOPLE = "int_people"
"""The model that has both keys of a person, `person_key` and `person_id`."""


@dataclass(frozen=True)
class _Table:
    unique_id: str
    node: Node
    columns: tuple[str, ...]

    @property
    def whole(self) -> str:
        return relation(self.node)

    @property
    def part(self) -> str:
        return f"{SLICE}.{self.whole}"

    @property
    def is_of_batch(self) -> str:
        """Whether a row belongs to somebody of the batch, as they were or are."""
        owner = owner_column(self.node, self.columns)
        if owner == "person_id":
            return "person_id in (from people_of_batch)"
        return f"coalesce({owner}, {NOBODY}) in (from batch)"


def fold(
    connection: duckdb.DuckDBPyConnection, project: Project, lineage: Lineage
) -> list[str]:
    """Replace the batch's rows in every table of people by the slice's; returns the
    tables whose rows are others now. What is owed is written down with them."""
    with attached(connection, project):
        _name_the_batch(connection, project)
        with _one_transaction(connection):
            changed = [
                table.unique_id
                for table in _tables(connection, lineage)
                if _is_replaced(connection, project, lineage, table)
            ]
            connection.execute(
                f"insert into {state.schema(project)}.changed_people "
                "from people_of_batch"
            )
            _write_down(connection, project, changed)
    return changed


def move_on(
    connection: duckdb.DuckDBPyConnection, project: Project, lineage: Lineage
) -> list[str]:
    """The same where nobody is touched: only time moved on."""
    with _one_transaction(connection):
        changed = [
            table.unique_id
            for table in _tables(connection, lineage)
            if _is_moved_on(connection, project, table)
        ]
        _write_down(connection, project, changed)
    return changed


@contextmanager
def _one_transaction(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    connection.execute("begin")
    try:
        yield
    except BaseException:
        connection.execute("rollback")
        raise
    connection.execute("commit")


def _write_down(
    connection: duckdb.DuckDBPyConnection, project: Project, changed: list[str]
) -> None:
    """What is owed to readers now, and what the next run may build on."""
    state.owe(connection, project, changed)
    state.complete(connection, project, decide.made_with(connection, project))


def _tables(connection: duckdb.DuckDBPyConnection, lineage: Lineage) -> list[_Table]:
    found = []
    for unique_id in lineage.of_kind(Kind.PERSON):
        node = lineage.nodes[unique_id]
        if is_table(node):
            rows = connection.execute(f"describe {relation(node)}").fetchall()
            found.append(_Table(unique_id, node, tuple(row[0] for row in rows)))
    return found


def _name_the_batch(connection: duckdb.DuckDBPyConnection, project: Project) -> None:
    """The batch by record, and its people's public keys, before and after."""
    people = f"{project.schema_prefix}intermediate.{PEOPLE}"
    connection.execute(
        "create or replace temp table batch as "
        f"from {SLICE}.{project.schema_prefix}settings.batch"
    )
    connection.execute(
        f"create or replace temp table people_of_batch as "
        f"select person_id from {people} where person_key in (from batch) "
        f"union select person_id from {SLICE}.{people}"
    )


def _is_replaced(
    connection: duckdb.DuckDBPyConnection,
    project: Project,
    lineage: Lineage,
    table: _Table,
) -> bool:
    """Whether any row of the table is another one now."""
    names = ", ".join(map(quoted, table.columns))
    before = f"select {names} from {table.whole} where {table.is_of_batch}"
    after = f"select {names} from {table.part}"
    [(strangers,)] = connection.execute(
        f"select count(*) from {table.part} where not ({table.is_of_batch})"
    ).fetchall()
    if strangers:
        raise LeadFunnelError(
            f"The model {table.node['name']} says that it holds rows of a "
            f"{table.node['config']['meta']['rows_of']}, but gave {strangers:,} rows "
            "of somebody whom this run did not look at. It must read rows of the "
            "same person only, or say nothing in `meta.rows_of`, so that it is built "
            f"for everybody ({table.node['original_file_path']})."
        )
    moved = _is_moved_on(connection, project, table)
    [(differ,)] = connection.execute(
        f"select exists (({before}) except all ({after})) "
        f"or exists (({after}) except all ({before}))"
    ).fetchall()
    if not differ:
        return moved
    connection.execute(f"delete from {table.whole} where {table.is_of_batch}")
    _refuse_taken_keys(connection, lineage, table)
    connection.execute(f"insert into {table.whole} ({names}) {after}")
    return True


def _refuse_taken_keys(
    connection: duckdb.DuckDBPyConnection, lineage: Lineage, table: _Table
) -> None:
    """A key of the slice's must not be somebody else's. Within the slice, and
    within the rest, the tests of the table have asked this."""
    owner = owner_column(table.node, table.columns)
    for key in lineage.keys_of(table.unique_id):
        if owner in key:
            continue
        same = " and ".join(
            f"theirs.{quoted(column)} = ours.{quoted(column)}" for column in key
        )
        [(taken,)] = connection.execute(
            f"select count(*) from {table.whole} as theirs "
            f"where exists (select 1 from {table.part} as ours where {same})"
        ).fetchall()
        if taken:
            raise LeadFunnelError(
                f"{taken:,} rows of {table.whole} would have a key "
                f"({', '.join(key)}) that is already somebody else's: the rows of a "
                "person must not depend on other people "
                f"({table.node['original_file_path']}). Nothing was changed; "
                "`--full-refresh` builds everything anew."
            )


def _is_moved_on(
    connection: duckdb.DuckDBPyConnection, project: Project, table: _Table
) -> bool:
    """Rows of people who did not change hold as of now, too."""
    if AS_OF not in table.columns:
        return False
    clock = f"(select as_of from {project.schema_prefix}intermediate.int_run__clock)"
    [(moved,)] = connection.execute(
        f"update {table.whole} set {AS_OF} = {clock} "
        f"where {AS_OF} is distinct from {clock}"
    ).fetchall()
    return bool(moved)
