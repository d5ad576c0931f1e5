"""What a run has to do anew: everything, or the people whom a change touches.

macros/batch.sql says how the models do it. Here is decided whether they may
(nothing but the data changed since the last complete run), which landed files
are new or gone, which models read nothing that changed and so need not be built
at all, and, when the public tables hold everything, that they do.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import duckdb

from orchestration import warehouse
from orchestration.errors import listed
from orchestration.project import Project
from orchestration.publication import closings, publications
from orchestration.settings.definition_files import overlay_files
from orchestration.sources.tables import looked_up_tables
from orchestration.transformation import dbt_runner

LOOKED_UP = looked_up_tables()
"""Small tables that the rows of every person are looked up in."""

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

LOGS = {
    "touched_records": "record_key bigint, reason varchar",
    "replaced_people": "person_id varchar",
    # The lifecycles that came (1) and went (-1) since the marts that count them
    # were brought up to date, by what these count.
    "lifecycle_changes": (
        "change integer, channel varchar, last_campaign_id varchar, team varchar, "
        "owner_id varchar, origin varchar, definition_version varchar, "
        "inquiry_at timestamp, mql_at timestamp, handed_off_at timestamp, "
        "tal_at timestamp, accepted_at timestamp, sql_at timestamp, "
        "opportunity_at timestamp, exit_stage varchar, exited_at timestamp"
    ),
    # What was loaded when it was decided what this run does, and which layers were
    # built since. A load that comes between is the next run's.
    "decided_files": _FILES,
    "built_layers": "layer varchar",
    "new_files": "file varchar, source varchar, source_table varchar",
    "gone_files": "file varchar, file_key bigint",
    # The state of the last complete run.
    "read_files": _FILES,
    "last_run": (
        "project varchar, definition varchar, vars varchar, as_of timestamp, "
        "earliest_at timestamp, as_of_given timestamp, closings varchar, "
        "publication varchar"
    ),
    # Whose rows in the public tables are others than in what is published, where
    # `scope` holds: the people replaced by the run that built on it.
    "unpublished_people": "person_id varchar",
    # The same of tables whose rows are no person's, by the key of a row.
    "unpublished_rows": "table_name varchar, row_id varchar",
    # The sources that changed since what is published, as JSON; nothing where
    # that is not known.
    "scope": "changed_sources varchar",
}

DECIDED = "decided"
"""What stands before the first of the built layers."""

UNPUBLISHED = ("scope", "unpublished_people", "unpublished_rows")
"""Of these what a run writes down for its publication."""

SOURCE, MODEL = "source.lead_funnel.", "model.lead_funnel."
"""What dbt's unique ids begin with."""
CLOSINGS = ("closes", "definition", *closings.TABLES)

BATCH = f"{MODEL}int_batch__records"
CLOCK = f"{MODEL}int_run__clock"
"""Where a batch run may turn out to be a full refresh."""
OF_THE_BATCH = frozenset({"batch_rows", "people_rows", "batch_people"})
"""Strategies of the models that do the batch, which they read without a ref()."""

FILE_KEY = "cast(hash(file, sha256, loaded_at) >> 1 as bigint)"
"""As the macro file_key computes it."""


@dataclass(frozen=True)
class Scope:
    """What a run does anew, and why everything if so."""

    is_incremental: bool
    reason: str
    new_files: int = 0
    gone_files: int = 0
    changed_sources: frozenset[str] | None = None
    """By dbt's unique id; None where every model has to be looked at."""
    others: tuple[str, ...] = ()
    """What else changed since the last run, in words."""

    @property
    def sentence(self) -> str:
        if self.is_incremental and self.changed_sources == frozenset():
            return (
                "Nothing changed since the last publication: what was built and "
                "checked stands."
            )
        if self.is_incremental:
            changed = list(self.others)
            if self.new_files or self.gone_files:
                files = f"{self.new_files} new and {self.gone_files} gone files"
                changed.insert(0, files)
            what = ", ".join(changed) or "what is published is not the last run's"
            return f"Only what changed is built anew ({what})."
        return f"Everything is built anew: {self.reason}."


def create_logs(connection: duckdb.DuckDBPyConnection, schema: str) -> None:
    """Make the tables that are not there yet, or are of another version."""
    found = dict(
        connection.execute(
            "select table_name, string_agg(column_name, ' ' order by column_index) "
            "from duckdb_columns() where database_name = current_database() "
            "and schema_name = ? group by 1",
            [schema],
        ).fetchall()
    )
    for name, columns in LOGS.items():
        wanted = " ".join(column.split()[0] for column in columns.split(", "))
        if found.get(name) != wanted:
            connection.execute(f"create or replace table {schema}.{name} ({columns})")


def forget(project: Project) -> None:
    """Leave nothing to build on: the next run builds and checks everything."""
    if not project.warehouse.exists():
        return
    schema = logs_schema(project)
    connection = warehouse.connect(project)
    try:
        connection.execute("begin")
        for name in LOGS:
            if warehouse.has_table(connection, schema, name):
                connection.execute(f"delete from {schema}.{name}")
        connection.execute("commit")
    finally:
        connection.close()


