"""The handwritten SQL agrees with the reference; the page says what it should."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from pathlib import Path

import duckdb
import pytest

from benchmarks import handwritten, measure
from benchmarks.__main__ import Line, page, phase, phases_of
from sample.generate import ROOT, generate
from tests.reference.reference import compute

LOADED_AT = datetime(2026, 11, 1)


@pytest.fixture(scope="module")
def landing(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bench")
    generate(folder, leads=2_000, seed=11)
    return folder


def test_the_handwritten_tables_are_those_of_the_reference(landing: Path) -> None:
    with duckdb.connect() as connection:
        seconds = handwritten.build(connection, landing, LOADED_AT)
        found = handwritten.figures(connection)
    assert set(seconds) == {"load", "transform"}
    expected = compute(landing, ROOT / "seeds", loaded_at=LOADED_AT)
    assert found["people"] == [[len(expected.people)]]
    assert found["stage events"] == [[len(expected.stage_events)]]
    outcomes = Counter((row["origin"], row["outcome"]) for row in expected.lifecycles)
    assert {
        (origin, outcome): count
        for origin, outcome, count in found["lifecycles by origin and outcome"]
    } == outcomes
    assert found["was ignored"] == [
        [sum(row["was_ignored"] for row in expected.lifecycles)]
    ]
    verdicts = Counter(row["verdict"] for row in expected.transitions)
    assert dict(found["transitions by verdict"]) == verdicts


def test_each_step_has_a_phase() -> None:
    assert phase("load_salesforce") == "load"
    assert phase("settings__run") == "load"
    assert phase("build_core") == "transform"
    assert phase("check_funnel") == "check"
    assert phase("publication") == "publish"
    assert phase("prepare") == "start"


def test_the_phases_add_up_to_the_whole() -> None:
    report = {
        "steps": [
            {"name": "prepare", "seconds": 2.0},
            {"name": "load_marketo", "seconds": 1.5},
            {"name": "build_core", "seconds": 3.0},
        ]
    }
    seconds = phases_of(report, wall=10.0)
    assert seconds["start"] == pytest.approx(5.5)
    assert sum(seconds.values()) == pytest.approx(10.0)


def test_the_page_shows_every_line_and_what_differs() -> None:
    cost = measure.Cost(wall=12.5, cpu=20.0, peak_mb=1_234, output="")
    phases = {"start": 1, "load": 2, "transform": 3, "check": 4, "publish": 2.5}
    line = Line(20_000, 300_000, "lead-funnel run", phases, cost)
    text = page([line], [], "2 cores")
    assert "| 20,000 | 300,000 | lead-funnel run |" in text
    assert "same figures" in text
    assert "people: 3" in page([line], ["20,000 leads: people: 3"], "2 cores")


def test_a_failing_command_is_told(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="no such thing"):
        measure.run(["bash", "-c", "echo no such thing; exit 3"], {}, tmp_path / "log")
