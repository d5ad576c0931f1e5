"""What the columns of the raw tables mean as a whole.

Of `04/05/2026`, `1.234`, `1002.0` and `123` one text alone does not say what it
means. Nothing is decided row by row: every column that is read as times, amounts
or ids is looked at as a whole, and what it means is written to settings.columns,
which the staging views are made with (macros/conventions.sql).

    day and month: one text that has only one reading (25/04/2026) decides for the
        column, else the var source_day_orders, else a clock of twelve hours (its
        users write the month first), else it is an error. With points
        (04.05.2026) the day comes first, unless the column says otherwise.
    decimal mark: in the same way, with the var source_decimal_marks. Groups of
        three behind a comma (1,234) are thousands where nothing contradicts: no
        amount has three decimals, and no program writes a comma.
    ids: in scientific notation they are an error, since they cannot be told apart
        any more. Floats (1002.0) are whole numbers where no id of the system has
        decimals. Zeros that an id began with are put back where all ids of its
        kind have one length.

Which columns are read as what, the macro `stage` writes into dbt's manifest. What
was found in a landed file is kept with the file, so that a run looks at new files
only.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import duckdb

from orchestration import warehouse
from orchestration.errors import LeadFunnelError, listed
from orchestration.project import DAY_ORDERS, Project
from orchestration.transformation import dbt_runner
from orchestration.warehouse import literal, quoted

COLUMNS = (
    "source varchar, source_table varchar, column_name varchar, day_order varchar, "
    "dotted_order varchar, decimal_mark varchar, has_words boolean, "
    "has_float_ids boolean, id_width integer"
)
"""The table settings.columns."""

LEDGER = """
create schema if not exists loads;
create table if not exists loads.findings (
    source varchar, source_table varchar, file varchar, sha256 varchar,
    looked_at varchar, column_name varchar, heading varchar, finding varchar,
    row_count bigint, example varchar
)
"""
"""What was found in a landed file; a row without a finding says that it was looked
at. `looked_at` is a digest of what was looked for."""

SETTINGS_SCHEMAS = ("settings", "definition_overlay", "closings", "loads")

HAND_MADE = ("generic", "ads", "ledger")
"""Systems whose ids may begin with zeros; vendors' have letters or do not."""

ENTITIES = {
    "record_id": "lead",
    "merged_into_id": "lead",
    "owner_id": "user",
    "actor_id": "user",
    "user_id": "user",
    "campaign_id": "campaign",
}
"""Whose id a staged column of these systems holds, by its name."""

WIDE = "０１２３４５６７８９／．，：－　"
NARROW = "0123456789/.,:- "

DATE_FORM = "^([0-9]{1,2})([./-]) ?([0-9]{1,2})[./-] ?[0-9]{4}([^0-9]|$)"
CLOCK_OF_TWELVE = "(?i)[0-9 ][ap][.]? ?m"
AMOUNT_FORM = "[^0-9]{0,8}[0-9][0-9.,’'' ]*[^0-9]{0,8}"
SCIENTIFIC = "[0-9]+([.,][0-9]+)?[eE][+][0-9]+|[0-9][.,][0-9]+[eE]-?[0-9]+"


@dataclass(frozen=True)
class Column:
    """A staged column that is looked at as a whole."""

    system: str
    table: str
    name: str
    kind: str
    """`instant`, `amount` or `id`."""
    headings: tuple[str, ...] = ()
    """The raw columns that it is read from, as the table has them."""

    @property
    def place(self) -> str:
        heading = self.headings[0] if self.headings else self.name
        return f"{self.system}.{self.table}, column {heading!r}"


@dataclass(frozen=True)
class Finding:
    """Texts of one kind in one column of one file."""

    file: str | None
    heading: str
    finding: str
    rows: int
    example: str


