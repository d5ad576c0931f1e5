"""Reads a workbook in a process of its own, which may not take more of the machine
than it is told: what a workbook of a few kilobytes becomes in memory nobody knows
before.

    workbook_process.py <memory> <disk> names < workbook          JSON on stdout
    workbook_process.py <memory> <disk> rows <sheet> < workbook   CSV on stdout

Memory and disk are the megabytes of each that it may take. Where there is a reason that
people can mend it is on stderr, at the end.
"""

import csv
import errno
import json
import resource
import sys
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from io import BytesIO

Cell = object

MEGABYTE = 1 << 20
OF_ITS_OWN = 512 * MEGABYTE
"""What Python takes of the address space by itself."""
FEWEST_SECONDS, MOST_SECONDS = 5, 900
"""Of the processor, by how large the workbook is unpacked: a second a megabyte."""
NO_ROOM = 4
REFUSED = 3
"""The status where the reason on stderr is for people."""


def main(memory: str, disk: str, wanted: str, sheet: str = "") -> None:
    most, room = int(memory) * MEGABYTE, int(disk) * MEGABYTE
    resource.setrlimit(resource.RLIMIT_AS, (most + OF_ITS_OWN, most + OF_ITS_OWN))
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    content = sys.stdin.buffer.read(most + 1)
    if len(content) > most:
        raise MemoryError
    size = max(len(content), unpacked_size(content, most)) // MEGABYTE
    seconds = min(FEWEST_SECONDS + size, MOST_SECONDS)
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
    from python_calamine import CalamineWorkbook, SheetTypeEnum

    with CalamineWorkbook.from_object(BytesIO(content)) as book:
        if wanted == "names":
            names = [
                each.name
                for each in book.sheets_metadata
                if each.typ == SheetTypeEnum.WorkSheet
                and book.get_sheet_by_name(each.name).height
            ]
            json.dump(names, sys.stdout)
        else:
            rows = book.get_sheet_by_name(sheet).to_python(skip_empty_area=False)
            written = csv.writer(sys.stdout, lineterminator="\n")
            for values in texts_of(rows):
                written.writerow(values)
            sys.stdout.flush()


def unpacked_size(content: bytes, most: int) -> int:
    """A workbook is a .zip; what is in it says how large it is."""
    if not zipfile.is_zipfile(BytesIO(content)):
        return 0  # An .xls of old, or none: the reader says so.
    with zipfile.ZipFile(BytesIO(content)) as archive:
        size = sum(item.file_size for item in archive.infolist())
    if size > most:
        raise MemoryError
    return size


def texts_of(rows: list[list[Cell]]) -> Iterator[list[str]]:
    for row in rows:
        values = [as_text(cell) for cell in row]
        while values and not values[-1].strip():
            values.pop()
        yield values


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


if __name__ == "__main__":
    try:
        sys.stdout.reconfigure(encoding="utf-8", newline="")
        main(*sys.argv[1:])
    except MemoryError:
        sys.exit(2)
    except OSError as error:
        sys.stderr.write(str(error))
        sys.exit(NO_ROOM if error.errno in (errno.EFBIG, errno.ENOSPC) else REFUSED)
    except Exception as error:
        sys.stderr.write(str(error))
        sys.exit(REFUSED)
