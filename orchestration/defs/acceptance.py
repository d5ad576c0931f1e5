"""The probabilities of acceptance as assets, and what they are worth as checks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import dagster as dg

from orchestration.acceptance import step, tables
from orchestration.acceptance.features import MODEL as FEATURES
from orchestration.acceptance.quality import MOST_MISCALIBRATED
from orchestration.acceptance.scoring import MODELS
from orchestration.defs.load import WRITER_POOL
from orchestration.project import Project
from orchestration.run.failures import in_turn, without_retries
from orchestration.transformation import dbt_runner

PREDICTIONS_KEY = dg.AssetKey([tables.SOURCE_NAME, tables.PREDICTIONS])
QUALITY_KEY = dg.AssetKey([tables.SOURCE_NAME, tables.QUALITY])

READ = (
    dg.AssetKey(["intermediate", FEATURES]),
    # What the gate of the facts checks: nothing is learned before it.
    dg.AssetKey(["marts", "fct_lead_lifecycles"]),
)
DESCRIPTIONS = {
    PREDICTIONS_KEY: (
        "Of each open hand-off and MQL the probability that sales accepts it, and of "
        "the hand-offs of the last months what it would have been at the hand-off."
    ),
    QUALITY_KEY: "What these probabilities were worth, month by month.",
}
AUC, CALIBRATION = "tells_leads_apart", "is_calibrated"


def check_specs() -> list[dg.AssetCheckSpec]:
    said = {
        AUC: (
            "Over the last months it puts accepted leads before others more often than "
            "the score alone (AUC); else nobody is proposed."
        ),
        CALIBRATION: (
            "Over the last months its squared errors were smaller than those of the "
            "score alone and of one rate for all, and its probabilities no further off "
            f"than {MOST_MISCALIBRATED} on average; else nobody is proposed."
        ),
    }
    return [
        dg.AssetCheckSpec(name=f"{model}_{name}", asset=QUALITY_KEY, description=text)
        for model in MODELS
        for name, text in said.items()
    ]


def check_results(judged: list[step.Judged]) -> Iterator[dg.AssetCheckResult]:
    """A warning where a model is no better. Where there is none, as of too few
    hand-offs, there is nothing to warn of: nobody is proposed, and that is said."""
    for model in judged:
        has_model = model.auc is not None and model.brier_score is not None
        aucs = [auc for auc, _ in model.rivals.values() if auc is not None]
        briers = [brier for _, brier in model.rivals.values() if brier is not None]
        passed = {
            AUC: not has_model or (model.auc or 0) > max(aucs),
            CALIBRATION: not has_model
            or model.is_better
            or (
                (model.brier_score or 0) < min(briers)
                and (model.calibration_error or 0) <= MOST_MISCALIBRATED
            ),
        }
        for name, is_good in passed.items():
            yield dg.AssetCheckResult(
                asset_key=QUALITY_KEY,
                check_name=f"{model.predictor}_{name}",
                passed=is_good,
                severity=dg.AssetCheckSeverity.WARN,
                description=model.sentence,
                metadata={
                    "kind": "acceptance models",
                    "auc": model.auc if model.auc is not None else "none",
                    "brier_score": (
                        model.brier_score if model.brier_score is not None else "none"
                    ),
                    **{
                        f"{measure}_of_{rival}": value
                        for rival, values in model.rivals.items()
                        for measure, value in zip(
                            ("auc", "brier_score"), values, strict=True
                        )
                        if value is not None
                    },
                },
            )


def scoring_assets(manifest: Mapping[str, Any]) -> dg.AssetsDefinition:
    @dg.multi_asset(
        name="score_acceptance",
        specs=[
            dg.AssetSpec(
                key=key,
                deps=READ,
                group_name="acceptance",
                kinds={"python", "scikitlearn", "duckdb"},
                description=text,
            )
            for key, text in DESCRIPTIONS.items()
        ],
        check_specs=check_specs(),
        pool=WRITER_POOL,
    )
    def score_acceptance() -> Iterator[dg.MaterializeResult | dg.AssetCheckResult]:
        project = Project.from_environment()
        with in_turn(project):
            is_anew = step.bring_up_to_date(project, manifest)
            judged = step.judged(project)
        for key in DESCRIPTIONS:
            yield dg.MaterializeResult(
                asset_key=key, metadata={"unchanged": not is_anew}
            )
        yield from check_results(judged)

    return score_acceptance


@dg.definitions
def defs() -> dg.Definitions:
    with without_retries():
        manifest = dbt_runner.manifest_json(Project.from_environment())
    return dg.Definitions(assets=[scoring_assets(manifest)])
