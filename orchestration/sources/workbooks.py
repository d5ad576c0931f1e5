"""Sheets of .xlsx files, as the rows of text that Excel would save as CSV.

They are read in a process of its own (workbook_process.py), whose memory has a limit.
"""

from __future__ import annotations

import csv
import json
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import IO

from orchestration.errors import LeadFunnelError
from orchestration.sources import workbook_process

MEGABYTE = workbook_process.MEGABYTE
LEAST_FREE = 256 * MEGABYTE
"""How much of the disk stays free, whatever is unpacked."""
ENOUGH = 4096 * MEGABYTE
"""What a workbook may take of memory, where nothing else is said."""


def sheet_names(path: Path, name: str, most: int = ENOUGH) -> list[str]:
    """The sheets of a workbook that have a row, in their order."""
    try:
        stat = path.stat()
        return list(_sheet_names(path, name, most, stat.st_mtime_ns, stat.st_size))
    except OSError as error:
        raise _unreadable(name, error.strerror) from error


@lru_cache(maxsize=64)
def _sheet_names(
    path: Path, name: str, most: int, changed: int, size: int
) -> tuple[str, ...]:
    """A workbook is opened once, as long as it is the same."""
    return tuple(
        json.loads(_asked(path, name, most, path.parent, subprocess.PIPE, "names"))
    )


@dataclass(frozen=True)
class Sheet:
    """The rows of a sheet by their number in it, every cell as text; however often
    they are asked for."""

    written: Path
    """As a CSV file."""

    def __iter__(self) -> Iterator[tuple[int, list[str]]]:
        csv.field_size_limit(sys.maxsize)
        with self.written.open(encoding="utf-8", newline="") as stream:
            yield from enumerate(csv.reader(stream), start=1)


def read_sheet(
    path: Path, name: str, sheet: str, scratch: Path, most: int = ENOUGH
) -> Sheet:
    """A sheet of a workbook, written to a folder."""
    target = scratch / "rows_of_sheet.csv"
    try:
        with target.open("wb") as output:
            _asked(path, name, most, scratch, output, "rows", sheet)
    except OSError as error:
        raise _unreadable(name, error.strerror) from error
    return Sheet(target)


def _asked(
    path: Path,
    name: str,
    most: int,
    folder: Path,
    output: int | IO[bytes],
    *wanted: str,
) -> bytes:
    """What the process answers, written to the disk of a folder; why it cannot, as a
    sentence."""
    room = min(most, shutil.disk_usage(folder).free - LEAST_FREE)
    with path.open("rb") as stream:
        done = subprocess.run(
            [
                sys.executable,
                workbook_process.__file__,
                str(max(most // MEGABYTE, 1)),
                str(max(room // MEGABYTE, 0)),
                *wanted,
            ],
            stdin=stream,
            stdout=output,
            stderr=subprocess.PIPE,
            check=False,
        )
    if done.returncode == workbook_process.REFUSED:
        raise _unreadable(name, done.stderr.decode("utf-8", "replace").strip())
    if done.returncode == workbook_process.NO_ROOM:
        raise LeadFunnelError(
            f"The file {name} cannot be read as a workbook: there is no room to unpack "
            "it on the disk that OUT is on: make some, or choose another OUT."
        )
    if done.returncode in (-signal.SIGXCPU, -signal.SIGKILL):
        raise LeadFunnelError(
            f"The file {name} cannot be read as a workbook: for its size it takes too "
            "long. Save the sheet as CSV."
        )
    if done.returncode:
        raise LeadFunnelError(
            f"The file {name} cannot be read as a workbook: it takes more than "
            f"{most // MEGABYTE} MB of memory. Save the sheet as CSV, or allow more "
            "with the var max_unpacked_mb."
        )
    return done.stdout or b""


def _unreadable(name: str, reason: object) -> LeadFunnelError:
    return LeadFunnelError(
        f"The file {name} cannot be read as a workbook ({reason}): save it as .xlsx "
        "without a password, or as CSV."
    )
