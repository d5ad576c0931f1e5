"""What is built incrementally is what a full refresh builds, after every day.

The day is drawn by chance (story.py): late rows, merges that join two old
people and are undone, rewritten files, erasures, a moving as_of, another
definition, a run that is killed on its way. More of them:
`python -m tests.incremental.story --seed 7 --people 400 --days 20`.
"""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from orchestration.increment import state
from tests.incremental.story import IDS, begin, build, killed, name_of

pytestmark = [pytest.mark.slow, pytest.mark.exhaustive]

DAYS = 4


@pytest.mark.parametrize(("seed", "finance"), [(2, False), (3, True)])
def test_every_day_equals_a_full_refresh(
    seed: int, finance: bool, tmp_path: Path
) -> None:
    story = begin(tmp_path, seed, people=150, finance=finance)
    for number in range(1, DAYS + 1):
        found = story.live_a_day(number)
        assert not found, "\n".join([*story.log, *found])
    assert any(day.endswith(", a slice") for day in story.log), story.log


@pytest.mark.parametrize("killed_before", [False, True])
def test_an_earlier_first_event_builds_everybody_anew(
    killed_before: bool, tmp_path: Path
) -> None:
    """The calendars begin at the first event, so nothing counted before holds."""
    story = begin(tmp_path, seed=2, people=60)
    key, row = next(item for item in story.exports.people() if item[0][1] == "lead")
    early = dict(row)
    early[name_of(row, IDS[key][0])] = "00Q000000000EARLY1"
    early[name_of(row, "created_at" if "created_at" in row else "created_date")] = (
        "2012-02-03 00:00:00"
    )
    story.exports.add("early", [(key, early)])
    story.land()
    if killed_before:
        with killed("before the slice", Random(1)):
            build(story.project, incremental=True)
        with killed("in the marts", Random(1)):
            build(story.project, incremental=True)
    build(story.project, incremental=True)
    assert story.rows("select is_incremental from settings.run") == [(killed_before,)]
    assert state.owed(story.project) is None
    assert not story.compare()


def test_a_day_of_hubspot_equals_a_full_refresh(tmp_path: Path) -> None:
    """Contacts change and are erased, and as_of moves."""
    story = begin(tmp_path, seed=1000, people=60)
    found = story.live_a_day(1)
    assert not found, "\n".join([*story.log, *found])
    assert story.log[0].endswith(", a slice"), story.log
