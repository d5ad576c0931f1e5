"""What may be learned from: the columns of int_acceptance__features that say so.

A column that is only known later makes a model that looks right and is useless.
So each column says in the YAML what it is, and what it says is not trusted alone:
one that tells nearly all outcomes by itself is refused, too.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from orchestration.errors import LeadFunnelError

if TYPE_CHECKING:
    import pandas as pd

MODEL = "int_acceptance__features"

WORDS, NUMBER, NONE = "words", "number", "none"
BEFORE_HANDOFF, AT_HANDOFF = "before_handoff", "handed_off_at"

PERSONAL = frozenset(
    {
        "address", "age", "birthday", "company", "domain", "email", "fax", "gender",
        "mail", "mobile", "name", "nationality", "person", "phone", "record",
    }
)  # fmt: skip
"""Of these parts of a column's name none may stand in that of a feature."""

TELLS_ALL = 0.98
"""The AUC from which on a single column tells the outcome."""
ENOUGH_TO_TELL = 200
ROWS_OF_A_WORD = 20
"""A word that fewer rows have tells nothing by itself."""


@dataclass(frozen=True)
class Feature:
    """A column that is learned from, and the words of a lead's reasons."""

    name: str
    kind: str
    known_at: str
    label_ja: str
    reason_en: str
    reason_ja: str
    values_en: Mapping[str, str] = field(default_factory=dict)
    values_ja: Mapping[str, str] = field(default_factory=dict)

    def missing(self, language: str) -> str:
        """What a lead's reasons say where there is no value."""
        if language == "ja":
            return f"{self.label_ja}不明"
        return f"{self.name.replace('_', ' ')} unknown"


def features_of(
    declared: Mapping[str, Mapping[str, Any]], columns: Collection[str]
) -> list[Feature]:
    """The features among the columns of the table, of which `declared` holds what
    the YAML says in `meta`; an error where one may not be learned from."""
    found = []
    for name in columns:
        meta = declared.get(name, {})
        kind = meta.get("feature")
        if kind == NONE:
            continue
        if kind not in (WORDS, NUMBER):
            raise _refused(
                name, "does not say in `meta.feature` whether it is learned from"
            )
        known_at = meta.get("known_at")
        if known_at not in (BEFORE_HANDOFF, AT_HANDOFF):
            raise _refused(
                name,
                f"is known at {known_at or 'nobody says when'}, and only what is "
                "known at the hand-off may be learned from",
            )
        if PERSONAL & set(name.split("_")):
            raise _refused(name, "is personal, and nothing personal is learned from")
        found.append(
            Feature(
                name,
                kind,
                known_at,
                meta["label_ja"],
                meta["reason_en"],
                meta["reason_ja"],
                meta.get("values_en", {}),
                meta.get("values_ja", {}),
            )
        )
    return found


def _refused(name: str, why: str) -> LeadFunnelError:
    return LeadFunnelError(
        f"The column {name} of {MODEL} {why}: write `feature: none` there, or "
        "`feature` (words or number) and `known_at` (before_handoff or handed_off_at) "
        "if that is what it is (models/intermediate/acceptance/_acceptance.yml)."
    )


def declared_in(manifest: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """What the YAML says of each column of the table."""
    node = manifest["nodes"][f"model.lead_funnel.{MODEL}"]
    return {
        name: column.get("config", {}).get("meta") or column.get("meta", {})
        for name, column in node["columns"].items()
    }


def telling_all(rows: pd.DataFrame, features: Sequence[Feature]) -> str | None:
    """A feature that tells nearly every outcome by itself, as what is known only
    later does, whatever the YAML says of it."""
    if len(rows) < ENOUGH_TO_TELL or rows["is_accepted"].nunique() < 2:
        return None
    from sklearn.metrics import roc_auc_score

    for feature in features:
        values = rows[feature.name]
        told = [values.isna().astype(float)]
        if feature.kind == NUMBER:
            told.append(values.fillna(values.median()))
        else:
            words = values.astype(object).fillna("")
            counted = words.map(words.value_counts())
            words = words.where(counted >= ROWS_OF_A_WORD, "")
            told.append(words.map(rows["is_accepted"].groupby(words).mean()))
        for values in told:
            if values.nunique() < 2:
                continue
            auc = roc_auc_score(rows["is_accepted"], values)
            if max(auc, 1 - auc) >= TELLS_ALL:
                return feature.name
    return None
