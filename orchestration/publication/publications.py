"""Publications: whole sets of public tables, swapped in one step.

`OUT/published` is a link to one folder below `OUT/publications`. A publication
is written beside them, forced to disk, renamed into place, and only then does
the link move; so readers see the whole last good build or the whole new one. A
reader that has a file open keeps it: the build before the last one stays too, and
some more, to go back to (kept.py).
"""

from __future__ import annotations

import json
import os
import shutil
import stat
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from orchestration import warehouse
from orchestration.errors import LeadFunnelError
from orchestration.increment.lineage import Kind, Lineage
from orchestration.project import Project
from orchestration.publication import backups, events, kept
from orchestration.publication import manifest as manifests
from orchestration.publication.disk import sync
from orchestration.publication.manifest import Publication
from orchestration.warehouse import literal, quoted

PUBLIC_SCHEMAS = ("marts", "marts_pii")
OWNER_ALONE = 0o600
STORAGE_VERSION = "v1.4.0"
"""So that tools with DuckDB 1.4 or later can open the file: the format of 1.0, which
older ones read, costs a third more to write."""

DATABASE = "lead_funnel.duckdb"

PERSONAL_SCHEMA = "marts_pii"
PERSONAL_DATABASE = "lead_funnel_pii.duckdb"
PERSONAL_FOLDER = "pii"
"""Names and addresses: a DuckDB file and a folder of Parquet files of their own, which
only who owns them can open."""

WORTHWHILE = 0.25
"""Rows of a table in the file that may be replaced, or have been, as a share: with
more of them the table is written whole."""

DICTIONARY_SIZE = 1000

AS_OF = "as_of"
"""A column of this name says as of when a row holds: it moves on for everybody."""

_PARTIAL = ".partial"


@dataclass(frozen=True)
class PublicTable:
    """A table that readers may rely on."""

    schema: str
    name: str
    description: str
    columns: Mapping[str, str] = field(default_factory=dict)
    """Column names and their descriptions, with the Japanese term."""
    is_of_people: bool = False
    """Whether each row is a person's, whose `person_id` it has."""
    key: tuple[str, ...] = ()
    never_null: frozenset[str] = frozenset()
    """The columns that the contract says are never null."""

    @property
    def is_personal(self) -> bool:
        return self.schema == PERSONAL_SCHEMA

    @property
    def database(self) -> str:
        """The DuckDB file of a publication that has it."""
        return PERSONAL_DATABASE if self.is_personal else DATABASE

    @property
    def file(self) -> str:
        """Its Parquet file, below the folder of a publication."""
        folder = f"{PERSONAL_FOLDER}/" if self.is_personal else ""
        return f"{folder}{self.name}.parquet"


@dataclass(frozen=True)
class _Change:
    """What is others than in the publication before."""

    people: str
    """The table of the warehouse that names whose rows are others."""
    unchanged: frozenset[str]
    rows: Mapping[str, int]


def public_tables(manifest: Mapping[str, Any]) -> list[PublicTable]:
    """The public tables, as dbt's manifest describes them."""
    lineage = Lineage(manifest)
    tables = [
        PublicTable(
            schema=node["config"]["schema"],
            name=node["name"],
            description=table_comment(node),
            columns={
                name: column_comment(column)
                for name, column in node.get("columns", {}).items()
            },
            is_of_people=(
                lineage.kinds[unique_id] is Kind.PERSON
                and "person_id" in node.get("columns", {})
            ),
            key=tuple(node.get("primary_key") or ()),
            never_null=frozenset(
                name
                for name, column in node.get("columns", {}).items()
                if any(
                    constraint["type"] in ("not_null", "primary_key")
                    for constraint in column.get("constraints", [])
                )
            ),
        )
        for unique_id, node in lineage.nodes.items()
        if node["resource_type"] == "model"
        and node["config"].get("schema") in PUBLIC_SCHEMAS
        and node["config"].get("materialized") != "ephemeral"
    ]
    return sorted(tables, key=lambda table: (table.schema, table.name))


def table_comment(node: Mapping[str, Any]) -> str:
    """What the table is, and its key: DuckDB would keep an index for one that it
    knows, and no reader needs that."""
    described = " ".join(node.get("description", "").split())
    key = node.get("primary_key")
    return f"{described} Key: {', '.join(key)}." if key else described


def column_comment(column: Mapping[str, Any]) -> str:
    described = " ".join(column.get("description", "").split())
    label = column.get("config", {}).get("meta", {}).get("label_ja")
    return f"{described} ({label})" if label else described


def label_of(comment: str | None) -> str | None:
    """The Japanese term that `column_comment` put behind the description."""
    _, mark, rest = (comment or "").rpartition(". (")
    return rest[:-1] if mark and rest.endswith(")") else None


