"""Files that a failure of power leaves whole."""

from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path


def move(source: Path, target: Path) -> None:
    """Move a whole file to where nothing is there, or all of it: also to another disk,
    as parts of OUT may be links."""
    sync(source)
    try:
        source.replace(target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        partial = target.with_name(f".{target.name}")
        shutil.copyfile(source, partial)
        sync(partial)
        partial.replace(target)
        source.unlink()


def sync(path: Path) -> None:
    """Force a file, or the names in a folder, to disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