@dataclass
class Found:
    """All that was found in one column, by what it is."""

    findings: list[Finding] = field(default_factory=list)

    def __contains__(self, finding: str) -> bool:
        return any(item.finding == finding for item in self.findings)

    def of(self, finding: str) -> list[Finding]:
        return [item for item in self.findings if item.finding == finding]

    def example(self, finding: str) -> str:
        return min(item.example for item in self.of(finding))


@dataclass
class Convention:
    """A row of settings.columns."""

    day_order: str | None = None
    dotted_order: str | None = None
    decimal_mark: str | None = None
    has_words: bool = False
    """Whether a time or an amount has letters or signs beside its numbers, so that
    what they may mean has to be looked for."""
    has_float_ids: bool = False
    id_width: int | None = None


@dataclass
class Conventions:
    """What all columns mean, what has to be told of it, and what stays open."""

    columns: dict[Column, Convention] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    open: list[str] = field(default_factory=list)


def write_conventions(
    project: Project, connection: duckdb.DuckDBPyConnection
) -> list[str]:
    """Write settings.columns; returns what has to be told of it."""
    schema = f"{project.schema_prefix}settings"
    connection.execute(f"create or replace table {schema}.columns ({COLUMNS})")
    if not _has_other_schemas(connection):
        return []
    manifest = dbt_runner.manifest_json(project)
    tables = {
        (system, table): (relation, columns)
        for system, table, relation, columns in _columns_read(connection, manifest)
        if columns
    }
    found = _look_at(connection, tables)
    worked_out = work_out(project, found)
    _restore_zeros(connection, tables, found, worked_out)
    if worked_out.open:
        raise LeadFunnelError(" ".join(worked_out.open))
    rows = [
        [
            column.system,
            column.table,
            column.name,
            convention.day_order,
            convention.dotted_order,
            convention.decimal_mark,
            convention.has_words,
            convention.has_float_ids,
            convention.id_width,
        ]
        for column, convention in worked_out.columns.items()
        if convention != Convention()
    ]
    if rows:
        connection.executemany(
            f"insert into {schema}.columns values (?, ?, ?, ?, ?, ?, ?, ?, ?)", rows
        )
    return worked_out.notes


def as_written(
    connection: duckdb.DuckDBPyConnection, project: Project
) -> dict[str, list[Any]]:
    """The rows of settings.columns by their column, to compare them with later."""
    schema = f"{project.schema_prefix}settings"
    if not warehouse.has_table(connection, schema, "columns"):
        return {}
    rows = connection.execute(
        "select source || '.' || source_table || '.' || column_name, day_order, "
        "dotted_order, decimal_mark, has_float_ids, id_width "
        f"from {schema}.columns order by 1"
    ).fetchall()
    return {name: list(rest) for name, *rest in rows}


def read_otherwise(
    before: Mapping[str, Sequence[Any]], after: Mapping[str, Sequence[Any]]
) -> list[str]:
    """The columns of which rows that were read before mean something else now.

    Where nothing was said of days or of the decimal mark there was no text that it
    would have said anything of: the first such text changes no row but its own.
    """
    none = [None, None, None, False, None]
    found = []
    for name in sorted({*before, *after}):
        day, dotted, mark, *ids = before.get(name, none)
        new_day, new_dotted, new_mark, *new_ids = after.get(name, none)
        if (
            (day and new_day and day != new_day)
            or (mark and new_mark and mark != new_mark)
            or dotted != new_dotted
            or ids != new_ids
        ):
            found.append(name)
    return found


# What is looked at.


def _has_other_schemas(connection: duckdb.DuckDBPyConnection) -> bool:
    rows = connection.execute(
        "select distinct table_schema from information_schema.tables"
    ).fetchall()
    return any(not name.endswith(SETTINGS_SCHEMAS) for (name,) in rows)