def decide(project: Project) -> Scope:
    """Decide what this run does and write it to the settings that models read."""
    schema = logs_schema(project)
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
            # Until this run is published, what is published tells nothing of
            # what the tables hold.
            connection.execute(f"update {schema}.last_run set publication = null")
            connection.execute(f"delete from {schema}.scope")
            connection.execute(f"delete from {schema}.unpublished_people")
            # Rows that a killed run added stay named: their keys are tested too.
            if scope.changed_sources is not None:
                connection.execute(
                    f"insert into {schema}.scope values (?)",
                    [json.dumps(sorted(scope.changed_sources))],
                )
        else:
            # Until this run is complete there is nothing to build on.
            for name in LOGS:
                connection.execute(f"delete from {schema}.{name}")
        connection.execute(f"delete from {schema}.built_layers")
        connection.execute(f"insert into {schema}.built_layers values ('{DECIDED}')")
        connection.execute(f"delete from {schema}.decided_files")
        if warehouse.has_table(connection, "loads", "files"):
            connection.execute(
                f"insert into {schema}.decided_files "
                f"select {', '.join(FILES)} from loads.files"
            )
        connection.execute("commit")
    finally:
        connection.close()
    return scope


def built(project: Project, layer: str, layers: Sequence[str]) -> None:
    """A layer was built. After the last one, where all were built in their order
    since it was decided what to do, the tables hold everything that was loaded
    then: the next run may build on them. Of single layers that are built by hand
    nobody knows that."""
    schema = logs_schema(project)
    earlier = {DECIDED, *layers[: layers.index(layer)]}
    connection = warehouse.connect(project)
    try:
        connection.execute("begin")
        found = connection.execute(f"select layer from {schema}.built_layers")
        there = {name for (name,) in found.fetchall()} & earlier
        if there == earlier:
            there.add(layer)
        connection.execute(f"delete from {schema}.built_layers")
        for name in sorted(there):
            connection.execute(f"insert into {schema}.built_layers values (?)", [name])
        if there == {DECIDED, *layers}:
            _complete(connection, project)
        connection.execute("commit")
    finally:
        connection.close()


def _complete(connection: duckdb.DuckDBPyConnection, project: Project) -> None:
    schema = logs_schema(project)
    connection.execute(
        f"insert into {schema}.unpublished_people "
        f"select distinct person_id from {schema}.replaced_people"
    )
    connection.execute(f"delete from {schema}.read_files")
    connection.execute(
        f"insert into {schema}.read_files select * from {schema}.decided_files"
    )
    for name in LOGS:
        if name not in (*UNPUBLISHED, "read_files"):
            connection.execute(f"delete from {schema}.{name}")
    connection.execute(
        f"insert into {schema}.last_run "
        "select ?, ?, ?, as_of, earliest_at, ?, ?, null "
        f"from {project.schema_prefix}intermediate.int_run__clock",
        [
            dbt_runner.fingerprint(project),
            json.dumps(_definition(project)),
            json.dumps(_vars(project)),
            project.vars.as_of,
            _closings(project),
        ],
    )


def is_incremental(project: Project) -> bool:
    return told(project)[0]


def published(project: Project, publication_id: str) -> None:
    """Every gate was passed and readers see what the tables hold: the next run
    need not build or check again what nothing has changed for."""
    schema = logs_schema(project)
    connection = warehouse.connect(project)
    try:
        connection.execute("begin")
        connection.execute(
            f"update {schema}.last_run set publication = ?", [publication_id]
        )
        for name in UNPUBLISHED:
            connection.execute(f"delete from {schema}.{name}")
        connection.execute("commit")
    finally:
        connection.close()


def touched_people(project: Project) -> str | None:
    """A query for the people whose rows are others than what was checked last,
    where `changed_sources` are known; None where they are so many that all rows
    may as well be looked at. They move from one log to the other when the public
    tables hold everything."""
    logs = f"warehouse.{logs_schema(project)}"
    query = (
        f"select person_id from {logs}.replaced_people union all "
        f"select person_id from {logs}.unpublished_people"
    )
    connection = warehouse.connect(project, read_only=True)
    try:
        [(touched, people)] = connection.execute(
            f"select (select count(*) from ({query})), (select count(*) from "
            f"warehouse.{project.schema_prefix}marts.dim_people)"
        ).fetchall()
    finally:
        connection.close()
    return query if touched <= people * publications.WORTHWHILE else None


def changed_sources(project: Project) -> frozenset[str] | None:
    """The sources that changed since what is published, by dbt's unique id; None
    where every model has to be built and every check to be made."""
    return told(project)[1]


