"""What is learned of who is accepted: found where it is, and nowhere else."""

from __future__ import annotations

from datetime import datetime

import numpy as np
import pandas as pd
import pytest

from orchestration.acceptance import learning, quality, scoring
from orchestration.acceptance.features import NONE, features_of
from orchestration.acceptance.scoring import AT_HANDOFF, MODEL, MQL_MODEL, NOW
from orchestration.errors import LeadFunnelError
from tests.acceptance import synthetic
from tests.acceptance.synthetic import AS_OF, declared, features, leads
from tests.reference import acceptance as reference


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    return leads()


@pytest.fixture(scope="module")
def scored(rows: pd.DataFrame) -> scoring.Scored:
    return scoring.score(rows, features(), AS_OF)


def told(scored: scoring.Scored, basis: str, place: int = 2) -> dict[str, float]:
    """Probability by lifecycle."""
    return {row[0]: row[place] for row in scored.predictions if row[1] == basis}


def test_a_planted_signal_is_found(rows: pd.DataFrame, scored: scoring.Scored) -> None:
    """The AUC that knowing each channel's chance gives is the most there is."""
    assert scored.verdicts[MODEL].is_better, scored.verdicts[MODEL].sentence
    assert scored.verdicts[MQL_MODEL].is_better
    by_id = rows.set_index("lifecycle_id")
    handoffs = told(scored, AT_HANDOFF)
    judged = {
        identifier: by_id.loc[identifier]
        for identifier in handoffs
        if by_id.loc[identifier, "outcome"] in ("accepted", "rejected")
        and by_id.loc[identifier, "month_start_date"] < datetime(2026, 3, 1)
    }
    most = reference.auc(
        [
            (synthetic.CHANCES[row["channel"]], row["outcome"] == "accepted")
            for row in judged.values()
        ]
    )
    assert scored.pooled[MODEL].handoffs == len(judged)
    assert most - 0.04 < scored.pooled[MODEL].auc <= most + 0.01
    # Each open lead's probability is near the chance that it was drawn by.
    for place, predictions in ((2, told(scored, NOW)), (3, told(scored, NOW, 3))):
        off = [
            abs(value - synthetic.CHANCES[by_id.loc[identifier, "channel"]])
            for identifier, value in predictions.items()
            if value is not None
        ]
        assert len(off) > 50, place
        assert sum(off) / len(off) < 0.08


def test_what_is_open_is_predicted_and_nothing_else(
    rows: pd.DataFrame, scored: scoring.Scored
) -> None:
    is_open = (rows["outcome"] == "pending") | (rows["stage"] == "mql")
    assert set(told(scored, NOW)) == set(rows.loc[is_open, "lifecycle_id"])
    for _, basis, model, of_mqls, *_, why, why_ja in scored.predictions:
        assert (basis == NOW) == (why is not None) == (why_ja is not None)
        assert 0 <= of_mqls <= 1
        assert model is None or 0 <= model <= 1


def test_reasons_say_what_was_planted(
    rows: pd.DataFrame, scored: scoring.Scored
) -> None:
    channel = rows.set_index("lifecycle_id")["channel"]
    words = {row[0]: row[6:8] for row in scored.predictions if row[1] == NOW}
    for identifier, (english, japanese) in words.items():
        if channel[identifier] == "partner":
            assert "channel partner" in english.split("against it")[0], english
            assert "チャネルpartner" in japanese.split("マイナス")[0], japanese
        if channel[identifier] == "event":
            assert "channel event" in english.split("against it")[1], english
    assert any("on a " in english for english, _ in words.values())
    assert any("曜日の引き渡し" in japanese for _, japanese in words.values())


@pytest.mark.parametrize("seed", range(4))
def test_without_a_signal_nobody_is_proposed(seed: int) -> None:
    found = scoring.score(leads(signal=False, seed=seed), features(), AS_OF)
    for predictor in (MODEL, MQL_MODEL):
        verdict = found.verdicts[predictor]
        assert not verdict.is_better
        assert "nobody is proposed" in verdict.sentence
        assert "was no better than" in verdict.sentence


def test_the_order_of_the_rows_changes_nothing(
    rows: pd.DataFrame, scored: scoring.Scored
) -> None:
    shuffled = rows.sample(frac=1, random_state=5)
    again = scoring.score(shuffled, features(), AS_OF)
    assert sorted(again.predictions) == sorted(scored.predictions)
    assert again.quality == scored.quality