def _columns_read(
    connection: duckdb.DuckDBPyConnection, manifest: Mapping[str, Any]
) -> Iterator[tuple[str, str, str, list[Column]]]:
    """The raw tables that are there, with the columns that are looked at."""
    relations = {
        (source["source_name"].removeprefix("raw_"), source["name"]): (
            source["schema"],
            source["identifier"],
        )
        for source in manifest["sources"].values()
        if source["source_name"].startswith("raw_")
    }
    given: dict[tuple[str, str], list[str]] = defaultdict(list)
    for schema, table, name in connection.execute(
        "select table_schema, table_name, column_name "
        "from information_schema.columns "
        "where data_type = 'VARCHAR' order by ordinal_position"
    ).fetchall():
        given[schema, table].append(name)
    for node in manifest["nodes"].values():
        read = node["config"].get("meta", {}).get("reads")
        if not read:
            continue
        key = (read["system"], read["table"])
        schema, table = relations[key]
        by_name: dict[str, list[str]] = defaultdict(list)
        for heading in sorted(given.get((schema, table), ())):
            by_name[_bare(heading)].append(heading)
        columns = [
            Column(*key, name, kind, headings)
            for kind in ("instant", "amount", "id")
            for name, wanted in sorted(read[kind].items())
            if (
                headings := tuple(
                    heading for each in wanted for heading in by_name[_bare(each)]
                )
            )
        ]
        yield *key, f"{quoted(schema)}.{quoted(table)}", columns


def _bare(name: str) -> str:
    """A heading as the macro bare_name compares it."""
    loaders = "_" if name.startswith("_") else ""
    return loaders + name.lower().replace("_", "").replace(" ", "")


def findings_in(
    connection: duckdb.DuckDBPyConnection, relation: str, columns: Sequence[Column]
) -> dict[Column, Found]:
    """What there is in the columns of one relation, which nobody has looked at."""
    by_name = {column.name: column for column in columns}
    found = {column: Found() for column in columns}
    for file, name, heading, *rest in connection.execute(
        _question(relation, columns, None)
    ).fetchall():
        found[by_name[name]].findings.append(Finding(file, heading, *rest))
    return found


def _look_at(
    connection: duckdb.DuckDBPyConnection,
    tables: Mapping[tuple[str, str], tuple[str, list[Column]]],
) -> dict[Column, Found]:
    """What there is in the columns, of which new files alone are read."""
    connection.execute(LEDGER)
    has_files = warehouse.has_table(connection, "loads", "files")
    found: dict[Column, Found] = {}
    for (system, table), (relation, columns) in tables.items():
        files = (
            connection.execute(
                "select file, sha256 from loads.files where source = ? "
                "and source_table = ? and len(columns) > 0 order by file",
                [system, table],
            ).fetchall()
            if has_files
            else []
        )
        names = {
            name
            for (name,) in connection.execute(
                f"select column_name from (describe {relation})"
            ).fetchall()
        }
        is_ours = bool(files) and "_file" in names
        if is_ours:
            rows = _kept(connection, system, table, relation, columns, files)
        else:
            rows = connection.execute(_question(relation, columns, None)).fetchall()
        by_name = {column.name: column for column in columns}
        for column in columns:
            found.setdefault(column, Found())
        for file, name, heading, finding, count, example in rows:
            if finding is not None and name in by_name:
                found[by_name[name]].findings.append(
                    Finding(file, heading, finding, count, example)
                )
    return found