def told(project: Project) -> tuple[bool, frozenset[str] | None]:
    """Whether the run builds on the last one, and the sources that changed. Both
    at once: to open a warehouse costs more than to ask it."""
    schema = logs_schema(project)
    connection = warehouse.connect(project)
    try:
        if not warehouse.has_table(connection, schema, "scope"):
            return False, None
        run = connection.execute(f"select is_incremental from {schema}.run").fetchone()
        found = connection.execute(
            f"select scope.changed_sources, last_run.project from {schema}.scope "
            f"cross join {schema}.last_run"
        ).fetchone()
    finally:
        connection.close()
    is_incremental = bool(run and run[0])
    # Where single assets are built by hand, a model may be another one meanwhile.
    if found is None or found[1] != dbt_runner.fingerprint(project):
        return is_incremental, None
    return is_incremental, frozenset(json.loads(found[0]))


def affected(
    manifest: Mapping[str, Any], changed: frozenset[str] | None
) -> frozenset[str] | None:
    """The nodes that read what changed, at first or at second hand, by dbt's
    unique id; None where that is every node."""
    if changed is None:
        return None
    nodes = manifest["nodes"]
    told: dict[str, bool] = {}

    def is_affected(unique_id: str) -> bool:
        if unique_id not in nodes:
            return unique_id in changed
        if unique_id not in told:
            told[unique_id] = any(map(is_affected, _read_by(nodes[unique_id])))
        return told[unique_id]

    return frozenset(filter(is_affected, nodes))


def _read_by(node: Mapping[str, Any]) -> list[str]:
    read = list(node.get("depends_on", {}).get("nodes", ()))
    config = node["config"]
    if (
        config.get("materialized") == "incremental"
        and config.get("incremental_strategy") in OF_THE_BATCH
    ):
        read.append(BATCH)
    return read


def logs_schema(project: Project) -> str:
    """Where the logs are."""
    return f"{project.schema_prefix}settings"


def _compared(
    connection: duckdb.DuckDBPyConnection, project: Project, schema: str
) -> Scope:
    return Scope(False, "every run builds everything")
    last = connection.execute(
        "select project, definition, vars, as_of, as_of_given, closings, publication "
        f"from {schema}.last_run"
    ).fetchone()
    if last is None:
        return Scope(False, "there is no complete run to build on")
    parsed, definition, given, as_of, as_of_given, closed, published_as = last
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
        "from loads.files except select file, sha256, loaded_at, source, "
        f"source_table from {schema}.read_files)"
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
    # What a column is, or that there is none, is decided for all rows of a table.
    other = _tables_with_other_columns(connection, schema)
    if other:
        return Scope(False, f"the columns of {listed(other)} changed")
    [(new, gone)] = connection.execute(
        f"select (select count(*) from {schema}.new_files), "
        f"(select count(*) from {schema}.gone_files)"
    ).fetchall()
    is_another_time = project.vars.as_of != as_of_given
    are_other_books = _closings(project) != closed
    others = []
    if are_other_books:
        others.append("the books that are closed")
    if is_another_time:
        others.append("as_of")
    changed_ones: frozenset[str] | None = None
    shown = publications.published(project)
    if shown is not None and shown.id == published_as:
        found = {f"raw_{system}.{table}" for system, table in tables}
        if tables:
            # Who is touched is known from the rows that were read.
            found |= {"settings.touched_records", "settings.replaced_people"}
        if is_another_time:
            found.add("settings.run")
        if are_other_books:
            found |= {f"closings.{name}" for name in CLOSINGS}
        changed_ones = frozenset(f"{SOURCE}{name}" for name in found)
    return Scope(True, "", new, gone, changed_ones, tuple(others))


def _tables_with_other_columns(
    connection: duckdb.DuckDBPyConnection, schema: str
) -> list[str]:
    before, now = (
        f"(select source, source_table, "
        "list_sort(list_distinct(flatten(list(columns)))) as columns "
        f"from {files} where len(columns) > 0 group by source, source_table)"
        for files in (f"{schema}.read_files", "loads.files")
    )
    found = connection.execute(
        f"select source || '.' || source_table from {before} as before "
        f"inner join {now} as now using (source, source_table) "
        "where before.columns <> now.columns order by 1"
    )
    return [name for (name,) in found.fetchall()]


def _differing(before: dict[str, str], after: dict[str, str]) -> list[str]:
    return sorted(
        name
        for name in {*before, *after}
        if before.get(name, "") != after.get(name, "")
    )


def _definition(project: Project) -> dict[str, str]:
    """The files of the DEFINITION folder by a digest of their content."""
    return {file.path.name: file.sha256 for file in overlay_files(project)}


def _closings(project: Project) -> str:
    """The books that were closed, which the next run lays in."""
    return json.dumps(
        [asdict(close) for close in closings.closes(project)], default=str
    )


def _vars(project: Project) -> dict[str, str]:
    """The vars, but for as_of: time moves on by itself."""
    given = json.loads(project.vars.as_json())
    return {
        name: json.dumps(value, sort_keys=True)
        for name, value in given.items()
        if name != "as_of"
    }
