"""The Japanese page says of every check what it protects, and what to do."""

from __future__ import annotations

import re

import pytest

from orchestration.checks import SUITES
from orchestration.report.check_words import in_japanese, with_japanese

SENTENCES = sorted(
    {check.protects for suite in SUITES.values() for check in suite.checks}
    | {suite.what_to_do for suite in SUITES.values()}
)


@pytest.mark.parametrize("sentence", SENTENCES)
def test_every_sentence_is_there_in_japanese(sentence: str) -> None:
    """One that is new, or written otherwise, has to be in checks_ja.yml."""
    found = in_japanese(sentence)
    assert found, sentence
    assert re.search("[ぁ-んァ-ヶ]", found)
    assert "{" not in found


def test_the_words_of_a_table_stay_in_it() -> None:
    assert in_japanese(
        "Where nearly every lead_id is blank, the export was cut wrongly: all of it "
        "would end in quarantine and the rates would be about nobody."
    ).startswith("lead_idがほとんど空なら")


def test_a_sentence_of_another_version_stays_as_it_is() -> None:
    check = {"name": "x", "protects": "Something else.", "passed": True}
    assert with_japanese(check) == check
    assert with_japanese({**check, "what_to_do": None}) == {**check, "what_to_do": None}