def _kept(
    connection: duckdb.DuckDBPyConnection,
    system: str,
    table: str,
    relation: str,
    columns: Sequence[Column],
    files: Sequence[tuple[str, str]],
) -> list[tuple]:
    """What the files of a table hold, after a look at those that are new."""
    looked_at = hashlib.sha256(
        json.dumps(
            [[column.name, column.kind, column.headings] for column in columns]
            + [DATE_FORM, AMOUNT_FORM, SCIENTIFIC, WORDS],
        ).encode()
    ).hexdigest()
    known = set(
        connection.execute(
            "select distinct file, sha256 from loads.findings where source = ? "
            "and source_table = ? and looked_at = ?",
            [system, table, looked_at],
        ).fetchall()
    )
    new = [file for file in files if file not in known]
    gone = {(system, table)} if known - set(files) or new else set()
    if gone:
        connection.execute(
            "delete from loads.findings where source = ? and source_table = ? and "
            "(looked_at <> ? or not exists (select 1 from loads.files "
            "where files.file = findings.file and files.sha256 = findings.sha256))",
            [system, table, looked_at],
        )
    if new:
        connection.execute(
            "insert into loads.findings select ?, ?, asked.file, files.sha256, ?, "
            "asked.column_name, asked.heading, asked.finding, asked.row_count, "
            "asked.example from "
            f"({_question(relation, columns, [file for file, _ in new])}) as asked "
            "inner join loads.files as files on asked.file = files.file",
            [system, table, looked_at],
        )
        connection.executemany(
            "insert into loads.findings (source, source_table, file, sha256, "
            "looked_at) values (?, ?, ?, ?, ?)",
            [[system, table, file, sha256, looked_at] for file, sha256 in new],
        )
    return connection.execute(
        "select file, column_name, heading, finding, row_count, example "
        "from loads.findings where source = ? and source_table = ? "
        "order by all",
        [system, table],
    ).fetchall()


def _question(
    relation: str, columns: Sequence[Column], files: Sequence[str] | None
) -> str:
    """Texts that do not speak for themselves, counted by what they are."""
    file = "_file" if files is not None else "cast(null as varchar)"
    where = ""
    if files is not None:
        where = f"where _file in ({', '.join(map(literal, files))}) and "
    asked = []
    for column in columns:
        for heading in column.headings:
            asked.append(
                f"select {file} as file, {literal(column.name)} as column_name, "
                f"{literal(heading)} as heading, finding, count(*) as row_count, "
                "min(txt) as example from ("
                f"select {file}, txt, {_FINDINGS[column.kind]} as finding "
                f"from (select {'_file, ' if files is not None else ''}"
                f"{_TEXTS[column.kind].format(quoted(heading))} as txt from {relation} "
                f"{where or 'where '}{_ASKED[column.kind].format(quoted(heading))})"
                ") where finding is not null group by all"
            )
            if column.kind in WORDS:
                asked.append(
                    f"select {file} as file, {literal(column.name)} as column_name, "
                    f"{literal(heading)} as heading, 'words' as finding, "
                    "count(*) as row_count, "
                    f"min({quoted(heading)}) as example from {relation} "
                    f"{where or 'where '}"
                    f"{WORDS[column.kind].format(quoted(heading))} group by all "
                    # Of constants alone there is a group without rows.
                    "having count(*) > 0"
                )
    return " union all ".join(asked) or (
        "select cast(null as varchar) as file, '' as column_name, '' as heading, "
        "'' as finding, 0::bigint as row_count, '' as example where false"
    )


_TEXTS = {
    "instant": f"translate(trim({{}}), '{WIDE}', '{NARROW}')",
    "amount": f"translate(trim({{}}), '{WIDE}', '{NARROW}')",
    "id": "trim({})",
}

# What nearly every value is, is told without a pattern.
_ASKED = {
    "instant": "{0} is not null and {0} not like '____-%'",
    "amount": "{0} is not null and ({0} like '%.%' or {0} like '%,%' "
    "or {0} like '%．%' or {0} like '%，%')",
    "id": "{0} >= ' ' and {0} < ':' and (contains({0}, '.') or contains({0}, '+') "
    "or contains({0}, ',') or (substr(ltrim({0}), 1, 1) = '0' "
    "and try_cast({0} as hugeint) is not null))",
}

