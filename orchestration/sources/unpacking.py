"""Files that are more than they look: what they unpack to has a limit, and the disk
is left with some room."""

from __future__ import annotations

import gzip
import lzma
import shutil
import zipfile
import zlib
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

from orchestration.errors import LeadFunnelError
from orchestration.sources.landing import DAMAGED_ARCHIVE, LandingFile, too_much
from orchestration.sources.workbooks import LEAST_FREE

PIECE = 1 << 20
MOST_DEFLATED = 1032
"""How many bytes gzip makes of one, at most."""
DAMAGED = (*DAMAGED_ARCHIVE, EOFError, zlib.error, lzma.LZMAError)
"""What Python raises of packed files and texts that are damaged or made to be."""
KINDS = {"csv": "CSV", "json": "JSON", "parquet": "Parquet", "xlsx": "a workbook"}


def unpacked(file: LandingFile, scratch: Path, most: int) -> LandingFile:
    """A file of a .zip, unpacked, and no further than to the limit."""
    # Not by its own name, which may be anything.
    target = scratch / f"member.{file.format}{'.gz' if file.is_gzipped else ''}"
    with (
        zipfile.ZipFile(file.path) as archive,
        archive.open(file.member) as stream,
        target.open("wb") as copy,
    ):
        copy_within(file, stream, copy, most)
    return replace(file, path=target, member="")


def copy_within(file: LandingFile, stream: BinaryIO, copy: BinaryIO, most: int) -> None:
    """Copy a stream that a file unpacks to, no further than to the limit and to what
    there is room for."""
    room = shutil.disk_usage(copy.name).free - LEAST_FREE
    left = min(most, room)
    while piece := stream.read(PIECE):
        left -= len(piece)
        if left < 0 and room < most:
            raise unreadable(
                file,
                "there is no room to unpack it on the disk that OUT is on: make some, "
                "or choose another OUT",
            )
        if left < 0:
            raise too_large(file, most)
        copy.write(piece)


def check_gzipped(file: LandingFile, most: int) -> None:
    """Raise where a gzipped file unpacks to more than the limit; a small one cannot,
    and is not looked at."""
    if not file.is_gzipped or file.path.stat().st_size * MOST_DEFLATED <= most:
        return
    left = most
    with gzip.open(file.path) as stream:
        while piece := stream.read(PIECE):
            left -= len(piece)
            if left < 0:
                raise too_large(file, most)


def check_parquet(
    file: LandingFile, chunks: Iterable[tuple[int, int]], most: int
) -> None:
    """Raise where the columns of a Parquet file, as pairs of bytes and values, are
    more than the limit. A value that is repeated takes no byte there."""
    if sum(max(size, values) for size, values in chunks) > most:
        raise too_large(file, most)


def too_large(file: LandingFile, most: int) -> LeadFunnelError:
    return unreadable(
        file,
        f"it {too_much(most)}",
    )


def unreadable(file: LandingFile, reason: str) -> LeadFunnelError:
    return LeadFunnelError(
        f"The file {file.name} cannot be read as "
        f"{KINDS[file.format]}"
        f"{' (gzipped)' if file.is_gzipped else ''}: {reason}."
    )
