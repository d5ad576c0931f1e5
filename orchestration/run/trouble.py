"""What goes wrong with OUT itself, whoever notices it first, as a sentence that says
what to do: a full disk, one that nothing may be written to, a folder that is gone."""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager

from orchestration.errors import LeadFunnelError
from orchestration.project import Project

STANDS = "What was published before still is; the next run goes on from there."

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
CLOSED = (errno.EROFS, errno.EACCES, errno.EPERM)
BROKEN = (errno.EIO, errno.ESTALE, errno.ENOTCONN, errno.ENODEV, errno.ENXIO)


def _said(numbers: tuple[int, ...]) -> re.Pattern[str]:
    """What DuckDB, dbt and others quote of the system's own words."""
    return re.compile("|".join(re.escape(os.strerror(number)) for number in numbers))


_FULL = _said(FULL)
_KINDS = (
    (
        _FULL,
        "The disk that OUT ({out}) is on is full: make room on it, or choose another "
        "OUT.",
    ),
    (
        _said(CLOSED),
        "OUT is {out}, where something cannot be written ({reason}): mend its "
        "permissions, or choose another OUT.",
    ),
    (
        _said(BROKEN),
        "OUT is {out}, on a disk that does not answer as it should ({reason}): see to "
        "the disk, or choose another OUT.",
    ),
)


def told(project: Project, text: str, *, is_gone: bool = False) -> str | None:
    """The sentence for an error whose text quotes the system, if OUT is what it is
    about; `is_gone` where the folder is not the one that the run began with."""
    if is_gone:
        return (
            f"OUT ({project.out}) was removed while the run was writing to it, so "
            "nothing came of it: run again."
        )
    for said, sentence in _KINDS:
        found = said.search(text)
        # To read fills no disk; but a file of the exports may be closed to us.
        if found and (said is _FULL or not _is_of_landing(project, text)):
            return f"{sentence.format(out=project.out, reason=found[0])} {STANDS}"
    return None


@contextmanager
def explained(project: Project) -> Iterator[None]:
    """An error of the system meanwhile, as a sentence where OUT is what it is about."""
    try:
        yield
    except OSError as error:
        sentence = told(project, str(error), is_gone=not project.out.exists())
        if sentence is None:
            raise
        raise LeadFunnelError(sentence) from error


def _is_of_landing(project: Project, text: str) -> bool:
    return str(project.landing) in text or text.startswith("The file ")