# An ISO time with a word after it ends in one of few letters: AM, p.m., JST.
WORDS = {
    "instant": "({0} not like '____-__-__%' or upper({0}[-1]) in ('M', '.', 'T')) "
    "and regexp_matches({0}, '[^-0-9 :./,TZ+]')",
    "amount": "regexp_matches({0}, '[^-0-9.,() ]')",
}
"""What a text has where it is not numbers alone, by the column's kind."""

_PLAIN_AMOUNT = (
    "regexp_replace(regexp_replace(txt, '[^0-9.,]', '', 'g'), '^[.,]+|[.,]+$', '', 'g')"
)


def _amount_findings() -> str:
    def proves(point: str, comma: str) -> str:
        return "|".join(
            (
                f"[0-9]+{point}([0-9]{{1,2}}|[0-9]{{4,}})",
                f"0+{point}[0-9]{{3}}",
                f"[0-9]{{4,}}{point}[0-9]{{3}}",
                f"[0-9]{{1,3}}({comma}[0-9]{{3}})+{point}[0-9]+",
                f"[0-9]{{1,3}}({comma}[0-9]{{3}}){{2,}}",
                f"[0-9]{{1,2}}({comma}[0-9]{{2}})+{comma}[0-9]{{3}}({point}[0-9]+)?",
            )
        )

    return (
        f"case when not regexp_full_match(txt, '{AMOUNT_FORM}') then null "
        f"when regexp_full_match({_PLAIN_AMOUNT}, '{proves('[.]', ',')}') "
        "then 'point' "
        f"when regexp_full_match({_PLAIN_AMOUNT}, '{proves(',', '[.]')}') "
        "then 'comma' "
        f"when regexp_full_match({_PLAIN_AMOUNT}, '[0-9]{{1,3}}[.][0-9]{{3}}') "
        "then 'either_point' "
        f"when regexp_full_match({_PLAIN_AMOUNT}, '[0-9]{{1,3}},[0-9]{{3}}') "
        "then 'either_comma' end"
    )


def _instant_findings() -> str:
    first, sign, second = (
        f"regexp_extract(txt, '{DATE_FORM}', {group})" for group in (1, 2, 3)
    )
    first, second = f"try_cast({first} as int)", f"try_cast({second} as int)"
    dotted = f"case when {sign} = '.' then 'dotted_' else '' end"
    return (
        f"case when {first} between 13 and 31 and {second} between 1 and 12 "
        f"then {dotted} || 'day_first' "
        f"when {second} between 13 and 31 and {first} between 1 and 12 "
        f"then {dotted} || 'month_first' "
        f"when {first} between 1 and 12 and {second} between 1 and 12 "
        f"and {first} <> {second} then {dotted} || 'either' || "
        f"case when regexp_matches(txt, '{CLOCK_OF_TWELVE}') and {sign} <> '.' "
        "then '_12h' else '' end end"
    )


_FINDINGS = {
    "instant": _instant_findings(),
    "amount": _amount_findings(),
    "id": (
        f"case when regexp_full_match(txt, '{SCIENTIFIC}') then 'scientific' "
        "when regexp_full_match(txt, '[0-9]+[.]0+') then 'float' "
        "when regexp_full_match(txt, '[0-9]+[.][0-9]+') then 'fraction' "
        "when regexp_full_match(txt, '0[0-9]+') then 'zeros' end"
    ),
}


# What it means.


def work_out(project: Project, found: Mapping[Column, Found]) -> Conventions:
    """What each column means, as what was found in it says."""
    result = Conventions()
    with_fractions = {
        column.system
        for column, findings in found.items()
        if column.kind == "id" and "fraction" in findings
    }
    for column, findings in sorted(
        found.items(), key=lambda item: (item[0].system, item[0].table, item[0].name)
    ):
        convention = Convention(has_words="words" in findings)
        if column.kind == "instant":
            convention.day_order = _day_order(project, column, findings, result)
            convention.dotted_order = _dotted_order(project, column, findings, result)
        elif column.kind == "amount":
            convention.decimal_mark = _decimal_mark(project, column, findings, result)
        else:
            _refuse_scientific(column, findings, result)
            convention.has_float_ids = (
                "float" in findings and column.system not in with_fractions
            )
        result.columns[column] = convention
    result.open = list(dict.fromkeys(result.open))
    return result


