"""Every number of the report is what SQL on the published file says, also for
filters that are drawn by lot."""

from __future__ import annotations

import json
import random
import re

import duckdb
import pytest

from orchestration.checks import SUITES
from orchestration.project import Project
from tests.report.expected import KEYS, Choice, Expected, Row
from tests.report.opened import Opened

pytestmark = [pytest.mark.slow, pytest.mark.exhaustive]

FILTERED = [name for name in KEYS if name not in ("history", "quarantine")]

COMBINATIONS = 20

IN_TENTHS = {"mean_hours", "routing", "own"}
"""Means of hours that the cube has as tenths, in sums of at least one lead each."""


def differences(figure: str, shown: list[Row], wanted: list[Row]) -> list[str]:
    """What is not the same; a number may be off by as much as the cube rounds."""
    by_key = {KEYS[figure](row): row for row in shown}
    found = []
    if len(by_key) != len(shown):
        found.append("a key stands twice")
    keys = {row["key"] for row in wanted}
    if by_key.keys() != keys:
        found.append(f"rows differ: {sorted(map(str, by_key.keys() ^ keys))[:5]}")
    for row in wanted:
        for name, value in row.items():
            there = by_key.get(row["key"], {})
            if name == "key" or name not in there:
                continue
            if not same(there[name], value, 0.0501 if name in IN_TENTHS else 2e-5):
                found.append(f"{row['key']}: {name} {there[name]} is {value}")
    return [f"{figure}: {text}" for text in found]


def same(shown: object, wanted: object, off_by: float = 2e-5) -> bool:
    if isinstance(wanted, str) or wanted is None or shown is None:
        return shown == wanted
    return float(str(shown)) == pytest.approx(float(str(wanted)), rel=2e-5, abs=off_by)


def test_every_number_is_that_of_the_facts(
    page: Opened, marts: duckdb.DuckDBPyConnection
) -> None:
    page.choose()
    expected = Expected(marts)
    found = []
    for figure in KEYS:
        shown, wanted = page.rows(figure), getattr(expected, figure)(Choice())
        assert wanted, figure
        compared = set(wanted[0]) & set(shown[0])
        assert compared, figure
        found += differences(figure, shown, wanted)
    assert not found