def test_nothing_of_a_month_or_after_it_is_learned_from(
    rows: pd.DataFrame, scored: scoring.Scored
) -> None:
    """Whatever becomes of the hand-offs of a month, and of all that were open when
    it began, what was said of that month stays the same."""
    month = datetime(2025, 12, 1)
    later = rows.copy()
    is_later = (later["stage"] == "handoff") & (
        (later["handed_off_at"] + pd.Timedelta(days=30) > month)
        | (later["accepted_at"] >= month)
    )
    turned = later.loc[is_later, "outcome"].map(
        {"accepted": "rejected", "rejected": "accepted", "pending": "pending"}
    )
    later.loc[is_later, "outcome"] = turned
    later.loc[is_later, "accepted_at"] = np.where(
        turned == "accepted", later.loc[is_later, "handed_off_at"], pd.NaT
    )
    found = told(scoring.score(later, features(), AS_OF), AT_HANDOFF)
    before = told(scored, AT_HANDOFF)
    of_month = set(rows.loc[rows["month_start_date"] == month, "lifecycle_id"])
    after = set(rows.loc[rows["month_start_date"] > month, "lifecycle_id"])
    assert of_month & set(before)
    assert all(found[each] == before[each] for each in of_month & set(before))
    assert any(found[each] != before[each] for each in after & set(before))


def test_a_month_in_which_one_is_pending_judges_nothing(rows: pd.DataFrame) -> None:
    """Nor do the last ones, which begin to be decided; before August there is too
    little to learn from."""
    found = rows.copy()
    of_month = found["month_start_date"] == datetime(2025, 12, 1)
    one = found.index[of_month & (found["outcome"] == "rejected")][0]
    found.loc[one, "outcome"] = "pending"
    scored = scoring.score(found, features(), AS_OF)
    months = sorted({row[1] for row in scored.quality if row[0] == "month"})
    assert [f"{month:%Y-%m}" for month in months] == [
        "2025-09", "2025-10", "2025-11", "2026-01", "2026-02",
    ]  # fmt: skip
    told_of = set(told(scored, AT_HANDOFF))
    assert told_of > set(found.loc[of_month, "lifecycle_id"])
    last = found["month_start_date"] == datetime(2026, 4, 1)
    assert told_of > set(found.loc[last, "lifecycle_id"])


def test_an_acceptance_after_the_month_began_was_none_yet() -> None:
    rows = leads(400)
    until = datetime(2025, 12, 1)
    handoffs = rows[rows["stage"] == "handoff"].copy()
    late = handoffs.index[handoffs["handed_off_at"] < datetime(2025, 10, 1)][0]
    handoffs.loc[late, ["outcome", "accepted_at"]] = ["accepted", datetime(2025, 12, 2)]
    known = scoring.past(handoffs, until)
    assert known.loc[late, "is_accepted"] == 0
    assert scoring.past(handoffs, datetime(2025, 12, 3)).loc[late, "is_accepted"] == 1
    assert known["handed_off_at"].max() <= datetime(2025, 11, 1)


# What is only known later, or personal.


def with_leak(rows: pd.DataFrame) -> pd.DataFrame:
    waited = (rows["accepted_at"] - rows["handed_off_at"]) / pd.Timedelta(hours=1)
    is_known = rows["outcome"].isin(["accepted", "rejected"])
    answered = (rows["outcome"] == "accepted").map({True: "yes", False: "no"})
    return rows.assign(accept_hours=waited, was_answered=answered.where(is_known, None))


MARK = {"label_ja": "x", "reason_en": "{value}", "reason_ja": "{value}"}


@pytest.mark.parametrize(
    ("mark", "why"),
    [
        ({}, "does not say in `meta.feature` whether it is learned from"),
        ({"feature": "number"}, "is known at nobody says when"),
        ({"feature": "number", "known_at": "accepted_at"}, "is known at accepted_at"),
    ],
)
def test_a_column_that_is_known_later_is_refused(mark: dict, why: str) -> None:
    with pytest.raises(LeadFunnelError) as refused:
        features(accept_hours={**MARK, **mark} if mark else {})
    assert "The column accept_hours of int_acceptance__features" in str(refused.value)
    assert why in str(refused.value)
    assert "write `feature: none` there" in str(refused.value)


