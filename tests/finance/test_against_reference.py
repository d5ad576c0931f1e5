"""§8: spend to accepted leads, to the cent, against plain Python in fractions."""

from __future__ import annotations

from collections import Counter, defaultdict
from decimal import Decimal
from pathlib import Path

import pytest

from tests.reference.compare import (
    SEEDS,
    build_warehouse,
    compare_rows,
    loaded_at,
    report,
    rows_of,
)
from tests.reference.dimensions import campaigns
from tests.reference.finance import UNIT, Finance, compute_finance
from tests.reference.spend import CURRENCIES, write_company

pytestmark = [pytest.mark.slow, pytest.mark.exhaustive]

MART_KEY = ("fiscal_period_id", "campaign_id", "cost_kind", "attribution_model")


@pytest.fixture(scope="module", params=[1, 2])
def company(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Finance, Path]:
    folder = tmp_path_factory.mktemp("company")
    landing, definition, settings = write_company(folder, request.param, 600)
    published = build_warehouse(landing, folder / "out", definition, settings)
    expected = compute_finance(
        landing, SEEDS, definition, settings, loaded_at(folder / "out")
    )
    return expected, published


def test_section_8_spend_lines(company: tuple[Finance, Path]) -> None:
    expected, published = company
    wanted = Counter(
        (line.source, line.day, line.period, line.campaign, line.account,
         line.currency, line.amount, line.reporting)
        for line in expected.lines
    )  # fmt: skip
    got = Counter(
        (row["source"], row["spend_date"], row["fiscal_period_id"],
         row["campaign_id"], row["account"], row["currency"], row["amount"],
         row["amount_reporting"])
        for row in rows_of(published, "marts.fct_spend")
    )  # fmt: skip
    assert got == wanted
    assert {line.currency for line in expected.lines} == set(CURRENCIES)
    assert any(line.amount < 0 for line in expected.lines)
    assert "nobody-knows" in {line.campaign for line in expected.lines}


def test_section_8_weights(company: tuple[Finance, Path]) -> None:
    expected, published = company
    wanted = Counter()
    for share in expected.shares:
        if share.stage == "sal":
            key = (share.lifecycle_id, share.model, share.campaign, share.touched_at)
            wanted[key] += share.units
    got = Counter()
    for row in rows_of(published, "marts.fct_attributed_acceptances"):
        key = (
            row["lifecycle_id"],
            row["attribution_model"],
            row["campaign_id"],
            row["touched_at"],
        )
        got[key] += int(row["weight"] * UNIT)
    assert got == wanted
    assert len({key[0] for key in wanted}) > 100


def test_section_8_spend_per_sal(company: tuple[Finance, Path]) -> None:
    expected, published = company
    got = {
        tuple(row[name] for name in MART_KEY): row
        for row in rows_of(published, "marts.mart_spend_per_sal")
    }
    assert got.keys() == expected.mart.keys()
    differences = [
        (key, column, value, got[key][column])
        for key, row in expected.mart.items()
        for column, value in row.items()
        if got[key][column] != value
    ]
    assert not differences, differences[:5]
    assert {key[2] for key in got} == {"campaign", "allocated", "unallocated"}


def test_section_8_return(
    company: tuple[Finance, Path], request: pytest.FixtureRequest
) -> None:
    expected, published = company
    key = ("fiscal_period_id", "campaign_id", "attribution_model")
    got = {
        tuple(row[name] for name in key): row
        for row in rows_of(published, "marts.mart_spend_return")
    }
    assert got.keys() == expected.returns.keys()
    differences = [
        (name, column, value, got[name][column])
        for name, row in expected.returns.items()
        for column, value in row.items()
        if got[name][column] != value
    ]
    assert not differences, differences[:5]
    # Not every company gets its money back.
    if request.node.callspec.params["company"] == 1:
        assert any(row["payback_period_id"] for row in got.values())


def test_each_campaign_of_spend_has_its_name(company: tuple[Finance, Path]) -> None:
    expected, published = company
    lines = rows_of(published, "marts.fct_spend")
    platforms: dict[str, set[str]] = defaultdict(set)
    for row in lines:
        if row["campaign_id"] and row["platform"]:
            platforms[row["campaign_id"]].add(row["platform"])
    touched = {row["campaign_id"] for row in rows_of(published, "marts.fct_touches")}
    named = {line.campaign for line in expected.lines if line.campaign} | touched
    # The company's CRM lists no campaigns: what reports call them is all there is.
    reported = {
        line.campaign: {"Name"} for line in expected.lines if line.source == "ads"
    }
    wanted = campaigns(published.parent, {"channels": []}, named, reported, platforms)
    got = rows_of(published, "marts.dim_campaigns")
    found = compare_rows("dim_campaigns", ("campaign_id",), wanted.values(), got)
    assert not found, report(found)
    assert {"nobody-knows"} < {row["campaign_id"] for row in got}


def test_section_8_ties_out(company: tuple[Finance, Path]) -> None:
    """The sum of all rows is ledger and platforms, in every currency."""
    expected, published = company
    got: Counter = Counter()
    for row in rows_of(published, "marts.fct_spend_shares"):
        place = (row["source"], row["currency"], row["fiscal_period_id"])
        got[*place, row["attribution_model"]] += row["amount"]
    assert {k: v for k, v in got.items() if v} == {
        k: v for k, v in expected.borne.items() if v
    }


def test_no_float_is_in_money(company: tuple[Finance, Path]) -> None:
    _, published = company
    import duckdb

    with duckdb.connect(str(published), read_only=True) as connection:
        floats = connection.execute(
            "select table_name, column_name from information_schema.columns"
            " where data_type in ('DOUBLE', 'FLOAT') and (table_name in"
            " ('fct_spend', 'fct_spend_shares', 'fct_attributed_acceptances',"
            " 'mart_spend_per_sal', 'mart_spend_return')"
            " or column_name like '%amount%' or column_name like '%_reporting')"
        ).fetchall()
    assert floats == []
    assert all(isinstance(line.amount, Decimal) for line in company[0].lines)
