"""The glossary: the words that the numbers stand on, in English and Japanese.

They are doc blocks of `models/_glossary.md`, whose head says how they are written;
here they are read out of dbt's manifest, with what uses them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from orchestration.errors import LeadFunnelError
from orchestration.publication.publications import PUBLIC_SCHEMAS

FILE = "models/_glossary.md"
JAPANESE = "__ja"
"""What the name of a block with the Japanese words ends in."""

_BETWEEN_NAMES = " | "
_FORMULA = "= "


class Column(NamedTuple):
    """A column of a public table."""

    model: str
    """dbt's unique id of the model."""
    table: str
    name: str


@dataclass(frozen=True)
class Term:
    """A word of the glossary."""

    key: str
    en: str
    ja: str
    definition_en: str
    definition_ja: str
    formula: str | None
    """In names of columns, for what is worked out; none for other words."""
    metrics: tuple[str, ...] = ()
    """dbt's unique ids of the metrics that it is about."""
    columns: tuple[Column, ...] = ()
    """The public columns that it is about."""


def terms(manifest: Mapping[str, Any]) -> list[Term]:
    """The words of the glossary, in the order of their English names.

    A block that is not written as the file says is an error.
    """
    blocks = {
        doc["name"]: doc["block_contents"].strip()
        for doc in manifest["docs"].values()
        if doc["original_file_path"] == FILE
    }
    keys = [name for name in blocks if not name.endswith(JAPANESE)]
    for name in blocks:
        if name.removesuffix(JAPANESE) not in blocks:
            raise _wrong(name, f"has no block {name.removesuffix(JAPANESE)}")
    metrics = {metric["name"]: metric for metric in manifest["metrics"].values()}
    about = _used(manifest, keys)
    found = []
    for key in keys:
        if f"{key}{JAPANESE}" not in blocks:
            raise _wrong(key, f"has no block {key}{JAPANESE}")
        found.append(
            _term(
                key,
                blocks[key],
                blocks[f"{key}{JAPANESE}"],
                manifest,
                metrics.get(key),
                about[key],
            )
        )
    return sorted(found, key=lambda term: (term.en.casefold(), term.key))


def keys_of(described: Mapping[str, Any]) -> list[str]:
    """The terms that a metric or a column of the manifest is about: those that its
    `meta.term` names, whose text it takes, or, of a metric, whose name it has. Other
    doc blocks may be among them."""
    taken = [block.rpartition(".")[2] for block in described.get("doc_blocks") or []]
    own = [described["name"]] if described.get("resource_type") == "metric" else []
    return list(dict.fromkeys([*_named(described), *taken, *own]))


def _named(described: Mapping[str, Any]) -> list[str]:
    term = described.get("config", {}).get("meta", {}).get("term") or []
    return [term] if isinstance(term, str) else list(term)


def public_columns(
    manifest: Mapping[str, Any],
) -> Iterator[tuple[Column, Mapping[str, Any]]]:
    """The columns of the public tables, as the manifest describes them."""
    for unique_id, node in manifest["nodes"].items():
        if (
            node["resource_type"] == "model"
            and node["config"].get("schema") in PUBLIC_SCHEMAS
        ):
            for name, column in node["columns"].items():
                yield Column(unique_id, node["name"], name), column


def _used(
    manifest: Mapping[str, Any], keys: list[str]
) -> dict[str, tuple[tuple[str, ...], tuple[Column, ...]]]:
    """What is about each term: metrics and columns."""
    metrics: dict[str, list[str]] = {key: [] for key in keys}
    columns: dict[str, list[Column]] = {key: [] for key in keys}

    def note(used: dict[str, list[Any]], what: Any, described: Any, where: str) -> None:
        for key in _named(described):
            if key not in used:
                raise _wrong(key, f"is the term of {where}, but there is no such block")
        for key in keys_of(described):
            if key in used:
                used[key].append(what)

    for unique_id, metric in manifest["metrics"].items():
        note(metrics, unique_id, metric, f"the metric {metric['name']}")
    for column, described in public_columns(manifest):
        note(columns, column, described, f"{column.table}.{column.name}")
    return {
        key: (tuple(sorted(metrics[key])), tuple(sorted(columns[key]))) for key in keys
    }


def _term(
    key: str,
    english: str,
    japanese: str,
    manifest: Mapping[str, Any],
    metric: Mapping[str, Any] | None,
    about: tuple[tuple[str, ...], tuple[Column, ...]],
) -> Term:
    head, _, rest = japanese.partition("\n\n")
    lines = head.splitlines()
    formula = None
    if metric is not None:
        if _BETWEEN_NAMES in head:
            raise _wrong(
                f"{key}{JAPANESE}",
                "names the term, which has its names from the metric: begin with the "
                "definition",
            )
        en, ja, rest = metric["label"], metric["config"]["meta"]["label_ja"], japanese
        formula = _formula(manifest, metric)
    else:
        if not rest or lines[0].count(_BETWEEN_NAMES) != 1:
            raise _wrong(
                f"{key}{JAPANESE}",
                "must begin with `English term | 日本語`, and an empty line",
            )
        en, ja = lines[0].split(_BETWEEN_NAMES)
        if len(lines) > 1:
            if len(lines) > 2 or not lines[1].startswith(_FORMULA):
                raise _wrong(f"{key}{JAPANESE}", "may have `= formula` below its names")
            formula = lines[1].removeprefix(_FORMULA)
    metrics, columns = about
    return Term(
        key=key,
        en=en.strip(),
        ja=ja.strip(),
        definition_en=" ".join(english.split()),
        definition_ja="".join(rest.split("\n")).strip(),
        formula=formula,
        metrics=metrics,
        columns=columns,
    )


def _formula(manifest: Mapping[str, Any], metric: Mapping[str, Any]) -> str | None:
    """A ratio in the columns that its sums are made of."""
    if metric["type"] != "ratio":
        return None
    measures = {
        measure["name"]: measure["expr"] or measure["name"]
        for model in manifest["semantic_models"].values()
        for measure in model["measures"]
    }
    of_metrics = {
        found["name"]: measures[found["type_params"]["measure"]["name"]]
        for found in manifest["metrics"].values()
        if found["type"] == "simple"
    }
    above, below = (
        of_metrics[metric["type_params"][part]["name"]]
        for part in ("numerator", "denominator")
    )
    return f"{_bracketed(above)} / {_bracketed(below)}"


def _bracketed(expression: str) -> str:
    return expression if expression.isidentifier() else f"({expression})"


def _wrong(name: str, what: str) -> LeadFunnelError:
    return LeadFunnelError(f"The block {name} of {FILE} {what}.")
