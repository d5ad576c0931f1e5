"""What dbt's manifest says of a model: whose rows it holds, and what it reads.

A model says in `meta` whose rows it holds: `rows_of: record` or `rows_of:
person`. A run after a change builds such a model for the people who changed, in
a slice, and folds their rows into the whole. `rows_of: nobody` says that a model
is right for whichever people it is made of, as a list of what occurs among them.
A model that says nothing, or that reads something which is only known of
everybody, is built for everybody.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from graphlib import TopologicalSorter
from typing import Any

Node = Mapping[str, Any]
Manifest = Mapping[str, Any]

MODEL, SOURCE = "model.lead_funnel.", "source.lead_funnel."
"""What dbt's unique ids begin with."""

OWNERS = ("record", "person")
"""Whose rows a model may hold, as `meta.rows_of` says it."""
NOBODY = "nobody"
"""Says that the rows are nobody's, and right for whom they are made of."""

INPUT_LAYER = "models/input_layer/"
DEFINITION = "definition"
"""The schema of the funnel's definition."""


class Kind(Enum):
    """How a run after a change brings a table up to date."""

    LOOKED_UP = "looked up"
    """Built for everybody before the slice: seeds, calendars, the clock."""
    INPUT = "input"
    """A table of the input layer: brought up to date by file, filtered into the
    slice by record."""
    PERSON = "person"
    """Built in the slice, folded into the whole."""
    ANYWHERE = "anywhere"
    """Built in the slice for its people, and for everybody after the fold."""
    WHOLE = "whole"
    """Built for everybody after the fold."""


@dataclass(frozen=True)
class Lineage:
    """The nodes of a manifest and what they read."""

    manifest: Manifest

    @cached_property
    def nodes(self) -> dict[str, Node]:
        """Seeds, models and snapshots, each after what it reads."""
        found = {
            unique_id: node
            for unique_id, node in sorted(self.manifest["nodes"].items())
            if node["resource_type"] in ("seed", "model", "snapshot")
        }
        reads = {
            unique_id: [item for item in _reads(node) if item in found]
            for unique_id, node in found.items()
        }
        order = TopologicalSorter(reads).static_order()
        return {unique_id: found[unique_id] for unique_id in order}

    @cached_property
    def tests(self) -> dict[str, Node]:
        """The data tests. Unit tests are for developers: no run makes them."""
        return {
            unique_id: node
            for unique_id, node in sorted(self.manifest["nodes"].items())
            if node["resource_type"] == "test"
        }

    @cached_property
    def kinds(self) -> dict[str, Kind]:
        kinds: dict[str, Kind] = {}
        for unique_id, node in self.nodes.items():
            read = {kinds.get(parent, Kind.LOOKED_UP) for parent in _reads(node)}
            owner = rows_of(node)
            if owner in OWNERS and is_input(node):
                kinds[unique_id] = Kind.INPUT
            elif owner in OWNERS and Kind.WHOLE not in read:
                kinds[unique_id] = Kind.PERSON
            elif not read & {Kind.PERSON, Kind.ANYWHERE, Kind.WHOLE}:
                kinds[unique_id] = Kind.LOOKED_UP
            elif owner == NOBODY and Kind.WHOLE not in read:
                kinds[unique_id] = Kind.ANYWHERE
            else:
                kinds[unique_id] = Kind.WHOLE
        return kinds

    def of_kind(self, *kinds: Kind) -> list[str]:
        """The nodes of these kinds, each after what it reads."""
        return [unique_id for unique_id in self.nodes if self.kinds[unique_id] in kinds]

    def phase_of_test(self, unique_id: str) -> Kind:
        """When a test is made: of rows of people in the slice, where it looks at
        nothing that is only known of everybody; else before or after it."""
        kinds = {self.kinds.get(parent) for parent in _reads(self.tests[unique_id])}
        if kinds & {Kind.WHOLE, Kind.ANYWHERE}:
            return Kind.WHOLE
        return Kind.PERSON if Kind.PERSON in kinds else Kind.LOOKED_UP

    @cached_property
    def read_in_slice(self) -> list[str]:
        """What the slice must hold before its models are built: what they, and
        the tests that look at them, read and do not build."""
        built = self.of_kind(Kind.PERSON, Kind.ANYWHERE)
        readers = [self.nodes[item] for item in built]
        readers += [
            test
            for unique_id, test in self.tests.items()
            if self.phase_of_test(unique_id) is Kind.PERSON
        ]
        read = {parent for node in readers for parent in _reads(node)}
        # The checks of each person may ask for any row of the definition.
        read |= {
            unique_id
            for unique_id, node in self.nodes.items()
            if node["config"].get("schema") == DEFINITION
        }
        return sorted(read - set(built))

    def affected(self, owed: frozenset[str] | None) -> frozenset[str]:
        """The nodes and tests whose rows, or whose verdict, may be others than in
        what is published; `owed` names the sources and tables that are, None
        stands for all of them.

        A table of people is only affected where it was folded: that it reads
        something which changed does not make its rows others.
        """
        everything = {**self.nodes, **self.tests}
        if owed is None:
            return frozenset(everything)
        found: set[str] = set()
        for unique_id, node in everything.items():
            is_folded = self.kinds.get(unique_id) is Kind.PERSON and is_table(node)
            if unique_id in owed or (
                not is_folded
                and any(item in found or item in owed for item in _reads(node))
            ):
                found.add(unique_id)
        return frozenset(found)

    def keys_of(self, unique_id: str) -> list[tuple[str, ...]]:
        """The columns that tell a table's rows apart, as its tests have it."""
        keys = []
        for test in self.tests.values():
            if test.get("attached_node") != unique_id:
                continue
            named = test.get("test_metadata") or {}
            given = named.get("kwargs", {})
            if named.get("name") == "unique":
                keys.append((given["column_name"],))
            elif named.get("name") == "unique_combination":
                keys.append(tuple(given["columns"]))
        return sorted(set(keys))


def rows_of(node: Node) -> str | None:
    """Whose rows a node holds, as it says itself."""
    return node["config"].get("meta", {}).get("rows_of")


def is_input(node: Node) -> bool:
    return node["original_file_path"].startswith(INPUT_LAYER)


def owner_column(node: Node, columns: Iterable[str]) -> str:
    """The column that says whose a row is."""
    said = node["config"]["meta"].get("key")
    if said:
        return said
    if rows_of(node) == "record":
        return "record_key"
    return "person_key" if "person_key" in columns else "person_id"


def is_table(node: Node) -> bool:
    return node["config"].get("materialized") not in ("view", "ephemeral")


def relation(node: Node) -> str:
    """Schema and name in the warehouse."""
    return f"{node['schema']}.{node.get('alias') or node.get('identifier')}"


def _reads(node: Node) -> list[str]:
    """The nodes and sources that a node reads, each once."""
    return list(dict.fromkeys(node.get("depends_on", {}).get("nodes", ())))
