"""Python's garbage collector, made patient."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

PATIENT = (50_000, 50, 50)


@contextmanager
def patient() -> Iterator[None]:
    """Look for garbage less often meanwhile.

    The libraries of a run make a million objects that live until it ends. To
    look them through every few hundred new ones, as Python does, took two
    seconds of a run and found nothing.
    """
    before = gc.get_threshold()
    gc.set_threshold(*PATIENT)
    try:
        yield
    finally:
        gc.set_threshold(*before)
