"""What the marts of both departments cost: `python -m benchmarks.marts LANDING OUT`.

In an OUT that the main job has built it builds once more what nothing else needs:
dimensions, the marts of operations and targets, what lies between them and the
facts, with their tests, and the probabilities of acceptance. Prints what it took as
JSON, without start and parsing.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from pathlib import Path

from benchmarks.measure import Meter
from orchestration.acceptance import step
from orchestration.increment.lineage import MODEL, Lineage
from orchestration.project import Project, in_environment
from orchestration.transformation import dbt_runner

FOLDERS = ("models/marts/operations/", "models/marts/dimensions/")
TARGETS = tuple(
    f"{MODEL}{name}"
    for name in ("mart_kpi_scorecard", "mart_pacing", "mart_score_calibration")
)


def alone(lineage: Lineage) -> list[str]:
    """The marts, and the models that are there for nothing but them."""
    readers: dict[str, set[str]] = {unique_id: set() for unique_id in lineage.nodes}
    for unique_id, node in lineage.nodes.items():
        for parent in node.get("depends_on", {}).get("nodes", ()):
            if parent in readers:
                readers[parent].add(unique_id)
    found: set[str] = set()
    for unique_id in reversed(list(lineage.nodes)):
        path = lineage.nodes[unique_id]["original_file_path"]
        is_wanted = path.startswith(FOLDERS) or unique_id in TARGETS
        is_between = path.startswith("models/intermediate/") and readers[unique_id]
        if is_wanted or (is_between and readers[unique_id] <= found):
            found.add(unique_id)
    return [unique_id for unique_id in lineage.nodes if unique_id in found]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.marts")
    parser.add_argument("landing", type=Path)
    parser.add_argument("out", type=Path)
    given = parser.parse_args()
    project = Project.from_environment(landing=given.landing, out=given.out)
    meter = Meter()
    with in_environment(project.environment()):
        manifest = dbt_runner.manifest_json(project)
        dbt_runner.manifest(project)
        lineage = Lineage(manifest)
        models = alone(lineage)
        tests = [
            unique_id
            for unique_id, test in lineage.tests.items()
            if set(models) & set(test["depends_on"]["nodes"])
        ]
        meter.start()
        results = dbt_runner.build_nodes(project, [*models, *tests])
        meter.end(f"{len(models)} models and {len(tests)} tests")
        sentence = dbt_runner.failure_sentence(results)
        if sentence:
            raise SystemExit(sentence)
        meter.start()
        step.learn_anew(project, manifest)
        meter.end("probabilities of acceptance")
    print(json.dumps([asdict(cost) for cost in meter.costs]))


if __name__ == "__main__":
    main()
