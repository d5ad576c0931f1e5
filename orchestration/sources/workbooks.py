"""Sheets of .xlsx files, as the rows of text that Excel would save as CSV."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from python_calamine import CalamineError, CalamineWorkbook, SheetTypeEnum

from orchestration.errors import LeadFunnelError

if TYPE_CHECKING:
    from orchestration.sources.landing import LandingFile

Cell = object


def sheet_names(path: Path, name: str) -> list[str]:
    """The sheets of a workbook that have a row, in their order."""
    try:
        stat = path.stat()
        return list(_sheet_names(path, stat.st_mtime_ns, stat.st_size))
    except (CalamineError, OSError) as error:
        raise _unreadable(name, error) from error


@lru_cache(maxsize=64)
def _sheet_names(path: Path, changed: int, size: int) -> tuple[str, ...]:
    """A workbook is opened once, as long as it is the same."""
    with CalamineWorkbook.from_object(BytesIO(path.read_bytes())) as book:
        return tuple(
            sheet.name
            for sheet in book.sheets_metadata
            if sheet.typ == SheetTypeEnum.WorkSheet
            and book.get_sheet_by_name(sheet.name).height
        )


def rows_of(file: LandingFile) -> list[tuple[int, list[str]]]:
    """The rows of a sheet by their number in it, every cell as text."""
    try:
        with CalamineWorkbook.from_object(BytesIO(file.path.read_bytes())) as book:
            sheet = book.get_sheet_by_name(file.member)
            rows = sheet.to_python(skip_empty_area=False)
    except (CalamineError, OSError) as error:
        raise _unreadable(file.name, error) from error
    return list(_numbered(rows))


def _numbered(rows: list[list[Cell]]) -> Iterator[tuple[int, list[str]]]:
    for number, row in enumerate(rows, start=1):
        values = [as_text(cell) for cell in row]
        while values and not values[-1].strip():
            values.pop()
        yield number, values


def as_text(cell: Cell) -> str:
    """A cell's value as an export would hold it."""
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float):
        return (
            str(int(cell)) if cell.is_integer() and abs(cell) < 1 << 53 else repr(cell)
        )
    if isinstance(cell, datetime):
        return cell.isoformat(" ")
    if isinstance(cell, (date, time)):
        return cell.isoformat()
    if isinstance(cell, timedelta):
        return str(cell)
    return str(cell)


def _unreadable(name: str, error: Exception) -> LeadFunnelError:
    return LeadFunnelError(
        f"The file {name} cannot be read as a workbook ({error}): save it as .xlsx "
        "without a password, or as CSV."
    )