def test_a_column_that_the_yaml_does_not_know_is_refused() -> None:
    with pytest.raises(LeadFunnelError, match="The column accept_hours"):
        features("accept_hours")


@pytest.mark.parametrize(
    ("column", "kind"), [("accept_hours", "number"), ("was_answered", "words")]
)
def test_one_that_claims_to_be_known_is_refused_by_what_it_tells(
    rows: pd.DataFrame, column: str, kind: str
) -> None:
    mark = {**MARK, "feature": kind, "known_at": "handed_off_at"}
    found = scoring.score(with_leak(rows), features(**{column: mark}), AS_OF)
    assert not found.predictions
    for predictor in (MODEL, MQL_MODEL):
        assert not found.verdicts[predictor].is_better
        assert f"the column {column} tells nearly every outcome" in (
            found.verdicts[predictor].sentence
        )
    assert [row[0] for row in found.quality] == ["all"] * 4


@pytest.mark.parametrize(
    "column", ["email_domain", "company", "phone", "person_id", "first_name"]
)
def test_nothing_personal_is_learned_from(column: str) -> None:
    mark = {**MARK, "feature": "words", "known_at": "before_handoff"}
    with pytest.raises(LeadFunnelError, match=f"The column {column} .* is personal"):
        features_of({column: mark}, [column])


def test_the_shipped_features_are_these() -> None:
    """A new one is a decision."""
    assert [item.name for item in features()] == [
        "channel", "campaign", "campaign_type", "definition_version", "score",
        "touches", "earlier_lifecycles", "earlier_acceptances", "earlier_rejections",
        "days_to_mql", "team", "days_to_handoff", "weekday", "hour_of_day",
    ]  # fmt: skip
    kept = [name for name, meta in declared().items() if meta["feature"] == NONE]
    assert "outcome" in kept and "is_handoff_imputed" in kept


# Where there is too little.


@pytest.mark.parametrize("count", [0, 1, 150])
def test_too_few_hand_offs_teach_nothing(count: int) -> None:
    rows = leads(1500).iloc[: count or 1]
    found = scoring.score(rows if count else rows.iloc[:0], features(), AS_OF)
    assert not found.predictions
    assert "fewer than 200 say nothing" in found.verdicts[MODEL].sentence
    assert found.quality[0][3:5] == (0, 0)


@pytest.mark.parametrize(("refused", "is_learned"), [(4, False), (5, True)])
def test_the_later_ones_have_to_hold_some_of_either(
    refused: int, is_learned: bool
) -> None:
    """Of 240 the last 60 calibrate."""
    rows = leads(600).query("stage == 'handoff' and outcome != 'pending'")
    past = rows.sort_values("handed_off_at").head(240)
    past = past.assign(is_accepted=[n % 2 for n in range(180)] + [1] * 60)
    past.iloc[-refused:, past.columns.get_loc("is_accepted")] = 0
    past = learning.with_numbered_words(past, features())
    assert (learning.learn(past, features()) is not None) == is_learned


def test_where_all_are_accepted_nothing_is_learned() -> None:
    rows = leads(600)
    is_decided = rows["outcome"] == "rejected"
    rows.loc[is_decided, "outcome"] = "accepted"
    rows.loc[is_decided, "accepted_at"] = rows.loc[is_decided, "handed_off_at"]
    found = scoring.score(rows, features(), AS_OF)
    assert not found.predictions
    assert not found.verdicts[MODEL].is_better


def test_without_scores_the_score_alone_is_one_rate() -> None:
    found = scoring.score(leads().assign(score=np.nan), features(), AS_OF)
    assert found.verdicts[MODEL].is_better
    assert found.pooled["score"].auc < 0.6


def test_a_column_of_nothing_is_no_obstacle() -> None:
    rows = leads().assign(campaign=None, touches=np.nan)
    assert scoring.score(rows, features(), AS_OF).verdicts[MODEL].is_better


# Measures, by hand.


