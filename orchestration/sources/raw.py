"""Loading the landing folder into the raw tables, so that they mirror it.

The folder is the truth. A file whose path and content are known is left alone
and keeps its `_loaded_at`; a changed file's rows are replaced; a vanished
file's rows go.

A landed file becomes one Parquet file below OUT/raw, and a raw table is a view
of its files. Which file a row came from, and when, is said by the folders that
the Parquet file lies in, as Hive writes partitions: every engine reads that
without a look into the rows of other files. What has been loaded is written
down in `loads.files` together with the views, in one step, after dlt is done
and every file is in its place; so a killed load leaves the tables as they were
and files that nobody reads, which the next one removes.
"""

from __future__ import annotations

import os
import re
import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from orchestration import warehouse
from orchestration.errors import LeadFunnelError, listed
from orchestration.project import Project
from orchestration.publication.disk import sync
from orchestration.sources.landing import Landing, LandingFile, read_landing
from orchestration.sources.readers import FILE_COLUMNS, Converted, Converter, digest
from orchestration.sources.tables import LOADED_SYSTEMS, RawTable, tables_of
from orchestration.warehouse import literal, quoted

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
    size bigint,
    primary key (file)
);
alter table loads.files add column if not exists size bigint
"""
"""`size` is that of the Parquet file; none where a file has no columns."""

LONGEST_NAME = 255
"""What file systems allow for the name of a folder, in bytes."""


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
    """A landed file as it was loaded."""

    table: str
    sha256: str
    fingerprint: str | None
    rows: int
    columns: tuple[str, ...]
    loaded_at: datetime
    size: int | None


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
    kept: dict[str, _Known] = field(default_factory=dict)

    @property
    def schema(self) -> str:
        return f"raw_{self.system}"

    @property
    def scratch(self) -> Path:
        return self.project.dlt_dir / "files" / self.system

    @property
    def delivered(self) -> Path:
        """Where dlt puts the Parquet files, each under a name of its own."""
        return delivery(self.project) / self.schema

    @property
    def folder(self) -> Path:
        return self.project.raw / self.schema

    def prepare(self) -> None:
        """Read what is new: no table changes before every file is readable."""
        shutil.rmtree(self.scratch, ignore_errors=True)
        shutil.rmtree(self.delivered, ignore_errors=True)
        connection = warehouse.connect(self.project)
        try:
            connection.execute(LEDGER)
            self.kept = self._known(connection)
        finally:
            connection.close()
        self._convert_what_is_new()
        self._check_required()

    @property
    def has_news(self) -> bool:
        return any(item.columns for item in self.converted)

    def source(self) -> DltSource:
        return raw_source(self.system, self.converted)

    def pipeline(self) -> Pipeline:
        return raw_pipeline(self.project, self.system)

    def finish(self) -> dict[str, LoadedTable]:
        """Show the files that are there now, and say what each raw table holds."""
        files = {**self.kept, **self._placed()}
        connection = warehouse.connect(self.project)
        try:
            connection.execute("begin")
            connection.execute(
                "delete from loads.files where source = ?", [self.system]
            )
            if files:
                connection.executemany(
                    "insert into loads.files (source, source_table, file, sha256, "
                    "fingerprint, row_count, columns, loaded_at, size) "
                    "values (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                    [
                        [
                            self.system,
                            item.table,
                            name,
                            item.sha256,
                            item.fingerprint,
                            item.rows,
                            list(item.columns),
                            item.loaded_at,
                            item.size,
                        ]
                        for name, item in files.items()
                    ],
                )
            self._show(connection, files)
            connection.execute("commit")
        finally:
            connection.close()
        self._remove_leftovers(files)
        shutil.rmtree(self.scratch, ignore_errors=True)
        shutil.rmtree(self.delivered, ignore_errors=True)
        return self._loaded(files)

    def _known(self, connection: duckdb.DuckDBPyConnection) -> dict[str, _Known]:
        """The files that were loaded and whose Parquet is as it was written."""
        found = {
            name: _Known(table, sha256, fingerprint, rows, tuple(columns), at, size)
            for (
                name,
                table,
                sha256,
                fingerprint,
                rows,
                columns,
                at,
                size,
            ) in connection.execute(
                "select file, source_table, sha256, fingerprint, row_count, columns, "
                "loaded_at, size from loads.files where source = ? order by file",
                [self.system],
            ).fetchall()
        }
        return {
            name: item
            for name, item in found.items()
            if not item.columns
            or (item.size and _size(self._place(name, item)) == item.size)
        }

    def _convert_what_is_new(self) -> None:
        unchanged: dict[str, _Known] = {}
        with Converter(self.scratch) as converter:
            for file in self.landing.files_of(self.system):
                before = self.kept.get(file.name)
                fingerprint = _fingerprint(file)
                if before and before.fingerprint and before.fingerprint == fingerprint:
                    unchanged[file.name] = before
                    continue
                sha256 = _sha256(file)
                if (
                    before
                    and before.sha256 == sha256
                    and before.table == file.table.name
                ):
                    unchanged[file.name] = replace(before, fingerprint=fingerprint)
                    continue
                self.fingerprints[file.name] = fingerprint
                self.converted.append(converter.convert(file, sha256))
        self.kept = unchanged

    def _check_required(self) -> None:
        """A required table without a column is no table of no rows: it would
        empty everything that is built on it, and without a word."""
        columns = {name: item.columns for name, item in self.kept.items()}
        columns |= {item.file.name: item.columns for item in self.converted}
        for table in tables_of(self.system):
            files = [
                file.name
                for file in self.landing.files_of(self.system)
                if file.table == table
            ]
            if table.is_required and files and not any(map(columns.get, files)):
                which = "The file" if len(files) == 1 else "None of the files"
                has = "has no" if len(files) == 1 else "has any"
                raise LeadFunnelError(
                    f"{which} {listed(files)} {has} column, but "
                    f"{self.system}'s table {table.name!r} holds {table.purpose}: the "
                    "export is empty or was cut off. Export it again; a table that "
                    "has no rows is a CSV file with its header alone."
                )

    def _placed(self) -> dict[str, _Known]:
        """Move what dlt delivered to where the views look for it."""
        parquet = self._delivered_as()
        placed = {}
        folders = set()
        for item in self.converted:
            known = _Known(
                item.file.table.name,
                item.sha256,
                self.fingerprints[item.file.name],
                item.rows,
                item.columns,
                self.loaded_at,
                None,
            )
            if item.columns:
                path = parquet[item.file.name]
                known = replace(known, size=path.stat().st_size)
                place = self._place(item.file.name, known)
                place.parent.mkdir(parents=True, exist_ok=True)
                sync(path)
                path.replace(place)
                folders |= {*place.relative_to(self.project.out).parents}
            placed[item.file.name] = known
        for folder in folders:
            sync(self.project.out / folder)
        return placed

    def _delivered_as(self) -> dict[str, Path]:
        """The Parquet file that dlt made of each landed file.

        dlt names them by chance, so which is which is told by their size and,
        where it is not the only one of its size, by its content.
        """
        paths: dict[int, list[Path]] = {}
        for path in self.delivered.glob("*/*.parquet"):
            paths.setdefault(path.stat().st_size, []).append(path)
        items: dict[int, list[Converted]] = {}
        for item in self.converted:
            if item.columns:
                items.setdefault(item.parquet.stat().st_size, []).append(item)
        found = {}
        for size, of_size in items.items():
            there = paths.get(size, [])
            if len(there) > 1:
                # Of files that are alike, either will do.
                there.sort(key=digest)
                of_size.sort(key=lambda item: digest(item.parquet))
            for item, path in zip(of_size, there, strict=True):
                found[item.file.name] = path
        return found

    def _place(self, name: str, item: _Known) -> Path:
        """Where the Parquet file of a landed file lies."""
        values = (name, item.sha256, item.loaded_at.isoformat(" "))
        parts = [
            f"{column}={escaped(value)}"
            for column, value in zip(FILE_COLUMNS, values, strict=True)
        ]
        if len(os.fsencode(parts[0])) > LONGEST_NAME:
            raise LeadFunnelError(
                f"The path of the file {name} is too long: shorten it to "
                "less than 200 bytes."
            )
        return self.folder.joinpath(item.table, *parts, "rows.parquet")

    def _show(
        self, connection: duckdb.DuckDBPyConnection, files: dict[str, _Known]
    ) -> None:
        """Make each raw table a view of its files, in place of whatever it was."""
        connection.execute(f"create schema if not exists {self.schema}")
        relations = connection.execute(
            "select table_name, 'table' from duckdb_tables() "
            "where database_name = current_database() and schema_name = ? "
            "union all select view_name, 'view' from duckdb_views() "
            "where database_name = current_database() and schema_name = ?",
            [self.schema, self.schema],
        ).fetchall()
        names = {table.name for table in tables_of(self.system)}
        for name, kind in relations:
            # Earlier versions of this project let dlt keep tables here.
            if name in names or name.startswith("_dlt_"):
                connection.execute(f"drop {kind} {self.schema}.{quoted(name)}")
        for table in tables_of(self.system):
            of_table = {
                self._place(name, item): item.columns
                for name, item in files.items()
                if item.table == table.name and item.columns
            }
            if of_table:
                connection.execute(
                    f"create view {self.schema}.{quoted(table.name)} as "
                    f"{_select(of_table)}"
                )

    def _remove_leftovers(self, files: dict[str, _Known]) -> None:
        """Remove what no view reads: replaced, vanished, or from a killed load."""
        read = {self._place(name, item) for name, item in files.items()}
        for folder, _, names in os.walk(self.folder, topdown=False):
            for name in names:
                path = Path(folder, name)
                if path not in read:
                    path.unlink()
            if not any(Path(folder).iterdir()):
                Path(folder).rmdir()

    def _loaded(self, files: dict[str, _Known]) -> dict[str, LoadedTable]:
        new = {item.file.name for item in self.converted}
        loaded = {}
        for table in tables_of(self.system):
            of_table = {
                name: item for name, item in files.items() if item.table == table.name
            }
            loaded[table.name] = LoadedTable(
                system=self.system,
                table=table.name,
                rows=sum(item.rows for item in of_table.values()),
                files=len(of_table),
                new_files=len(new & set(of_table)),
            )
        return loaded


def _select(files: Mapping[Path, Sequence[str]]) -> str:
    """The rows of Parquet files, with null for a column that a file lacks."""
    columns = dict.fromkeys(name for names in files.values() for name in names)
    paths = ", ".join(literal(str(path)) for path in files)
    file, sha256, loaded_at = FILE_COLUMNS
    options = [
        "hive_partitioning = true",
        f"hive_types = {{'{file}': varchar, '{sha256}': varchar, "
        f"'{loaded_at}': timestamp}}",
    ]
    if any(set(names) != set(columns) for names in files.values()):
        # It opens every file to see its columns, so only where they differ.
        options.append("union_by_name = true")
    selected = ", ".join(quoted(name) for name in (*columns, *FILE_COLUMNS))
    return f"select {selected} from read_parquet([{paths}], {', '.join(options)})"


def escaped(value: str) -> str:
    """A value as the name of a folder, as Hive, Spark and DuckDB read it."""
    return re.sub(
        r"[\x00-\x1f\x7f\"#%'*/:=?\\{}\[\]^]",
        lambda found: f"%{ord(found.group()):02X}",
        value,
    )


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
                table_name=_name_by_columns(),
                columns=_columns,
                write_disposition="append",
                file_format="parquet",
            )

    return exports()


def _name_by_columns() -> Callable[[Converted], str]:
    """What dlt calls the table of a file. Files with other columns are another
    table to it: of one table it would rewrite them until all are alike."""
    seen: dict[str, int] = {}

    def name(item: Converted) -> str:
        number = seen.setdefault(str(_columns(item)), len(seen) + 1)
        table = item.file.table.name
        return table if number == 1 else f"{table}__{number}"

    return name


def _columns(item: Converted) -> dict[str, Any]:
    """The columns of a file, just as it has them."""
    import pyarrow.parquet as pq

    return {
        field.name: {"data_type": "text", "nullable": field.nullable}
        for field in pq.read_schema(item.parquet)
    }


def _parquet_files(items: Sequence[Converted]) -> Iterator[Any]:
    import dlt

    for item in items:
        yield dlt.mark.with_file_import(
            str(item.parquet), "parquet", item.rows, hints=item
        )


def raw_pipeline(project: Project, system: str) -> Pipeline:
    """The pipeline that delivers the files of the schema `raw_<system>`.

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
        destination=dlt.destinations.filesystem(
            str(delivery(project)),
            layout="{table_name}/{file_id}.{ext}",
            # The folder is emptied before, so no table finds another one's files.
            warn_unsafe_layout_separators=False,
        ),
        dataset_name=f"raw_{system}",
    )


def delivery(project: Project) -> Path:
    return project.dlt_dir / "delivered"


def _fingerprint(file: LandingFile) -> str | None:
    """What changes whenever a file does, cheap to ask for; none where the file
    is so new that a second change might not show."""
    try:
        stat = file.path.stat()
    except OSError as error:
        raise _unreadable(file, error) from error
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
        return digest(file.path)
    except OSError as error:
        raise _unreadable(file, error) from error


def _unreadable(file: LandingFile, error: OSError) -> LeadFunnelError:
    return LeadFunnelError(
        f"The file {file.name} cannot be read ({error.strerror}): check that it is a "
        "file and that you may read it."
    )


def _size(path: Path) -> int | None:
    try:
        return path.stat().st_size
    except OSError:
        return None


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