def publish(
    project: Project,
    tables: Sequence[PublicTable],
    *,
    unchanged: Collection[str] = (),
    changed_people: str | None = None,
    checks: Sequence[Mapping[str, Any]] = (),
    made_with: Mapping[str, Any] | None = None,
    beside: Callable[[Publication, Path], object] | None = None,
) -> Publication:
    """Copy the public tables out of the warehouse and show them to readers.

    The files of those that are named as unchanged are those of the publication
    before, under a further name. `changed_people` is the table of the warehouse that
    names the people whose rows are others than in that publication: where it is
    known, the DuckDB file is a copy of the one before with just these replaced.
    `checks` are what the suites' checks came to, `made_with` what `versions` says.
    Where somebody went back to an earlier publication to stay there, that stays the
    one that readers see. `beside` writes what is shown
    together with the tables into the folder in which they lie by then.
    """
    _check_place(project)
    remove_leftovers(project)
    if not project.vars.publish_personal_data:
        tables = [table for table in tables if not table.is_personal]
    before = published(project)
    last = before if unchanged or changed_people else None
    shown = project.published.resolve()
    now = datetime.now(UTC)
    name = now.strftime("%Y%m%dT%H%M%S.%fZ")
    partial = project.publications / (name + _PARTIAL)
    project.publications.mkdir(parents=True, exist_ok=True)
    partial.mkdir(mode=0o700)
    if any(table.is_personal for table in tables):
        (partial / PERSONAL_FOLDER).mkdir(mode=0o700)
    databases = sorted({table.database for table in tables})
    carried = {
        table.name
        for table in tables
        if last is not None
        and table.name in unchanged
        and _carried_over(shown / table.file, partial / table.file)
    }
    if (
        last is not None
        and set(last.rows) == carried
        and len(carried) == len(tables)
        and all(_carried_over(shown / name, partial / name) for name in databases)
    ):
        rows, as_of = last.rows, last.as_of
    else:
        change = None
        if (
            last is not None
            and changed_people is not None
            and set(last.rows) == {table.name for table in tables}
            and all(_copied(shown / name, partial / name) for name in databases)
        ):
            change = _Change(changed_people, frozenset(unchanged), last.rows)
        try:
            rows, as_of = _write_tables(project, tables, partial, carried, change)
        except duckdb.Error:
            if change is None:
                raise
            # The file that was published last is not what it was.
            for path in partial.glob("*.duckdb*"):
                path.unlink()
            rows, as_of = _write_tables(project, tables, partial, carried, None)
    with duckdb.connect(str(project.built), read_only=True) as built:
        raw_rows, fates = _raw_rows(built, project), _fates(built, project)
        latest = _latest(built, project)
    publication = Publication(
        id=name,
        built_at=now.isoformat(timespec="seconds"),
        as_of=as_of,
        funnel_version=project.vars.funnel_version,
        landing=str(project.landing),
        definition=str(project.definition) if project.definition else None,
        vars=json.loads(project.vars.as_json()),
        rows=rows,
        engine=project.engine,
        raw_rows=raw_rows,
        fates=fates,
        checks=_since_when(checks, before, now),
        latest=latest,
        **(made_with or {}),
    )
    if beside is not None:
        beside(publication, partial)
    backups.back_up(project, partial, shown)
    publication = replace(publication, files=manifests.checksums(partial, shown))
    manifests.write(partial, publication)
    for path in (*sorted(partial.rglob("*")), partial):
        sync(path)
    final = project.publications / name
    # Nobody else looked into it before the files had their own permissions.
    partial.chmod(stat.S_IMODE(project.publications.stat().st_mode))
    partial.rename(final)
    sync(project.publications)
    if events.held(project) is None:
        point_to(project, final)
    kept.remove_old(project, {final, shown})
    return publication


def published(project: Project) -> Publication | None:
    """What is published at the moment; none, too, where another version of this
    project wrote it or something broke it."""
    return manifests.of(project.published)


def _raw_rows(built: duckdb.DuckDBPyConnection, project: Project) -> dict[str, int]:
    schema = f"{project.schema_prefix}input_layer"
    if not warehouse.has_table(built, schema, "input_layer__raw_tables"):
        return {}
    return dict(
        built.execute(
            "select source || '.' || source_table, raw_rows "
            f"from {schema}.input_layer__raw_tables where raw_rows > 0 order by 1"
        ).fetchall()
    )


FATES = (
    "raw_rows",
    "readings",
    "duplicates",
    "quarantined",
    "after_as_of",
    "unread",
)


