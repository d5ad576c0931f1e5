"""A folder of exports: which files there are and which table each belongs to.

`LANDING/<system>/<table>.<csv|tsv|jsonl|ndjson|json|parquet>[.gz]`, or several
files of one table under `LANDING/<system>/<table>/`. A workbook (`.xlsx`) has a
sheet per table, or one under a table's name; a `.zip` has such files. What is
called otherwise is read where a row of the definition's `files` says which table it
is.
"""

from __future__ import annotations

import os
import re
import stat
import zipfile
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from orchestration.errors import CLOSE, LeadFunnelError, listed, meant, shorter
from orchestration.sources import trusted, workbooks
from orchestration.sources.named_files import NamedFile, NamedFiles
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

DAMAGED_ARCHIVE = (OSError, zipfile.BadZipFile, NotImplementedError, UnicodeError)
"""What Python raises of an archive that is damaged or made to be."""
MOST_MEMBERS = 2_000
"""Files in a .zip: each costs some milliseconds, and an entry nothing."""
LONGEST_MEMBER = 1_000
"""Characters of the name of a file in a .zip."""

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


def read_landing(
    folder: Path,
    named: NamedFiles | None = None,
    most_unpacked: int = workbooks.ENOUGH,
    beside: tuple[LandingFile, ...] = (),
) -> Landing:
    """Find the exports, those first that the definition names, beside files that lie
    elsewhere; raise where what is there cannot be a landing folder. A workbook takes
    no more bytes than the limit."""
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
    by_name = _Named(folder, named or NamedFiles(), most_unpacked)
    files.extend(by_name.files(warnings, not_read))
    for entry in _visible(folder):
        system = entry.name.lower()
        if by_name.speaks_of(entry):
            continue
        if not entry.is_dir():
            not_read.append(entry.name)
            warnings.extend(by_name.left_over([entry]))
        elif system in LOADED_SYSTEMS:
            if trusted.is_closed(entry, folder):
                trusted.check_file(entry, folder, entry.name)
            found = _files_of(
                folder, entry, system, by_name, warnings, not_read, unknown
            )
            files.extend(found)
        else:
            not_read.append(f"{entry.name}/")
            if by_name.rows:
                warnings.extend(by_name.left_over(files_below(entry, folder)))
            else:
                warnings.append(
                    f"The folder {entry.name} is not read: it is not the name of a "
                    f"system ({listed(LOADED_SYSTEMS)})."
                )
    present = {file.table for file in files}
    for system, name, table_name in unknown:
        warnings.extend(_misspelt(system, name, table_name, present))
    landing = Landing(folder, (*files, *beside), tuple(warnings), tuple(not_read))
    check_tables(landing)
    return landing


