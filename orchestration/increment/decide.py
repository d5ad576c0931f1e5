"""What a run has to do: everything, or only what a change touches.

It may build on what is there where nothing but the data changed since. Which
files are new or gone is written down for the input layer
(macros/touched_records.sql), and what is owed to readers for everything after.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import duckdb

from orchestration import warehouse
from orchestration.errors import listed
from orchestration.increment import state
from orchestration.increment.lineage import SOURCE
from orchestration.project import Project
from orchestration.publication import closings, publications
from orchestration.settings.definition_files import overlay_files
from orchestration.sources import conventions
from orchestration.sources.tables import looked_up_tables
from orchestration.transformation import dbt_runner

LOOKED_UP = looked_up_tables()
"""Small tables that the rows of every person are looked up in."""

CLOSINGS = ("closes", "definition", *closings.TABLES)

FILE_KEY = "cast(hash(file, sha256, loaded_at) >> 1 as bigint)"
"""As the macro file_key computes it."""


@dataclass(frozen=True)
class Decision:
    """What a run does anew, and why everything if so."""

    is_update: bool
    reason: str
    new_files: int = 0
    gone_files: int = 0
    others: tuple[str, ...] = ()
    """What else changed since the last run, in words."""
    is_owed: bool = True
    """Whether readers do not see yet what the tables hold or will hold."""
    goes_on_from: str | None = None
    """How far the run before came that was given the very same, but not published."""

    @property
    def sentence(self) -> str:
        if self.goes_on_from is not None:
            return (
                "The last run was not published, and nothing changed since: this one "
                f"goes on from there ({self.goes_on_from})."
            )
        if not self.is_update:
            return f"Everything is built anew: {self.reason}."
        if not self.is_owed:
            return (
                "Nothing changed since the last publication: what was built and "
                "checked stands."
            )
        changed = list(self.others)
        if self.new_files or self.gone_files:
            changed.insert(0, f"{self.new_files} new and {self.gone_files} gone files")
        what = ", ".join(changed) or "what is published is not the last run's"
        return f"Only what changed is built anew ({what})."


def decide(project: Project) -> Decision:
    """Decide what this run does and write it to the settings that models read."""
    with state.transaction(project) as connection:
        given = _given(connection, project)
        goes_on_from = state.goes_on_from(connection, project, given)
        decision = replace(
            _compared(connection, project, given), goes_on_from=goes_on_from
        )
        connection.execute(
            f"update {state.schema(project)}.run set is_incremental = ?",
            [decision.is_update],
        )
        if not decision.is_update:
            state.build_anew(connection, project)
        state.decided(connection, project, given, goes_on_from)
    return decision


def made_with(connection: duckdb.DuckDBPyConnection, project: Project) -> state.LastRun:
    """What the tables are built with now."""
    [(as_of, earliest_at)] = connection.execute(
        "select as_of, earliest_at "
        f"from {project.schema_prefix}intermediate.int_run__clock"
    ).fetchall()
    return state.LastRun(
        **vars(_given(connection, project)), as_of=as_of, earliest_at=earliest_at
    )


def _given(connection: duckdb.DuckDBPyConnection, project: Project) -> state.Given:
    shown = publications.published(project)
    return state.Given(
        project=dbt_runner.fingerprint(project),
        definition=state.as_json(_definition(project)),
        vars=state.as_json(_vars(project)),
        as_of_given=project.vars.as_of,
        closings=_closings(project),
        conventions=state.as_json(conventions.as_written(connection, project)),
        seen=shown.id if shown is not None else "",
    )


def _compared(
    connection: duckdb.DuckDBPyConnection, project: Project, given: state.Given
) -> Decision:
    last = state.last_run(connection, project)
    if last is None:
        return Decision(False, "there is no complete run to build on")
    by_hand = state.built_by_hand(connection, project)
    if by_hand:
        return Decision(False, f"dbt built {listed(by_hand, limit=5)} by hand")
    if last.project != given.project:
        return Decision(False, "models, macros or seeds of the project changed")
    changed = _differing(json.loads(last.definition), json.loads(given.definition))
    if changed:
        return Decision(False, f"the definition changed ({listed(changed, limit=10)})")
    changed = _differing(json.loads(last.vars), json.loads(given.vars))
    if changed:
        return Decision(False, f"vars changed ({listed(changed, limit=10)})")
    changed = conventions.read_otherwise(
        json.loads(last.conventions), json.loads(given.conventions)
    )
    if changed:
        return Decision(
            False, f"what is meant by the texts of {listed(changed, limit=10)} changed"
        )
    if project.vars.as_of is not None and project.vars.as_of < last.as_of:
        return Decision(False, "as_of lies before the last run's")
    if not warehouse.has_table(connection, "loads", "files"):
        return Decision(False, "nothing was loaded by this project")
    tables = _write_changed_files(connection, project)
    looked_up = sorted(".".join(table) for table in tables if table in LOOKED_UP)
    if looked_up:
        return Decision(
            False, f"every row is looked up in {listed(looked_up)}, which changed"
        )
    # What a column is, or that there is none, is decided for all rows of a table.
    other = _tables_with_other_columns(connection, project)
    if other:
        return Decision(False, f"the columns of {listed(other)} changed")
    return _update(connection, project, last, given, tables)


def _update(
    connection: duckdb.DuckDBPyConnection,
    project: Project,
    last: state.LastRun,
    given: state.Given,
    tables: Iterable[tuple[str, str]],
) -> Decision:
    """What changed since the last run, written down as owed to readers."""
    schema = state.schema(project)
    [(new, gone)] = connection.execute(
        f"select (select count(*) from {schema}.new_files), "
        f"(select count(*) from {schema}.gone_files)"
    ).fetchall()
    sources = {f"raw_{system}.{table}" for system, table in tables}
    others = []
    if given.closings != last.closings:
        others.append("the books that are closed")
        sources |= {f"closings.{name}" for name in CLOSINGS}
    if given.as_of_given != last.as_of_given:
        others.append("as_of")
        sources.add("settings.run")
    owed = {f"{SOURCE}{name}" for name in sources}
    shown = publications.published(project)
    known = connection.execute(f"from {schema}.shown").fetchone()
    if shown is None or known != (shown.id,):
        # What readers see is not what `owed` is counted from.
        owed.add(state.EVERYTHING)
        connection.execute(f"delete from {schema}.changed_people")
    state.owe(connection, project, owed)
    left = connection.execute(
        f"select 1 from {schema}.owed union all "
        f"select 1 from {schema}.touched_records limit 1"
    ).fetchone()
    return Decision(True, "", new, gone, tuple(others), is_owed=left is not None)


def _write_changed_files(
    connection: duckdb.DuckDBPyConnection, project: Project
) -> list[tuple[str, str]]:
    """Write down the files that came and went; returns the tables they are of."""
    schema = state.schema(project)
    for name in ("new_files", "gone_files"):
        connection.execute(f"delete from {schema}.{name}")
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
    return connection.execute(
        f"select distinct source, source_table from {schema}.new_files union "
        f"select source, source_table from {schema}.read_files "
        f"inner join {schema}.gone_files using (file)"
    ).fetchall()


def _tables_with_other_columns(
    connection: duckdb.DuckDBPyConnection, project: Project
) -> list[str]:
    before, now = (
        f"(select source, source_table, "
        "list_sort(list_distinct(flatten(list(columns)))) as columns "
        f"from {files} where len(columns) > 0 group by source, source_table)"
        for files in (f"{state.schema(project)}.read_files", "loads.files")
    )
    found = connection.execute(
        f"select source || '.' || source_table from {before} as before "
        f"inner join {now} as now using (source, source_table) "
        "where before.columns <> now.columns order by 1"
    )
    return [name for (name,) in found.fetchall()]


def _differing(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
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
    return state.as_json([asdict(close) for close in closings.closes(project)])


def _vars(project: Project) -> dict[str, str]:
    """The vars that rows depend on, but for as_of: time moves on by itself."""
    given = json.loads(project.vars.as_json())
    return {
        name: json.dumps(value, sort_keys=True)
        for name, value in given.items()
        if name not in ("as_of", "report_names_reps", "publish_personal_data")
    }
