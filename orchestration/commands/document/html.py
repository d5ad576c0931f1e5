"""A document as one HTML page: no script, and nothing is asked of the network."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from orchestration.commands.document.blocks import (
    Details,
    Document,
    Heading,
    Picture,
    Sentence,
    Table,
)
from orchestration.printable import printable

HERE = Path(__file__).parent

_ADDRESS = re.compile(r"[^\s@＠<>()\[\],;:'\"→]+[@＠][^\s@＠<>()\[\],;:'\"→]+\.\w+")

KINDS = {
    "heading": Heading,
    "sentence": Sentence,
    "table": Table,
    "picture": Picture,
    "details": Details,
}


def page(document: Document, *, hides_addresses: bool = False) -> str:
    """The whole page. Text of the document is only ever text: what could be markup
    is escaped, what steers is shown as a sign. `hides_addresses` leaves out
    whatever looks like an e-mail address, wherever an export had it."""
    parts = {
        number: block.text
        for number, block in enumerate(document.blocks)
        if isinstance(block, Heading) and block.level == 2
    }
    template = _environment(hides_addresses).get_template("page.html.j2")
    return template.render(
        document=document,
        parts=parts,
        style=Markup((HERE / "page.css").read_text(encoding="utf-8")),
    )


def _environment(hides_addresses: bool) -> Environment:
    def only_text(value: Any) -> Any:
        if not isinstance(value, str) or isinstance(value, Markup):
            return value
        text = printable(value)
        return without_addresses(text) if hides_addresses else text

    environment = Environment(
        loader=FileSystemLoader(HERE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        finalize=only_text,
    )
    environment.filters["drawing"] = Markup
    for name, kind in KINDS.items():
        environment.tests[name] = _is(kind)
    return environment


def _is(kind: type) -> Any:
    return lambda block: isinstance(block, kind)


def without_addresses(text: str) -> str:
    """The text with every e-mail address as `(address)`."""
    return _ADDRESS.sub("(address)", text)
