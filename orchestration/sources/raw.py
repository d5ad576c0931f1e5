"""Loading the landing folder into the raw tables, so that they mirror it.

The folder is the truth. A file whose path and content are known is left alone
and keeps its `_loaded_at`; a changed file's rows are replaced; a vanished
file's rows go.

A landed file becomes one Parquet file below OUT/raw, and a raw table is a view
of its files. DuckDB writes each where it stays. Which file a row came from, with
which digest, and when, is said by the folders that the Parquet file lies in, as
Hive writes partitions: every engine reads that without a look into the rows of
other files. What has been loaded is written down in `loads.files` together with
the views, in one step, after every file is in its place; so a killed load leaves
the tables as they were and files that nobody reads, which the next one removes.
"""

from __future__ import annotations

import os
import re
import shutil
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb

from orchestration import warehouse
from orchestration.errors import LeadFunnelError, listed, shorter
from orchestration.live.compaction import compact
from orchestration.live.store import PREFIX, exchange, landed_files
from orchestration.personal.redaction import keep_erased
from orchestration.project import Project
from orchestration.publication.disk import sync
from orchestration.sources.landing import (
    Landing,
    LandingFile,
    check_tables,
    read_landing,
)
from orchestration.sources.named_files import NamedFiles
from orchestration.sources.readers import (
    FILE_COLUMNS,
    HAS_STAGE_DATES,
    Converted,
    Converter,
    Missing,
    MissingColumns,
    digest,
)
from orchestration.sources.rules import MEGABYTE, ReadingRules
from orchestration.sources.tables import (
    LOADED_SYSTEMS,
    RawTable,
    tables_made_of,
    tables_of,
)
from orchestration.warehouse import literal, quoted

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
    read_as varchar,
    left_out varchar,
    primary key (file)
);
alter table loads.files add column if not exists size bigint;
alter table loads.files add column if not exists read_as varchar;
alter table loads.files add column if not exists left_out varchar
"""
"""`size` is that of the Parquet file; none where a file has no columns. `read_as` is
another one where the same file may be read in another way, `left_out` says which of
its lines are no rows."""

SYNCED_AT_ONCE = 16
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
    left_out: tuple[str, ...] = ()
    """Of each file that has lines which are no rows: which, in a sentence."""


@dataclass(frozen=True)
class LoadedFile:
    """A landed file as it was loaded."""

    table: str
    sha256: str
    fingerprint: str | None
    loaded_at: datetime
    columns: tuple[str, ...] = ()
    rows: int = 0
    size: int | None = None
    read_as: str | None = None
    left_out: str = ""


Files = dict[str, LoadedFile]
"""By the path below LANDING."""


@dataclass
class SystemLoad:
    """The load of one system: read what is new, then show it."""

    project: Project
    system: str
    landing: Landing
    loaded_at: datetime
    rules: ReadingRules = field(default_factory=ReadingRules)
    files: Files = field(default_factory=dict)
    new: set[str] = field(default_factory=set)
    """Which of the files this load read."""

    @property
    def schema(self) -> str:
        return f"raw_{self.system}"

    @property
    def scratch(self) -> Path:
        return self.project.scratch / self.system

    @property
    def folder(self) -> Path:
        return self.project.raw / self.schema

    def read(self) -> None:
        """Convert what is new: no table changes before every file is readable."""
        before = self._written_down()
        latest = max((item.loaded_at for item in before.values()), default=None)
        if latest and self.loaded_at < latest:
            # The clock was set back; which of two loads is the later one still counts.
            self.loaded_at = latest + timedelta(microseconds=1)
        shutil.rmtree(self.scratch, ignore_errors=True)
        try:
            self._convert_what_is_new(self._intact(before), before)
            self._check_required()
            self._keep_erased()
        except LeadFunnelError:
            self._remove_leftovers(before)
            raise
        finally:
            shutil.rmtree(self.scratch, ignore_errors=True)

    def show(self) -> dict[str, LoadedTable]:
        """Show the files that are there now, and say what each raw table holds."""
        connection = warehouse.connect(self.project)
        try:
            connection.execute("begin")
            self._write_down(connection)
            self._make_views(connection)
            connection.execute("commit")
        finally:
            connection.close()
        self._remove_leftovers(self.files)
        return self._loaded()

    def stored(self) -> dict[Path, datetime]:
        """When each of the files was loaded that live loads wrote."""
        return {
            file.path: self.files[file.name].loaded_at
            for file in self.landing.files_of(self.system)
            if file.path.is_relative_to(self.project.landed)
        }

    def _written_down(self) -> Files:
        connection = warehouse.connect(self.project)
        try:
            connection.execute(LEDGER)
            found = connection.execute(
                "select file, source_table, sha256, fingerprint, loaded_at, columns, "
                "row_count, size, read_as, coalesce(left_out, '') from loads.files "
                "where source = ? order by file",
                [self.system],
            ).fetchall()
        finally:
            connection.close()
        return {
            name: LoadedFile(table, sha256, fingerprint, at, tuple(columns), *others)
            for name, table, sha256, fingerprint, at, columns, *others in found
        }

    def _intact(self, files: Files) -> Files:
        """Those whose Parquet is as it was written."""
        return {
            name: item
            for name, item in files.items()
            if not item.columns
            or (item.size and _size(self._place(name, item)) == item.size)
        }

    def _convert_what_is_new(self, known: Files, written: Files) -> None:
        folders: set[Path] = set()
        missing: list[Missing] = []
        with Converter(self.scratch, self.rules) as converter:
            for file in self.landing.files_of(self.system):
                before = known.get(file.name)
                read_as = self.rules.digest(file.table)
                if before and before.read_as != read_as:
                    before = None
                names = [_part_of(file.name, each) for each in _parts(file)]
                parts = {name: known[name] for name in names if name in known}
                if len(parts) < sum(name in written for name in names):
                    before = None
                if before and HAS_STAGE_DATES in before.columns and not parts:
                    before = None
                stat = _stat(file)
                fingerprint = _fingerprint(file, stat)
                if before and before.fingerprint == fingerprint_of(file, stat):
                    self._keep(file, before, parts)
                    continue
                sha256 = _sha256(file)
                if (
                    before
                    and before.sha256 == sha256
                    and before.table == file.table.name
                ):
                    self._keep(file, replace(before, fingerprint=fingerprint), parts)
                    continue
                item = LoadedFile(
                    file.table.name,
                    sha256,
                    fingerprint,
                    self.loaded_at,
                    read_as=read_as,
                )
                place = self._place(file.name, item)
                try:
                    found = converter.convert(file, place)
                except MissingColumns as error:
                    missing.extend(error.missing)
                    continue
                finally:
                    _check_unchanged(file, stat)
                self.files[file.name] = replace(
                    item,
                    columns=found.columns,
                    rows=found.rows,
                    size=_size(place),
                    left_out=found.left_out,
                )
                self.new.add(file.name)
                if found.columns:
                    folders |= {*place.relative_to(self.project.out).parents}
                    folders |= self._convert_parts(converter, file, item, found)
            if missing:
                raise MissingColumns([*missing, *self._missing_elsewhere(converter)])
        # Of thousands of small files most of a load would be waiting for the disk.
        with ThreadPoolExecutor(SYNCED_AT_ONCE) as pool:
            list(pool.map(sync, (self.project.out / folder for folder in folders)))

    def _keep(self, file: LandingFile, item: LoadedFile, parts: Files) -> None:
        self.files[file.name] = item
        self.files.update(parts)

    def _convert_parts(
        self,
        converter: Converter,
        file: LandingFile,
        item: LoadedFile,
        found: Converted,
    ) -> set[Path]:
        """What stands in a file's columns, as files of their own tables: the dates of
        stages, and lists; the folders that this made."""
        folders: set[Path] = set()
        for table in _parts(file):
            name = _part_of(file.name, table)
            part = replace(item, table=table.name)
            place = self._place(name, part)
            made = converter.parts(file.table, found, table, place)
            if made is None:
                continue
            self.files[name] = replace(
                part, columns=made.columns, rows=made.rows, size=_size(place)
            )
            self.new.add(name)
            folders |= {*place.relative_to(self.project.out).parents}
        return folders

    def _missing_elsewhere(self, converter: Converter) -> Iterator[Missing]:
        """What the files of other systems lack: who mends one mends all at once."""
        for file in self.landing.files:
            if file.table.system != self.system:
                try:
                    converter.convert(file, self.scratch / "elsewhere.parquet")
                except MissingColumns as error:
                    yield from error.missing
                except LeadFunnelError:
                    continue  # It is said when its own system is loaded.

    def _check_required(self) -> None:
        """A required table without a column is no table of no rows: it would
        empty everything that is built on it, and without a word."""
        for table in tables_of(self.system):
            files = [
                file.name
                for file in self.landing.files_of(self.system)
                if file.table == table
            ]
            has_columns = any(self.files[name].columns for name in files)
            if table.is_required and files and not has_columns:
                which = "The file" if len(files) == 1 else "None of the files"
                has = "has no" if len(files) == 1 else "has any"
                raise LeadFunnelError(
                    f"{which} {listed(files)} {has} column, but "
                    f"{self.system}'s table {table.name!r} holds {table.purpose}: the "
                    "export is empty or was cut off. Export it again; a table that "
                    "has no rows is a CSV file with its header alone."
                )

    def _keep_erased(self) -> None:
        """Whoever was erased stays erased, also in files that come later."""
        places = {
            self._place(name, item): name
            for name, item in self.files.items()
            if item.columns
        }
        tables: dict[str, list[Path]] = {}
        for path, name in places.items():
            tables.setdefault(self.files[name].table, []).append(path)
        new = {path for path, name in places.items() if name in self.new}
        for path in keep_erased(self.project, self.system, tables, new):
            name = places[path]
            item = replace(self.files[name], size=_size(path))
            for file in self.landing.files_of(self.system):
                if file.name == name and name.startswith(f"{PREFIX}/"):
                    # The store is ours, unlike LANDING.
                    exchange(file, path)
                    item = replace(item, fingerprint=fingerprint_of(file, _stat(file)))
            self.files[name] = item

    def _place(self, name: str, item: LoadedFile) -> Path:
        return place_of(
            self.project, self.system, item.table, name, item.sha256, item.loaded_at
        )

    def _write_down(self, connection: duckdb.DuckDBPyConnection) -> None:
        connection.execute("delete from loads.files where source = ?", [self.system])
        if self.files:
            # The definition may have given a file to another system before.
            connection.execute(
                "delete from loads.files where list_contains(?, file)",
                [list(self.files)],
            )
            rows = [
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
                    item.read_as,
                    item.left_out,
                ]
                for name, item in self.files.items()
            ]
            # In one statement: row by row, thousands of files take a minute.
            kinds = (
                "varchar varchar varchar varchar varchar bigint varchar[] timestamp "
                "bigint varchar varchar"
            )
            values = ", ".join(f"unnest(cast(? as {kind}[]))" for kind in kinds.split())
            connection.execute(
                "insert into loads.files (source, source_table, file, sha256, "
                "fingerprint, row_count, columns, loaded_at, size, read_as, left_out) "
                f"select {values}",
                [list(column) for column in zip(*rows, strict=True)],
            )

    def _make_views(self, connection: duckdb.DuckDBPyConnection) -> None:
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
            # A warehouse may be older than the views: dlt kept tables here.
            if name in names or name.startswith("_dlt_"):
                connection.execute(f"drop {kind} {self.schema}.{quoted(name)}")
        for table in tables_of(self.system):
            of_table = {
                self._place(name, item): item.columns
                for name, item in self._files_of(table.name).items()
                if item.columns
            }
            if of_table:
                connection.execute(
                    f"create view {self.schema}.{quoted(table.name)} as "
                    f"{_select(of_table)}"
                )

    def _remove_leftovers(self, files: Files) -> None:
        """Remove what no view reads: replaced, vanished, or from a killed load."""
        read = {self._place(name, item) for name, item in files.items()}
        for folder, _, names in os.walk(self.folder, topdown=False):
            for name in names:
                path = Path(folder, name)
                if path not in read:
                    path.unlink()
            if not any(Path(folder).iterdir()):
                Path(folder).rmdir()

    def _files_of(self, table: str) -> Files:
        return {name: item for name, item in self.files.items() if item.table == table}

    def _loaded(self) -> dict[str, LoadedTable]:
        loaded = {}
        for table in tables_of(self.system):
            files = self._files_of(table.name)
            loaded[table.name] = LoadedTable(
                system=self.system,
                table=table.name,
                rows=sum(item.rows for item in files.values()),
                files=len(files),
                new_files=len(self.new & set(files)),
                left_out=tuple(
                    f"{name}: left out as no rows: {item.left_out}."
                    for name, item in files.items()
                    if item.left_out
                ),
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


def place_of(
    project: Project,
    system: str,
    table: str,
    name: str,
    sha256: str,
    loaded_at: datetime,
) -> Path:
    """Where the Parquet file of a landed file lies."""
    values = (name, sha256, loaded_at.isoformat(" "))
    parts = [
        f"{column}={escaped(value)}"
        for column, value in zip(FILE_COLUMNS, values, strict=True)
    ]
    if len(os.fsencode(parts[0])) > LONGEST_NAME:
        raise LeadFunnelError(
            f"The path of the file {shorter(name)} is too long: shorten it to "
            "less than 200 bytes."
        )
    return project.raw.joinpath(f"raw_{system}", table, *parts, "rows.parquet")


def escaped(value: str) -> str:
    """A value as the name of a folder, as Hive, Spark and DuckDB read it."""
    return re.sub(
        r"[\x00-\x1f\x7f\"#%'*/:=?\\{}\[\]^]",
        lambda found: f"%{ord(found.group()):02X}",
        value,
    )


def landing_of(project: Project) -> Landing:
    """What a run reads: the landing folder, and which table each file of it is,
    beside what was loaded from the systems themselves."""
    stored = landed_files(project)
    if project.landing == project.landed:
        landing = Landing(project.landed, stored, (), ())
        check_tables(landing)
        return landing
    return read_landing(
        project.landing,
        NamedFiles.of_project(project),
        project.vars.max_unpacked_mb * MEGABYTE,
        beside=stored,
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
        landing=landing or landing_of(project),
        loaded_at=loaded_at or now(),
        rules=ReadingRules.of(project),
    )
    with warehouse.connect(project):
        load.read()
        loaded = load.show()
    compact(project, system, load.stored())
    return loaded


def load_all(
    project: Project, loaded_at: datetime | None = None
) -> dict[tuple[str, str], LoadedTable]:
    """Make all raw tables mirror the landing folder, at one instant."""
    landing = landing_of(project)
    loaded_at = loaded_at or now()
    return {
        (system, name): table
        for system in LOADED_SYSTEMS
        for name, table in load_system(project, system, landing, loaded_at).items()
    }


def now() -> datetime:
    """The present as the warehouse writes instants: UTC without an offset."""
    return datetime.now(UTC).replace(tzinfo=None)


def _stat(file: LandingFile) -> os.stat_result:
    try:
        return file.path.stat()
    except OSError as error:
        raise _unreadable(file, error) from error


def _fingerprint(file: LandingFile, stat: os.stat_result) -> str | None:
    """What changes whenever a file does, cheap to ask for; none where the file
    is so new that a second change might not show."""
    if time.time() - max(stat.st_mtime, stat.st_ctime) < SETTLED_SECONDS:
        return None
    return fingerprint_of(file, stat)


def fingerprint_of(file: LandingFile, stat: os.stat_result) -> str:
    """The same of a file that is known to stay as it is."""
    parts = (file.table.name, os.path.realpath(file.path), *_state(stat))
    return ":".join(str(part) for part in parts)


def _state(stat: os.stat_result) -> tuple[int, ...]:
    return (
        stat.st_dev,
        stat.st_ino,
        stat.st_size,
        stat.st_mtime_ns,
        stat.st_ctime_ns,
    )


def _check_unchanged(file: LandingFile, before: os.stat_result) -> None:
    """What was read of a file that changes meanwhile is neither old nor new."""
    if _state(_stat(file)) != _state(before):
        raise LeadFunnelError(
            f"The file {file.name} changed while it was read: wait until its export "
            "has ended, then run again."
        )


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


def _parts(file: LandingFile) -> tuple[RawTable, ...]:
    """The tables whose rows may stand in a file's columns."""
    return tables_made_of(file.table)


def _part_of(file: str, table: RawTable) -> str:
    """What the rows of a table that stand in a file's columns are loaded as."""
    return f"{file}/{'dates of stages' if table.made_of else table.name}"


def _size(path: Path) -> int | None:
    try:
        return path.stat().st_size
    except OSError:
        return None
