"""§1–§7: the warehouse agrees with an independent reading of the contract.

Several folders of random people, in several systems, with and without a
company's own definition, are run through the main job as a user would, and
compared row by row with `tests/reference`.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.reference.compare import check_seed, report

# Together more than 20,000 people; the seed decides systems, definition, vars.
FOLDERS = [(0, 4500), (1, 4500), (2, 4500), (3, 4500), (7, 4500)]


@pytest.mark.slow
@pytest.mark.parametrize(("seed", "people"), FOLDERS)
def test_every_row_is_the_references(
    tmp_path: Path, seed: int, people: int
) -> None:
    result, differences = check_seed(seed, people, tmp_path)
    assert len(result.people) > people * 0.8
    assert len(result.handoffs) > 100
    assert not differences, "\n" + report(differences)


@pytest.mark.slow
def test_the_reference_finds_a_wrong_row(tmp_path: Path) -> None:
    """A comparison that cannot fail would prove nothing."""
    from tests.reference.compare import compare_rows

    rows = [{"person_id": "a", "channel": "web"}]
    wrong = [{"person_id": "a", "channel": "mail"}]
    found = compare_rows("dim_people", ("person_id",), rows, wrong)
    assert [str(d) for d in found] == [
        "dim_people [a] channel: expected web, got mail"
    ]
    assert compare_rows("dim_people", ("person_id",), rows, rows) == []
    assert compare_rows("dim_people", ("person_id",), rows, []) != []
