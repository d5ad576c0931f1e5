"""What metrics and columns are called and mean, as dbt's YAML says it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from orchestration import docs_site
from orchestration import glossary as house

METRIC = "metric"

_COHORT = "cohort_"
_SUM = re.compile(r"[a-z_]+( [+-] [a-z_]+)*")


@dataclass(frozen=True)
class Term:
    """A word of the house."""

    en: str
    """Its name in English; empty where only a column's own name is one."""
    ja: str
    description: str
    parts: tuple[str, str] | None = None
    """Of a ratio: what is divided by what, as keys of the glossary."""
    description_ja: str = ""
    """What the glossary says in Japanese, where it has the word."""
    link: str | None = None
    """Where it is told at length, beside the report."""


@dataclass(frozen=True)
class Measure:
    """A sum over the rows of a model."""

    name: str
    expression: str
    """SQL over the model's columns, of which the measure is the sum."""

    @property
    def column(self) -> str:
        """What the marts call it."""
        return self.name.removeprefix(_COHORT)

    @property
    def signed(self) -> dict[str, int]:
        """The columns that are added (1) and taken away (-1); of an expression that
        is no plain sum, the measure itself."""
        if not _SUM.fullmatch(self.expression):
            return {self.column: 1}
        first, *rest = self.expression.split()
        signs = {first: 1}
        for sign, name in zip(rest[::2], rest[1::2], strict=True):
            signs[name] = 1 if sign == "+" else -1
        return signs


def glossary(manifest: Mapping[str, Any]) -> dict[str, Term]:
    """Terms by `metric.<name>` and `<table>.<column>`, of the metrics and of the
    columns of the public tables."""
    found = {**dict(_metrics(manifest)), **dict(_columns(manifest))}
    for word in house.terms(manifest):
        about = [f"{METRIC}.{name.rpartition('.')[2]}" for name in word.metrics]
        about += [f"{column.table}.{column.name}" for column in word.columns]
        for key in about:
            if key in found and found[key].link is None:
                found[key] = replace(
                    found[key],
                    description_ja=_plain(word.definition_ja),
                    link=f"{docs_site.GLOSSARY}#{word.key}",
                )
    return found


def measures(manifest: Mapping[str, Any], semantic_model: str) -> list[Measure]:
    """The measures of a semantic model, in its order."""
    [found] = [
        model
        for model in manifest["semantic_models"].values()
        if model["name"] == semantic_model
    ]
    return [
        Measure(measure["name"], " ".join(measure["expr"].split()))
        for measure in found["measures"]
        if measure["agg"] == "sum"
    ]


def dimension(manifest: Mapping[str, Any], semantic_model: str, name: str) -> str:
    """The SQL of a dimension of a semantic model."""
    [found] = [
        dimension["expr"] or dimension["name"]
        for model in manifest["semantic_models"].values()
        if model["name"] == semantic_model
        for dimension in model["dimensions"]
        if dimension["name"] == name
    ]
    return str(found)


def formulas(manifest: Mapping[str, Any]) -> dict[str, list[dict[str, int]]]:
    """Each ratio as its numerator and denominator, both as signed columns."""
    signed = {
        measure["name"]: Measure(
            measure["name"], " ".join((measure["expr"] or measure["name"]).split())
        ).signed
        for model in manifest["semantic_models"].values()
        for measure in model["measures"]
    }
    metrics = {node["name"]: node for node in manifest["metrics"].values()}

    def of(side: Mapping[str, Any]) -> dict[str, int]:
        [measure] = metrics[side["name"]]["type_params"]["input_measures"]
        return signed[measure["name"]]

    return {
        name: [
            of(node["type_params"]["numerator"]),
            of(node["type_params"]["denominator"]),
        ]
        for name, node in sorted(metrics.items())
        if node["type"] == "ratio"
    }


def _metrics(manifest: Mapping[str, Any]) -> Iterator[tuple[str, Term]]:
    for node in manifest["metrics"].values():
        parts = None
        if node["type"] == "ratio":
            sides = (
                node["type_params"]["numerator"],
                node["type_params"]["denominator"],
            )
            parts = (
                f"{METRIC}.{sides[0]['name']}",
                f"{METRIC}.{sides[1]['name']}",
            )
        yield (
            f"{METRIC}.{node['name']}",
            Term(
                en=node["label"],
                ja=_label_ja(node),
                description=_plain(node["description"]),
                parts=parts,
            ),
        )


def _columns(manifest: Mapping[str, Any]) -> Iterator[tuple[str, Term]]:
    for node in manifest["nodes"].values():
        if node["resource_type"] == "model" and node["config"].get("schema") in (
            "marts",
            "quality",
        ):
            for name, column in node["columns"].items():
                yield (
                    f"{node['name']}.{name}",
                    Term("", _label_ja(column), _plain(column["description"])),
                )


def _label_ja(node: Mapping[str, Any]) -> str:
    return str(node.get("config", {}).get("meta", {}).get("label_ja") or "")


def _plain(text: str) -> str:
    return " ".join(text.split())
