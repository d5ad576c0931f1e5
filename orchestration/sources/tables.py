"""The raw tables that are read, as models/staging/<system>/_<system>__sources.yml
lists them: dbt's own sources, each with what it is for.

A table is known by its canonical name; exports may call it by a loader's own
spelling (Airbyte's `activities_change_score`, Salesforce's `LeadHistory`). What
only this project asks of a table stands in its `meta`:

    needed: each column that the table cannot do without, and what for. Where it
        may be called in several ways, these are joined by ` or `.
    is_required: without the table the system cannot be read at all.
    is_looked_up: a small table that the rows of everybody are looked up in, so
        that a change of it touches everybody.
    spellings: names that are neither the canonical one nor a plural of it.
    made_of: the table whose columns with a stage's dates it is made of, where it
        has no files of its own.
    dated_columns: what those columns are called, with `*` for the stage, where the
        vendor calls them so; of one stage those named first count first. Without
        it they are called by a row of the seed `columns`.
    inside: the tables in whose rows its own may stand too, as a list in one of the
        `columns`: `record` is what it calls the row that holds them, `element` what
        an item without names, or its id, is, `key` what the name of a list is,
        `constants` are columns with one value, `copied` are columns of the holder.
    tells_values: its rows tell which value a field has from then on, also where that
        is no other than before.
    fills_in: what its rows say counts where no other row says it.
    is_by_file: of several files that tell of the same thing the later counts, so
        a row says when its file was changed last.

A system's own `meta` may have `prefixes`, which loaders write before the names of
its tables (dlt's `sf_user`), and `opened`: columns that hold an object, each key of
which is a column by itself (`properties` gives `properties_email`).

The loader, the macro `stage`, the counts of raw rows, the checks of the raw
tables and the rule which change touches everybody read this list and no other.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from orchestration.errors import LeadFunnelError, listed

ROOT = Path(__file__).resolve().parents[2]
ORDER = ("generic", "salesforce", "hubspot", "marketo", "ads", "ledger")
"""In which order systems are named and loaded; others follow by name."""

SCHEMA = "raw_"
"""What the name of a system's source, and of its schema, begins with."""

META = (
    "needed",
    "is_required",
    "is_looked_up",
    "spellings",
    "made_of",
    "dated_columns",
    "inside",
    "tells_values",
    "fills_in",
    "is_by_file",
)
SYSTEM_META = ("prefixes", "opened")


@dataclass(frozen=True)
class Needed:
    """A column that a table cannot do without, under any of these names."""

    names: tuple[str, ...]
    purpose: str

    def found_in(self, columns: object) -> bool:
        present = {plain(column) for column in columns}  # type: ignore[attr-defined]
        return any(plain(name) in present for name in self.names)


@dataclass(frozen=True)
class Inside:
    """Where rows of a table stand inside the rows of another one, the holder."""

    holder: str
    columns: tuple[str, ...]
    record: str
    element: str = ""
    key: str = ""
    constants: tuple[tuple[str, str], ...] = ()
    copied: tuple[str, ...] = ()


@dataclass(frozen=True)
class RawTable:
    """One raw table of one system."""

    system: str
    name: str
    purpose: str
    needed: tuple[Needed, ...] = ()
    is_required: bool = False
    is_looked_up: bool = False
    spellings: tuple[str, ...] = ()
    made_of: str | None = None
    dated_columns: tuple[str, ...] = ()
    inside: tuple[Inside, ...] = ()
    opened: tuple[str, ...] = ()
    is_by_file: bool = False
    prefixes: tuple[str, ...] = ()


def plain(name: str) -> str:
    """The name without case, underscores and a loader's prefix."""
    lowered = re.sub(r"^propert(y|ies)_", "", name.strip().lower())
    return re.sub(r"[\W_]+", "", lowered)


def read_tables(root: Path) -> tuple[RawTable, ...]:
    """The list as a copy of the project has it, the systems in their usual order."""
    found = [
        table
        for path in sorted((root / "models" / "staging").glob("*/_*__sources.yml"))
        for table in _tables_in(path)
    ]
    return tuple(sorted(found, key=lambda table: _place(table.system)))


def _place(system: str) -> tuple[int, str]:
    return (ORDER.index(system) if system in ORDER else len(ORDER), system)