def _fates(
    built: duckdb.DuckDBPyConnection, project: Project
) -> dict[str, dict[str, int]]:
    """What became of the rows of each raw table that has any."""
    schema = f"{project.schema_prefix}quality"
    if not warehouse.has_table(built, schema, "raw_row_fates"):
        return {}
    rows = built.execute(
        f"select source || '.' || source_table, {', '.join(FATES)} "
        f"from {schema}.raw_row_fates where raw_rows > 0 order by 1"
    ).fetchall()
    return {name: dict(zip(FATES, counts, strict=True)) for name, *counts in rows}


LATEST = {"fct_stage_events": "occurred_at", "fct_spend": "spend_date"}


def _latest(built: duckdb.DuckDBPyConnection, project: Project) -> dict[str, str]:
    schema = f"{project.schema_prefix}marts"
    found = [
        f"select source, {column} as latest_at from {schema}.{table}"
        for table, column in LATEST.items()
        if warehouse.has_table(built, schema, table)
    ]
    if not found:
        return {}
    return dict(
        built.execute(
            "select source, cast(max(latest_at) as varchar) "
            f"from ({' union all '.join(found)}) group by 1 order by 1"
        ).fetchall()
    )


def _since_when(
    checks: Sequence[Mapping[str, Any]], before: Publication | None, now: datetime
) -> list[dict[str, Any]]:
    """The checks, each failing one with the day of the publication it first failed
    in without a good one since."""
    known = {
        (check["suite"], check["table"], check["name"]): check.get("failing_since")
        for check in (before.checks if before else ())
    }
    return [
        {
            **check,
            "failing_since": None
            if check["passed"]
            else known.get((check["suite"], check["table"], check["name"]))
            or now.date().isoformat(),
        }
        for check in checks
    ]


def remove_leftovers(project: Project) -> list[str]:
    """Take away what a killed run left half-written; say what it was."""
    left = [*_partials(project), *project.out.glob(".published.*")]
    for path in left:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
    return [path.name for path in left]


def leftovers(project: Project) -> list[str]:
    return [path.name for path in _partials(project)]


def _partials(project: Project) -> Iterator[Path]:
    yield from sorted(project.publications.glob(f"*{_PARTIAL}"))


def _check_place(project: Project) -> None:
    if project.published.exists() and not project.published.is_symlink():
        raise LeadFunnelError(
            f"{project.published} is where readers find the published tables, but a "
            "file or folder of that name is there already: move it away or choose "
            "another OUT."
        )


def _write_tables(
    project: Project,
    tables: Sequence[PublicTable],
    folder: Path,
    carried: Collection[str],
    change: _Change | None,
) -> tuple[dict[str, int], str | None]:
    """One DuckDB file, and a Parquet file for each table that has none yet.

    With a change the DuckDB file is there already, as it was published last.

    Rows lie as the warehouse has them: a sort by keys, which are random, would
    cost a third more and make both files larger.
    """
    rows: dict[str, int] = {}
    connection = duckdb.connect()
    try:
        warehouse.configure(connection, project.warehouse.parent / "publish.tmp")
        try:
            connection.execute(
                f"attach {literal(str(project.built))} as warehouse (read_only)"
            )
        except duckdb.Error as error:
            raise warehouse.explained(project, error) from error
        for name in sorted({table.database for table in tables}):
            _attach(connection, folder / name, is_new=change is None)
        for table in tables:
            connection.execute(f"create schema if not exists {_schema(table)}")
        for table in tables:
            count = _changed_table(connection, project, table, change)
            if count is None:
                count = _write_table(connection, project, table)
            rows[table.name] = count
            if table.name not in carried:
                _write_file(connection, project, table, folder)
        as_of = None
        if "fct_lead_lifecycles" in rows:
            [(as_of,)] = connection.execute(
                "select strftime(max(as_of), '%Y-%m-%dT%H:%M:%S.%fZ') "
                "from publication.marts.fct_lead_lifecycles"
            ).fetchall()
        for name in sorted({table.database for table in tables}):
            connection.execute(f"checkpoint {_catalog(name)}")
            connection.execute(f"detach {_catalog(name)}")
    finally:
        connection.close()
    return rows, as_of


