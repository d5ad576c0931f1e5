"""Staging reads tables exactly as Fivetran lands them."""

import csv
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import pytest

from orchestration.sources.tables import table_called

pytestmark = [pytest.mark.slow, pytest.mark.exhaustive]


def read_samples(folder: Path) -> dict[str, list[dict]]:
    tables = {}
    for system in ("salesforce", "hubspot", "marketo", "ads"):
        for path in sorted((folder / "fivetran" / system).glob("*_data.csv")):
            name = path.stem.removesuffix("_data")
            if system in ("salesforce", "marketo"):
                name = name.split("_", 1)[1]
            if table_called(system, name):
                with path.open(encoding="utf-8-sig", newline="") as lines:
                    rows = [
                        {column: value or None for column, value in row.items()}
                        for row in csv.DictReader(lines)
                    ]
                if rows:
                    tables[f"{system}/{table_called(system, name).name}"] = rows
    return tables


def test_every_row_is_counted(input_layer, shared_data: Path) -> None:
    samples = read_samples(shared_data)
    built = input_layer(samples)
    counted = {
        f"{source}/{table}": (raw, surviving + duplicates)
        for source, table, raw, surviving, duplicates in built.rows(
            "select * from input_layer__raw_tables where raw_rows > 0"
        )
    }
    assert counted == {name: (len(rows),) * 2 for name, rows in samples.items()}
    # Times of all vendors' layouts are read.
    unread = built.rows(
        "select count(*) from input_layer__records where created_at is null"
        " and created_at_text is not null"
    )
    assert unread == [(0,)]


def test_section_8_platforms_cost_what_they_say(input_layer, shared_data: Path) -> None:
    """Millionths of Google, the local currency of LinkedIn, Meta's own."""
    samples = read_samples(shared_data)
    built = input_layer(samples)
    got = {
        (platform, currency): amount
        for platform, currency, amount in built.rows(
            "select platform, currency, sum(amount) from input_layer__costs"
            " group by all"
        )
    }
    cents = Decimal("0.01")

    def total(table: str, column: str, unit: str = "1") -> Decimal:
        return sum(
            (Decimal(row[column] or 0) * Decimal(unit)).quantize(cents, ROUND_HALF_UP)
            for row in samples[f"ads/{table}"]
        )

    assert got == {
        ("google_ads", "USD"): total(
            "google_ads_campaign_stats", "cost_micros", "0.000001"
        ),
        ("linkedin_ads", "USD"): total(
            "linkedin_ad_analytics_by_campaign", "cost_in_local_currency"
        ),
        ("facebook_ads", None): total("facebook_ads_basic_ad", "spend"),
    }
    assert got["google_ads", "USD"] > 0
