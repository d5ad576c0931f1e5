"""What the sample company paid: advertisements by day, and its ledger."""

from __future__ import annotations

from sample.clock import DAY, TOKYO, tokyo_date_text
from sample.company import CAMPAIGNS, END, START
from sample.dice import Dice
from sample.tables import Table

ACCOUNTS = {
    ("google_ads", "JPY"): "8124400917",
    ("linkedin_ads", "JPY"): "509114420",
    ("linkedin_ads", "USD"): "509114877",
}
CLICK_PRICE = {"JPY": 420, "USD": 3}
#: account, monthly amount, currency, vendor, memo
MONTHLY = [
    ("marketing_tools", 3_900, "USD", "Marketo reseller", "MA licence"),
    ("marketing_tools", 310_000, "JPY", "CRM販売代理店", "CRMライセンス"),
    ("adr_people", 4_260_000, "JPY", "社内", "ADR人件費"),
    ("agency_fees", 850_000, "JPY", "広告運用パートナー", "運用代行"),
]


def money(amount: float, currency: str) -> str:
    return f"{amount:.2f}" if currency == "USD" else f"{int(amount)}"


def write_reports(dice: Dice, table: Table, scale: float) -> None:
    """One row per day, campaign and ad group."""
    campaigns = [campaign for campaign in CAMPAIGNS if campaign.platform]
    for day in range((START + TOKYO) // DAY, (END + TOKYO) // DAY):
        noon = day * DAY + DAY // 2 - TOKYO
        weekend = (day + 3) % 7 >= 5
        for campaign in campaigns:
            if not campaign.starts <= noon < campaign.ends:
                continue
            groups = 2 if campaign.platform == "google_ads" else 1
            growth = 0.8 + 0.4 * (noon - START) / (END - START)
            for group in range(groups):
                spend = (
                    campaign.daily_spend
                    / groups
                    * scale
                    * growth
                    * (0.45 if weekend else 1)
                    * dice.uniform(0.8, 1.2)
                )
                text = money(spend, campaign.currency)
                clicks = int(spend / CLICK_PRICE[campaign.currency]) + 1
                table.add_row(
                    date_day=tokyo_date_text(noon),
                    platform=campaign.platform,
                    account_id=ACCOUNTS[campaign.platform, campaign.currency],
                    campaign_id=campaign.id,
                    campaign_name=campaign.name,
                    ad_group_id=f"{campaign.id[9:15]}-{group + 1}",
                    ad_id=f"{campaign.id[9:15]}-{group + 1}-a",
                    currency=campaign.currency,
                    spend=text,
                    clicks=str(clicks),
                    impressions=str(clicks * dice.between(28, 46)),
                )


def write_ledger(dice: Dice, table: Table, scale: float) -> None:
    """Costs of events, people and tools; two of them name no currency."""
    number = 0

    def book(
        instant: int,
        account: str,
        campaign: str,
        vendor: str,
        amount: float,
        currency: str,
        memo: str,
    ) -> None:
        nonlocal number
        number += 1
        table.add_row(
            cost_id=f"C{number:05d}",
            cost_date=tokyo_date_text(instant),
            account=account,
            campaign_id=campaign,
            vendor=vendor,
            amount=money(amount * scale, currency or "JPY"),
            currency=currency,
            memo=memo,
        )

    for month in range(18):
        starts = START + month * (END - START) // 18
        ends = starts + 27 * DAY
        for account, amount, currency, vendor, memo in MONTHLY:
            # The two rows without a currency are in the ledger's own.
            given = "" if account == "agency_fees" and month < 2 else currency
            book(ends, account, "", vendor, amount, given, memo)
    for campaign in CAMPAIGNS:
        if not campaign.cost:
            continue
        if campaign.channel == "trade_show":
            booth = campaign.cost * 0.7
            book(
                campaign.starts - 40 * DAY,
                "events",
                campaign.id,
                "展示会事務局",
                booth,
                "JPY",
                "出展料",
            )
            book(
                campaign.ends + 12 * DAY,
                "events",
                campaign.id,
                "施工パートナー",
                campaign.cost - booth,
                "JPY",
                "ブース施工・人件費",
            )
        elif campaign.channel == "webinar":
            book(
                campaign.starts + 5 * DAY,
                "webinars",
                campaign.id,
                "配信スタジオ",
                campaign.cost,
                "JPY",
                "配信費",
            )
        elif campaign.channel == "referral":
            for quarter in range(6):
                when = START + (quarter * 91 + 85) * DAY
                book(
                    when,
                    "referral_fees",
                    campaign.id,
                    "パートナー各社",
                    campaign.cost / 6 * dice.uniform(0.8, 1.2),
                    "JPY",
                    "紹介手数料",
                )
        else:
            book(
                campaign.starts + 20 * DAY,
                "content",
                campaign.id,
                "制作会社",
                campaign.cost,
                "JPY",
                "資料制作",
            )
