"""The handwritten SQL agrees with the reference; the page says what it should."""

from __future__ import annotations

import json
from collections import Counter
from datetime import datetime
from pathlib import Path

import duckdb
import pytest

from benchmarks import company, floor, handwritten, in_polars, measure
from benchmarks.__main__ import BY_HAND, FULL, Line, Size, page, phase, phases_of
from benchmarks.handwritten import SEEDS
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


STEPS = (
    {"name": "prepare", "cpu": 2.0, "wall": 2.5, "peak_mb": 300.0},
    {"name": "load_marketo", "cpu": 1.5, "wall": 1.0, "peak_mb": 900.0},
    {"name": "build_core", "cpu": 3.0, "wall": 4.0, "peak_mb": 500.0},
)


def size_of(leads: int, cpu: float, by_hand: float) -> Size:
    def cost(seconds: float) -> measure.Cost:
        return measure.Cost(wall=12.5, cpu=seconds, peak_mb=1_234, output="")

    return Size(
        leads,
        leads * 28,
        [
            Line(leads, leads * 28, BY_HAND, cost(by_hand)),
            Line(leads, leads * 28, FULL, cost(cpu), STEPS),
        ],
    )


def test_the_phases_add_up_to_the_whole() -> None:
    told = phases_of(size_of(1_000, cpu=10.0, by_hand=1.0).lines[1])
    assert told["start"]["cpu"] == pytest.approx(5.5)
    assert sum(step["cpu"] for step in told.values()) == pytest.approx(10.0)
    assert sum(step["wall"] for step in told.values()) == pytest.approx(12.5)
    assert told["load"]["peak_mb"] == 900.0


def test_the_page_says_ratios_and_growth() -> None:
    sizes = [size_of(20_000, 20.0, 4.0), size_of(200_000, 50.0, 40.0)]
    text = page(sizes, "2 cores")
    # 560,000 rows in 20 CPU seconds, five times what the handwritten SQL took.
    assert (
        "| 20,000 | 560,000 | run | 20.0 s | 12.5 s | 1,234 MB | 28,000 | 5.0 |" in text
    )
    # Ten times the leads: log10(50 / 20) and log10(40 / 4).
    assert "from 20,000 to 200,000 leads: run 0.40, handwritten SQL 1.00" in text
    assert "same figures" in text
    sizes[0].unlike.append("20,000 leads, run: people: 3, by hand 4")
    assert "people: 3, by hand 4" in page(sizes, "2 cores")


@pytest.fixture(scope="module")
def company_landing(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("company")
    assert company.write(folder, leads=600, seed=7) == 600 * 28 + 60 + 200
    return folder


def in_sql(landing: Path) -> handwritten.Figures:
    with duckdb.connect() as connection:
        handwritten.build(connection, landing, LOADED_AT, "generic")
        return json.loads(json.dumps(handwritten.figures(connection)))


def test_sql_and_polars_read_the_company_alike(company_landing: Path) -> None:
    by_hand = in_sql(company_landing)
    assert by_hand["people"][0][0] < 600
    assert in_polars.figures(company_landing, SEEDS, LOADED_AT) == by_hand


def test_the_handwritten_company_is_that_of_the_reference(
    company_landing: Path, tmp_path: Path
) -> None:
    for folder in (company_landing / "generic").iterdir():
        target = tmp_path / "generic" / f"{folder.name}.csv"
        target.parent.mkdir(exist_ok=True)
        duckdb.sql(f"from '{folder}/*.parquet'").write_csv(str(target))
    expected = compute(tmp_path, SEEDS, loaded_at=LOADED_AT)
    by_hand = in_sql(company_landing)
    assert by_hand["people"] == [[len(expected.people)]]
    assert by_hand["stage events"] == [[len(expected.stage_events)]]
    outcomes = Counter((row["origin"], row["outcome"]) for row in expected.lifecycles)
    assert {
        (origin, outcome): count
        for origin, outcome, count in by_hand["lifecycles by origin and outcome"]
    } == outcomes
    verdicts = Counter(row["verdict"] for row in expected.transitions)
    assert dict(map(tuple, by_hand["transitions by verdict"])) == verdicts


def test_a_change_is_a_further_file(tmp_path: Path) -> None:
    company.write(tmp_path, leads=1_000, seed=7)
    before = in_sql(tmp_path)
    first = {path: path.read_bytes() for path in tmp_path.rglob("part-0.parquet")}
    added = company.change(tmp_path)
    # One row in each of three tables for about one lead in a hundred.
    assert added % 3 == 0 and 3 * 3 <= added <= 3 * 25
    assert all(path.read_bytes() == content for path, content in first.items())
    after = in_sql(tmp_path)
    assert after["people"] == before["people"]
    assert (
        after["lifecycles by origin and outcome"]
        != before["lifecycles by origin and outcome"]
    )
    assert in_polars.figures(tmp_path, SEEDS, LOADED_AT) == after


def test_the_floor_reads_every_table(company_landing: Path, tmp_path: Path) -> None:
    with duckdb.connect() as connection:
        floor.read(connection, company_landing)
        with pytest.raises(duckdb.Error):
            floor.read(connection, tmp_path)


def test_a_failing_command_is_told(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="no such thing"):
        measure.run(["bash", "-c", "echo no such thing; exit 3"], {}, tmp_path / "log")
