"""Every dbt model as an asset, built in this process, one op per gate.

dagster-dbt says what each asset is. To run dbt it starts a process for each op,
which costs ten seconds a gate; here one dbt runs that is imported once. A failed
*blocking* check does not keep later models of the same op from being built: hence
an op for what lies between two gates.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from graphlib import TopologicalSorter
from typing import Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, DagsterDbtTranslatorSettings

from orchestration.acceptance.tables import SOURCE_NAME as SCORING
from orchestration.checks import SUITES
from orchestration.defs.gates import GATES, check_slice
from orchestration.defs.load import SETTINGS_KEY, WRITER_POOL
from orchestration.increment import state
from orchestration.increment.lineage import SOURCE, Kind, Lineage
from orchestration.increment.people import Update
from orchestration.project import Project
from orchestration.run import progress
from orchestration.run.failures import failed, in_turn, without_retries
from orchestration.spark import engine
from orchestration.transformation import dbt_runner

Node = Mapping[str, Any]
Manifest = Mapping[str, Any]

UNCHANGED = {"unchanged": True}
"""What Dagster's page says of a table or a check that nothing has changed for."""

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

STAGES = {
    "input_layer": (state.RAW_CHECKED, state.INPUT_BUILT),
    "facts": (state.INPUT_BUILT, state.FACTS_BUILT),
    "marts": (state.SCORED, state.MARTS_BUILT),
}
"""What a run has come to before these layers, and after them."""

OF_THE_INPUT_LAYER = (
    "seeds/",
    "models/definition/",
    "models/staging/",
    "models/input_layer/",
)


def positions(manifest: Manifest) -> dict[str, int]:
    """The layer of each seed and model, by dbt's unique id.

    Of the input layer is what lies in its folders, and what is looked up by all
    and made of nothing else. All else is of the layer of what it reads, and after
    the gate of whatever the gate checks: what reads no checked table is a fact, or
    is needed for one, and what does is a mart, as is what reads the probabilities
    that were learned from facts.
    """
    lineage = Lineage(manifest)
    checked = [layer.checked() for layer in LAYERS]
    found: dict[str, int] = {}

    def is_gated(unique_id: str) -> bool:
        at = found[unique_id]
        table = ".".join(asset_key(lineage.nodes[unique_id]).path)
        return at + 1 < len(LAYERS) and table in checked[at]

    for unique_id, node in lineage.nodes.items():
        path = node["original_file_path"]
        reads = node.get("depends_on", {}).get("nodes", ())
        is_learned = any(item.startswith(f"{SOURCE}{SCORING}.") for item in reads)
        is_input = path.startswith(OF_THE_INPUT_LAYER) or (
            lineage.kinds[unique_id] is Kind.LOOKED_UP
            and path.startswith("models/intermediate/")
        )
        found[unique_id] = max(
            [
                len(LAYERS) - 1 if is_learned else 0 if is_input else 1,
                *(found[parent] + is_gated(parent) for parent in _built(reads)),
            ]
        )
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
        if node["source_name"] == SCORING:
            return dg.AssetKey([SCORING, node["identifier"]])
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


def owners(node: Node) -> list[str]:
    owner = node["config"].get("meta", {}).get("owner")
    return [f"team:{owner}"] if owner else []


class Translator(DagsterDbtTranslator):
    """What dagster-dbt says of a node, under the names that this house gives."""

    def get_asset_key(self, dbt_resource_props: Node) -> dg.AssetKey:
        return asset_key(dbt_resource_props)

    def get_group_name(self, dbt_resource_props: Node) -> str:
        return group(dbt_resource_props)

    def get_owners(self, dbt_resource_props: Node) -> list[str]:
        return owners(dbt_resource_props)


# One asset stands for all settings, which are several sources to dbt.
TRANSLATOR = Translator(
    DagsterDbtTranslatorSettings(enable_duplicate_source_asset_keys=True)
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
        specs=[
            TRANSLATOR.get_asset_spec(manifest, unique_id, None) for unique_id in nodes
        ],
        check_specs=list(checks.values()),
        pool=WRITER_POOL,
    )
    def build() -> Iterator[dg.MaterializeResult | dg.AssetCheckResult]:
        project = Project.from_environment()
        with in_turn(project):
            results, notes = bring_up_to_date(
                project, layer, Lineage(manifest), everything
            )
        for note in notes:
            progress.note(note)
        yield from events(results, nodes, checks)
        sentence = dbt_runner.failure_sentence(results)
        if sentence:
            raise failed(sentence)

    return build


def bring_up_to_date(
    project: Project, layer: Layer, lineage: Lineage, members: Sequence[str]
) -> tuple[list[dbt_runner.NodeResult], list[str]]:
    """What the layer's nodes and tests came to, and what to tell of it."""
    if project.engine == "spark":
        count = progress.counting(len(members))
        return engine.build(project, lineage.manifest, members, count), []
    update = Update(project, lineage, members, check_slice=check_slice)
    stands = state.stands(project, *STAGES[layer.name])
    if layer.name == "facts" and not stands:
        update.bring_up_to_date()
    else:
        # What is other than in what readers see, if that is not built yet.
        affected = frozenset() if stands else lineage.affected(state.owed(project))
        update.results += _build(project, lineage, members, affected)
        if not update.failure:
            state.advance(project, *STAGES[layer.name])
    return update.results, update.notes


def _build(
    project: Project,
    lineage: Lineage,
    members: Sequence[str],
    affected: Collection[str],
) -> list[dbt_runner.NodeResult]:
    """Build what is affected of a layer."""
    wanted = [
        item
        for item in members
        if item in affected or only_warns(lineage.manifest["nodes"][item])
    ]
    if not wanted:
        return []
    return dbt_runner.build_nodes(
        project,
        wanted,
        full_refresh=not state.is_update(project),
        on_node=progress.counting(len(wanted)),
    )


def only_warns(node: Node) -> bool:
    """A test whose warning is told on every run."""
    severity = node["config"].get("severity") or "error"
    return node["resource_type"] == "test" and severity.lower() != "error"


def events(
    results: Sequence[dbt_runner.NodeResult],
    nodes: Mapping[str, Node],
    checks: Mapping[str, dg.AssetCheckSpec],
) -> Iterator[dg.MaterializeResult | dg.AssetCheckResult]:
    """What dbt's results are to Dagster: materializations, each after what it reads,
    then checks. What was not built or asked holds what it held before."""
    found = {result.unique_id: result for result in results}
    has_failed = any(result.is_failed for result in results)
    for unique_id, node in nodes.items():
        result = found.get(unique_id)
        if result is None and not has_failed:
            yield dg.MaterializeResult(asset_key=asset_key(node), metadata=UNCHANGED)
        elif result is not None and result.is_good:
            yield dg.MaterializeResult(
                asset_key=asset_key(node),
                metadata={"seconds": round(result.seconds, 3)},
            )
    for unique_id, spec in checks.items():
        result = found.get(unique_id)
        if result is None and not has_failed:
            yield dg.AssetCheckResult(
                asset_key=spec.asset_key,
                check_name=spec.name,
                passed=True,
                metadata=UNCHANGED,
            )
        elif result is not None and (
            result.is_good or result.is_failed or _warned(result)
        ):
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
