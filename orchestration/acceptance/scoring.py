"""Probabilities month by month, each made of nothing but what was over before.

For each of the last months a model learns from the hand-offs that were decided
before the month began, and says what it would have said of those of the month. Their
outcomes judge it. What learns from everything up to now speaks of those still open.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from orchestration.acceptance import features as marks
from orchestration.acceptance import learning
from orchestration.acceptance.features import BEFORE_HANDOFF, Feature
from orchestration.acceptance.learning import Learned, learn
from orchestration.acceptance.quality import (
    BASE_RATE,
    HANDOFFS,
    MQLS,
    SCORE,
    Quality,
    Verdict,
    none_made,
    quality,
    verdict,
)
from orchestration.acceptance.reasons import reasons

if TYPE_CHECKING:
    import pandas as pd

MONTHS = 6
"""So many months judge, the last ones in which every hand-off is decided."""

MODEL, MQL_MODEL = "model", "mql_model"
MODELS = {MODEL: HANDOFFS, MQL_MODEL: MQLS}
PREDICTORS = (MODEL, MQL_MODEL, SCORE, BASE_RATE)
SETTLED = ("accepted", "rejected", "ignored")
AT_HANDOFF, NOW = "at_handoff", "now"
SCORE_COLUMN = "score"


@dataclass
class Scored:
    """What the marts are made of."""

    predictions: list[tuple[Any, ...]] = field(default_factory=list)
    """As the table acceptance_predictions has them."""
    quality: list[tuple[Any, ...]] = field(default_factory=list)
    """As acceptance_quality has them."""
    verdicts: dict[str, Verdict] = field(default_factory=dict)
    pooled: dict[str, Quality] = field(default_factory=dict)


def score(rows: pd.DataFrame, features: Sequence[Feature], as_of: datetime) -> Scored:
    """Probabilities of all that needs one, and what they are worth."""
    rows = learning.with_numbered_words(rows, features)
    rows = rows.sort_values("lifecycle_id").reset_index(drop=True)
    handoffs = rows[(rows["stage"] == "handoff") & ~rows["is_handoff_imputed"]].copy()
    handoffs["is_accepted"] = (handoffs["outcome"] == "accepted").astype(int)
    settled = handoffs[handoffs["outcome"].isin(SETTLED)]
    scored = Scored()
    told = marks.telling_all(settled.head(learning.MOST), features)
    if told is not None:
        for predictor, whose in MODELS.items():
            scored.verdicts[predictor] = none_made(
                whose,
                f"the column {told} tells nearly every outcome by itself, as what is "
                "known only later does; set `feature: none` for it in "
                "models/intermediate/acceptance/_acceptance.yml",
                f"列{told}だけで結果がほぼ決まる（事後にしか分からない値の疑い）",
            )
        _write_quality(scored, settled.iloc[:0], {})
        return scored
    sets = {
        MODEL: list(features),
        MQL_MODEL: [item for item in features if item.known_at == BEFORE_HANDOFF],
        SCORE: [item for item in features if item.name == SCORE_COLUMN],
    }
    months = judging_months(handoffs)
    trained_on = _walk(scored, handoffs, sets, months)
    _now(scored, rows, handoffs, sets, as_of)
    evaluated = _evaluated(scored, settled, months)
    _judge(scored, evaluated)
    _write_quality(scored, evaluated, trained_on)
    return scored


def past(handoffs: pd.DataFrame, until: datetime) -> pd.DataFrame:
    """The hand-offs that were decided by an instant, as they were known then: their
    time to be decided was over, so that quick decisions are no more among them than
    slow ones."""
    import pandas as pd

    decided_at = handoffs["handed_off_at"] + pd.to_timedelta(
        handoffs["max_pending_days"], unit="D"
    )
    found = handoffs[(decided_at <= until) & (handoffs["outcome"] != "withdrawn")]
    return found.assign(is_accepted=(found["accepted_at"] < until).astype(int))


def judging_months(handoffs: pd.DataFrame) -> list[Any]:
    """The last months in which every hand-off is decided: of others the quick
    decisions are known, and not the slow ones."""
    is_open = handoffs["outcome"] == "pending"
    waiting = set(handoffs.loc[is_open, "month_start_date"])
    return sorted(set(handoffs["month_start_date"]) - waiting)[-MONTHS:]


def _walk(
    scored: Scored,
    handoffs: pd.DataFrame,
    sets: Mapping[str, Sequence[Feature]],
    judging: Sequence[Any],
) -> dict[Any, int]:
    """Predict the hand-offs of each month from the first on that judges; returns how
    many were learned from for each."""
    trained_on: dict[Any, int] = {}
    for month in sorted(set(handoffs["month_start_date"])):
        if not judging or month < judging[0]:
            continue
        of_month = handoffs[handoffs["month_start_date"] == month]
        before = past(handoffs, of_month["month_started_at"].iloc[0])
        found = {name: learn(before, chosen) for name, chosen in sets.items() if chosen}
        if found[MODEL] is None or found[MQL_MODEL] is None:
            continue
        trained_on[month] = found[MODEL].rows
        told = _probabilities(of_month, found)
        scored.predictions += [
            (lifecycle_id, AT_HANDOFF, *values, None, None)
            for lifecycle_id, values in zip(
                of_month["lifecycle_id"], zip(*told.values(), strict=True), strict=True
            )
        ]
    return trained_on


def _probabilities(
    rows: pd.DataFrame, found: Mapping[str, Learned | None]
) -> dict[str, list[float]]:
    """By predictor; where there is no score to learn from, it knows one rate."""
    model = found[MODEL]
    assert model is not None
    base = [model.base_rate] * len(rows)
    return {
        name: (
            learned.probabilities(rows).tolist()
            if (learned := found.get(name)) is not None
            else base
        )
        for name in (MODEL, MQL_MODEL, SCORE)
    } | {BASE_RATE: base}


def _now(
    scored: Scored,
    rows: pd.DataFrame,
    handoffs: pd.DataFrame,
    sets: Mapping[str, Sequence[Feature]],
    as_of: datetime,
) -> None:
    """Predict what is open, by all that was decided until now, and say why."""
    before = past(handoffs, as_of)
    found = {name: learn(before, chosen) for name, chosen in sets.items() if chosen}
    if found[MODEL] is None or found[MQL_MODEL] is None:
        return
    for name, wanted in (
        (MODEL, handoffs[handoffs["outcome"] == "pending"]),
        (MQL_MODEL, rows[rows["stage"] == "mql"]),
    ):
        if wanted.empty:
            continue
        told = _probabilities(wanted, found)
        if name == MQL_MODEL:
            told[MODEL] = [None] * len(wanted)
        why = reasons(found[name], wanted)
        scored.predictions += [
            (lifecycle_id, NOW, *values, *said)
            for lifecycle_id, values, said in zip(
                wanted["lifecycle_id"],
                zip(*told.values(), strict=True),
                zip(why["en"], why["ja"], strict=True),
                strict=True,
            )
        ]


def _evaluated(
    scored: Scored, settled: pd.DataFrame, judging: Sequence[Any]
) -> pd.DataFrame:
    """The predictions of the months that judge, beside what became of them."""
    import pandas as pd

    told = pd.DataFrame(
        [item[:1] + item[2:6] for item in scored.predictions if item[1] == AT_HANDOFF],
        columns=["lifecycle_id", *PREDICTORS],
    )
    wanted = settled[["lifecycle_id", "month_start_date", "is_accepted"]].merge(
        told, on="lifecycle_id"
    )
    return wanted[wanted["month_start_date"].isin(judging)].sort_values("lifecycle_id")


def _judge(scored: Scored, evaluated: pd.DataFrame) -> None:
    months = [f"{month:%Y-%m}" for month in sorted(set(evaluated["month_start_date"]))]
    for predictor, whose in MODELS.items():
        if len(evaluated) < learning.FEWEST:
            scored.verdicts[predictor] = none_made(
                whose,
                f"only {len(evaluated):,} decided hand-offs could be predicted from "
                f"those before them, and fewer than {learning.FEWEST} say nothing",
                f"過去から予測できた決着済みの引き渡しが{len(evaluated):,}件で、"
                f"{learning.FEWEST}件に満たない",
            )
        else:
            scored.verdicts[predictor] = verdict(evaluated, predictor, whose, months)


def _write_quality(
    scored: Scored, evaluated: pd.DataFrame, trained_on: Mapping[Any, int]
) -> None:
    """A row for each month and predictor, and one for all months with the verdict."""
    spans: list[tuple[str, Any, pd.DataFrame]] = [
        ("month", month, evaluated[evaluated["month_start_date"] == month])
        for month in sorted(set(evaluated["month_start_date"]))
    ]
    spans.append(("all", None, evaluated))
    for kind, month, rows in spans:
        for predictor in PREDICTORS:
            values = (
                quality(rows["is_accepted"].to_numpy(), rows[predictor].to_numpy())
                if len(rows)
                else Quality(0, 0)
            )
            judged = scored.verdicts.get(predictor) if kind == "all" else None
            gains = judged.gains if judged is not None else {}
            if kind == "all":
                scored.pooled[predictor] = values
            scored.quality.append(
                (
                    kind,
                    month,
                    predictor,
                    *asdict(values).values(),
                    trained_on.get(month),
                    *gains.get(SCORE, (None, None)),
                    *gains.get(BASE_RATE, (None, None)),
                    judged.is_better if judged is not None else None,
                    judged.sentence if judged is not None else None,
                    judged.sentence_ja if judged is not None else None,
                )
            )
