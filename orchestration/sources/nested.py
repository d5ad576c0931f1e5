"""What stands inside a column of a converted file.

APIs answer with objects in objects, and loaders put those into a column as JSON:
the properties of a contact, each with its history; the contacts of a deal; the
stages of a pipeline. What is an object of columns is opened up, and what is a list
becomes rows of the table that the list of raw tables names (`opened` and `inside`
in orchestration/sources/tables.py). Here is the SQL of it, for DuckDB.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import duckdb

from orchestration.sources.headings import ENTERED, compared, snake_case
from orchestration.sources.tables import Inside, RawTable, plain
from orchestration.warehouse import literal, quoted

HOLDER = "inside_of"
"""Says of a row in which table's rows it stood."""
CHANGED = ("updated_at", "last_modified_date", "hs_lastmodifieddate")
"""What a row's last change is called, the first that is there counts."""
IDS = ("id", "vid", "toObjectId")
"""What an item of a list calls its id."""
NO_STAGE = "current"
"""What follows `hs_v2_date_entered_` where no stage does (`current_stage`)."""
VERSIONS = "versions"
VALUE = "value"


@dataclass(frozen=True)
class Columns:
    """Columns of a new file: each name with its SQL, and what they are read from."""

    values: dict[str, str]
    relation: str


@dataclass
class Parquet:
    """A converted file that is looked into."""

    connection: duckdb.DuckDBPyConnection
    path: str
    columns: Sequence[str]
    check_keys: Callable[[int], None] = lambda _: None
    """Raises where objects have more keys than there may be columns."""
    by_name: dict[str, list[str]] = field(init=False)

    def __post_init__(self) -> None:
        self.by_name = {}
        for name in self.columns:
            self.by_name.setdefault(compared(name), []).append(name)

    @property
    def relation(self) -> str:
        return f"read_parquet({literal(self.path)})"

    def called(self, names: Sequence[str]) -> list[str]:
        """The columns of these names, in the order of the names."""
        found = [
            each for name in names for each in self.by_name.get(compared(name), ())
        ]
        return list(dict.fromkeys(found))

    def first_filled(self, names: Sequence[str]) -> str:
        return filled([quoted(name) for name in self.called(names)])

    @property
    def told(self) -> list[str]:
        """The loader's own columns."""
        return [name for name in self.columns if name.startswith("_")]

    def keys_in(self, value: str, relation: str) -> list[str]:
        [(keys,)] = self.connection.execute(
            f"select list_distinct(flatten(list(distinct json_keys({value})))) "
            f"from {relation} where json_type({value}) = 'OBJECT'"
        ).fetchall()
        self.check_keys(len(keys or ()))
        return sorted(keys or [])


def filled(values: Sequence[str]) -> str:
    """The first of several texts that is not blank."""
    if not values:
        return "cast(null as varchar)"
    texts = [f"nullif(trim({value}), '')" for value in values]
    return texts[0] if len(texts) == 1 else f"coalesce({', '.join(texts)})"


def opened(table: RawTable, given: Parquet) -> Columns | None:
    """The columns with those that stand in objects; none where no object does."""
    packed = given.called(table.opened)
    if not packed:
        return None
    inner, values = ["*"], {name: quoted(name) for name in given.columns}
    found = False
    for place, name in enumerate(packed):
        text = f"try_cast({quoted(name)} as json)"
        keys = given.keys_in(text, given.relation)
        if not keys:
            continue
        found = True
        pointers = ", ".join(literal(_pointer(key)) for key in keys)
        inner.append(f"json_extract({text}, [{pointers}]) as g{place}")
        inner.append(f"json_extract_string({text}, [{pointers}]) as s{place}")
        if not _holds_versions(given, name):
            values.pop(name)
        for number, key in enumerate(keys, start=1):
            value = _value(f"g{place}[{number}]", f"s{place}[{number}]")
            column = f"{name}_{snake_case(key)}"
            same = [each for each in values if compared(each) == compared(column)]
            if same:
                value, column = filled([values[same[0]], value]), same[0]
            values[column] = value
    if not found:
        return None
    return Columns(values, f"(select {', '.join(inner)} from {given.relation})")


def _holds_versions(given: Parquet, name: str) -> bool:
    [(found,)] = given.connection.execute(
        f"select coalesce(bool_or(contains({quoted(name)}, '\"{VERSIONS}\"')), false) "
        f"from {given.relation}"
    ).fetchall()
    return found


def _value(given: str, text: str) -> str:
    """A value as text; of an object that has its value beside older ones, that."""
    return (
        f"case when json_type({given}) = 'OBJECT' "
        f"and list_contains(json_keys({given}), '{VALUE}') "
        f"then json_extract_string({given}, '$.{VALUE}') else {text} end"
    )


