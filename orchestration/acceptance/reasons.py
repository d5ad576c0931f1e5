"""Why a lead's probability is what it is, in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from orchestration.acceptance.features import NUMBER, Feature

if TYPE_CHECKING:
    import pandas as pd

    from orchestration.acceptance.learning import Learned

SAID = 3
NOTEWORTHY = 0.1
"""What moves the log odds by less is not said."""

FOR_IT = {"en": "for it: ", "ja": "プラス: "}
AGAINST_IT = {"en": "against it: ", "ja": "マイナス: "}
NOTHING = {"en": "nothing stands out", "ja": "目立つ点なし"}
BETWEEN = {"en": (", ", "; "), "ja": ("、", "；")}


def reasons(learned: Learned, rows: pd.DataFrame) -> dict[str, list[str]]:
    """Of each row what moves its probability most, by language."""
    moved = learned.contributions(rows)
    values = {feature.name: rows[feature.name].tolist() for feature in learned.features}
    found: dict[str, list[str]] = {language: [] for language in FOR_IT}
    for place in range(len(rows)):
        # To more digits two machines need not agree.
        told = sorted(
            (
                (-abs(by), by, feature)
                for feature in learned.features
                for by in [round(float(moved[feature.name][place]), 4)]
                if abs(by) >= NOTEWORTHY
            ),
            key=lambda item: (item[0], item[2].name),
        )[:SAID]
        for language, sentences in found.items():
            sentences.append(
                _sentence(
                    [(by > 0, item, values[item.name][place]) for _, by, item in told],
                    language,
                )
            )
    return found


def _sentence(told: list[tuple[bool, Feature, Any]], language: str) -> str:
    between, sides = BETWEEN[language]
    parts = [
        side[language] + between.join(said)
        for side, wanted in ((FOR_IT, True), (AGAINST_IT, False))
        if (
            said := [
                _in_words(feature, value, language)
                for is_for, feature, value in told
                if is_for == wanted
            ]
        )
    ]
    return sides.join(parts) or NOTHING[language]


def _in_words(feature: Feature, value: Any, language: str) -> str:
    # What is missing is the only value that is not equal to itself.
    if value is None or value != value:
        return feature.missing(language)
    words = feature.reason_en if language == "en" else feature.reason_ja
    named = feature.values_en if language == "en" else feature.values_ja
    return words.replace("{value}", _value(feature, value, named))


def _value(feature: Feature, value: Any, named: Mapping[str, str]) -> str:
    if feature.kind == NUMBER:
        tenths = round(float(value), 1)
        return f"{tenths:,.0f}" if tenths == int(tenths) else f"{tenths:,.1f}"
    return str(named.get(str(value), value))
