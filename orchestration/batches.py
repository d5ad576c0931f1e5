"""What a run has to do anew: everything, or the people whom a change touches.

macros/batch.sql says how the models do it. Here is decided whether they may
(nothing but the data changed since the last complete run), which landed files
are new or gone, and, when the public tables hold everything, that they do.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass

import duckdb

from orchestration import dbt_runner, warehouse
from orchestration.errors import listed
from orchestration.project import Project

LOOKED_UP = frozenset(
    {
        ("generic", "user"),
        ("generic", "campaign"),
        ("salesforce", "user"),
        ("salesforce", "user_role"),
        ("salesforce", "campaign"),
        ("marketo", "program"),
    }
)
"""Small tables that the rows of every person are looked up in."""

LOGS = {
    "touched_records": "record_key bigint, reason varchar",
    "replaced_people": "person_id varchar",
    "new_files": "file varchar, source varchar, source_table varchar",
    "gone_files": "file varchar, file_key bigint",
    # The state of the last complete run.
    "read_files": (
        "file varchar, sha256 varchar, loaded_at timestamp, source varchar, "
        "source_table varchar"
    ),
    "last_run": (
        "project varchar, definition varchar, vars varchar, as_of timestamp, "
        "earliest_at timestamp"
    ),
}

FILE_KEY = "cast(hash(file, sha256, loaded_at) >> 1 as bigint)"
"""As the macro file_key computes it."""


@dataclass(frozen=True)
class Scope:
    """What a run does anew, and why everything if so."""

    is_incremental: bool
    reason: str
    new_files: int = 0
    gone_files: int = 0

    @property
    def sentence(self) -> str:
        if self.is_incremental:
            files = f"{self.new_files} new and {self.gone_files} gone files"
            return f"Only what changed is built anew ({files})."
        return f"Everything is built anew: {self.reason}."


def create_logs(connection: duckdb.DuckDBPyConnection, schema: str) -> None:
    for name, columns in LOGS.items():
        connection.execute(f"create table if not exists {schema}.{name} ({columns})")


def decide(project: Project) -> Scope:
    """Decide what this run does and write it to the settings that models read."""
    schema = _schema(project)
    connection = warehouse.connect(project)
    try:
        connection.execute("begin")
        scope = _compared(connection, project, schema)
        connection.execute(
            f"update {schema}.run set is_incremental = ?", [scope.is_incremental]
        )
        if scope.is_incremental:
            connection.execute(
                f"update {schema}.run set previous_as_of = last_run.as_of, "
                f"previous_earliest_at = last_run.earliest_at "
                f"from {schema}.last_run as last_run"
            )
        else:
            # Until this run is complete there is nothing to build on.
            for name in LOGS:
                connection.execute(f"delete from {schema}.{name}")
        connection.execute("commit")
    finally:
        connection.close()
    return scope


def is_incremental(project: Project) -> bool:
    connection = warehouse.connect(project)
    try:
        found = connection.execute(
            f"select is_incremental from {_schema(project)}.run"
        ).fetchone()
        return bool(found and found[0])
    finally:
        connection.close()


def complete(project: Project) -> None:
    """The tables hold everything that was loaded: the next run may build on them."""
    schema = _schema(project)
    prefix = project.schema_prefix
    connection = warehouse.connect(project)
    try:
        connection.execute("begin")
        for name in LOGS:
            connection.execute(f"delete from {schema}.{name}")
        connection.execute(
            f"insert into {schema}.read_files "
            "select file, sha256, loaded_at, source, source_table from loads.files"
        )
        connection.execute(
            f"insert into {schema}.last_run select ?, ?, ?, as_of, earliest_at "
            f"from {prefix}intermediate.int_run__clock",
            [
                dbt_runner.fingerprint(project),
                json.dumps(_definition(project)),
                json.dumps(_vars(project)),
            ],
        )
        connection.execute("commit")
    finally:
        connection.close()


def _schema(project: Project) -> str:
    return f"{project.schema_prefix}settings"


def _compared(
    connection: duckdb.DuckDBPyConnection, project: Project, schema: str
) -> Scope:
    last = connection.execute(
        f"select project, definition, vars, as_of from {schema}.last_run"
    ).fetchone()
    if last is None:
        return Scope(False, "there is no complete run to build on")
    parsed, definition, given, as_of = last
    if parsed != dbt_runner.fingerprint(project):
        return Scope(False, "models, macros or seeds of the project changed")
    changed = _differing(json.loads(definition), _definition(project))
    if changed:
        return Scope(False, f"the definition changed ({listed(changed, limit=10)})")
    changed = _differing(json.loads(given), _vars(project))
    if changed:
        return Scope(False, f"vars changed ({listed(changed, limit=10)})")
    if project.vars.as_of is not None and project.vars.as_of < as_of:
        return Scope(False, "as_of lies before the last run's")
    connection.execute(f"delete from {schema}.new_files")
    connection.execute(f"delete from {schema}.gone_files")
    if not warehouse.has_table(connection, "loads", "files"):
        return Scope(False, "nothing was loaded by this project")
    connection.execute(
        f"insert into {schema}.new_files select file, source, source_table "
        "from (select file, sha256, loaded_at, source, source_table "
        f"from loads.files except select * from {schema}.read_files)"
    )
    connection.execute(
        f"insert into {schema}.gone_files select file, {FILE_KEY} "
        f"from (select file, sha256, loaded_at from {schema}.read_files "
        "except select file, sha256, loaded_at from loads.files)"
    )
    tables = connection.execute(
        f"select distinct source, source_table from {schema}.new_files union "
        f"select source, source_table from {schema}.read_files "
        f"inner join {schema}.gone_files using (file)"
    ).fetchall()
    looked_up = sorted(".".join(table) for table in tables if table in LOOKED_UP)
    if looked_up:
        return Scope(
            False, f"every row is looked up in {listed(looked_up)}, which changed"
        )
    [(new, gone)] = connection.execute(
        f"select (select count(*) from {schema}.new_files), "
        f"(select count(*) from {schema}.gone_files)"
    ).fetchall()
    return Scope(True, "", new, gone)


def _differing(before: dict[str, str], after: dict[str, str]) -> list[str]:
    return sorted(
        name
        for name in {*before, *after}
        if before.get(name, "") != after.get(name, "")
    )


def _definition(project: Project) -> dict[str, str]:
    """The files of the DEFINITION folder by a digest of their content."""
    if project.definition is None:
        return {}
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(project.definition.glob("*.csv"))
    }


def _vars(project: Project) -> dict[str, str]:
    """The vars, but for as_of: time moves on by itself."""
    given = json.loads(project.vars.as_json())
    return {
        name: json.dumps(value, sort_keys=True)
        for name, value in given.items()
        if name != "as_of"
    }