def combinations(marts: duckdb.DuckDBPyConnection) -> list[Choice]:
    """Choices drawn by lot, always the same."""
    dice = random.Random(15)
    values = {
        name: [
            value
            for (value,) in marts.execute(
                f"select distinct coalesce({column}, '') "
                "from marts.mart_funnel_cohort order by 1"
            ).fetchall()
        ]
        for name, column in (
            ("channel", "channel"),
            ("team", "team"),
            ("campaign", "campaign_id"),
            ("version", "definition_version"),
        )
    }
    months = [
        f"{year}-{month:02d}-01" for year in (2025, 2026) for month in range(1, 13)
    ]
    months = months[3:21]
    found = []
    for _ in range(COMBINATIONS):
        first, last = sorted(dice.sample(months, 2))
        chosen = {
            name: sorted(
                dice.sample(known, dice.randint(1, max(1, len(known) * 2 // 3)))
            )
            for name, known in values.items()
            if dice.random() < 0.45
        }
        found.append(Choice(first, last, chosen))
    return found


def test_every_number_is_that_of_the_facts_for_any_filter(
    page: Opened, marts: duckdb.DuckDBPyConnection
) -> None:
    expected = Expected(marts)
    found, rows = [], 0
    for choice in combinations(marts):
        page.choose(
            **{"from": choice.first[:7], "to": choice.last[:7]}, **choice.values
        )
        for figure in FILTERED:
            shown, wanted = page.rows(figure), getattr(expected, figure)(choice)
            rows += len(wanted)
            found += [
                f"{choice}: {text}" for text in differences(figure, shown, wanted)
            ]
    page.choose()
    assert not found[:10]
    assert rows > 5000


def test_the_tables_show_the_rows(page: Opened) -> None:
    """What a cell reads is what its row holds, rounded as it is shown."""
    page.choose()
    columns = page.page.evaluate(
        """() => Object.fromEntries(Object.entries(
            JSON.parse(document.getElementById("page").textContent).figures
        ).map(([name, figure]) => [name, figure.columns]))"""
    )
    cells = 0
    for figure in page.figures:
        rows, table = page.rows(figure), page.table(figure)
        assert len(table) == min(len(rows), 200), figure
        for row, texts in zip(rows, table, strict=False):
            for column, text in zip(columns[figure], texts, strict=True):
                assert reads(text, column["kind"], row, column["name"]), (
                    figure,
                    column,
                    text,
                    row.get(column["name"]),
                )
                cells += 1
    assert cells > 5000


def reads(text: str, kind: str, row: Row, name: str) -> bool:
    if kind == "interval":
        lower, upper = row.get(f"{name}_lower"), row.get(f"{name}_upper")
        if lower is None:
            return text == "–"
        ends = [float(end.rstrip("%")) for end in text.split("–")]
        return ends == pytest.approx([100 * lower, 100 * upper], abs=0.0501)
    value = row.get(name)
    if value is None or value == "":
        return text == "–"
    if kind in ("text", "day"):
        return text == str(value)
    if kind == "month":
        return text.endswith(str(value)[:4])
    number = float(re.sub(r"[,%]|[A-Z]{3}$", "", text).strip())
    wanted, off = float(value), {"count": 0.5, "money": 0.5}.get(kind, 0.0501)
    if kind == "rate":
        wanted *= 100
    if kind == "number":
        off = max(abs(wanted) * 5e-4, 1e-9) if abs(wanted) < 1000 else 0.0501
    return abs(number - wanted) <= off


def test_checks_and_raw_tables_are_those_of_the_publication(
    page: Opened, published_sample: Project
) -> None:
    page.choose()
    said = json.loads((published_sample.published / "publication.json").read_text())
    known = [check for suite in SUITES.values() for check in suite.checks]
    assert 40 < len(said["checks"]) <= len(known)
    assert {(row["label"], row["table"]) for row in page.rows("checks")} == {
        (check["name"], check["table"]) for check in said["checks"]
    }
    with duckdb.connect(str(published_sample.warehouse), read_only=True) as warehouse:
        answer = warehouse.execute(
            "select source || '.' || source_table, raw_rows, readings, duplicates, "
            "quarantined, after_as_of, unread from quality.raw_row_fates "
            "where raw_rows > 0 order by 1"
        ).fetchall()
    assert [
        tuple(
            row[name]
            for name in (
                "label",
                "raw_rows",
                "readings",
                "duplicates",
                "quarantined",
                "after_as_of",
                "unread",
            )
        )
        for row in page.rows("tables")
    ] == answer
    unread = sum(row[-1] for row in answer)
    assert f"{unread:,}" in page.page.locator("#not-in-it").inner_text()


def test_a_csv_holds_every_row_with_its_bounds(page: Opened) -> None:
    page.choose()
    page.page.locator("#figure-curves summary").click()
    with page.page.expect_download() as waiting:
        page.page.locator("[data-csv=curves]").click()
    text = waiting.value.path().read_text(encoding="utf-8-sig")
    assert len(text.strip().splitlines()) == 1 + len(page.rows("curves"))
    page.page.locator("#figure-by_team summary").click()
    with page.page.expect_download() as waiting:
        page.page.locator("[data-csv=by_team]").click()
    assert waiting.value.suggested_filename == "lead_funnel_by_team.csv"
    head, first, *_ = (
        waiting.value.path().read_text(encoding="utf-8-sig").strip().splitlines()
    )
    assert head.split(",")[6:9] == ["SAL rate", "SAL rate lower", "SAL rate upper"]
    [row] = [each for each in page.rows("by_team") if each["label"] in first]
    assert float(first.split(",")[7]) == row["sal_rate_lower"]
