"""What runs write down for those that come after them, in the schema `settings`.

Whatever is written here is written in one transaction with what it speaks of.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

import duckdb

from orchestration import warehouse
from orchestration.project import ENGINES, Project

FILES = {
    "file": "varchar",
    "sha256": "varchar",
    "loaded_at": "timestamp",
    "source": "varchar",
    "source_table": "varchar",
    "columns": "varchar[]",
}
"""What is written down of each loaded file, as `loads.files` has it."""
_FILES = ", ".join(f"{name} {kind}" for name, kind in FILES.items())
_GIVEN = (
    "project varchar, definition varchar, vars varchar, as_of_given timestamp, "
    "closings varchar, conventions varchar, seen varchar"
)

TABLES = {
    # The records of which the input layer has found a changed row, until their
    # people are folded.
    "touched_records": "record_key bigint, reason varchar",
    # The files that came and went since the tables of people were brought up to
    # date; the input layer reads both.
    "new_files": "file varchar, source varchar, source_table varchar",
    "gone_files": "file varchar, file_key bigint",
    # How far a run has come since it was decided what it does, and what was there
    # then, files and all else. A load that comes between is the next run's.
    "stage": "reached varchar",
    "decided_files": _FILES,
    "decided_with": _GIVEN,
    # How far the run before had come that did not pass its last gate or was not
    # published, where this one was given the very same: it goes on from there.
    "standing": "reached varchar",
    # What the tables of people were last brought up to date with.
    "read_files": _FILES,
    "last_run": f"{_GIVEN}, as_of timestamp, earliest_at timestamp",
    # What dbt was told by hand to build since the last run (macros/built_by_hand.sql).
    "built_by_hand": "node varchar",
    # What is owed to readers: the publication that they see, and the sources and
    # tables that are others now, by dbt's unique id, or EVERYTHING.
    "shown": "publication varchar",
    "owed": "node varchar",
    # Whose rows of the folded tables are others than in that publication.
    "changed_people": "person_id varchar",
}

EVERYTHING = "*"

DECIDED, RAW_CHECKED = "decided", "raw tables checked"
INPUT_BUILT = "input layer built"
"""The stages of a run before the tables of people are brought up to date."""

FACTS_BEGUN, FACTS_BUILT = "facts begun", "facts built"
FACTS_CHECKED, SCORED = "facts checked", "acceptance learned"
MARTS_BUILT, MARTS_CHECKED = "marts built", "marts checked"
"""Those after these. From the last of them on the tables fit together, and every
check has let them pass; where they are published, none is left."""

IN_TURN = (
    DECIDED,
    RAW_CHECKED,
    INPUT_BUILT,
    FACTS_BEGUN,
    FACTS_BUILT,
    FACTS_CHECKED,
    SCORED,
    MARTS_BUILT,
    MARTS_CHECKED,
)


@dataclass(frozen=True)
class Given:
    """What a run is given besides the files."""

    project: str
    definition: str
    vars: str
    as_of_given: datetime | None
    closings: str
    conventions: str
    seen: str
    """The publication that readers see, which a run compares with."""


@dataclass(frozen=True)
class LastRun(Given):
    """What the tables of people hold."""

    as_of: datetime
    earliest_at: datetime


def schema(project: Project) -> str:
    return f"{project.schema_prefix}settings"


@contextmanager
def transaction(project: Project) -> Iterator[duckdb.DuckDBPyConnection]:
    connection = warehouse.connect(project)
    try:
        connection.execute("begin")
        yield connection
        connection.execute("commit")
    finally:
        connection.close()


def create(connection: duckdb.DuckDBPyConnection, project: Project) -> None:
    """Make the tables that are not there yet; all of them anew where one is of another
    version, as they speak of each other."""
    found = dict(
        connection.execute(
            "select table_name, string_agg(column_name, ' ' order by column_index) "
            "from duckdb_columns() where database_name = current_database() "
            "and schema_name = ? group by 1",
            [schema(project)],
        ).fetchall()
    )
    names = {
        name: " ".join(column.split()[0] for column in columns.split(", "))
        for name, columns in TABLES.items()
    }
    is_of_another = any(found.get(name, names[name]) != names[name] for name in names)
    for name, columns in TABLES.items():
        if is_of_another or name not in found:
            connection.execute(
                f"create or replace table {schema(project)}.{name} ({columns})"
            )


def forget(project: Project) -> None:
    """Leave nothing to build on: the next run builds and checks everything."""
    if not project.warehouse.exists():
        return
    with transaction(project) as connection:
        for name in TABLES:
            if warehouse.has_table(connection, schema(project), name):
                connection.execute(f"delete from {schema(project)}.{name}")


def last_run(connection: duckdb.DuckDBPyConnection, project: Project) -> LastRun | None:
    found = connection.execute(f"from {schema(project)}.last_run").fetchone()
    return LastRun(*found) if found else None


def owed(project: Project) -> frozenset[str] | None:
    """The sources and tables that are others than in what readers see, by dbt's
    unique id; None where everything has to be built, checked and published, as on
    an engine whose tables cannot replace rows."""
    if project.engine != ENGINES[0]:
        return None
    connection = warehouse.connect(project)
    try:
        if not warehouse.has_table(connection, schema(project), "owed"):
            return None
        rows = connection.execute(f"from {schema(project)}.owed").fetchall()
    finally:
        connection.close()
    found = frozenset(node for (node,) in rows)
    return None if EVERYTHING in found else found


def shown(project: Project) -> str | None:
    """The id of the publication that what is owed is counted from; None, too, on an
    engine whose tables cannot replace rows."""
    if project.engine != ENGINES[0]:
        return None
    connection = warehouse.connect(project)
    try:
        if not warehouse.has_table(connection, schema(project), "shown"):
            return None
        found = connection.execute(f"from {schema(project)}.shown").fetchone()
    finally:
        connection.close()
    return found[0] if found else None


def owe(
    connection: duckdb.DuckDBPyConnection, project: Project, nodes: Iterable[str]
) -> None:
    """Write down what readers do not see yet."""
    connection.execute(
        f"insert into {schema(project)}.owed select node from "
        f"(select unnest(?::varchar[]) as node) "
        f"except from {schema(project)}.owed",
        [sorted(nodes)],
    )


def reached(project: Project) -> str | None:
    """How far the last run came, where it did not pass the last gate."""
    connection = warehouse.connect(project)
    try:
        if not warehouse.has_table(connection, schema(project), "stage"):
            return None
        found = connection.execute(f"from {schema(project)}.stage").fetchone()
    finally:
        connection.close()
    return found[0] if found else None


def reach(
    connection: duckdb.DuckDBPyConnection, project: Project, stage: str | None
) -> None:
    connection.execute(f"delete from {schema(project)}.stage")
    if stage is not None:
        connection.execute(f"insert into {schema(project)}.stage values (?)", [stage])


def advance(project: Project, before: str, after: str | None) -> None:
    """A step of a run was done, the one after `before`. What is done by hand and out
    of turn brings nothing on: nobody decided what it has to do, so nothing can be
    built on it."""
    if project.engine != ENGINES[0]:
        return
    with transaction(project) as connection:
        found = connection.execute(f"from {schema(project)}.stage").fetchone()
        if found == (before,):
            reach(connection, project, after)


def stands(project: Project, before: str, after: str) -> bool:
    """Whether a run that has come to `before` need not do the step to `after`, as
    the run before it did with all that this one was given. Never of a step that is
    done by hand and out of turn."""
    if project.engine != ENGINES[0]:
        return False
    connection = warehouse.connect(project)
    try:
        found = _standing(connection, project)
    finally:
        connection.close()
    return (
        found is not None
        and reached(project) == before
        and IN_TURN.index(found) >= IN_TURN.index(after)
    )


def goes_on_from(
    connection: duckdb.DuckDBPyConnection, project: Project, given: Given
) -> str | None:
    """How far the run before came, where it was not published and this one is given
    what it was given."""
    name = schema(project)
    stages = [
        found[0]
        for table in ("stage", "standing")
        for found in connection.execute(f"from {name}.{table}").fetchall()
    ]
    before = connection.execute(f"from {name}.decided_with").fetchone()
    if (
        not stages
        or before != tuple(vars(given).values())
        or not warehouse.has_table(connection, "loads", "files")
    ):
        return None
    files = ", ".join(FILES)
    other = connection.execute(
        f"(select {files} from loads.files except from {name}.decided_files) "
        f"union all (from {name}.decided_files except select {files} from loads.files)"
    ).fetchone()
    furthest = max(stages, key=IN_TURN.index)
    is_same = not other and not built_by_hand(connection, project)
    return furthest if is_same and furthest != DECIDED else None


def built_by_hand(connection: duckdb.DuckDBPyConnection, project: Project) -> list[str]:
    """The names of the seeds and models that dbt built since the last run, or began
    to build, without being told by a run."""
    rows = connection.execute(
        f"select distinct node from {schema(project)}.built_by_hand order by 1"
    ).fetchall()
    return [node.split(".")[-1] for (node,) in rows]


def decided(
    connection: duckdb.DuckDBPyConnection,
    project: Project,
    given: Given,
    standing: str | None,
) -> None:
    """It is known what this run does: what it is given, and how far it need not do
    it again."""
    name = schema(project)
    for table in ("decided_files", "decided_with", "standing"):
        connection.execute(f"delete from {name}.{table}")
    if warehouse.has_table(connection, "loads", "files"):
        connection.execute(
            f"insert into {name}.decided_files "
            f"select {', '.join(FILES)} from loads.files"
        )
    connection.execute(
        f"insert into {name}.decided_with values (?, ?, ?, ?, ?, ?, ?)",
        list(vars(given).values()),
    )
    if standing is not None:
        connection.execute(f"insert into {name}.standing values (?)", [standing])
    reach(connection, project, DECIDED)


def _standing(connection: duckdb.DuckDBPyConnection, project: Project) -> str | None:
    if not warehouse.has_table(connection, schema(project), "standing"):
        return None
    found = connection.execute(f"from {schema(project)}.standing").fetchone()
    return found[0] if found else None


def is_update(project: Project) -> bool:
    """Whether the run brings up to date what earlier ones built."""
    connection = warehouse.connect(project)
    try:
        found = connection.execute(
            f"select is_incremental from {schema(project)}.run"
        ).fetchone()
    finally:
        connection.close()
    return bool(found and found[0])


def build_anew(connection: duckdb.DuckDBPyConnection, project: Project) -> None:
    """From here on the run builds everything, and so does the next one if this one
    is killed, for it finds no last run."""
    connection.execute(f"update {schema(project)}.run set is_incremental = false")
    for name in (
        "last_run",
        "built_by_hand",
        "touched_records",
        "changed_people",
        "shown",
    ):
        connection.execute(f"delete from {schema(project)}.{name}")
    owe(connection, project, [EVERYTHING])


def owed_since(project: Project, publication_id: str) -> frozenset[str] | None:
    """What is owed to readers of that publication; None where everything is, as
    what is owed is counted from another one."""
    if project.engine != ENGINES[0]:
        return None
    with warehouse.connect(project):
        return owed(project) if shown(project) == publication_id else None


def is_shown(project: Project, publication_id: str) -> bool:
    """Whether readers see in that publication what the tables hold."""
    return owed_since(project, publication_id) == frozenset()


def end_without_news(project: Project) -> None:
    """It was decided what to do, and there is nothing to bring up to date."""
    with transaction(project) as connection:
        _end(connection, project)


def complete(
    connection: duckdb.DuckDBPyConnection,
    project: Project,
    made_with: LastRun,
) -> None:
    """The tables of people are up to date with what was decided."""
    name = schema(project)
    for table in ("touched_records", "read_files", "last_run"):
        connection.execute(f"delete from {name}.{table}")
    connection.execute(f"insert into {name}.read_files from {name}.decided_files")
    connection.execute(
        f"insert into {name}.last_run values (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        list(vars(made_with).values()),
    )
    for table in ("new_files", "gone_files"):
        connection.execute(f"delete from {name}.{table}")
    reach(connection, project, FACTS_BEGUN)


def published(project: Project, publication_id: str) -> None:
    """Every gate was passed and readers see what the tables hold: nothing is owed."""
    with transaction(project) as connection:
        for table in ("shown", "owed", "changed_people"):
            connection.execute(f"delete from {schema(project)}.{table}")
        connection.execute(
            f"insert into {schema(project)}.shown values (?)", [publication_id]
        )
        _end(connection, project)


def begin_by_hand(project: Project) -> None:
    """The tables of people are built for everybody, out of turn: nothing goes on from
    what a run before had built, and readers are owed everything. Of a run that has
    not built its input layer they are no part."""
    waits_for_input = reached(project) in (DECIDED, RAW_CHECKED)
    with transaction(project) as connection:
        owe(connection, project, [EVERYTHING])
        if not waits_for_input:
            _end(connection, project)
            reach(connection, project, FACTS_BEGUN)


def _end(connection: duckdb.DuckDBPyConnection, project: Project) -> None:
    """No run is on its way, and there is none to go on from."""
    for table in ("decided_files", "decided_with", "standing"):
        connection.execute(f"delete from {schema(project)}.{table}")
    reach(connection, project, None)


def as_json(value: object) -> str:
    return json.dumps(value, default=str, sort_keys=True)
