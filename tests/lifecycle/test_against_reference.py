"""§1–§7: the warehouse agrees with an independent reading of the contract.

Several folders of random people, in several systems, with and without a
company's own definition, are run through the main job as a user would, and
compared row by row with `tests/reference`.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.reference.compare import check_seed, compare_rows, report

# Together more than 20,000 people. The seed decides the rest: 0 generic with a
# definition, 5 Salesforce with one, 6 Salesforce and Marketo up to now with
# one, 7 all three with the shipped definition, 1002 HubSpot and Salesforce up to
# now with one.
FOLDERS = [(0, 5450), (5, 5450), (6, 5450), (7, 5450), (1002, 3000)]


@pytest.mark.slow
@pytest.mark.exhaustive
@pytest.mark.parametrize(("seed", "people"), FOLDERS)
def test_every_row_is_the_references(tmp_path: Path, seed: int, people: int) -> None:
    result, differences = check_seed(seed, people, tmp_path)
    assert len(result.people) > people * 3 / 4
    assert len(result.handoffs) > people / 7
    assert not differences, "\n" + report(differences)


def test_the_reference_finds_a_wrong_row() -> None:
    """A comparison that cannot fail would prove nothing."""
    rows = [{"person_id": "a", "channel": "web"}]
    wrong = [{"person_id": "a", "channel": "mail"}]
    found = compare_rows("dim_people", ("person_id",), rows, wrong)
    assert [str(d) for d in found] == ["dim_people [a] channel: expected web, got mail"]
    assert compare_rows("dim_people", ("person_id",), rows, rows) == []
    assert compare_rows("dim_people", ("person_id",), rows, []) != []