def _day_order(
    project: Project, column: Column, found: Found, result: Conventions
) -> str | None:
    proven = [order for order in DAY_ORDERS if order in found]
    said = project.vars.source_day_orders.get(column.system)
    if len(proven) == 1:
        return proven[0]
    if said and (proven or "either" in found or "either_12h" in found):
        return said
    if len(proven) == 2:
        result.open.append(
            f"The days of {column.place} are written in two orders: "
            f"{found.example('day_first')!r} is day-first (dd/mm) and "
            f"{found.example('month_first')!r} month-first (mm/dd)"
            f"{_in_files(found, proven)}. Write one of them in the export, or say "
            f"which one counts in the var source_day_orders, for instance "
            f'{{"{column.system}": "day_first"}}: what has no such reading is then '
            "in quarantine."
        )
        return None
    if "either_12h" in found:
        result.notes.append(
            f"{found.example('either_12h')!r} in {column.place} is read month-first, "
            "as is usual with a clock of twelve hours: the var source_day_orders "
            "says otherwise."
        )
        return "month_first"
    if "either" in found:
        example = found.example("either")
        result.open.append(
            f"The days of {column.place} have two readings: {example!r} is "
            f"{_readings(example)}, and no day of the column decides"
            f"{_in_files(found, ['either'])}. Say which in the var "
            f'source_day_orders: {{"{column.system}": "day_first"}} or '
            f'{{"{column.system}": "month_first"}}.'
        )
    return None


def _readings(example: str) -> str:
    first, second = (int(part) for part in _numbers(example)[:2])
    year = _numbers(example)[2]
    return (
        f"{year}-{second:02}-{first:02} day-first (dd/mm) and "
        f"{year}-{first:02}-{second:02} month-first (mm/dd)"
    )


def _numbers(text: str) -> list[str]:
    spaced = "".join(letter if letter.isdigit() else " " for letter in text)
    return spaced.split()


def _dotted_order(
    project: Project, column: Column, found: Found, result: Conventions
) -> str | None:
    proven = [order for order in DAY_ORDERS if f"dotted_{order}" in found]
    if len(proven) < 2:
        return "month_first" if proven == ["month_first"] else None
    said = project.vars.source_day_orders.get(column.system)
    if said:
        return said
    result.open.append(
        f"The days of {column.place} are written in two orders: "
        f"{found.example('dotted_day_first')!r} is day-first and "
        f"{found.example('dotted_month_first')!r} month-first. Write one of them in "
        "the export, or say which one counts in the var source_day_orders, for "
        f'instance {{"{column.system}": "day_first"}}.'
    )
    return None


def _decimal_mark(
    project: Project, column: Column, found: Found, result: Conventions
) -> str | None:
    proven = [mark for mark in ("point", "comma") if mark in found]
    said = project.vars.source_decimal_marks.get(column.system)
    if len(proven) == 1:
        return proven[0]
    if said and found.findings:
        return said
    how = f'{{"{column.system}": "comma"}} or {{"{column.system}": "point"}}'
    if len(proven) == 2:
        result.open.append(
            f"The amounts of {column.place} have two decimal marks: "
            f"{found.example('point')!r} has a point and {found.example('comma')!r} a "
            f"comma{_in_files(found, proven)}, so that others are ambiguous. Write "
            "one of them in the export, or say which one counts in the var "
            f"source_decimal_marks: {how}; the others are then in quarantine."
        )
        return None
    if "either_point" in found:
        example = found.example("either_point")
        plain = "".join(c for c in example if c.isdigit() or c in ".,").strip(".,")
        result.open.append(
            f"The amounts of {column.place} are ambiguous: {example!r} is "
            f"{plain.replace('.', '')} where the point separates thousands and {plain} "
            "where it is the decimal mark, and no amount of the column decides"
            f"{_in_files(found, ['either_point'])}. Say which in the var "
            f"source_decimal_marks: {how}."
        )
        return None
    return "point" if "either_comma" in found else None


