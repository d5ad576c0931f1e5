"""What each column of a seed may hold.

The rules stand beside the columns in models/definition/_definition.yml: `data_type`,
the tested key, and in `meta` the rule of the column:

    rule: {required: true, one_of: [a, b], refers_to: stages.stage, above: 0,
           at_least: 0, at_most: 1, odd_above: 1000, form: currency}

`refers_to_or` names values that stand for no row of the other seed, `or_refers_to` a
second seed. `meta` of a model
may say `needs_rows`, what is missing where the seed has none.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import duckdb
import yaml

from orchestration.definition.problems import Problems, Row, quote
from orchestration.definition.rows import Definition
from orchestration.errors import listed, meant
from orchestration.project import Project, timezones
from orchestration.sources.tables import LOADED_SYSTEMS

DEFINITIONS = "models/definition/_definition.yml"

COMPARED_OTHERWISE = ("stage_rules",)
"""Seeds whose rows are compared as the models do, not by their key alone."""

FORMS = {
    "int": "[+-]?[0-9]+",
    "date": "[0-9]{4}[-/.][0-9]{1,2}[-/.][0-9]{1,2}",
}
"""What a value looks like, by its type."""

TIME = re.compile(r"(([01]?\d|2[0-3]):[0-5]\d|24:00)")


@dataclass(frozen=True)
class SeedRules:
    """What the YAML says of one seed."""

    types: Mapping[str, str]
    rules: Mapping[str, Mapping[str, Any]]
    key: tuple[str, ...] = ()
    uniques: tuple[str, ...] = ()
    needs_rows: str = ""
    values: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def rules_of(project: Project) -> dict[str, SeedRules]:
    path = project.root / DEFINITIONS
    return _read(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=4)
def _read(path: Path, _changed: int) -> dict[str, SeedRules]:
    # The C parser takes a tenth of the time.
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    models = yaml.load(path.read_text(encoding="utf-8"), loader)["models"]
    return {model["name"].removeprefix("def_"): _of_model(model) for model in models}


def _of_model(model: Mapping[str, Any]) -> SeedRules:
    types, rules, uniques, values = {}, {}, [], {}
    for column in model["columns"]:
        name = column["name"]
        types[name] = column["data_type"]
        rules[name] = column.get("config", {}).get("meta", {}).get("rule", {})
        for test in column.get("data_tests", ()):
            if test == "unique":
                uniques.append(name)
            if test == "not_null":
                rules[name] = {**rules[name], "required": True}
            if isinstance(test, dict) and "accepted_values" in test:
                values[name] = tuple(test["accepted_values"]["arguments"]["values"])
    keys = [
        tuple(test["unique_combination"]["arguments"]["columns"])
        for test in model.get("data_tests", ())
        if isinstance(test, dict) and "unique_combination" in test
    ]
    needs_rows = model.get("config", {}).get("meta", {}).get("needs_rows", "")
    key = keys[0] if keys else ()
    return SeedRules(types, rules, key, tuple(uniques), needs_rows, values)


def same_text(text: str) -> str:
    return unicodedata.normalize("NFKC", text).strip().lower()


def check(
    definition: Definition, rules: Mapping[str, SeedRules], problems: Problems
) -> None:
    """Each value by itself, keys, and seeds that must not be empty."""
    mistyped = _mistyped(definition, rules)
    references = _References(definition)
    for seed, rows in definition.rows.items():
        said = rules.get(seed)
        if said is None:
            continue
        if said.needs_rows and not rows:
            problems.of_file(
                definition.file_of(seed),
                f"There is no row at all: {said.needs_rows}",
            )
        _check_types(rows, said, mistyped, problems)
        for row in rows:
            for column, rule in said.rules.items():
                _check_value(row, column, rule, references, problems)
            for column, values in said.values.items():
                _check_one_of(row, column, values, problems)
        if seed not in COMPARED_OTHERWISE:
            _check_keys(rows, said, problems)


Values = Mapping[str, frozenset[str]]


def _mistyped(definition: Definition, rules: Mapping[str, SeedRules]) -> Values:
    """By type, what DuckDB could not read as one of it."""
    values: dict[str, set[str]] = {}
    for seed, rows in definition.rows.items():
        for column, kind in rules[seed].types.items() if seed in rules else ():
            if kind != "string":
                values.setdefault(kind, set()).update(row[column] for row in rows)
    found = {}
    with duckdb.connect() as connection:
        for kind, texts in values.items():
            read = f"try_cast(text as {kind})"
            is_wrong = f"{read} is null"
            if kind in ("double", "date"):
                is_wrong += f" or not isfinite({read})"
            if kind in FORMS:
                # DuckDB reads 1.5 as 2, and `epoch` as a day.
                is_wrong += f" or not regexp_full_match(trim(text), '{FORMS[kind]}')"
            wrong = connection.execute(
                f"select text from (select unnest(?::varchar[]) as text) "
                f"where {is_wrong}",
                [sorted(texts - {""})],
            ).fetchall()
            found[kind] = frozenset(text for (text,) in wrong)
    return found


def _check_types(
    rows: list[Row], said: SeedRules, mistyped: Values, problems: Problems
) -> None:
    for column, kind in said.types.items():
        for row in rows:
            if row[column] in mistyped.get(kind, ()):
                problems.error(
                    row,
                    f"{column} is {quote(row[column])}, but must be {wanted(kind)}.",
                )


def wanted(kind: str) -> str:
    """A type in words."""
    decimal = re.fullmatch(r"decimal\((\d+),(\d+)\)", kind)
    if decimal:
        whole = int(decimal[1]) - int(decimal[2])
        return f"a number, with at most {whole} digits before the point"
    return {
        "int": "a whole number",
        "double": "a number",
        "date": "a date such as 2026-04-01",
        "boolean": "true or false",
    }.get(kind, f"of the type {kind}")


def _check_value(
    row: Row,
    column: str,
    rule: Mapping[str, Any],
    references: _References,
    problems: Problems,
) -> None:
    value = row[column]
    if not value:
        if rule.get("required"):
            problems.error(row, f"{column} is blank, but is needed: {_fill(rule)}.")
        return
    if "one_of" in rule:
        _check_one_of(row, column, tuple(rule["one_of"]), problems)
    if "refers_to" in rule:
        _check_reference(row, column, rule, references, problems)
    if "form" in rule:
        _check_form(row, column, rule["form"], problems)
    for sentence, is_error in _out_of_bounds(column, value, rule):
        (problems.error if is_error else problems.odd)(row, sentence)


def _fill(rule: Mapping[str, Any]) -> str:
    if "one_of" in rule:
        return f"write {listed(rule['one_of'], limit=20).replace(' and ', ' or ')}"
    if "refers_to" in rule:
        return f"name a row of {rule['refers_to'].split('.')[0]}"
    return "fill it in, or take the row out"


def _check_one_of(
    row: Row, column: str, values: tuple[str, ...], problems: Problems
) -> None:
    value = row[column]
    if value and same_text(value) not in values:
        known = listed(values, limit=20).replace(" and ", " or ")
        problems.error(
            row,
            f"{column} is {quote(value)}{meant(value[:100], values)}, but must be "
            f"{known}.",
        )


@dataclass
class _References:
    """What other seeds name: worked out once, since rows may be many."""

    definition: Definition
    known: dict[tuple[str, str, bool], dict[str, str]] = field(default_factory=dict)

    def of(self, rule: Mapping[str, Any], is_loose: bool) -> dict[str, str]:
        """What a column may name, by how it is compared."""
        key = (rule["refers_to"], rule.get("or_refers_to", ""), is_loose)
        if key not in self.known:
            names = []
            for place in filter(None, key[:2]):
                seed, column = place.split(".")
                rows = self.definition.rows[seed]
                names += [row[column] for row in rows if row[column]]
            self.known[key] = {
                same_text(name) if is_loose else name: name for name in names
            }
        return self.known[key]


def _check_reference(
    row: Row,
    column: str,
    rule: Mapping[str, Any],
    references: _References,
    problems: Problems,
) -> None:
    seed = rule["refers_to"].split(".")[0]
    is_loose = rule.get("same_text", False)
    known = references.of(rule, is_loose)
    value = same_text(row[column]) if is_loose else row[column]
    if value in known or value in rule.get("refers_to_or", ()):
        return
    there = list(dict.fromkeys(known.values()))
    problems.error(
        row,
        f"{column} is {quote(row[column])}{meant(value[:100], there)}, which {seed} "
        f"does not name. It names {listed(there, limit=15) or 'nothing'}: correct the "
        f"value, or add a row to {seed}.add.csv in DEFINITION.",
    )


def _check_form(row: Row, column: str, form: str, problems: Problems) -> None:
    value = row[column]
    if form == "currency" and not re.fullmatch("[A-Za-z]{3}", value):
        problems.error(
            row,
            f"{column} is {quote(value)}, but must be the three letters of a currency, "
            "such as JPY.",
        )
    if form == "time" and not TIME.fullmatch(value):
        problems.error(
            row,
            f"{column} is {quote(value)}, but must be a time of day such as 09:00 "
            "(24:00 is midnight at its end).",
        )
    if form == "timezone" and value not in timezones():
        problems.error(
            row,
            f"{column} is {quote(value)}{meant(value[:100], timezones())}, but must be "
            "an IANA time zone such as Asia/Tokyo.",
        )
    if form == "system" and same_text(value) not in (*LOADED_SYSTEMS, "*"):
        problems.error(
            row,
            f"{column} is {quote(value)}{meant(value[:100], LOADED_SYSTEMS)}, but must "
            f"be a system that is read ({listed(LOADED_SYSTEMS, limit=20)}) or * for "
            "any.",
        )
    if form == "name" and value != same_text(value):
        problems.error(
            row,
            f"{column} is {quote(value)}, which rules would never find: write it in "
            f"lower case and without wide letters ({quote(same_text(value))}).",
        )


def _out_of_bounds(
    column: str, value: str, rule: Mapping[str, Any]
) -> Iterator[tuple[str, bool]]:
    try:
        number = float(value)
    except ValueError:
        return  # Said of its type.
    said = f"{column} is {value}"
    if "above" in rule and not number > rule["above"]:
        yield f"{said}, but must be above {rule['above']}.", True
    if "at_least" in rule and not number >= rule["at_least"]:
        yield f"{said}, but must be at least {rule['at_least']}.", True
    if "at_most" in rule and not number <= rule["at_most"]:
        yield f"{said}, but must be at most {rule['at_most']}.", True
    if "odd_above" in rule and number > rule["odd_above"]:
        why = rule.get("odd_because", "look whether that is meant")
        yield f"{said}, which is more than {rule['odd_above']:,}: {why}.", False


def _check_keys(rows: list[Row], said: SeedRules, problems: Problems) -> None:
    """Rows that say of the same thing what may be said once."""
    for key in (said.key, *((column,) for column in said.uniques)):
        if not key:
            continue
        loose = [said.rules.get(column, {}).get("same_text", False) for column in key]
        seen: dict[tuple[str, ...], Row] = {}
        for row in rows:
            told = tuple(
                same_text(row[column]) if is_loose else row[column]
                for column, is_loose in zip(key, loose, strict=True)
            )
            if not any(told):
                continue
            before = seen.setdefault(told, row)
            if before is not row:
                problems.error(
                    row,
                    f"It has the same {listed(key, limit=20)} as line {before.line} of "
                    f"{before.file} ({_short(before)}): keep one of the two"
                    f"{_how_to_keep(before, row)}.",
                )


def _short(row: Row) -> str:
    return quote(row.text).strip('"')


def _how_to_keep(before: Row, row: Row) -> str:
    if row.is_own and not before.is_own:
        return (
            f"; to change a row that ships, put the whole seed into {row.seed}.csv, "
            "which takes its place"
        )
    return ""
