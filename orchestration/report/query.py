"""A question to the published tables."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Query:
    """One table of the cube."""

    name: str
    needs: tuple[str, ...]
    """The published tables that it reads."""
    sql: str
    by_cell: bool = True
    keys: tuple[str, ...] = ()
    """Of a table by cell: what its rows are told apart by beside the cell."""