def _tables_in(path: Path) -> Iterator[RawTable]:
    for source in yaml.safe_load(path.read_text(encoding="utf-8"))["sources"]:
        system = source["name"].removeprefix(SCHEMA)
        of_system = _meta(path, source, f"the system {system}", SYSTEM_META)
        for table in source["tables"]:
            name = f"the raw table {system}.{table['name']}"
            meta = _meta(path, table, name, META)
            yield _table(system, table, {**of_system, **meta})


def _meta(
    path: Path, said: Mapping[str, Any], name: str, known: tuple[str, ...]
) -> Mapping[str, Any]:
    meta = said.get("config", {}).get("meta", {})
    for key in meta:
        if key not in known:
            raise LeadFunnelError(
                f"{path.name} says {key!r} of {name}, which nothing reads: its meta "
                f"may have {listed(known)}."
            )
    return meta


def _table(system: str, table: Mapping[str, Any], meta: Mapping[str, Any]) -> RawTable:
    described = table["description"].strip()
    return RawTable(
        system=system,
        name=table["name"],
        purpose=described[0].lower() + described[1:].rstrip("."),
        needed=tuple(
            Needed(tuple(names.split(" or ")), purpose)
            for names, purpose in meta.get("needed", {}).items()
        ),
        is_required=meta.get("is_required", False),
        is_looked_up=meta.get("is_looked_up", False),
        spellings=tuple(meta.get("spellings", ())),
        made_of=meta.get("made_of"),
        dated_columns=tuple(meta.get("dated_columns", ())),
        inside=tuple(
            Inside(
                holder=holder,
                columns=tuple(said["columns"]),
                record=said["record"],
                element=said.get("element", ""),
                key=said.get("key", ""),
                constants=tuple(said.get("constants", {}).items()),
                copied=tuple(said.get("copied", ())),
            )
            for holder, said in meta.get("inside", {}).items()
        ),
        opened=tuple(meta.get("opened", ())),
        is_by_file=meta.get("is_by_file", False),
        prefixes=tuple(meta.get("prefixes", ())),
    )


# The list is a part of the program, as this module is: it is read along with it.
RAW_TABLES: tuple[RawTable, ...] = read_tables(ROOT)

LOADED_SYSTEMS: tuple[str, ...] = tuple(
    dict.fromkeys(table.system for table in RAW_TABLES)
)


def tables_of(system: str) -> tuple[RawTable, ...]:
    return tuple(table for table in RAW_TABLES if table.system == system)


def tables_made_of(table: RawTable) -> tuple[RawTable, ...]:
    """The tables whose rows may stand in columns of another one."""
    return tuple(
        each
        for each in tables_of(table.system)
        if each.made_of == table.name
        or any(inside.holder == table.name for inside in each.inside)
    )


def looked_up_tables() -> frozenset[tuple[str, str]]:
    """System and name of the tables that the rows of everybody are looked up in."""
    return frozenset(
        (table.system, table.name) for table in RAW_TABLES if table.is_looked_up
    )


@cache
def _by_spelling() -> dict[tuple[str, str], RawTable]:
    found: dict[tuple[str, str], RawTable] = {}
    for table in RAW_TABLES:
        names = (table.name, *table.spellings)
        for name in (
            *names,
            *(prefix + name for prefix in table.prefixes for name in names),
        ):
            for spelling in (
                name,
                f"{name}s",
                re.sub(r"y$", "ies", name),
                re.sub(r"^activity_", "activities_", name),
            ):
                found.setdefault((table.system, plain(spelling)), table)
    return found


def table_called(system: str, name: str) -> RawTable | None:
    """The table of a system that an export calls by this name."""
    return _by_spelling().get((system, plain(name)))


@cache
def columns_read(table: RawTable) -> frozenset[str]:
    """The columns that the staging model of a table reads, as it names them."""
    folder = ROOT / "models" / "staging" / table.system
    needed = {name for need in table.needed for name in need.names}
    opening = re.compile(rf"stage\(\s*'{table.system}',\s*'{table.name}',")
    for path in sorted(folder.glob("stg_*.sql")):
        text = path.read_text(encoding="utf-8")
        if opening.search(text):
            named = re.sub(r"content_key=\[[^]]*\]|'[^']*':|record='[^']*'", "", text)
            found = set(re.findall(r"'([^']*)'", opening.sub("", named)))
            return frozenset(found | needed)
    return frozenset(needed)
