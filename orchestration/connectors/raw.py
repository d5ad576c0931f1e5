"""Loading the landing folder into the raw tables, so that they mirror it.

The folder is the truth. A file whose path and content are known is left alone
and keeps its `_loaded_at`; a changed file's rows are replaced; a vanished
file's rows go. What has been loaded is written down in `loads.files` after
dlt is done, so whatever a killed load left is not in it and is loaded again.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from orchestration import warehouse
from orchestration.connectors.landing import Landing, LandingFile, read_landing
from orchestration.connectors.readers import FILE_COLUMNS, Converted, Converter
from orchestration.connectors.tables import LOADED_SYSTEMS, RawTable, tables_of
from orchestration.errors import LeadFunnelError
from orchestration.project import Project
from orchestration.warehouse import quoted

if TYPE_CHECKING:
    from dlt.extract.source import DltSource
    from dlt.pipeline.pipeline import Pipeline

SETTLED_SECONDS = 2.0
"""A file changed later than this before it was read may change unseen."""

LEDGER = """
create schema if not exists loads;
create table if not exists loads.files (
    source varchar not null,
    source_table varchar not null,
    file varchar not null,
    sha256 varchar not null,
    fingerprint varchar,
    row_count bigint not null,
    columns varchar[] not null,
    loaded_at timestamp not null,
    primary key (file)
)
"""


@dataclass(frozen=True)
class LoadedTable:
    """What a raw table holds after a load."""

    system: str
    table: str
    rows: int
    files: int
    new_files: int
    """Files that this load read; the others were there already."""


@dataclass(frozen=True)
class _Known:
    table: str
    sha256: str
    fingerprint: str | None
    rows: int
    columns: tuple[str, ...]


@dataclass
class SystemLoad:
    """The load of one system: prepare, let dlt run `source`, then finish.

    The steps are apart so that Dagster's dlt resource can do the middle one.
    """

    project: Project
    system: str
    landing: Landing
    loaded_at: datetime
    converted: list[Converted] = field(default_factory=list)
    fingerprints: dict[str, str | None] = field(default_factory=dict)

    @property
    def schema(self) -> str:
        return f"raw_{self.system}"

    @property
    def scratch(self) -> Path:
        return self.project.dlt_dir / "files" / self.system

    def prepare(self) -> None:
        """Read what is new, then take out of the warehouse what no longer holds.

        Nothing is taken out before every new file has proven readable.
        """
        shutil.rmtree(self.scratch, ignore_errors=True)
        connection = warehouse.connect(self.project)
        try:
            connection.execute(LEDGER)
            known = self._known(connection)
            self._convert_what_is_new(known)
            connection.execute("begin")
            self._take_out(connection, known)
            connection.execute("commit")
        finally:
            connection.close()

    @property
    def has_news(self) -> bool:
        return any(item.columns for item in self.converted)

    def source(self) -> DltSource:
        return raw_source(self.system, self.converted)

    def pipeline(self) -> Pipeline:
        return raw_pipeline(self.project, self.system)

    def finish(self) -> dict[str, LoadedTable]:
        """Write down what was loaded and say what each raw table now holds."""
        connection = warehouse.connect(self.project)
        try:
            connection.execute("begin")
            for item in self.converted:
                connection.execute(
                    "insert into loads.files values (?, ?, ?, ?, ?, ?, ?, ?)",
                    [
                        self.system,
                        item.file.table.name,
                        item.file.name,
                        item.sha256,
                        self.fingerprints[item.file.name],
                        item.rows,
                        list(item.columns),
                        self.loaded_at,
                    ],
                )
            connection.execute("commit")
            loaded = self._loaded(connection)
        finally:
            connection.close()
        shutil.rmtree(self.scratch, ignore_errors=True)
        return loaded

    def _known(self, connection: duckdb.DuckDBPyConnection) -> dict[str, _Known]:
        """The files whose rows the warehouse holds, whole and in this version.

        A table whose rows do not add up, or that lacks a column, counts as not
        loaded: a killed load or another program has been at it.
        """
        known = {
            file: _Known(table, sha256, fingerprint, rows, tuple(columns))
            for file, table, sha256, fingerprint, rows, columns in connection.execute(
                "select file, source_table, sha256, fingerprint, row_count, columns "
                "from loads.files where source = ? order by file",
                [self.system],
            ).fetchall()
        }
        for table in tables_of(self.system):
            files = {
                name: item for name, item in known.items() if item.table == table.name
            }
            expected = sum(item.rows for item in files.values())
            wanted = {name for item in files.values() for name in item.columns}
            present = self._columns(connection, table.name)
            if expected and not wanted <= set(present):
                actual = -1
            else:
                actual = self._count(connection, table.name) if present else 0
            if actual != expected:
                files = self._whole(connection, table.name, files, present, wanted)
                known = {
                    name: item
                    for name, item in known.items()
                    if item.table != table.name or name in files
                }
        return known

    def _whole(
        self,
        connection: duckdb.DuckDBPyConnection,
        table: str,
        files: dict[str, _Known],
        present: Sequence[str],
        wanted: set[str],
    ) -> dict[str, _Known]:
        """Of a table's files those whose rows are all there."""
        if not wanted <= set(present) or not set(FILE_COLUMNS) <= set(present):
            return {}
        rows = dict(
            connection.execute(
                f"select _file || chr(10) || _file_sha256, count(*) "
                f"from {self.schema}.{quoted(table)} group by 1"
            ).fetchall()
        )
        return {
            name: item
            for name, item in files.items()
            if rows.get(f"{name}\n{item.sha256}", 0) == item.rows
        }

    def _convert_what_is_new(self, known: dict[str, _Known]) -> None:
        files = self.landing.files_of(self.system)
        unchanged: set[str] = set()
        with Converter(self.scratch, self.loaded_at) as converter:
            for file in files:
                before = known.get(file.name)
                fingerprint = _fingerprint(file)
                if before and before.fingerprint and before.fingerprint == fingerprint:
                    unchanged.add(file.name)
                    continue
                sha256 = _sha256(file)
                if (
                    before
                    and before.sha256 == sha256
                    and before.table == file.table.name
                ):
                    unchanged.add(file.name)
                    continue
                self.fingerprints[file.name] = fingerprint
                self.converted.append(converter.convert(file, sha256))
        for name in set(known) - unchanged:
            del known[name]

    def _take_out(
        self, connection: duckdb.DuckDBPyConnection, kept: dict[str, _Known]
    ) -> None:
        """Leave in the raw tables exactly the rows and columns of the kept files."""
        connection.execute(
            "delete from loads.files where source = ? and not list_contains(?, file)",
            [self.system, list(kept)],
        )
        for table in tables_of(self.system):
            present = self._columns(connection, table.name)
            if not present:
                continue
            name = f"{self.schema}.{quoted(table.name)}"
            files = {
                file: item for file, item in kept.items() if item.table == table.name
            }
            if not files:
                connection.execute(f"drop table {name}")
                continue
            if self._count(connection, table.name) != sum(
                item.rows for item in files.values()
            ):
                connection.execute(
                    f"delete from {name} where not list_contains(?, "
                    "_file || chr(10) || _file_sha256)",
                    [[f"{file}\n{item.sha256}" for file, item in files.items()]],
                )
            wanted = {column for item in files.values() for column in item.columns}
            for column in present:
                if column not in wanted and column not in FILE_COLUMNS:
                    connection.execute(
                        f"alter table {name} drop column {quoted(column)}"
                    )
        # dlt then looks at the tables themselves, not at what it remembers.
        if warehouse.has_table(connection, self.schema, "_dlt_version"):
            connection.execute(f"delete from {self.schema}._dlt_version")

    def _loaded(self, connection: duckdb.DuckDBPyConnection) -> dict[str, LoadedTable]:
        files = dict(
            connection.execute(
                "select source_table, count(*) from loads.files "
                "where source = ? group by 1",
                [self.system],
            ).fetchall()
        )
        return {
            table.name: LoadedTable(
                system=self.system,
                table=table.name,
                rows=self._count(connection, table.name),
                files=files.get(table.name, 0),
                new_files=sum(
                    item.file.table.name == table.name for item in self.converted
                ),
            )
            for table in tables_of(self.system)
        }

    def _columns(
        self, connection: duckdb.DuckDBPyConnection, table: str
    ) -> tuple[str, ...]:
        return tuple(
            row[0]
            for row in connection.execute(
                "select column_name from duckdb_columns() "
                "where database_name = current_database() "
                "and schema_name = ? and table_name = ? order by column_index",
                [self.schema, table],
            ).fetchall()
        )

    def _count(self, connection: duckdb.DuckDBPyConnection, table: str) -> int:
        if not warehouse.has_table(connection, self.schema, table):
            return 0
        return connection.execute(
            f"select count(*) from {self.schema}.{quoted(table)}"
        ).fetchone()[0]


