"""A folder of exports: which files there are and which table each belongs to.

`LANDING/<system>/<table>.<csv|tsv|jsonl|ndjson|json|parquet>[.gz]`, or several
files of one table under `LANDING/<system>/<table>/`. A workbook (`.xlsx`) has a
sheet per table, or one under a table's name; a `.zip` has such files.
"""

from __future__ import annotations

import os
import zipfile
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from orchestration.errors import CLOSE, LeadFunnelError, listed, meant
from orchestration.project import SYSTEMS
from orchestration.sources import workbooks
from orchestration.sources.tables import (
    LOADED_SYSTEMS,
    RawTable,
    table_called,
    tables_of,
)

FORMATS = {
    "csv": "csv",
    "tsv": "csv",
    "jsonl": "json",
    "ndjson": "json",
    "json": "json",
    "parquet": "parquet",
}
WORKBOOK, ARCHIVE = "xlsx", "zip"
WORKBOOKS = (WORKBOOK, "xlsm", "xls")
READ = "csv, jsonl, parquet, xlsx and zip"

OWN_LAYOUTS = ("generic", "ads", "ledger")
"""Systems whose tables are all read: their exports are made for this project."""
MISSPELT = 0.9
"""How close an unknown table of a vendor is to one that is read, to be a slip: a
vendor has hundreds of tables, many of them called alike."""


@dataclass(frozen=True)
class LandingFile:
    """One file of exports."""

    path: Path
    name: str
    """Its path below LANDING, with forward slashes."""
    table: RawTable
    format: str
    """csv, json, parquet or xlsx."""
    is_gzipped: bool
    member: str = ""
    """Which sheet of a workbook, or which file of a .zip."""


@dataclass(frozen=True)
class Landing:
    """What a landing folder holds."""

    folder: Path
    files: tuple[LandingFile, ...]
    warnings: tuple[str, ...]
    """What looks like a mistake, each a sentence."""
    not_read: tuple[str, ...]
    """Files and folders that no table is made of."""

    def files_of(self, system: str) -> tuple[LandingFile, ...]:
        return tuple(file for file in self.files if file.table.system == system)

    @property
    def systems(self) -> tuple[str, ...]:
        present = {file.table.system for file in self.files}
        return tuple(system for system in LOADED_SYSTEMS if system in present)


def read_landing(folder: Path) -> Landing:
    """Find the exports; raise where what is there cannot be a landing folder."""
    if not folder.exists():
        raise LeadFunnelError(
            f"The landing folder {folder} does not exist: name the folder of your "
            "exports with LANDING=<folder>."
        )
    if not folder.is_dir():
        raise LeadFunnelError(
            f"LANDING is {folder}, which is a file: name the folder that holds "
            "<system>/<table>.csv."
        )
    files: list[LandingFile] = []
    warnings: list[str] = []
    not_read: list[str] = []
    unknown: list[tuple[str, str, str]] = []
    for entry in _visible(folder):
        system = entry.name.lower()
        if not entry.is_dir():
            not_read.append(entry.name)
        elif system in LOADED_SYSTEMS:
            files.extend(_files_of(folder, entry, system, warnings, not_read, unknown))
        else:
            not_read.append(f"{entry.name}/")
            if system in SYSTEMS:
                warnings.append(
                    f"The folder {entry.name} is not read: there is no connector "
                    f"for {system} yet."
                )
            else:
                warnings.append(
                    f"The folder {entry.name} is not read: it is not the name of a "
                    f"system ({listed(LOADED_SYSTEMS)})."
                )
    present = {file.table for file in files}
    for system, name, table_name in unknown:
        warnings.extend(_misspelt(system, name, table_name, present))
    landing = Landing(folder, tuple(files), tuple(warnings), tuple(not_read))
    _check_tables(landing)
    return landing


def _visible(folder: Path) -> list[Path]:
    """What is in a folder, without what tools leave behind, in a fixed order."""
    try:
        entries = sorted(folder.iterdir(), key=lambda entry: os.fsencode(entry.name))
    except OSError as error:
        raise LeadFunnelError(
            f"The folder {folder} cannot be read ({error.strerror}): check its "
            "permissions."
        ) from error
    return [entry for entry in entries if not entry.name.startswith((".", "_", "~"))]


def _files_of(
    landing: Path,
    folder: Path,
    system: str,
    warnings: list[str],
    not_read: list[str],
    unknown: list[tuple[str, str, str]],
) -> Iterator[LandingFile]:
    for entry in _visible(folder):
        stem, extension, _ = _split(entry.name)
        table_name = entry.name if entry.is_dir() else stem
        table = table_called(system, table_name)
        holds_several = entry.is_file() and extension in (*WORKBOOKS, ARCHIVE)
        if table is None and not holds_several:
            suffix = "/" if entry.is_dir() else ""
            name = f"{folder.name}/{entry.name}{suffix}"
            not_read.append(name)
            unknown.append((system, name, table_name))
            continue
        for path in _below(entry) if entry.is_dir() else [entry]:
            name = path.relative_to(landing).as_posix()
            _, extension, is_gzipped = _split(path.name)
            if extension in (*WORKBOOKS, ARCHIVE) and not is_gzipped:
                inside = _sheets if extension in WORKBOOKS else _members
                found = list(inside(path, name, system, table, warnings))
                yield from found
                if not found:
                    not_read.append(name)
            elif extension in FORMATS:
                yield LandingFile(path, name, table, FORMATS[extension], is_gzipped)
            else:
                not_read.append(name)
                warnings.append(f"The file {name} is not read: it is none of {READ}.")