class _Named:
    """The files that the definition names."""

    def __init__(self, landing: Path, named: NamedFiles, most_unpacked: int) -> None:
        self.landing = landing
        self.most_unpacked = most_unpacked
        self.rows = named.rows
        self.found: dict[Path, list[NamedFile]] = {}
        for path in files_below(landing, landing) if named.rows else ():
            rows = named.of(path.relative_to(landing).as_posix())
            if rows:
                self.found[path] = rows

    def speaks_of(self, entry: Path) -> bool:
        """Whether it names a file, or every file of a folder."""
        if not self.found or not entry.is_dir():
            return entry in self.found
        below = list(files_below(entry, self.landing))
        return bool(below) and all(path in self.found for path in below)

    def left_over(self, paths: Iterable[Path]) -> Iterator[str]:
        """Sentences about files that no row names, in a folder where rows do."""
        for path in paths if self.rows else ():
            extension, _ = extension_of(path.name)
            is_read = extension in (*FORMATS, *WORKBOOKS, ARCHIVE)
            if path not in self.found and is_read:
                yield (
                    f"The file {path.relative_to(self.landing).as_posix()} is not "
                    "read: no row of files in DEFINITION names it."
                )

    def files(self, warnings: list[str], not_read: list[str]) -> Iterator[LandingFile]:
        for path, rows in self.found.items():
            name = path.relative_to(self.landing).as_posix()
            if any(row.table is not None for row in rows):
                trusted.check_file(path, self.landing, name)
            _, extension, is_gzipped = _split(path.name)
            if extension in (*WORKBOOKS, ARCHIVE) and not is_gzipped:
                yield from self._inside(path, name, extension, rows, warnings)
            elif rows[0].table is None:
                continue
            elif extension in FORMATS:
                kind = FORMATS[extension]
                yield LandingFile(path, name, rows[0].table, kind, is_gzipped)
            else:
                not_read.append(name)
                warnings.append(f"The file {name} is not read: it is none of {READ}.")
        used = {id(row) for rows in self.found.values() for row in rows}
        for row in self.rows:
            if id(row) not in used and row.table is not None:
                warnings.append(
                    f"files of DEFINITION names {row.file}, but there is no such file "
                    "in LANDING."
                )

    def _inside(
        self,
        path: Path,
        name: str,
        extension: str,
        rows: list[NamedFile],
        warnings: list[str],
    ) -> Iterator[LandingFile]:
        """The sheets of a workbook, or members of a .zip, each by the first row that
        is of it."""
        if all(row.table is None and not row.sheet for row in rows):
            return
        is_workbook = extension in WORKBOOKS
        parts = (
            workbooks.sheet_names(path, name, self.most_unpacked)
            if is_workbook
            else [item.filename for item in members_of(path, name, self.most_unpacked)]
        )
        unnamed = [row for row in rows if not row.sheet and row.table is not None]
        if is_workbook and unnamed and len(parts) > 1:
            raise LeadFunnelError(
                f"files of DEFINITION names {name} without a sheet, and it has "
                f"{listed(parts)}: say which in the column sheet."
            )
        found = []
        for part in parts:
            row = next((row for row in rows if row.is_of_sheet(part)), None)
            if row is None or row.table is None:
                continue
            _, kind, is_gzipped = _split(part)
            if not is_workbook and kind not in FORMATS:
                continue
            found.append(part)
            yield LandingFile(
                path,
                f"{name}/{part}",
                row.table,
                WORKBOOK if is_workbook else FORMATS[kind],
                not is_workbook and is_gzipped,
                part,
            )
        wanted = {row.sheet for row in rows if row.sheet and row.table is not None}
        if wanted and not found:
            raise LeadFunnelError(
                f"files of DEFINITION names {listed(sorted(wanted))} of {name}, which "
                f"has {listed(parts)}: correct the column sheet."
            )


def members_of(path: Path, name: str, most: int) -> list[zipfile.ZipInfo]:
    """The files of a .zip that tools did not leave behind, by their names. One with a
    password, or which no tool for exports makes, is an error, and so is one that
    unpacks to more than the limit as a whole."""
    try:
        with zipfile.ZipFile(path) as archive:
            items = [item for item in archive.infolist() if not item.is_dir()]
    except (*DAMAGED_ARCHIVE, ValueError) as error:
        raise LeadFunnelError(
            f"The file {name} cannot be read as a .zip ({error}): it is damaged or was "
            "cut off. Export it again."
        ) from error
    if len(items) > MOST_MEMBERS:
        raise LeadFunnelError(
            f"The file {name} has {len(items):,} files in it, more than the "
            f"{MOST_MEMBERS:,} that are read: unpack it into the folder."
        )
    counts = Counter(item.filename for item in items)
    for item in items:
        reason = _why_not_a_member(item, counts[item.filename])
        if reason:
            raise LeadFunnelError(
                f"The file {name} has {shorter(item.filename)}{reason}: no tool for "
                "exports makes such a .zip. Export it again."
            )
    found = [
        item
        for item in sorted(items, key=lambda each: each.filename)
        if not any(
            part.startswith((".", "_", "~")) for part in Path(item.filename).parts
        )
    ]
    for item in found:
        if item.flag_bits & 1:
            raise LeadFunnelError(
                f"The file {name}/{item.filename} is encrypted: unpack the .zip with "
                "its password, and put what is in it into the folder."
            )
    if sum(item.file_size for item in found) > most:
        raise LeadFunnelError(
            f"The file {name} cannot be read as a .zip: it {too_much(most)}."
        )
    return found


