"""Python's garbage collection during a run."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

THRESHOLDS = (50_000, 50, 50)


@contextmanager
def less_often() -> Iterator[None]:
    """Look for garbage less often meanwhile.

    The libraries of a run make a million objects that live until it ends. To
    look them through every few hundred new ones, as Python does, took two
    seconds of a run and found nothing.
    """
    before = gc.get_threshold()
    gc.set_threshold(*THRESHOLDS)
    try:
        yield
    finally:
        gc.set_threshold(*before)