def load_system(
    project: Project,
    system: str,
    landing: Landing | None = None,
    loaded_at: datetime | None = None,
) -> dict[str, LoadedTable]:
    """Make a system's raw tables mirror the landing folder; says what they hold."""
    load = SystemLoad(
        project=project,
        system=system,
        landing=landing or read_landing(project.landing),
        loaded_at=loaded_at or now(),
    )
    load.prepare()
    if load.has_news:
        run_pipeline(load)
    return load.finish()


def load_all(
    project: Project, loaded_at: datetime | None = None
) -> dict[tuple[str, str], LoadedTable]:
    """Make all raw tables mirror the landing folder, at one instant."""
    landing = read_landing(project.landing)
    loaded_at = loaded_at or now()
    return {
        (system, name): table
        for system in LOADED_SYSTEMS
        for name, table in load_system(project, system, landing, loaded_at).items()
    }


def run_pipeline(load: SystemLoad) -> None:
    """Let dlt load what was prepared, without Dagster."""
    load.pipeline().run(load.source()).raise_on_failed_jobs()


def now() -> datetime:
    """The present as the warehouse writes instants: UTC without an offset."""
    return datetime.now(UTC).replace(tzinfo=None)


def raw_source(system: str, converted: Iterable[Converted] = ()) -> DltSource:
    """A system's raw tables as a dlt source, a resource each.

    Without files it only names the tables, which is what assets are made of.
    """
    import dlt

    # Names are in snake case already; dlt leaves them as they are.
    schema = dlt.Schema(f"raw_{system}", normalizers={"names": "direct"})
    by_table: dict[str, list[Converted]] = {
        table.name: [] for table in tables_of(system)
    }
    for item in converted:
        if item.columns:
            by_table[item.file.table.name].append(item)

    @dlt.source(schema=schema, max_table_nesting=0)
    def exports() -> Iterator[Any]:
        for table, items in by_table.items():
            yield dlt.resource(
                _parquet_files(items),
                name=table,
                write_disposition="append",
                file_format="parquet",
                columns=_declared(items),
            )

    return exports()


