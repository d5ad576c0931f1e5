"""What advertising platforms cost, as each loader lands it, and where files overlap."""

from decimal import Decimal

import pytest

from tests.input_layer.conftest import InputLayer, build


def line(file: str, changed: str, campaign: str, spend: str, **values: str) -> dict:
    return {
        "_file": file, "_file_modified_at": changed, "date_day": "2026-04-01",
        "platform": "google_ads", "account_id": "A", "campaign_id": campaign,
        "currency": "USD", "spend": spend, **values,
    }  # fmt: skip


OLD, NEW = "2026-05-01 00:00:00", "2026-05-02 00:00:00"
TABLES = {
    "ads/campaign_report": [
        # Rows of one file add up, equal ones too.
        line("b.csv", NEW, "C1", "1.00"),
        line("b.csv", NEW, "C1", "1.00"),
        line("b.csv", NEW, "C1", "2.50", ad_id="7"),
        # An older file with a later name has the same day, and another one.
        line("c.csv", OLD, "C1", "9.00"),
        line("c.csv", OLD, "C2", "5.00"),
        # Of two files of one instant the later name counts.
        line("d.csv", OLD, "C2", "6.00"),
        # Another platform, another account, another day.
        line("a.csv", OLD, "C1", "0.10", platform="linkedin"),
        line("a.csv", OLD, "C1", "0.20", account_id="B"),
        line("a.csv", OLD, "C1", "0.40", date_day="2026-04-02"),
    ],
    # Meta as Fivetran lands it: currency and campaign stand in other tables.
    "ads/facebook_ads_basic_ad": [
        {"ad_id": "1", "date": "2026-04-01", "account_id": "17", "spend": "10"},
        {"ad_id": "2", "date": "2026-04-01", "account_id": "act_18", "spend": "20"},
        {"ad_id": "9", "date": "2026-04-01", "account_id": "19", "spend": "30"},
    ],
    "ads/facebook_ads_ad_history": [
        {"id": "1", "campaign_id": "31", "updated_time": "2026-03-01"},
        {"id": "1", "campaign_id": "33", "updated_time": "2026-04-01"},
        {"id": "2", "campaign_id": "34", "updated_time": "2026-04-01"},
    ],
    "ads/facebook_ads_account_history": [
        {"id": "17", "currency": "usd"},
        {"id": "18", "currency": "EUR"},
    ],
    "ads/facebook_ads_campaign_history": [
        {"id": "33", "name": "Old name", "updated_time": "2026-03-01"},
        {"id": "33", "name": "Leads", "updated_time": "2026-04-01"},
    ],
    # Airbyte's streams of Google and LinkedIn.
    "ads/google_ads_campaign_stats": [
        {
            "campaign_id": "51", "customer_id": "5", "segments_date": "2026-04-01",
            "metrics_cost_micros": "1234567", "customer_currency_code": "GBP",
        },
    ],
    "ads/linkedin_ad_analytics_by_campaign": [
        {
            "sponsored_campaign": "61", "start_date": "2026-04-01",
            "cost_in_usd": "3.5",
        },
    ],
}  # fmt: skip


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> InputLayer:
    return build(tmp_path_factory.mktemp("ads"), TABLES)


def test_of_overlapping_reports_the_later_file_counts(built: InputLayer) -> None:
    found = built.rows(
        "select platform, account, campaign_id, day(cost_date), sum(amount), count(*)"
        " from input_layer__costs where source_table = 'campaign_report'"
        " group by all order by all"
    )
    assert found == [
        ("google_ads", "A", "C1", 1, Decimal("4.50"), 3),
        ("google_ads", "A", "C1", 2, Decimal("0.40"), 1),
        ("google_ads", "A", "C2", 1, Decimal("6.00"), 1),
        ("google_ads", "B", "C1", 1, Decimal("0.20"), 1),
        ("linkedin", "A", "C1", 1, Decimal("0.10"), 1),
    ]
    assert built.rows(
        "select row_file, campaign_id, spend from input_layer__ads__report_lines"
        " where file_rank > 1 order by all"
    ) == [("c.csv", "C1", Decimal("9.00")), ("c.csv", "C2", Decimal("5.00"))]


def test_each_platform_has_its_currency_and_campaign(built: InputLayer) -> None:
    found = built.rows(
        "select platform, campaign_id, campaign_name, currency, amount"
        " from input_layer__costs where source_table <> 'campaign_report'"
        " order by platform, amount"
    )
    assert found == [
        ("facebook_ads", "33", "Leads", "USD", Decimal("10.00")),
        ("facebook_ads", "34", None, "EUR", Decimal("20.00")),
        ("facebook_ads", None, None, None, Decimal("30.00")),
        ("google_ads", "51", None, "GBP", Decimal("1.23")),
        ("linkedin_ads", "61", None, "USD", Decimal("3.50")),
    ]
