"""Random companies for finance: twelve currencies, credits, corrections,
campaigns that overlap, costs of no campaign, and campaigns nobody knows."""

from __future__ import annotations

import csv
from datetime import date, timedelta
from pathlib import Path
from random import Random

from tests.reference.generate import (
    World,
    add_users,
    generic_person,
    random_life,
    write_definition,
    write_tables,
)

CURRENCIES = {
    "JPY": "1", "USD": "151.87", "EUR": "162.3125", "GBP": "190.07",
    "AUD": "98.6", "SGD": "112.431", "KRW": "0.1093", "CNY": "20.91",
    "INR": "1.8127", "BRL": "29.3391", "CHF": "170.5", "VND": "0.00605",
}  # fmt: skip
CAMPAIGNS = [f"C{number}" for number in range(1, 10)]
ACCOUNTS = ["people", "tools", "agency_fees", "Events", "Ｐｅｏｐｌｅ", "travel", None]
PLATFORMS = ["google_ads", "LinkedIn", "meta"]


def amount(rnd: Random, currency: str | None) -> str:
    """What people and exports write into a cell; now and then a credit."""
    cents = rnd.choice([rnd.randint(1, 99), rnd.randint(100, 9_999_999)])
    if currency in ("JPY", "KRW", "VND", None):
        cents = cents // 100 * 100
    if rnd.random() < 0.08:
        cents = -cents
    value = f"{cents / 100:.2f}"
    form = rnd.random()
    if form < 0.1:
        return f"{cents / 100:,.2f}"
    if form < 0.15 and cents < 0:
        return f"({-cents / 100:.2f})"
    return value


def write_company(path: Path, seed: int, people: int) -> tuple[Path, Path, dict]:
    """Landing and definition folders, and the vars of the run."""
    rnd = Random(seed)
    path = Path(path)
    world = World(rnd, {"generic": "UTC"}, currencies=(None, *CURRENCIES))
    add_users(world, "generic")
    world.tables.setdefault(("generic", "lead"), [])
    for _ in range(people):
        life = random_life(rnd)
        for _, lead in generic_person(world, life, {"generic": 1.0}):
            for _ in range(rnd.choice([0, 1, 1, 2, 3, 6])):
                at = rnd.choice(life).at - timedelta(
                    seconds=rnd.choice([0, 60, rnd.randint(0, 100 * 86400)])
                )
                world.add(
                    "generic",
                    "touch",
                    {
                        "touch_id": f"T{world.number()}",
                        "lead_id": lead["lead_id"],
                        "campaign_id": rnd.choice(CAMPAIGNS),
                        "touched_at": world.time("generic", "touch", at),
                        "type": rnd.choice(["webinar", "form", None]),
                    },
                )
    landing = path / "landing"
    write_tables(world, landing)
    days = [date(2025, 1, 1) + timedelta(days=n) for n in range(0, 500)]
    write_ads(rnd, landing, days)
    write_ledger(rnd, landing, days)
    definition = path / "definition"
    write_definition(definition, seed)
    write_rates(rnd, definition, days)
    (definition / "campaign_mappings.add.csv").write_text(
        "platform,match_on,value,campaign_id\n"
        "google_ads,campaign_id,ＭＡＰＰＥＤ,C2\n*,campaign_id,mapped,C3\n",
        encoding="utf-8",
    )
    # Beside those that are shipped: other windows, half-lives and shares.
    (definition / "attribution_models.add.csv").write_text(
        "attribution_model,method,first_share,last_share,half_life_days,window_days\n"
        "slow_decay,time_decay,,,30.5,\nquick_decay,time_decay,,,3,45\n"
        "recent,linear,,,,14\nsame_day,first_touch,,,,0\n"
        "ends,position_based,0.5,0.5,,\nfirst_only,position_based,1,0,,14\n",
        encoding="utf-8",
    )
    settings = {
        "as_of": "2026-06-01T00:00:00Z",
        "source_currencies": {"ledger": "EUR", "ads": "USD"},
        "source_day_orders": {"generic": "month_first"},
        "attribution_window_days": rnd.choice([30, 90]),
    }
    return landing, definition, settings


def write_ads(rnd: Random, landing: Path, days: list[date]) -> None:
    rows = []
    for day in days:
        for platform in PLATFORMS:
            if rnd.random() < 0.7:
                continue
            for _ in range(rnd.randint(1, 3)):
                currency = rnd.choice([None, *CURRENCIES])
                rows.append(
                    {
                        "date_day": rnd.choice([f"{day}", f"{day:%Y/%m/%d}"]),
                        "platform": platform,
                        "account_id": rnd.choice(["1001", "1002"]),
                        "campaign_id": rnd.choice(
                            [*CAMPAIGNS, "nobody-knows", "mapped", None]
                        ),
                        "campaign_name": "Name",
                        "ad_group_id": rnd.choice(["1", "2"]),
                        "currency": currency
                        and rnd.choice([currency, currency.lower()]),
                        "spend": amount(rnd, currency),
                    }
                )
    mark_deleted(rows)
    write_csv(landing / "ads" / "campaign_report.csv", rows)


def write_ledger(rnd: Random, landing: Path, days: list[date]) -> None:
    rows = []
    for number in range(400):
        currency = rnd.choice([None, *CURRENCIES])
        row = {
            "cost_id": f"K{number:05d}",
            "cost_date": f"{rnd.choice(days)}",
            "account": rnd.choice(ACCOUNTS),
            "campaign_id": rnd.choice([None, None, rnd.choice(CAMPAIGNS)]),
            "vendor": "Vendor",
            "amount": amount(rnd, currency),
            "currency": currency,
            "memo": "memo",
            "updated_at": "2026-01-01 00:00:00",
        }
        rows.append(row)
        if rnd.random() < 0.1:
            # A correction, and an exact copy of it.
            corrected = {**row, "amount": amount(rnd, currency)}
            corrected["updated_at"] = "2026-02-01 00:00:00"
            rows += [corrected, dict(corrected)]
    rnd.shuffle(rows)
    for broken in ({"cost_id": None}, {"cost_date": "soon"}, {"amount": "much"}):
        rows.append({**rows[0], "cost_id": f"B{len(rows)}", **broken})
    mark_deleted(rows)
    write_csv(landing / "ledger" / "cost.csv", rows)


def mark_deleted(rows: list[dict]) -> None:
    """Of its own chance, some lines that their loader says are gone."""
    rnd = Random(f"{len(rows)} {rows[0]}")
    for row in rows:
        row["_fivetran_deleted"] = "true" if rnd.random() < 0.03 else None


def write_rates(rnd: Random, definition: Path, days: list[date]) -> None:
    rows = []
    for currency, rate in CURRENCIES.items():
        if currency == "JPY":
            continue
        whole, _, fraction = rate.partition(".")
        for day in [date(2000, 1, 1), *rnd.sample(days, 20)]:
            rows.append(
                {
                    "rate_date": f"{day}",
                    "currency": rnd.choice([currency, currency.lower()]),
                    "rate": f"{whole}.{fraction}{rnd.randint(0, 99):02d}",
                }
            )
    rows = list({(r["rate_date"], r["currency"].upper()): r for r in rows}.values())
    definition.mkdir(parents=True, exist_ok=True)
    write_csv(definition / "fx_rates.csv", rows)
    (definition / "fx_rates.add.csv").unlink(missing_ok=True)


def write_csv(path: Path, rows: list[dict]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