def too_much(most: int) -> str:
    """What is said of a file that unpacks to more than the limit."""
    return (
        f"unpacks to more than {most // workbooks.MEGABYTE} MB: if it is what you "
        "think it is, allow more with the var max_unpacked_mb"
    )


def _why_not_a_member(item: zipfile.ZipInfo, times: int) -> str:
    """What is wrong with a file of a .zip, as the rest of a sentence; nothing where it
    may be read."""
    parts = re.split(r"[/\\]", item.filename)
    if ".." in parts or not parts[0] or re.match("[A-Za-z]:", parts[0]):
        return " in it, a name that leads out of the .zip"
    if stat.S_ISLNK(item.external_attr >> 16):
        return " in it, which is a link"
    if times > 1:
        return " in it more than once"
    if len(item.filename) > LONGEST_MEMBER:
        return " … in it, a name that is too long"
    return ""


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
    by_name: _Named,
    warnings: list[str],
    not_read: list[str],
    unknown: list[tuple[str, str, str]],
) -> Iterator[LandingFile]:
    for entry in _visible(folder):
        if by_name.speaks_of(entry):
            continue
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
        for path in files_below(entry, landing) if entry.is_dir() else [entry]:
            if by_name.speaks_of(path):
                continue
            name = path.relative_to(landing).as_posix()
            _, extension, is_gzipped = _split(path.name)
            if extension in (*FORMATS, *WORKBOOKS, ARCHIVE) or not path.is_file():
                trusted.check_file(path, landing, name)
            if extension in (*WORKBOOKS, ARCHIVE) and not is_gzipped:
                if extension in WORKBOOKS:
                    sheets = workbooks.sheet_names(path, name, by_name.most_unpacked)
                    inside = _sheets(sheets, path, name, system, table, warnings)
                else:
                    members = members_of(path, name, by_name.most_unpacked)
                    inside = _members(members, path, name, system, table, warnings)
                found = list(inside)
                yield from found
                if not found:
                    not_read.append(name)
            elif extension in FORMATS:
                yield LandingFile(path, name, table, FORMATS[extension], is_gzipped)
            else:
                not_read.append(name)
                warnings.append(f"The file {name} is not read: it is none of {READ}.")


def _sheets(
    sheets: Sequence[str],
    path: Path,
    name: str,
    system: str,
    table: RawTable | None,
    warnings: list[str],
) -> Iterator[LandingFile]:
    """The sheets of a workbook: one per table, or the only one, which is of the table
    that the workbook is called by."""
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
    members: Sequence[zipfile.ZipInfo],
    path: Path,
    name: str,
    system: str,
    table: RawTable | None,
    warnings: list[str],
) -> Iterator[LandingFile]:
    """The files of a .zip that are called like a table; in one that is called like a
    table itself, or lies in its folder, the others are of that table."""
    for item in members:
        parts = Path(item.filename).parts
        stem, extension, is_gzipped = _split(parts[-1])
        each = table_called(system, stem) or table
        said = f"{name}/{item.filename}"
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


def files_below(folder: Path, root: Path) -> Iterator[Path]:
    """The files of a folder and of those in it, in a fixed order, and folders that
    must not be looked into, such as links that leave the root."""
    if trusted.is_closed(folder, root):
        yield folder
        return
    for entry in _visible(folder):
        if entry.is_dir():
            yield from files_below(entry, root)
        else:
            yield entry


def extension_of(name: str) -> tuple[str, bool]:
    """The extension of a file's name in lower case, and whether it is gzipped."""
    _, extension, is_gzipped = _split(name)
    return extension, is_gzipped


def _split(name: str) -> tuple[str, str, bool]:
    """The stem, the extension in lower case, and whether it is gzipped."""
    path = Path(name)
    is_gzipped = path.suffix.lower() == ".gz"
    if is_gzipped:
        path = path.with_suffix("")
    return path.stem, path.suffix.lower().removeprefix("."), is_gzipped


def check_tables(landing: Landing) -> None:
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
            f"{listed(LOADED_SYSTEMS)}, or let `lead-funnel init` propose a definition "
            f"that says which file is which table. Found there: {found}."
        )