def _refuse_scientific(column: Column, found: Found, result: Conventions) -> None:
    for item in found.of("scientific"):
        where = item.file or f"the table {column.system}.{column.table}"
        count = f"{item.rows:,} ids" if item.rows > 1 else "1 id"
        result.open.append(
            f"The column {item.heading!r} of {where} has {count} in scientific "
            f"notation, such as {item.example!r}: a spreadsheet has rounded them, "
            "and they cannot be told apart any more. Export the column again as "
            "text."
        )


def _in_files(found: Found, findings: Sequence[str]) -> str:
    files = sorted(
        {
            item.file
            for finding in findings
            for item in found.of(finding)
            if item.file is not None
        }
    )
    return f" ({listed(files)})" if files else ""


# Zeros that ids began with.


def _restore_zeros(
    connection: duckdb.DuckDBPyConnection,
    tables: Mapping[tuple[str, str], tuple[str, list[Column]]],
    found: Mapping[Column, Found],
    result: Conventions,
) -> None:
    """Say how long the ids of leads, users and campaigns are, where some begin with
    zeros and others have lost theirs."""
    for entity in ("lead", "user", "campaign"):
        columns = [column for column in found if _entity(column) == entity]
        if not any("zeros" in found[column] for column in columns):
            continue
        homes = [column for column in columns if column.table == entity]
        lengths = {
            column: _lengths(connection, tables[column.system, column.table][0], column)
            for column in columns
        }
        with_zeros = {size for each in lengths.values() for zero, size in each if zero}
        width = max(with_zeros)
        shortened = [
            column
            for column, each in lengths.items()
            if any(size < width for zero, size in each if not zero)
        ]
        if not shortened:
            continue
        is_one_length = len(with_zeros) == 1 and all(
            size <= width for each in lengths.values() for _, size in each
        )
        is_mixed = any(
            any(zero for zero, _ in lengths[home]) and home in shortened
            for home in homes
        )
        if is_one_length and not is_mixed:
            for column in columns:
                result.columns[column] = replace(result.columns[column], id_width=width)
            result.notes.append(
                f"Ids of {entity}s in {listed(sorted({c.place for c in shortened}))} "
                f"have lost the zeros that they began with: all of them have {width} "
                "digits and are matched so."
            )
            continue
        result.notes.append(
            f"Some ids of {entity}s begin with zeros and others in "
            f"{listed(sorted({c.place for c in shortened}))} are shorter: which zeros "
            "were lost cannot be told, so they are compared as they are written. "
            "Export the columns as text where a lead, user or campaign is not found."
        )


def _entity(column: Column) -> str | None:
    if column.kind != "id" or column.system not in HAND_MADE:
        return None
    if column.name == "source_key":
        is_home = column.system == "generic" and column.table in ENTITIES.values()
        return column.table if is_home else None
    return ENTITIES.get(column.name)


def _lengths(
    connection: duckdb.DuckDBPyConnection, relation: str, column: Column
) -> set[tuple[bool, int]]:
    """Whether numbers begin with a zero, and how long they are."""
    found: set[tuple[bool, int]] = set()
    for heading in column.headings:
        text = f"regexp_replace(trim({quoted(heading)}), '[.]0+$', '')"
        found |= set(
            connection.execute(
                f"select distinct txt like '0_%', length(txt) from "
                f"(select {text} as txt from {relation}) "
                "where regexp_full_match(txt, '[0-9]+')"
            ).fetchall()
        )
    return found
