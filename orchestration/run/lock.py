"""One run at a time on one OUT, whoever began it: by hand, or on Dagster's page. The
system lets go of a lock however a process ends."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from orchestration.errors import LeadFunnelError
from orchestration.project import Project
from orchestration.run import trouble

PATIENCE = 1.0
"""Seconds."""


class BusyError(LeadFunnelError):
    """Another run writes to OUT; it ends by itself."""


_held: list[tuple[int, int]] = []
"""The lock files that this process holds alone, by device and number."""


@contextmanager
def locked(project: Project) -> Iterator[None]:
    """Hold OUT alone; an error where another run writes to it."""
    with _opened(project, "a+") as lock:
        _take(project, lock, fcntl.LOCK_EX)
        lock.seek(0)
        lock.truncate(0)
        with trouble.explained(project):
            lock.write(str(os.getpid()))
            lock.flush()
        held = _identity(lock)
        _held.append(held)
        try:
            yield
        finally:
            _held.remove(held)
            with suppress(OSError):
                lock.truncate(0)


@contextmanager
def step_of_a_run(project: Project) -> Iterator[None]:
    """Hold OUT for one step, which a run by hand has done already. Of a run that
    Dagster's page began each step is a process of its own, and some go side by side:
    they share the lock with each other and not with a run by hand."""
    with _opened(project, "a+") as lock:
        if _identity(lock) in _held:
            yield
            return
        _take(project, lock, fcntl.LOCK_SH)
        yield


def is_held(project: Project) -> bool:
    """Whether this process holds OUT alone: it is a run by hand, and no step of one
    that Dagster's page or schedule began."""
    return bool(_held) and not is_lost(project)


def is_lost(project: Project) -> bool:
    """Whether the lock that this process held is no longer that of OUT: somebody
    removed the folder, and maybe made another."""
    try:
        there = (project.out / "run.lock").stat()
    except OSError:
        return True
    return bool(_held) and (there.st_dev, there.st_ino) not in _held


def _opened(project: Project, mode: str) -> IO[str]:
    with trouble.explained(project):
        return (project.out / "run.lock").open(mode)


def _identity(lock: IO[str]) -> tuple[int, int]:
    stat = os.fstat(lock.fileno())
    return stat.st_dev, stat.st_ino


def _take(project: Project, lock: IO[str], kind: int) -> None:
    """Lock, or fail where it stays locked: `status` takes the lock for a moment."""
    until = time.monotonic() + PATIENCE
    while True:
        try:
            return fcntl.flock(lock, kind | fcntl.LOCK_NB)
        except BlockingIOError as error:
            if time.monotonic() > until:
                raise BusyError(
                    f"Another run is writing to {project.out} ({_holder(lock)}): wait "
                    "until it has ended, or choose another OUT."
                ) from error
            time.sleep(PATIENCE / 20)


def _holder(lock: IO[str]) -> str:
    lock.seek(0)
    holder = lock.read().strip()
    if holder.isdecimal() and Path(f"/proc/{holder}").exists():
        return f"the process {holder}"
    return "another process, such as one of Dagster's page"
