"""The one place where text goes out to a terminal: whatever an export, a folder or a
definition says is only ever text there, and neither markup nor an escape sequence."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import typer
from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.text import Text

from orchestration.printable import printable_lines

WIDTH = 100
"""Columns where nobody looks at a terminal."""


class Screen(Console):
    """A console that takes no text for more than text."""

    def __init__(self, **how: Any) -> None:
        super().__init__(markup=False, emoji=False, highlight=False, **how)

    def render_str(self, text: str, **how: Any) -> Text:
        # Before it is measured, as a sign is wider than what it stands for.
        return super().render_str(printable_lines(text), **how)

    def render(
        self, renderable: RenderableType, options: ConsoleOptions | None = None
    ) -> Iterable[Segment]:
        for segment in super().render(renderable, options):
            if segment.control or segment.text.isprintable():
                yield segment
            else:
                yield Segment(printable_lines(segment.text), segment.style)

    @contextmanager
    def doing(self, title: str) -> Iterator[Callable[[str], None]]:
        """A line that turns meanwhile, and what changes its text."""
        with self.status(Text(printable_lines(title))) as spinner:
            yield lambda text: spinner.update(Text(printable_lines(text)))


def screen() -> Screen:
    return Screen(width=None if sys.stdout.isatty() else WIDTH)


def errors() -> Screen:
    return Screen(stderr=True, soft_wrap=True)


def echo(text: str = "", *, nl: bool = True) -> None:
    """Text as it is, without styles; where a terminal shows it, without what steers
    one."""
    is_shown = sys.stdout.isatty()
    typer.echo(printable_lines(text) if is_shown else text, nl=nl)
