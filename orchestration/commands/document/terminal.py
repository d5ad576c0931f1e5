"""A document on a terminal."""

from __future__ import annotations

from collections.abc import Iterable

from rich import box, table
from rich.console import Console
from rich.text import Text

from orchestration.commands.document.blocks import (
    Block,
    Cell,
    Details,
    Document,
    Heading,
    Picture,
    Sentence,
    Table,
    Tone,
)
from orchestration.printable import printable
from orchestration.screen import Screen

PLAIN_WIDTH = 100

STYLES = {
    Tone.PLAIN: "",
    Tone.STRONG: "bold",
    Tone.WARNING: "yellow",
    Tone.ADDED: "green",
    Tone.REMOVED: "red",
    Tone.ACCEPTED: "green",
    Tone.REJECTED: "red",
    Tone.IGNORED: "yellow",
    Tone.WITHDRAWN: "cyan",
    Tone.PENDING: "blue",
}


def plain_console() -> Console:
    return Screen(width=PLAIN_WIDTH, no_color=True, force_terminal=False)


def show(screen: Console, document: Document) -> None:
    show_blocks(screen, document.blocks)


def show_blocks(screen: Console, blocks: Iterable[Block]) -> None:
    """Text is only ever text: rich reads no markup in it."""
    for block in blocks:
        match block:
            case Heading():
                _heading(screen, block)
            case Sentence():
                say(screen, block.text, _style(block))
            case Table():
                screen.print(_table(block))
            case Picture():
                say(screen, block.alt)
            case Details():
                _heading(screen, Heading(block.summary, level=3))
                show_blocks(screen, block.blocks)


def say(screen: Console, text: str, style: str | None = None) -> None:
    screen.print(
        printable(text),
        style=style or None,
        highlight=False,
        markup=False,
        emoji=False,
    )


def _style(sentence: Sentence) -> str:
    bold = "bold" if sentence.is_strong else ""
    return f"{bold} {STYLES[sentence.tone]}".strip()


def _heading(screen: Console, heading: Heading) -> None:
    screen.print()
    text = printable(heading.text)
    say(screen, text, f"bold {STYLES[heading.tone]}".strip())
    if heading.level <= 2:
        screen.print("─" * min(len(text), screen.width), style="dim", highlight=False)


def _table(said: Table) -> table.Table:
    drawn = table.Table(box=box.SIMPLE_HEAD, pad_edge=False, highlight=False)
    for column in said.columns:
        drawn.add_column(
            Text(printable(column.title)),
            overflow="fold",
            justify="right" if column.is_right else "left",
            min_width=column.min_width,
        )
    for row in said.rows:
        if row.starts_section and drawn.row_count:
            drawn.add_section()
        drawn.add_row(*map(_cell, row.cells))
    return drawn


def _cell(cell: Cell) -> Text:
    return Text("" if cell.is_repeated else "\n".join(map(printable, cell.lines)))