def test_measures_by_hand() -> None:
    """Of four pairs three are in order and one is a tie. Squared errors 0.04, 0.25,
    0.25 and 0.01. Tenth 2: one hand-off, 0.2 against 0. Tenth 5: two, 0.5 against
    0.5. Tenth 9: 0.9 against 1."""
    accepted = np.array([0, 0, 1, 1])
    probabilities = np.array([0.2, 0.5, 0.5, 0.9])
    found = quality.quality(accepted, probabilities)
    assert found.auc == 0.875
    assert found.brier_score == 0.1375
    assert found.calibration_error == pytest.approx((0.2 + 0.0 + 0.1) / 4)
    assert found.mean_probability == 0.525
    # Errors of one rate for all are 0.25 each, so the gain is 0.21, 0, 0 and 0.24.
    mean, lower = quality.gain(accepted, probabilities, np.array([0.5] * 4))
    assert mean == 0.1125
    spread = (2 * 0.1125**2 + (0.21 - 0.1125) ** 2 + (0.24 - 0.1125) ** 2) / 3
    assert lower == pytest.approx(0.1125 - 1.959964 * (spread / 4) ** 0.5, abs=1e-6)


@pytest.mark.parametrize(
    ("better_than", "is_better", "said"),
    [
        (("score", "base_rate"), True, "those are proposed"),
        (("score",), False, "no better than one rate for all"),
        (("base_rate",), False, "no better than the score alone"),
    ],
)
def test_both_rivals_have_to_be_beaten(
    better_than: tuple[str, ...], is_better: bool, said: str
) -> None:
    accepted = [0, 1] * 150
    good = [0.3 if each == 0 else 0.7 for each in accepted]
    evaluated = pd.DataFrame(
        {
            "is_accepted": accepted,
            MODEL: good,
            **{
                rival: [0.5] * 300 if rival in better_than else good
                for rival in ("score", "base_rate")
            },
        }
    )
    # It must be off by no more than a tenth, too.
    evaluated.loc[:59, "is_accepted"] = 1 - evaluated.loc[:59, "is_accepted"]
    found = quality.verdict(evaluated, MODEL, quality.HANDOFFS, ["2026-01", "2026-02"])
    assert found.is_better == is_better
    assert said in found.sentence


def test_a_score_that_orders_as_well_needs_no_model() -> None:
    """Its probabilities are far off, and it puts leads in the same order."""
    accepted = np.array([0, 1] * 150)
    mine = np.where(accepted == 1, 0.7, 0.3)
    mine[:60] = 1 - mine[:60]
    evaluated = pd.DataFrame(
        {"is_accepted": accepted, MODEL: mine, "score": mine / 10, "base_rate": 0.5}
    )
    found = quality.verdict(evaluated, MODEL, quality.HANDOFFS, ["2026-01"])
    assert found.gains["score"][1] > 0
    assert not found.is_better and "the score alone" in found.sentence


@pytest.mark.parametrize(("lucky", "is_better"), [(3, False), (4, True)])
def test_a_better_order_may_be_chance(lucky: int, is_better: bool) -> None:
    """Of 300 so many accepted ones are said to be a little likelier. With 3 the gain
    is 0.0099 * 3 / 300 = 0.000099, and its bound 1.96 * 0.00098 / 17.3 lower, below
    0; with 4 it is 0.000132, and the bound 1.96 * 0.00114 / 17.3 = 0.000129 lower."""
    accepted = np.array([0, 1] * 150)
    mine = np.full(300, 0.5)
    mine[1 : 2 * lucky : 2] = 0.51
    evaluated = pd.DataFrame(
        {"is_accepted": accepted, MODEL: mine, "score": 0.5, "base_rate": 0.5}
    )
    found = quality.verdict(evaluated, MODEL, quality.HANDOFFS, ["2026-01"])
    assert quality.quality(accepted, mine).auc > 0.5
    assert found.is_better == is_better


def test_probabilities_that_are_off_propose_nobody() -> None:
    accepted = np.array([0, 1] * 150)
    evaluated = pd.DataFrame(
        {
            "is_accepted": accepted,
            MODEL: np.where(accepted == 1, 0.8, 0.35),
            "score": [0.5] * 300,
            "base_rate": [0.5] * 300,
        }
    )
    found = quality.verdict(evaluated, MODEL, quality.HANDOFFS, ["2026-01"])
    assert not found.is_better
    assert "were off by 0.275 on average, more than 0.1" in found.sentence
