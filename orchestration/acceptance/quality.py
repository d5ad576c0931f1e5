"""How good the probabilities of the last months were, each made beforehand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

DIGITS = 6
Z = 1.959963984540054
MOST_MISCALIBRATED = 0.1
"""Where probabilities are further off than this on average, nobody is proposed."""

SCORE, BASE_RATE = "score", "base_rate"
HANDOFFS, MQLS = "handoffs", "mqls"
"""Whom a model is for: MQLs know nothing of a hand-off."""
RIVALS = {SCORE: "the score alone", BASE_RATE: "one rate for all"}
RIVALS_JA = {SCORE: "スコア単独", BASE_RATE: "全体の受入率"}
LEADS = {HANDOFFS: "hand-offs", MQLS: "MQLs"}
LEADS_JA = {HANDOFFS: "引き渡し", MQLS: "MQL"}


@dataclass(frozen=True)
class Quality:
    """What a predictor's probabilities of some hand-offs were worth."""

    handoffs: int
    accepted: int
    auc: float | None = None
    brier_score: float | None = None
    calibration_error: float | None = None
    mean_probability: float | None = None


@dataclass(frozen=True)
class Verdict:
    """Whether a model is good enough to propose anybody, and why not."""

    is_better: bool
    sentence: str
    sentence_ja: str
    gains: Mapping[str, tuple[float, float]]
    """By rival how much smaller the mean squared error is, and its lower bound."""


def quality(accepted: np.ndarray, probabilities: np.ndarray) -> Quality:
    from sklearn.metrics import brier_score_loss, roc_auc_score

    count = int(accepted.sum())
    if not len(accepted):
        return Quality(0, 0)
    has_both = 0 < count < len(accepted)
    return Quality(
        handoffs=len(accepted),
        accepted=count,
        auc=(
            round(float(roc_auc_score(accepted, probabilities)), DIGITS)
            if has_both
            else None
        ),
        brier_score=round(
            float(brier_score_loss(accepted, probabilities, labels=[0, 1])), DIGITS
        ),
        calibration_error=round(_calibration_error(accepted, probabilities), DIGITS),
        mean_probability=round(float(probabilities.mean()), DIGITS),
    )


def _calibration_error(accepted: np.ndarray, probabilities: np.ndarray) -> float:
    """How far in each tenth the mean probability is from the share that was
    accepted, on average over the hand-offs."""
    tenths = ((probabilities * 10_000).round().astype(int) // 1_000).clip(0, 9)
    return sum(
        abs(float((probabilities - accepted)[tenths == tenth].sum()))
        for tenth in range(10)
    ) / len(accepted)


def gain(
    accepted: np.ndarray, probabilities: np.ndarray, rival: np.ndarray
) -> tuple[float, float]:
    """How much smaller the mean squared error is than a rival's, and the lower
    bound of that (95 %): the same hand-offs are compared, pair by pair."""
    differences = (rival - accepted) ** 2 - (probabilities - accepted) ** 2
    count = len(differences)
    mean = float(differences.mean())
    spread = float(differences.std(ddof=1)) if count > 1 else 0.0
    return round(mean, DIGITS), round(mean - Z * spread / sqrt(count), DIGITS)


def verdict(
    evaluated: pd.DataFrame, predictor: str, whose: str, months: Sequence[str]
) -> Verdict:
    """Better is what orders better than each rival, and whose squared errors are
    smaller by more than chance, with probabilities that may be taken at their word."""
    accepted = evaluated["is_accepted"].to_numpy()
    mine = quality(accepted, evaluated[predictor].to_numpy())
    gains = {
        rival: gain(
            accepted, evaluated[predictor].to_numpy(), evaluated[rival].to_numpy()
        )
        for rival in RIVALS
    }
    span = f"{mine.handoffs:,} hand-offs of {months[0]} to {months[-1]}"
    span_ja = f"{months[0]}〜{months[-1]}の引き渡し{mine.handoffs:,}件"
    if mine.auc is None:
        return none_made(whose, f"the {span} all ended alike", f"{span_ja}の結果が同一")
    for rival in RIVALS:
        theirs = quality(accepted, evaluated[rival].to_numpy())
        if gains[rival][1] <= 0 or mine.auc <= (theirs.auc or 0):
            return none_made(
                whose,
                f"over the {span} the model was no better than {RIVALS[rival]} by more "
                f"than chance ({_told(mine, theirs, 'against')})",
                f"{span_ja}でモデルは{RIVALS_JA[rival]}より偶然を超えて良くはない"
                f"（{_told(mine, theirs, '対')}）",
                gains,
            )
    if (mine.calibration_error or 0) > MOST_MISCALIBRATED:
        off = f"{mine.calibration_error:.3f}"
        return none_made(
            whose,
            f"over the {span} the probabilities were off by {off} on average, more "
            f"than {MOST_MISCALIBRATED}",
            f"{span_ja}で確率が平均{off}ずれ、{MOST_MISCALIBRATED}を超える",
            gains,
        )
    scored = quality(accepted, evaluated[SCORE].to_numpy())
    return Verdict(
        True,
        f"Of {LEADS[whose]} those are proposed whose probability is high enough: over "
        f"the {span} the model told them apart better than the score alone (AUC "
        f"{mine.auc:.3f} against {scored.auc:.3f}).",
        f"{LEADS_JA[whose]}は確率が基準以上なら提案: {span_ja}でモデルはスコア単独より"
        f"良い（AUC {mine.auc:.3f} 対 {scored.auc:.3f}）。",
        gains,
    )


def _told(mine: Quality, theirs: Quality, against: str) -> str:
    return (
        f"AUC {mine.auc:.3f} {against} {theirs.auc:.3f}, "
        f"Brier {mine.brier_score:.4f} {against} {theirs.brier_score:.4f}"
    )


def none_made(
    whose: str,
    why: str,
    why_ja: str,
    gains: Mapping[str, tuple[float, float]] | None = None,
) -> Verdict:
    """Nobody is proposed, as there is no model, nothing to judge it by, or it is no
    better."""
    return Verdict(
        False,
        f"Of {LEADS[whose]} nobody is proposed: {why}.",
        f"{LEADS_JA[whose]}の提案なし: {why_ja}。",
        gains or {},
    )
