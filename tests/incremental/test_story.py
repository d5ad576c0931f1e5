"""What is built incrementally is what a full refresh builds, after every day.

The day is drawn by chance (story.py): late rows, merges that join two old
people and are undone, rewritten files, erasures, a moving as_of, another
definition, a run that is killed on its way. More of them:
`python -m tests.incremental.story --seed 7 --people 400 --days 20`.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.incremental.story import begin

pytestmark = pytest.mark.slow

DAYS = 4


@pytest.mark.parametrize(("seed", "finance"), [(2, False), (3, True)])
def test_every_day_equals_a_full_refresh(
    seed: int, finance: bool, tmp_path: Path
) -> None:
    story = begin(tmp_path, seed, people=150, finance=finance)
    for number in range(1, DAYS + 1):
        found = story.live_a_day(number)
        assert not found, "\n".join([*story.log, *found])
    assert any(day.endswith(", incremental") for day in story.log), story.log
