"""What is said of a failure, whichever way it goes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from typing import Any

from orchestration.live.source import crossed_out
from orchestration.printable import printable

MOST_LETTERS = 600
"""Of one sentence: a chat shows no more."""
MOST_LINES = 10

_BRACKETS = str.maketrans("<>", "‹›")
"""Chats take <…> for a link, or for a call to everybody."""


@dataclass(frozen=True)
class Trouble:
    """One thing that went wrong."""

    what: str
    """The step, check or source, as people know it."""
    sentence: str = ""

    def __str__(self) -> str:
        return f"{self.what}: {self.sentence}" if self.sentence else self.what


@dataclass(frozen=True)
class Alert:
    """A message to people who may have to do something."""

    title: str
    troubles: tuple[Trouble, ...] = ()
    checks: tuple[str, ...] = ()
    """The names of the checks that failed."""
    run_id: str = ""
    look: tuple[str, ...] = ()
    """Where to look: addresses of pages, folders and commands."""

    def without(self, secrets: Iterable[str]) -> Alert:
        """The same as it may leave the house: no secrets, nothing that steers a
        terminal or a chat, and no sentence that never ends."""
        known = [*secrets]

        def told(text: str) -> str:
            plain = printable(" ".join(crossed_out(text, known).split()))
            plain = plain.translate(_BRACKETS)
            if len(plain) <= MOST_LETTERS:
                return plain
            return plain[: MOST_LETTERS - 1] + "…"

        return replace(
            self,
            title=told(self.title),
            troubles=tuple(
                Trouble(told(each.what), told(each.sentence)) for each in self.troubles
            ),
            checks=tuple(map(told, self.checks)),
            look=tuple(map(told, self.look)),
        )

    @property
    def text(self) -> str:
        """All of it as lines."""
        lines = [self.title, "", *_some(map(str, self.troubles), "more")]
        if self.checks:
            lines += ["", "Checks that failed:", *_some(self.checks, "more checks")]
        if self.run_id:
            lines += ["", f"Run: {self.run_id}"]
        if self.look:
            lines += ["", "Where to look:", *(f"- {place}" for place in self.look)]
        return "\n".join(lines)

    def as_fields(self) -> dict[str, Any]:
        """What a program reads: the text, and each part of it by its name."""
        return {"text": self.text, **asdict(self)}


def _some(items: Iterable[str], more: str) -> list[str]:
    found = [f"- {item}" for item in items]
    if len(found) <= MOST_LINES:
        return found
    return [*found[:MOST_LINES], f"- {len(found) - MOST_LINES} {more}"]