def _changed_table(
    connection: duckdb.DuckDBPyConnection,
    project: Project,
    table: PublicTable,
    change: _Change | None,
) -> int | None:
    """Bring a table of the last publication up to date; says how many rows it then
    has, or nothing where it has to be written whole."""
    if change is None:
        return None
    if table.name in change.unchanged:
        return change.rows[table.name]
    if not table.is_of_people:
        return None
    source = _source(project, table)
    target = f"{_schema(table)}.{quoted(table.name)}"
    is_replaced = f"person_id in (select person_id from warehouse.{change.people})"
    columns, there = (
        [row[:2] for row in connection.execute(f"describe {relation}").fetchall()]
        for relation in (source, target)
    )
    [(count, fresh)] = connection.execute(
        f"select count(*), count(*) filter ({is_replaced}) from {source}"
    ).fetchall()
    if columns != there or fresh > count * WORTHWHILE:
        return None
    connection.execute(f"delete from {target} where {is_replaced}")
    connection.execute(f"insert into {target} from {source} where {is_replaced}")
    if AS_OF in dict(columns):
        as_of = f"(select max(as_of) from {source})"
        connection.execute(
            f"update {target} set as_of = {as_of} where as_of is distinct from {as_of}"
        )
    # Deleted rows keep their place in the file until it is written whole.
    [(written, places)] = connection.execute(
        f"select count(*), coalesce(max(rowid) + 1, 0) from {target}"
    ).fetchall()
    if written != count or places > count / (1 - WORTHWHILE):
        return None
    return int(count)


def _write_table(
    connection: duckdb.DuckDBPyConnection,
    project: Project,
    table: PublicTable,
) -> int:
    source = _source(project, table)
    target = f"{_schema(table)}.{quoted(table.name)}"
    [(count,)] = connection.execute(
        f"create or replace table {target} as from {source}"
    ).fetchall()
    if table.description:
        connection.execute(f"comment on table {target} is {literal(table.description)}")
    there = {name for name, *_ in connection.execute(f"describe {target}").fetchall()}
    for column, description in table.columns.items():
        if description and column in there:
            connection.execute(
                f"comment on column {target}.{quoted(column)} is {literal(description)}"
            )
    return int(count)


def _write_file(
    connection: duckdb.DuckDBPyConnection,
    project: Project,
    table: PublicTable,
    folder: Path,
) -> None:
    # Level 1 takes two thirds of the time of the default 3, for the same size. A
    # small dictionary is given up early: most texts are keys without repeats.
    warehouse.write_parquet(
        connection,
        f"from {_source(project, table)}",
        folder / table.file,
        "compression zstd",
        "compression_level 1",
        f"dictionary_size_limit {DICTIONARY_SIZE}",
    )
    if table.is_personal:
        (folder / table.file).chmod(OWNER_ALONE)


def _catalog(database: str) -> str:
    """What a DuckDB file is attached as."""
    return "personal" if database == PERSONAL_DATABASE else "publication"


def _schema(table: PublicTable) -> str:
    return f"{_catalog(table.database)}.{table.schema}"


def _attach(connection: duckdb.DuckDBPyConnection, path: Path, *, is_new: bool) -> None:
    options = f"(storage_version '{STORAGE_VERSION}')" if is_new else ""
    connection.execute(
        f"attach {literal(str(path))} as {_catalog(path.name)} {options}"
    )
    if path.name == PERSONAL_DATABASE:
        path.chmod(OWNER_ALONE)


def _source(project: Project, table: PublicTable) -> str:
    return f"warehouse.{project.schema_prefix}{table.schema}.{quoted(table.name)}"


def _copied(path: Path, target: Path) -> bool:
    """Copy a published file, with its permissions, to be changed."""
    try:
        shutil.copy(path, target)
    except FileNotFoundError:
        return False
    return True


def _carried_over(path: Path, target: Path) -> bool:
    """Give a published file, which nobody changes, a place in another publication."""
    try:
        os.link(path, target)
    except FileNotFoundError:
        return False
    except OSError:
        # Not every file system has hard links.
        shutil.copy(path, target)
    return True


def point_to(project: Project, final: Path) -> None:
    """Swap the link; renaming over it is one step for every reader."""
    fresh = project.out / f".published.{final.name}"
    fresh.symlink_to(Path(project.publications.name) / final.name)
    fresh.replace(project.published)
    sync(project.out)


BY_A_RUN = "lead-funnel run"
"""Who did what no person did."""


def show_newest(project: Project, reason: str) -> None:
    """Show the newest publication to readers, also where another one is held."""
    newest = kept.publications(project)[0].folder
    if events.rolled_back(project) is not None:
        before = project.published.resolve().name
        events.note(
            project,
            events.Event(events.RELEASED, newest.name, BY_A_RUN, reason, before=before),
        )
    point_to(project, newest)


def remove_earlier(project: Project, reason: str) -> int:
    """Show the newest publication and remove all before it; how many there were."""
    show_newest(project, reason)
    newest, *earlier = kept.publications(project)
    if earlier:
        said = f"{reason}: {len(earlier)} removed"
        events.note(project, events.Event(events.ERASED, newest.id, BY_A_RUN, said))
    kept.remove_all_but(project, {newest.folder.resolve()})
    return len(earlier)
