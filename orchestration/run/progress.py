"""What the running process says about itself, to whoever listens."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

Listener = Callable[[str], None]

_listeners: list[Listener] = []
_told: list[Listener] = []


def say(text: str) -> None:
    """A word about what is being done at this moment."""
    for listener in _listeners:
        listener(text)


def tell(text: str) -> None:
    """Something that a person should still read when the run is over."""
    for listener in _told:
        listener(text)


@contextmanager
def listening(listener: Listener, told: Listener | None = None) -> Iterator[None]:
    """What is said goes to `listener`, what is told to `told`."""
    _listeners.append(listener)
    _told.append(told or listener)
    try:
        yield
    finally:
        _listeners.remove(listener)
        _told.remove(told or listener)
