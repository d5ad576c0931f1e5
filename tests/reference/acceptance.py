"""What probabilities of acceptance were worth and who is proposed, lead by lead.

Made of the probabilities themselves, the published lifecycles and the rows of the
seed, and of nothing else. Exact where it can be: a probability has four digits.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from datetime import date
from fractions import Fraction
from math import sqrt
from typing import Any

from tests.reference.kpis import Z, auc, in_tokyo

__all__ = ["auc", "brier", "calibration_error", "gain", "outcomes", "threshold"]

Row = dict[str, Any]
Pairs = list[tuple[float, bool]]


def exact(probability: float) -> Fraction:
    return Fraction(round(probability * 10_000), 10_000)


def brier(pairs: Pairs) -> float:
    return float(sum((exact(p) - was) ** 2 for p, was in pairs) / len(pairs))


def calibration_error(pairs: Pairs) -> float:
    tenths: dict[int, list[Fraction]] = defaultdict(list)
    for p, was in pairs:
        tenths[min(int(exact(p) * 10), 9)].append(exact(p) - was)
    return float(sum(abs(sum(each)) for each in tenths.values()) / len(pairs))


def gain(mine: Pairs, theirs: Pairs) -> tuple[float, float]:
    better = [
        float((exact(q) - was) ** 2 - (exact(p) - was) ** 2)
        for (p, was), (q, _) in zip(mine, theirs, strict=True)
    ]
    count = len(better)
    mean = sum(better) / count
    variance = sum((each - mean) ** 2 for each in better) / (count - 1)
    return mean, mean - Z * sqrt(variance / count)


def threshold(rules: Iterable[Mapping[str, str]], lead: Row) -> float:
    """The row of the team goes before that of the channel, then the default."""
    found = {
        (rule["match_on"], rule["match_value"]): float(rule["least_probability"])
        for rule in rules
    }
    for key in (("team", lead["team"]), ("channel", lead["channel"])):
        if key in found:
            return found[key]
    return found["default", ""]


def aged(probability: float, of_its_age: float | None, of_all: float) -> float:
    """The odds of a lead times by how much its age changed everybody's odds."""
    if of_its_age is None:
        return probability
    if of_its_age in (0.0, 1.0):
        return of_its_age
    changed = of_its_age / (1 - of_its_age) / (of_all / (1 - of_all))
    odds = probability / (1 - probability) * changed
    return odds / (1 + odds)


def outcomes(
    lifecycles: Iterable[Row],
    probabilities: Mapping[str, float],
    rules: list[Mapping[str, str]],
    is_better: bool,
) -> dict[tuple[date, Any, Any], Counter[str]]:
    """By month, channel and team: how many were proposed, and what was decided."""
    found: dict[tuple[date, Any, Any], Counter[str]] = defaultdict(Counter)
    for lead in lifecycles:
        if lead["lifecycle_id"] not in probabilities or lead["outcome"] == "withdrawn":
            continue
        month = in_tokyo(lead["handed_off_at"]).replace(day=1)
        counts = found[month, lead["channel"], lead["team"]]
        counts["handed_off"] += 1
        if not is_better:
            continue
        is_proposed = probabilities[lead["lifecycle_id"]] >= threshold(rules, lead)
        side = "proposed" if is_proposed else "not_proposed"
        counts[side] += 1
        counts[f"{side}_{lead['outcome']}"] += 1
        against = "rejected" if is_proposed else "accepted"
        if lead["outcome"] in ("accepted", "rejected"):
            name = (
                "decided_against_proposal"
                if lead["outcome"] == against
                else "decided_as_proposed"
            )
            counts[name] += 1
    return found
