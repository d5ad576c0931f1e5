"""Every dbt model as an asset, built in this process, one op per gate.

dagster-dbt starts a dbt process for each op, which costs ten seconds a gate;
here the models come from the same manifest and run through one dbt that is
imported once. A failed *blocking* check does not keep later models of the same
op from being built: hence an op for what lies between two gates.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from graphlib import TopologicalSorter
from typing import Any

import dagster as dg

from expectations.suites import SUITES
from orchestration.defs.gates import GATES
from orchestration.defs.load import SETTINGS_KEY, WRITER_POOL
from orchestration.increment import batches
from orchestration.project import Project
from orchestration.run import progress
from orchestration.run.failures import failed, without_retries
from orchestration.transformation import dbt_runner

Node = Mapping[str, Any]
Manifest = Mapping[str, Any]

SETTINGS_SOURCES = ("settings", "definition_overlay", "closings")


@dataclass(frozen=True)
class Layer:
    """What is built in one go, between two gates."""

    name: str
    gate: str | None = None
    """The gate that checks what is built here, before the next layer reads it."""

    def checked(self) -> frozenset[str]:
        """The tables, as `<schema>.<table>`, that nobody may read before the gate."""
        return frozenset(
            check.table
            for suite in GATES.get(self.gate or "", ())
            for check in SUITES[suite].checks
            if check.is_blocking
        )


LAYERS = (Layer("input_layer"), Layer("facts", "core"), Layer("marts", "funnel"))
"""In the order in which they are built. The first shapes what the sources gave,
which the gate of the raw tables has checked; where it ends, people begin."""

OF_THE_INPUT_LAYER = (
    "seeds/",
    "models/definition/",
    "models/staging/",
    "models/input_layer/",
)


def positions(manifest: Manifest) -> dict[str, int]:
    """The layer of each seed and model, by dbt's unique id.

    Of the input layer is what lies in its folders. All else is of the layer of
    what it reads, and after the gate of whatever the gate checks: what reads no
    checked table is a fact, or is needed for one, and what does is a mart.
    """
    checked = [layer.checked() for layer in LAYERS]
    found: dict[str, int] = {}

    def is_gated(unique_id: str) -> bool:
        at = position(unique_id)
        table = ".".join(asset_key(manifest["nodes"][unique_id]).path)
        return at + 1 < len(LAYERS) and table in checked[at]

    def position(unique_id: str) -> int:
        if unique_id not in found:
            node = manifest["nodes"][unique_id]
            read = _built(node.get("depends_on", {}).get("nodes", ()))
            path = node["original_file_path"]
            found[unique_id] = max(
                [
                    0 if path.startswith(OF_THE_INPUT_LAYER) else 1,
                    *(position(parent) + is_gated(parent) for parent in read),
                ]
            )
        return found[unique_id]

    for unique_id in _built(manifest["nodes"]):
        position(unique_id)
    return found


def _built(unique_ids: Iterable[str]) -> list[str]:
    """Those of the ids that are seeds, models or snapshots."""
    kinds = {"model", "seed", "snapshot"}
    return [item for item in unique_ids if item.split(".")[0] in kinds]


# From dbt's nodes to Dagster's names.


def asset_key(node: Node) -> dg.AssetKey:
    """Schema and name, without the prefix of a named funnel version."""
    if node["resource_type"] == "source":
        if node["source_name"] in SETTINGS_SOURCES:
            return SETTINGS_KEY
        return dg.AssetKey([node["schema"], node["identifier"]])
    schema = node["config"].get("schema") or node["resource_type"]
    return dg.AssetKey([schema, node["name"]])


def group(node: Node) -> str:
    """The folder that a reader would look in."""
    if node["resource_type"] == "seed":
        return "seeds"
    folders = node["original_file_path"].split("/")[1:-1]
    if not folders:
        return "models"
    return folders[1] if folders[0] == "marts" and len(folders) > 1 else folders[0]


def tags(node: Node) -> dict[str, str]:
    return {f"dbt/{tag}": "" for tag in node.get("tags", ())}


def kinds(node: Node) -> set[str]:
    if node["resource_type"] == "seed":
        return {"dbt", "duckdb", "csv"}
    return {"dbt", "duckdb", node["config"].get("materialized", "table")}


def owners(node: Node) -> list[str]:
    owner = node["config"].get("meta", {}).get("owner")
    return [f"team:{owner}"] if owner else []


def parents(manifest: Manifest, node: Node) -> list[dg.AssetKey]:
    """The assets that the node reads, each once."""
    keys = [
        asset_key(_node(manifest, unique_id))
        for unique_id in node.get("depends_on", {}).get("nodes", [])
        if unique_id.split(".")[0] in {"model", "seed", "snapshot", "source"}
    ]
    return sorted(set(keys))


def asset_spec(manifest: Manifest, node: Node) -> dg.AssetSpec:
    return dg.AssetSpec(
        key=asset_key(node),
        deps=parents(manifest, node),
        description=node.get("description") or None,
        group_name=group(node),
        kinds=kinds(node),
        tags=tags(node),
        owners=owners(node),
        metadata={"file": node["original_file_path"]},
    )


# Tests.


def tests_of(manifest: Manifest, layer: Layer) -> dict[str, dg.AssetCheckSpec]:
    """The layer's data tests as checks, by dbt's unique id.

    A test belongs to the last layer that it reads; it is a check of the model
    that it is attached to, or of the first by name of those it reads there.
    Unit tests are for developers: they run in `make test`, not here.
    """
    specs: dict[str, dg.AssetCheckSpec] = {}
    wanted, position = LAYERS.index(layer), positions(manifest)
    for unique_id, node in sorted(manifest["nodes"].items()):
        if node["resource_type"] != "test":
            continue
        read = _built(node["depends_on"]["nodes"])
        if not read or max(position[parent] for parent in read) != wanted:
            continue
        here = sorted(
            (parent for parent in read if position[parent] == wanted),
            key=partial(_not_attached, node),
        )
        is_error = node["config"].get("severity", "error").lower() == "error"
        specs[unique_id] = dg.AssetCheckSpec(
            name=node["name"],
            asset=asset_key(manifest["nodes"][here[0]]),
            description=node.get("description") or None,
            blocking=is_error,
            metadata={"file": node["original_file_path"], "kind": "dbt test"},
        )
    return specs


def _not_attached(test: Node, unique_id: str) -> tuple[bool, str]:
    return unique_id != test.get("attached_node"), unique_id


def nodes_of(manifest: Manifest, layer: Layer) -> dict[str, Node]:
    """The layer's seeds and models, by dbt's unique id, each after what it reads."""
    wanted, position = LAYERS.index(layer), positions(manifest)
    reads = {
        unique_id: list(
            _built(manifest["nodes"][unique_id].get("depends_on", {}).get("nodes", ()))
        )
        for unique_id in sorted(position)
    }
    return {
        unique_id: manifest["nodes"][unique_id]
        for unique_id in TopologicalSorter(reads).static_order()
        if position[unique_id] == wanted
        and manifest["nodes"][unique_id]["config"].get("materialized") != "ephemeral"
    }


def _node(manifest: Manifest, unique_id: str) -> Node:
    found = manifest["nodes"].get(unique_id) or manifest["sources"].get(unique_id)
    return found if found is not None else {}


# The ops.


def layer_assets(manifest: Manifest, layer: Layer) -> dg.AssetsDefinition | None:
    """All models of a layer: one op, an asset for each, its tests as checks."""
    nodes = nodes_of(manifest, layer)
    checks = tests_of(manifest, layer)
    everything = [*nodes, *checks]
    if not nodes:
        return None

    @dg.multi_asset(
        name=f"build_{layer.name}",
        specs=[asset_spec(manifest, node) for node in nodes.values()],
        check_specs=list(checks.values()),
        pool=WRITER_POOL,
    )
    def build() -> Iterator[dg.MaterializeResult | dg.AssetCheckResult]:
        project = Project.from_environment()
        is_incremental, changed = batches.told(project)
        wanted = to_build(manifest, everything, changed)
        done = 0

        def count(name: str) -> None:
            nonlocal done
            done += 1
            progress.say(f"{done} of {len(wanted)}: {name}")

        with without_retries():
            results = wanted and dbt_runner.build(
                project,
                [marked(dbt_runner.manifest(project), layer, wanted)],
                full_refresh=not is_incremental,
                on_node=count,
            )
            if (
                is_incremental
                and batches.CLOCK in wanted
                and not batches.is_incremental(project)
            ):
                progress.tell(
                    "Time begins or ends earlier than when the last run looked: "
                    "from here on everything is built anew."
                )
            if not dbt_runner.failure_sentence(results):
                batches.built(project, layer.name, [each.name for each in LAYERS])
        left = [unique_id for unique_id in everything if unique_id not in wanted]
        yield from unchanged(left, nodes, checks)
        yield from events(results, nodes, checks)
        sentence = dbt_runner.failure_sentence(results)
        if sentence:
            raise failed(sentence)

    return build


def to_build(
    manifest: Manifest, unique_ids: Iterable[str], changed: frozenset[str] | None
) -> list[str]:
    """Of these nodes the ones that read a source that changed since what is
    published, and the tests that only warn: their warning is told on every run."""
    affected = batches.affected(manifest, changed)
    return [
        unique_id
        for unique_id in unique_ids
        if affected is None
        or unique_id in affected
        or _only_warns(manifest["nodes"][unique_id])
    ]


def _only_warns(node: Node) -> bool:
    severity = node["config"].get("severity") or "error"
    return node["resource_type"] == "test" and severity.lower() != "error"


def marked(parsed: Any, layer: Layer, unique_ids: Iterable[str]) -> str:
    """What selects these nodes: a tag that they are given for it. dbt looks at
    every node of the project for every name in a selection, and a layer has a
    hundred names."""
    tag, chosen = f"layer_{layer.name}", frozenset(unique_ids)
    for unique_id, node in parsed.nodes.items():
        # One parsed project serves all runs of a process.
        node.tags = [other for other in node.tags if other != tag]
        if unique_id in chosen:
            node.tags.append(tag)
    return f"tag:{tag}"


def unchanged(
    unique_ids: Iterable[str],
    nodes: Mapping[str, Node],
    checks: Mapping[str, dg.AssetCheckSpec],
) -> Iterator[dg.MaterializeResult | dg.AssetCheckResult]:
    """What to Dagster are nodes that nothing has changed for: what they hold is
    what was built, and passed, before what is published was published."""
    said = {"unchanged": True}
    for unique_id in unique_ids:
        if unique_id in nodes:
            yield dg.MaterializeResult(
                asset_key=asset_key(nodes[unique_id]), metadata=said
            )
    for unique_id in unique_ids:
        if unique_id in checks:
            spec = checks[unique_id]
            yield dg.AssetCheckResult(
                asset_key=spec.asset_key,
                check_name=spec.name,
                passed=True,
                metadata=said,
            )


def events(
    results: Sequence[dbt_runner.NodeResult],
    nodes: Mapping[str, Node],
    checks: Mapping[str, dg.AssetCheckSpec],
) -> Iterator[dg.MaterializeResult | dg.AssetCheckResult]:
    """What dbt's results are to Dagster: materializations first, then checks."""
    for result in results:
        if result.unique_id in nodes and result.is_good:
            yield dg.MaterializeResult(
                asset_key=asset_key(nodes[result.unique_id]),
                metadata={"seconds": round(result.seconds, 3)},
            )
    for result in results:
        spec = checks.get(result.unique_id)
        if spec is None or not (result.is_good or result.is_failed or _warned(result)):
            continue
        yield dg.AssetCheckResult(
            asset_key=spec.asset_key,
            check_name=spec.name,
            passed=result.is_good,
            severity=(
                dg.AssetCheckSeverity.WARN
                if _warned(result)
                else dg.AssetCheckSeverity.ERROR
            ),
            metadata={"failures": result.failures, "seconds": result.seconds},
        )


def _warned(result: dbt_runner.NodeResult) -> bool:
    return result.status == "warn"


@dg.definitions
def defs() -> dg.Definitions:
    """The models, from the project as dbt parses it."""
    with without_retries():
        manifest = dbt_runner.manifest_json(Project.from_environment())
    built = [layer_assets(manifest, layer) for layer in LAYERS]
    return dg.Definitions(assets=[assets for assets in built if assets is not None])
