"""One model: fitted on the earlier part of the past, calibrated on the later part.

The same rows give the same probabilities in any order and on any engine: rows are
sorted, one thread adds up, and what comes out is rounded.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from orchestration.acceptance.features import NUMBER, WORDS, Feature

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

FEWEST = 200
FEWEST_OF_A_KIND = 20
"""Of fewer hand-offs, or fewer accepted or refused ones, nothing is learned."""
FEWEST_TO_CALIBRATE = 5
"""So many of either there have to be among the later ones."""

MOST = 50_000
"""Of more a sample is learned from: ids are digests, so the lowest are one."""

FITTED_SHARE = 0.75
RARE = 20
"""Words that fewer hand-offs have are taken together."""

DIGITS = 4

MISSING = "missingindicator_"
"""What scikit-learn puts before the name of a column that tells missing numbers."""


@dataclass(frozen=True)
class Learned:
    """What was learned from a past."""

    features: Sequence[Feature]
    rows: int
    base_rate: float
    columns: Any
    """Makes numbers of the features."""
    regression: Any
    calibrated: Any
    usual: np.ndarray

    def probabilities(self, rows: pd.DataFrame) -> np.ndarray:
        """Of each row that sales accepts."""
        given = self.columns.transform(as_input(rows, self.features))
        return self.calibrated.predict_proba(given)[:, 1].round(DIGITS)

    def contributions(self, rows: pd.DataFrame) -> dict[str, np.ndarray]:
        """By how much each feature moves a row's log odds from the usual ones."""
        given = self.columns.transform(as_input(rows, self.features))
        moved = (given - self.usual) * self.regression.coef_[0]
        owners = [
            name.split("__", 1)[1].removeprefix(MISSING)
            for name in self.columns.get_feature_names_out()
        ]
        return {
            feature.name: moved[:, [owner == feature.name for owner in owners]].sum(
                axis=1
            )
            for feature in self.features
        }


def with_numbered_words(
    rows: pd.DataFrame, features: Sequence[Feature]
) -> pd.DataFrame:
    """The rows with words as categories, which any part of them keeps: scikit-learn
    counts numbers ten times as fast as words."""
    words = [item.name for item in features if item.kind == WORDS]
    return rows.astype(dict.fromkeys(words, "category"))


def as_input(rows: pd.DataFrame, features: Sequence[Feature]) -> pd.DataFrame:
    """The columns that are learned from: numbers, and those of words (a missing one
    is -1)."""
    import pandas as pd

    return pd.DataFrame(
        {
            feature.name: (
                rows[feature.name].astype(float)
                if feature.kind == NUMBER
                else rows[feature.name].cat.codes
            )
            for feature in features
        }
    )


def learn(past: pd.DataFrame, features: Sequence[Feature]) -> Learned | None:
    """What the past teaches, or None where it is too little."""
    from sklearn.calibration import CalibratedClassifierCV
    from sklearn.frozen import FrozenEstimator
    from sklearn.linear_model import LogisticRegression

    past = past.sort_values("lifecycle_id").head(MOST)
    past = past.sort_values(["handed_off_at", "lifecycle_id"])
    fitted_on, calibrated_on = (
        past.iloc[: int(len(past) * FITTED_SHARE)],
        past.iloc[int(len(past) * FITTED_SHARE) :],
    )
    if len(past) < FEWEST or not (
        has_both(fitted_on, FEWEST_OF_A_KIND)
        and has_both(calibrated_on, FEWEST_TO_CALIBRATE)
    ):
        return None
    # What nobody has a value of teaches nothing.
    features = [item for item in features if fitted_on[item.name].notna().any()]
    if not features:
        return None
    columns = _columns(features, len(fitted_on))
    given = columns.fit_transform(as_input(fitted_on, features))
    regression = LogisticRegression(max_iter=1000)
    regression.fit(given, fitted_on["is_accepted"])
    # What is frozen is fitted in no fold, so two are as good as more.
    calibrated = CalibratedClassifierCV(
        FrozenEstimator(regression), method="sigmoid", cv=2
    )
    calibrated.fit(
        columns.transform(as_input(calibrated_on, features)),
        calibrated_on["is_accepted"],
    )
    return Learned(
        features=features,
        rows=len(past),
        base_rate=round(float(past["is_accepted"].mean()), DIGITS),
        columns=columns,
        regression=regression,
        calibrated=calibrated,
        usual=given.mean(axis=0),
    )


def has_both(past: pd.DataFrame, fewest: int) -> bool:
    accepted = int(past["is_accepted"].sum())
    return min(accepted, len(past) - accepted) >= fewest


def _columns(features: Sequence[Feature], rows: int) -> Any:
    """Words as columns of 0 and 1, rare ones together; numbers by their rank, a
    missing one as a column of its own."""
    from sklearn.compose import ColumnTransformer
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, QuantileTransformer

    words = OneHotEncoder(
        min_frequency=RARE,
        handle_unknown="infrequent_if_exist",
        sparse_output=False,
        feature_name_combiner=_name_alone,
    )
    numbers = make_pipeline(
        QuantileTransformer(n_quantiles=min(100, rows), subsample=None),
        SimpleImputer(
            strategy="constant",
            fill_value=0.5,
            add_indicator=True,
            keep_empty_features=True,
        ),
    )
    return ColumnTransformer(
        [
            (name, made, chosen)
            for name, made, kind in (
                ("words", words, WORDS),
                ("numbers", numbers, NUMBER),
            )
            if (chosen := [item.name for item in features if item.kind == kind])
        ],
        sparse_threshold=0,
    )


def _name_alone(feature: str, _: object) -> str:
    """What a column of a word is called, so that it is known whose it is."""
    return feature