def _sheets(
    path: Path, name: str, system: str, table: RawTable | None, warnings: list[str]
) -> Iterator[LandingFile]:
    """The sheets of a workbook: one per table, or the only one, which is of the table
    that the workbook is called by."""
    sheets = workbooks.sheet_names(path, name)
    of_tables = [(sheet, table_called(system, sheet)) for sheet in sheets]
    called = [(sheet, each) for sheet, each in of_tables if each is not None]
    if table is not None:
        same = [(sheet, each) for sheet, each in called if each == table]
        called = same or called or [(sheet, table) for sheet in sheets[:1]]
        if len(sheets) > 1 and not any(table_called(system, each) for each in sheets):
            raise LeadFunnelError(
                f"The workbook {name} has the sheets {listed(sheets)}, and none is "
                f"called like a table: name the one that holds {table.purpose} "
                f"{table.name!r}, or save it as CSV."
            )
    if not called:
        tables = listed([each.name for each in tables_of(system)], limit=30)
        warnings.append(
            f"The file {name} is not read: neither it nor a sheet of it is called "
            f"like a table of {system}. It has {tables}."
        )
    for sheet, each in called:
        yield LandingFile(path, f"{name}/{sheet}", each, WORKBOOK, False, sheet)
    left = [sheet for sheet in sheets if sheet not in {each for each, _ in called}]
    if called and left:
        warnings.append(
            f"Of the workbook {name} the sheets {listed(left)} are not read."
            if len(left) > 1
            else f"Of the workbook {name} the sheet {left[0]} is not read."
        )


def _members(
    path: Path, name: str, system: str, table: RawTable | None, warnings: list[str]
) -> Iterator[LandingFile]:
    """The files of a .zip that are called like a table; in one that is called like a
    table itself, or lies in its folder, the others are of that table."""
    try:
        with zipfile.ZipFile(path) as archive:
            members = [item for item in archive.infolist() if not item.is_dir()]
    except (OSError, zipfile.BadZipFile) as error:
        raise LeadFunnelError(
            f"The file {name} cannot be read as a .zip ({error}): it is damaged or was "
            "cut off. Export it again."
        ) from error
    for item in sorted(members, key=lambda each: each.filename):
        parts = Path(item.filename).parts
        if any(part.startswith((".", "_", "~")) for part in parts):
            continue
        stem, extension, is_gzipped = _split(parts[-1])
        each = table_called(system, stem) or table
        said = f"{name}/{item.filename}"
        if item.flag_bits & 1:
            raise LeadFunnelError(
                f"The file {said} is encrypted: unpack the .zip with its password, and "
                "put what is in it into the folder."
            )
        if each is None:
            warnings.extend(_misspelt(system, said, stem, ()))
        elif extension not in FORMATS:
            warnings.append(
                f"The file {said} is not read: in a .zip it must be csv, jsonl or "
                "parquet."
            )
        else:
            yield LandingFile(
                path, said, each, FORMATS[extension], is_gzipped, item.filename
            )


def _misspelt(
    system: str, name: str, table_name: str, present: Collection[RawTable]
) -> Iterator[str]:
    """A sentence about a file or folder that is called like no table, where that
    can hardly be meant."""
    if name.lower().endswith(".md"):
        return
    is_own = system in OWN_LAYOUTS
    known = [
        spelling
        for table in tables_of(system)
        if is_own or table not in present
        for spelling in (table.name, table.name.title().replace("_", ""))
    ]
    close = meant(table_name, known, CLOSE if is_own else MISSPELT)
    if is_own or close:
        kind = "folder" if name.endswith("/") else "file"
        tables = listed([table.name for table in tables_of(system)], limit=30)
        yield (
            f"The {kind} {name} is not read: {system} has no table {table_name!r}"
            f"{close}." + ("" if close else f" It has {tables}.")
        )


def _below(folder: Path) -> Iterator[Path]:
    for entry in _visible(folder):
        if entry.is_dir():
            yield from _below(entry)
        else:
            yield entry


def _split(name: str) -> tuple[str, str, bool]:
    """The stem, the extension in lower case, and whether it is gzipped."""
    path = Path(name)
    is_gzipped = path.suffix.lower() == ".gz"
    if is_gzipped:
        path = path.with_suffix("")
    return path.stem, path.suffix.lower().removeprefix("."), is_gzipped


def _check_tables(landing: Landing) -> None:
    """A system that is there must have the tables it cannot do without."""
    for system in LOADED_SYSTEMS:
        present = {file.table for file in landing.files_of(system)}
        others = [
            name
            for name in landing.not_read
            if name.lower().startswith(f"{system}/") and name.lower() != f"{system}/"
        ]
        if not present and not others:
            continue
        for table in tables_of(system):
            if table.is_required and table not in present:
                found = listed(
                    [*sorted({item.name for item in present}), *others] or ["nothing"]
                )
                raise LeadFunnelError(
                    f"{landing.folder / system} has no table {table.name!r}, which "
                    f"holds {table.purpose}: add {system}/{table.name}.csv (or "
                    f".jsonl, .parquet). Found there: {found}."
                )
    if not landing.files:
        found = listed(landing.not_read) if landing.not_read else "nothing"
        raise LeadFunnelError(
            f"The landing folder {landing.folder} has no system that can be read: "
            f"put exports under <system>/<table>.csv, with the system one of "
            f"{listed(LOADED_SYSTEMS)}. Found there: {found}."
        )