def _declared(items: Sequence[Converted]) -> dict[str, Any]:
    """A table's columns in the order of its files, so that dlt takes these as
    they are instead of rewriting them."""
    names = dict.fromkeys(name for item in items for name in item.columns)
    file, sha256, loaded_at = FILE_COLUMNS
    instant = {"data_type": "timestamp", "timezone": False, "nullable": False}
    return {
        **{name: {"data_type": "text"} for name in names},
        file: {"data_type": "text", "nullable": False},
        sha256: {"data_type": "text", "nullable": False},
        loaded_at: instant,
    }


def _parquet_files(items: Sequence[Converted]) -> Iterator[Any]:
    import dlt
    import pyarrow as pa

    for item in items:
        fields = [pa.field(name, pa.string()) for name in item.columns]
        fields += [pa.field(name, pa.string(), False) for name in FILE_COLUMNS[:2]]
        fields += [pa.field(FILE_COLUMNS[2], pa.timestamp("us"), False)]
        yield dlt.mark.with_file_import(
            str(item.parquet),
            "parquet",
            item.rows,
            hints=pa.schema(fields).empty_table(),
        )


def raw_pipeline(project: Project, system: str) -> Pipeline:
    """The pipeline that fills the schema `raw_<system>`.

    It remembers nothing between runs: what is loaded stands in `loads.files`.
    """
    os.environ["RUNTIME__DLTHUB_TELEMETRY"] = "false"
    os.environ["RESTORE_FROM_DESTINATION"] = "false"
    os.environ["LOAD__DELETE_COMPLETED_JOBS"] = "true"
    os.environ.setdefault("RUNTIME__LOG_LEVEL", "ERROR")
    import dlt

    name = f"load_{system}"
    shutil.rmtree(project.dlt_dir / name, ignore_errors=True)
    return dlt.pipeline(
        pipeline_name=name,
        pipelines_dir=str(project.dlt_dir),
        destination=dlt.destinations.duckdb(str(project.warehouse)),
        dataset_name=f"raw_{system}",
    )


def _fingerprint(file: LandingFile) -> str | None:
    """What changes whenever a file does, cheap to ask for; none where the file
    is so new that a second change might not show."""
    stat = file.path.stat()
    if time.time() - max(stat.st_mtime, stat.st_ctime) < SETTLED_SECONDS:
        return None
    parts = (
        file.table.name,
        os.path.realpath(file.path),
        stat.st_dev,
        stat.st_ino,
        stat.st_size,
        stat.st_mtime_ns,
        stat.st_ctime_ns,
    )
    return ":".join(str(part) for part in parts)


def _sha256(file: LandingFile) -> str:
    try:
        with file.path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise LeadFunnelError(
            f"The file {file.name} cannot be read ({error.strerror}): check that it "
            "is a file and that you may read it."
        ) from error


__all__ = [
    "LoadedTable",
    "RawTable",
    "SystemLoad",
    "load_all",
    "load_system",
    "raw_pipeline",
    "raw_source",
    "run_pipeline",
]
