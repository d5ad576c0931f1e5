"""Whether someone pressed Ctrl-C, whatever became of it.

Dagster, dbt and DuckDB each deal with a signal in their own way, and what comes
of it may be an error that says nothing of it, such as a connection that is busy.
So the signal itself is remembered: Python writes down its number before it calls
any handler.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

_INTERRUPTS = {signal.SIGINT, signal.SIGTERM}

_heard: list[int] = []
_reader: int | None = None


@contextmanager
def noted() -> Iterator[None]:
    """Take note of interrupts meanwhile; only the main thread can."""
    global _reader
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = _reader
    _reader, writer = os.pipe()
    os.set_blocking(_reader, False)
    os.set_blocking(writer, False)
    _heard.clear()
    earlier = signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    try:
        yield
    finally:
        signal.set_wakeup_fd(earlier)
        os.close(writer)
        os.close(_reader)
        _reader = before
        _heard.clear()


def came() -> bool:
    """Whether an interrupt came since they are taken note of."""
    if _reader is not None:
        with suppress(BlockingIOError):
            _heard.extend(os.read(_reader, 1024))
    return not _INTERRUPTS.isdisjoint(_heard)


def check() -> None:
    """Raise what came and nobody raised: Dagster takes a signal between two steps, and
    goes on."""
    if came():
        raise KeyboardInterrupt


@contextmanager
def raised() -> Iterator[None]:
    """Make Ctrl-C a KeyboardInterrupt meanwhile, whatever it was before: dbt knows
    no other, and leaves its threads at work on one. So is one that came before."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        check()
        yield
    finally:
        signal.signal(signal.SIGINT, before)
