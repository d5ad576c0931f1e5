"""The benchmark of loads from an API: it loads what it says, and the page keeps it."""

from __future__ import annotations

import sys

import pytest

from benchmarks import __main__ as bench
from benchmarks import live
from benchmarks.live import DOWNLOAD, FILES, LOAD, SCAN, TABLE, Line


def test_a_few_thousand_rows_are_loaded_and_told(tmp_path, monkeypatch, capsys):
    page = tmp_path / "page.md"
    page.write_text("# Benchmarks\n\n## Growth\n\n* none\n")
    arguments = ["--only", "live", "--activities", "3000", "--out", str(tmp_path)]
    monkeypatch.setattr(sys, "argv", ["bench", *arguments, "--page", str(page)])
    bench.main()
    text = page.read_text()
    assert text.startswith("# Benchmarks\n\n## Live loads\n")
    assert text.endswith("## Growth\n\n* none\n")
    rows = [line.split(" | ") for line in text.splitlines() if line.startswith("| ")]
    assert [(row[0], row[2]) for row in rows[1:]] == [
        ("| 3,000", what) for what in (DOWNLOAD, LOAD, SCAN, TABLE, FILES)
    ]
    assert not (tmp_path / "live").exists()


def test_rates_stand_beside_the_servers_own() -> None:
    lines = [
        Line(1_000_000, 200_000_000, DOWNLOAD, seconds=0.5, cpu=1.0, peak_mb=100.0),
        Line(1_000_000, 200_000_000, LOAD, seconds=20.0, cpu=15.5, peak_mb=400.0),
        Line(1_000_000, 200_000_000, SCAN, seconds=2.0, cpu=3.0, peak_mb=100.0),
        Line(1_000_000, 200_000_000, FILES, seconds=3.0, cpu=4.0, peak_mb=200.0),
    ]
    assert live.cells(lines) == [
        ["1,000,000", "200", DOWNLOAD, "1.0 s", "0.5 s", "100 MB", "2,000,000", "–"],
        ["1,000,000", "200", LOAD, "15.5 s", "20.0 s", "400 MB", "50,000", "40.0"],
        ["1,000,000", "200", SCAN, "3.0 s", "2.0 s", "100 MB", "500,000", "–"],
        ["1,000,000", "200", FILES, "4.0 s", "3.0 s", "200 MB", "333,333", "1.5"],
    ]


def test_the_section_takes_the_place_of_an_older_one() -> None:
    page = "# A\n\n## Growth\n\n* one\n\n## Larger sizes\n"
    first = live.with_section(page, live.section("| old |", "2 cores"))
    again = live.with_section(first, live.section("| new |", "4 cores"))
    assert "| old |" in first and "| old |" not in again and "| new |" in again
    assert again.count("## Live loads") == 1
    assert again.replace(live.section_of(again), "") == page
    assert live.with_section(page, "") == page and live.section_of(page) == ""


def test_other_parts_are_measured_without_it() -> None:
    assert bench.parts("run,live") == [bench.FULL, bench.LIVE]
    with pytest.raises(SystemExit, match="does not know fast: it takes floor, .* live"):
        bench.parts("fast")
