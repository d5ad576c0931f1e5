"""The glossary as one page, both languages side by side."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import jinja2

from orchestration import glossary

TEMPLATE = "glossary.html.jinja"


@dataclass(frozen=True)
class Link:
    """A metric or a column, and where dbt's docs tell of it."""

    name: str
    href: str


@dataclass(frozen=True)
class Table:
    """The columns of one table that are about a term."""

    name: str
    href: str
    columns: tuple[str, ...]


@dataclass(frozen=True)
class Entry:
    """A term with what uses it."""

    term: glossary.Term
    metrics: tuple[Link, ...]
    tables: tuple[Table, ...]

    @property
    def searched(self) -> str:
        """What a reader may type to find it."""
        term = self.term
        return f"{term.key} {term.en} {term.ja} {term.formula or ''}".lower()


def page(manifest: Mapping[str, Any], docs: str) -> str:
    """The page; `docs` is where dbt's docs lie, as seen from it."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("orchestration.docs_site", "."),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(TEMPLATE).render(
        entries=[_entry(manifest, term, docs) for term in glossary.terms(manifest)],
        docs=docs,
    )


def _entry(manifest: Mapping[str, Any], term: glossary.Term, docs: str) -> Entry:
    return Entry(
        term=term,
        metrics=tuple(
            Link(
                manifest["metrics"][unique_id]["name"], _href(docs, "metric", unique_id)
            )
            for unique_id in term.metrics
        ),
        tables=tuple(
            Table(table, _href(docs, "model", model), tuple(c.name for c in columns))
            for (model, table), columns in itertools.groupby(
                term.columns, key=lambda column: (column.model, column.table)
            )
        ),
    )


def _href(docs: str, kind: str, unique_id: str) -> str:
    """The address of a node in dbt's docs."""
    part = "#columns" if kind == "model" else ""
    return f"{docs}#!/{kind}/{quote(unique_id)}{part}"
