"""Files of exports that are not called like their table.

Rows of the definition's `files` (file, system, table, sheet, note) say which table
a file of the landing folder holds, so that a folder can stay as it came. `file` is
a path below LANDING, in which an asterisk stands for anything; it is compared
without case. Its first row that fits counts, a path before a pattern. The table
`none` leaves a file alone.
"""

from __future__ import annotations

import fnmatch
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from orchestration.errors import LeadFunnelError
from orchestration.project import Project
from orchestration.settings.definition_files import rows_in_force
from orchestration.sources.headings import known_table
from orchestration.sources.tables import RawTable

ALONE = "none"
"""The table of a file that is left alone."""


@dataclass(frozen=True)
class NamedFile:
    """One row of `files`."""

    file: str
    table: RawTable | None
    """None where the file is left alone."""
    sheet: str = ""

    def is_path(self, name: str) -> bool:
        return _plain(self.file) == _plain(name)

    def fits(self, name: str) -> bool:
        return self.is_path(name) or fnmatch.fnmatchcase(
            _plain(name), _plain(self.file).replace("[", "[[]")
        )

    def is_of_sheet(self, sheet: str) -> bool:
        return not self.sheet or fnmatch.fnmatchcase(_plain(sheet), _plain(self.sheet))


@dataclass(frozen=True)
class NamedFiles:
    """All rows of `files`, in their order."""

    rows: Sequence[NamedFile] = ()

    def of(self, name: str) -> list[NamedFile]:
        """The rows that speak of a file, one for each sheet that has one; those
        that name its path go before patterns."""
        found = [row for row in self.rows if row.is_path(name)]
        return found or [row for row in self.rows if row.fits(name)]

    @classmethod
    def of_project(cls, project: Project) -> NamedFiles:
        return cls(checked(rows_in_force(project, "files")))


def checked(rows: Iterable[Mapping[str, str]]) -> tuple[NamedFile, ...]:
    """The rows, under the tables' canonical names; each thing that can be wrong with
    one is a sentence."""
    found = []
    for row in rows:
        said = f"files of DEFINITION gives {row['file']!r} a table"
        if not row["file"].strip("/ "):
            raise LeadFunnelError(
                "files of DEFINITION has a row without a file: name its path below "
                "LANDING, such as Lead Report 2026-04.csv or Lead Report *.csv."
            )
        if row["table"].lower() == ALONE:
            found.append(NamedFile(row["file"], None, row["sheet"]))
            continue
        if not row["table"] or not row["system"]:
            raise LeadFunnelError(
                f"files of DEFINITION names {row['file']!r} without a "
                f"{'table' if row['system'] else 'system'}: a row needs both, or the "
                f"table {ALONE} for a file that is to be left alone."
            )
        table = known_table(said, row["system"].lower(), row["table"])
        if table.made_of:
            raise LeadFunnelError(
                f"{said} {table.name}, which is made of columns of {table.made_of}: "
                f"name {table.made_of}."
            )
        found.append(NamedFile(row["file"], table, row["sheet"]))
    return tuple(found)


def _plain(name: str) -> str:
    """A path as it is compared: in any case, and however a disk composes letters."""
    return unicodedata.normalize("NFC", name).replace("\\", "/").lower()
