"""The step of a run that learns who is accepted, after the facts were checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from orchestration import warehouse
from orchestration.acceptance import tables
from orchestration.acceptance.features import MODEL as FEATURES
from orchestration.acceptance.features import declared_in, features_of
from orchestration.acceptance.scoring import MODELS
from orchestration.increment import state
from orchestration.increment.lineage import MODEL, Lineage
from orchestration.project import Project
from orchestration.run import progress
from orchestration.spark import engine

if TYPE_CHECKING:
    import pandas as pd

STAGES = (state.FACTS_CHECKED, state.SCORED)
"""What a run has come to before this step, and after it."""


@dataclass(frozen=True)
class Judged:
    """What a model was worth over the last months."""

    predictor: str
    is_better: bool
    sentence: str
    auc: float | None
    brier_score: float | None
    calibration_error: float | None
    rivals: Mapping[str, tuple[float | None, float | None]]
    """AUC and Brier score of the score alone and of one rate for all."""


def bring_up_to_date(project: Project, manifest: Mapping[str, Any]) -> bool:
    """Learn anew where what is learned from may be another; whether it was done."""
    affected = Lineage(manifest).affected(state.owed(project))
    stands = state.stands(project, *STAGES)
    is_other = not stands and f"{MODEL}{FEATURES}" in affected
    if is_other:
        learn_anew(project, manifest)
    state.advance(project, *STAGES)
    return is_other


def learn_anew(project: Project, manifest: Mapping[str, Any]) -> None:
    """Learn from what the facts are now, and write down what that tells."""
    from threadpoolctl import threadpool_limits

    from orchestration.acceptance.scoring import score

    rows, as_of = _read(project)
    features = features_of(declared_in(manifest), list(rows.columns))
    progress.say(f"learning from {len(rows):,} leads")
    # Sums of several threads differ in the last digit, from run to run.
    with threadpool_limits(1):
        scored = score(rows, features, as_of)
    tables.write(project, scored)
    if project.engine == "spark":
        engine.hand_over(project, manifest, tables.schema(project), tables.TABLES)


def _read(project: Project) -> tuple[pd.DataFrame, datetime]:
    """What is learned from, and the instant that it is known as of."""
    schema = f"{project.schema_prefix}intermediate"
    connection = warehouse.connect(project, read_only=True)
    try:
        rows = connection.execute(
            f"from {schema}.{FEATURES} order by lifecycle_id"
        ).df()
        [(as_of,)] = connection.execute(
            f"select as_of from {schema}.int_run__clock"
        ).fetchall()
    finally:
        connection.close()
    return rows, as_of


def judged(project: Project) -> list[Judged]:
    """What the models were worth, as it was written down last."""
    connection = warehouse.connect(project, read_only=True)
    try:
        rows = connection.execute(
            "select predictor, is_better, verdict, auc, brier_score, "
            f"calibration_error from {tables.schema(project)}.{tables.QUALITY} "
            "where period_type = 'all'"
        ).fetchall()
    finally:
        connection.close()
    found = {row[0]: row for row in rows}
    return [
        Judged(
            name,
            *found[name][1:],
            rivals={
                other: (row[3], row[4])
                for other, row in found.items()
                if other not in MODELS
            },
        )
        for name in MODELS
        if name in found
    ]
