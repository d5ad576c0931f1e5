"""Which files of a folder may be opened: who fills a folder of exports, or of a
definition, is not the one who runs this.

A link may lead to another place of the same folder and nowhere else; what is no
file (a pipe, a device, a socket) is never opened, for some of them never end.
"""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

from orchestration.errors import LeadFunnelError

DEEPEST = 32
"""How many folders a file may lie in, below the one that is read."""
LARGEST_DEFINITION = 32 << 20
LARGEST_HOLE = 1 << 20
"""Bytes of a file that nobody wrote, at most."""

KINDS = (
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
    (stat.S_ISDIR, "a folder"),
)


def check_file(path: Path, folder: Path, name: str) -> None:
    """Raise, as a sentence, where a file of a folder must not be opened."""
    reason = why_not(path, folder)
    if reason:
        raise LeadFunnelError(f"The file {name} cannot be read: {reason}.")


def check_definition(path: Path, folder: Path, most: int = LARGEST_DEFINITION) -> None:
    """The same of a file of the DEFINITION folder, which a person has to be able to
    read too."""
    reason = why_not(path, folder)
    if not reason and path.stat().st_size > most:
        size = f"{most >> 20} MB" if most >> 20 else f"{most >> 10} KB"
        reason = (
            f"it is larger than {size}, which no definition is; put exports into "
            "LANDING"
        )
    if reason:
        raise LeadFunnelError(f"{path.name} of DEFINITION cannot be read: {reason}.")


def why_not(path: Path, folder: Path) -> str:
    """Why a file of a folder must not be opened, and what to do, as a clause;
    nothing where it may be."""
    if _leads_out(path, folder):
        return (
            "it is a link that leads out of the folder; put the file itself where the "
            "link is"
        )
    try:
        found = path.stat()
    except OSError as error:
        if error.errno == errno.ELOOP:
            return "it is a link that leads back to itself; remove it"
        return (
            f"{error.strerror}; check that it is there, is a file and that you may "
            "read it"
        )
    for is_kind, kind in KINDS:
        if is_kind(found.st_mode):
            what = kind
            if kind == "a folder":
                what = (
                    "a link that leads back to a folder above it"
                    if path.is_symlink()
                    else f"a folder that lies in more than {DEEPEST} others"
                )
            return f"it is {what} and not a file; remove it, or export it again"
    try:
        os.fspath(path).encode()
    except UnicodeEncodeError:
        return "its name is not UTF-8; rename it"
    if found.st_size - 512 * found.st_blocks > LARGEST_HOLE and _has_hole(path):
        return "parts of it were never written; export it again"
    return ""


def is_closed(folder: Path, root: Path) -> bool:
    """Whether a folder below a root is a link out of it or back to where it lies, or
    lies too deep to be looked through."""
    if len(folder.relative_to(root).parts) > DEEPEST:
        return True
    if not folder.is_symlink():
        return False
    return _leads_out(folder, root) or Path(
        os.path.realpath(folder.parent)
    ).is_relative_to(os.path.realpath(folder))


def _leads_out(path: Path, folder: Path) -> bool:
    return not Path(os.path.realpath(path)).is_relative_to(os.path.realpath(folder))


def _has_hole(path: Path) -> bool:
    """Whether some of a file takes no place on the disk and reads as zeros."""
    with path.open("rb") as stream:
        try:
            return os.lseek(stream.fileno(), 0, os.SEEK_HOLE) < path.stat().st_size
        except OSError:
            return False
