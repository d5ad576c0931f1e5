"""What the running process says about itself, to whoever listens."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

Listener = Callable[[str], None]

_listeners: list[Listener] = []
_note_takers: list[Listener] = []


def say(text: str) -> None:
    """A word about what is being done at this moment."""
    for listener in _listeners:
        listener(text)


def note(text: str) -> None:
    """Something that a person should still read when the run is over."""
    for listener in _note_takers:
        listener(text)


def counting(total: int) -> Listener:
    """Says of each thing that is done, by its name, how many of all are done."""
    done = 0

    def count(name: str) -> None:
        nonlocal done
        done += 1
        say(f"{done} of {total}: {name}")

    return count


@contextmanager
def listening(listener: Listener, note_taker: Listener | None = None) -> Iterator[None]:
    """What is said goes to `listener`, notes to `note_taker`."""
    _listeners.append(listener)
    _note_takers.append(note_taker or listener)
    try:
        yield
    finally:
        _listeners.remove(listener)
        _note_takers.remove(note_taker or listener)