def rows_inside(
    holder: RawTable, given: Parquet, inside: Inside, table: RawTable
) -> Columns | None:
    """The items of a holder's lists as rows; none where there are none."""
    lists = given.called(inside.columns)
    if not lists:
        return None
    copied = {name: given.first_filled([name]) for name in inside.copied}
    kept = {
        inside.record: given.first_filled(holder.needed[0].names),
        "updated_at": given.first_filled(CHANGED),
        **copied,
        **{name: quoted(name) for name in given.told},
    }
    selected = ", ".join(f"{value} as {quoted(name)}" for name, value in kept.items())
    items = " union all ".join(
        f"select {selected}, unnest({_items(quoted(name))}) as item "
        f"from {given.relation} where trim({quoted(name)}) <> ''"
        for name in lists
    )
    relation = f"(select *, item.e as e, item.k as k from ({items}))"
    where = f"(from {relation} where e is not null and json_type(e) <> 'NULL')"
    [(count,)] = given.connection.execute(f"select count(*) from {where}").fetchall()
    if not count:
        return None
    keys = given.keys_in("e", where)
    values = {name: quoted(name) for name in kept}
    if inside.key:
        values[inside.key] = "k"
    if inside.element:
        own = [key for key in keys if compared(key) == compared(inside.element)]
        ids = own or [key for key in keys if key in IDS]
        scalar = "case when json_type(e) not in ('OBJECT', 'ARRAY') then e ->> '$' end"
        values[inside.element] = filled([scalar, *map(_of_item, ids)])
        keys = [key for key in keys if key not in ids]
    for key in keys:
        name = snake_case(key)
        if name not in values:
            values[name] = _of_item(key)
        elif name in inside.copied or name == "updated_at":
            values[name] = filled([_of_item(key), values[name]])
    values |= {name: literal(value) for name, value in inside.constants}
    values[HOLDER] = literal(holder.name)
    for need in table.needed:
        if not need.found_in(values):
            values[need.names[0]] = "cast(null as varchar)"
    return Columns(values, where)


def _of_item(key: str) -> str:
    return f"json_extract_string(e, {literal(_pointer(key))})"


def _items(text: str) -> str:
    """The items of a list as structs: `e` is the item, `k` the name of its list.

    A list is JSON, or ids with signs between them; of an object of lists (`results`,
    or one a property) or of objects that have versions it is all of their items.
    """
    value = f"try_cast({text} as json)"
    item = "{'k': cast(null as varchar), 'e': x}"
    inner = f"json_extract({value}, '/' || replace(replace(y, '~', '~0'), '/', '~1'))"
    versions = (
        f"case json_type({inner}) when 'ARRAY' then {inner} "
        f"when 'OBJECT' then json_extract({inner}, '$.{VERSIONS}') end"
    )
    return (
        f"case when {value} is null then list_transform("
        f"list_filter(regexp_split_to_array({text}, '[;,|\\s]+'), lambda x: x <> ''), "
        "lambda x: {'k': cast(null as varchar), 'e': to_json(x)}) "
        f"when json_type({value}) = 'ARRAY' "
        f"then list_transform(json_extract({value}, '$[*]'), lambda x: {item}) "
        f"when json_type({value}) = 'OBJECT' then flatten(list_transform("
        f"json_keys({value}), lambda y: coalesce(list_transform("
        f"json_extract({versions}, '$[*]'), lambda x: {{'k': y, 'e': x}}), []))) "
        f"else [{{'k': cast(null as varchar), 'e': {value}}}] end"
    )


@dataclass(frozen=True)
class Dated:
    """A stage and the columns that say when it was reached, the first counts."""

    stage: str
    columns: tuple[str, ...]
    is_ours: bool
    """Whether it is a stage of the definition, and not a value of the vendor's."""


def dated_columns(
    table: RawTable, columns: Sequence[str], stages: set[str]
) -> list[Dated]:
    """The stages whose dates stand in columns of a file, for a table of such dates."""
    found: dict[str, list[tuple[int, str]]] = {}
    for rank, pattern in enumerate(table.dated_columns):
        shape = re.escape(plain(pattern.replace("*", "0"))).replace("0", "(.+)", 1)
        for name in columns:
            match = re.fullmatch(shape, plain(name))
            if match and not match[1].startswith(NO_STAGE):
                found.setdefault(match[1], []).append((rank, name))
    dated = [
        Dated(stage, tuple(name for _, name in sorted(names)), False)
        for stage, names in sorted(found.items())
    ]
    for name in columns:
        if name in stages:
            dated.append(Dated(name.removeprefix(ENTERED), (name,), True))
    return dated


def dates(
    holder: RawTable, given: Parquet, table: RawTable, stages: set[str]
) -> Columns | None:
    """The columns that hold a stage's date, as a row a date; none without any."""
    found = dated_columns(table, given.columns, stages)
    if not found:
        return None
    names = [need.names[0] for need in table.needed]
    record = given.first_filled(holder.needed[0].names)
    changed = given.first_filled(CHANGED)
    told = [f"{quoted(name)}" for name in given.told]
    rows = []
    for each in found:
        at = filled([quoted(name) for name in each.columns])
        which = " ".join(
            f"when trim({quoted(name)}) <> '' then {literal(name)}"
            for name in each.columns
        )
        said = "cast(null as varchar)" if each.is_ours else f"case {which} end"
        rows.append(
            f"select {record} as c0, {literal(each.stage)} as c1, {at} as c2, "
            f"{said} as c3, {', '.join([f'{changed} as c4', *told])} "
            f"from {given.relation} where {at} is not null"
        )
    values = dict(zip(names, ("c0", "c1", "c2"), strict=True))
    if table.dated_columns:
        values["property"] = "c3"
    values |= {"updated_at": "c4", **dict(zip(given.told, told, strict=True))}
    return Columns(values, f"({' union all '.join(rows)})")


def _pointer(key: str) -> str:
    return "/" + key.replace("~", "~0").replace("/", "~1")
