"""§8 in plain Python: spend to accepted leads, in fractions, from the text.

Money is `Decimal` where it is told and `Fraction` where it is divided; no float
is in it. It shares nothing with the SQL but the rows that are read.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal, localcontext
from fractions import Fraction
from math import floor
from pathlib import Path

from tests.reference.inputs import Folder, Inputs, is_gone
from tests.reference.parsing import (
    given,
    parse_instant,
    parse_number,
    same_text,
    to_local,
)
from tests.reference.reading import Row, read_file
from tests.reference.reference import Reference, Result

CENT = Decimal("0.01")
UNIT = 10**12
"""Weights are cut to twelve decimals; the rest is the largest share's (R38)."""

STAGES = {
    "inquiry": ("inquiry_at", "attributed_inquiries"),
    "mql": ("mql_at", "attributed_mqls"),
    "handed_off": ("handed_off_at", "attributed_handoffs"),
    "sal": ("accepted_at", "attributed_sals"),
    "sql": ("sql_at", "attributed_sqls"),
    "opportunity": ("opportunity_at", "attributed_opportunities"),
    "won": ("exited_at", "attributed_customers"),
}
COSTS = {
    "attributed_inquiries": "cost_per_inquiry_reporting",
    "attributed_mqls": "cost_per_mql_reporting",
    "attributed_handoffs": "cost_per_handoff_reporting",
    "attributed_sals": "cost_per_sal_reporting",
    "attributed_sqls": "cost_per_sql_reporting",
    "attributed_opportunities": "cost_per_opportunity_reporting",
    "attributed_customers": "cost_per_customer_reporting",
}


Arrival = tuple[int, int, str]
"""Which load a file came with, when it was changed last, and its name."""


@dataclass(frozen=True)
class Line:
    """One line of what was spent."""

    source: str
    day: date
    period: str
    campaign: str | None
    account: str | None
    currency: str
    amount: Decimal
    reporting: Decimal


@dataclass(frozen=True)
class Share:
    """A touch's part of something a lifecycle reached."""

    lifecycle_id: str
    stage: str
    model: str
    campaign: str | None
    touched_at: datetime | None
    units: int


@dataclass
class Finance:
    lines: list[Line] = field(default_factory=list)
    shares: list[Share] = field(default_factory=list)
    mart: dict[tuple, dict] = field(default_factory=dict)
    returns: dict[tuple, dict] = field(default_factory=dict)
    borne: Counter = field(default_factory=Counter)
    """Amount by source, currency, period and model."""


class MissingRate(Exception):
    """No rate of a currency on a day or before."""


def to_cent(amount: Fraction | Decimal) -> Decimal:
    """Half away from zero, exactly."""
    cents = Fraction(amount) * 100
    whole = floor(abs(cents) + Fraction(1, 2))
    return Decimal(whole if cents >= 0 else -whole) * CENT


def spread(amount: Decimal, bases: Mapping[str | None, int]) -> dict:
    """An amount over its bearers, to the cent; what is left is the largest's."""
    total = sum(bases.values())
    parts = {
        bearer: to_cent(Fraction(amount) * basis / total)
        for bearer, basis in bases.items()
    }
    largest = min(bases, key=lambda b: (-bases[b], b is None, (b or "").encode()))
    parts[largest] += amount - sum(parts.values())
    return parts


# Weights ---------------------------------------------------------------


def proportions(model: Row, ages: list[timedelta]) -> list[Fraction]:
    """How touches, in order, stand to each other under a model."""
    count = len(ages)
    method = model["method"]
    if method == "first_touch":
        return [Fraction(place == 0) for place in range(count)]
    if method == "last_touch":
        return [Fraction(place == count - 1) for place in range(count)]
    if method == "linear" or count == 1:
        return [Fraction(1)] * count
    if method == "time_decay":
        half_life = Fraction(parse_number(model["halflifedays"])) * 86400 * 10**6
        youngest = min(ages)
        return [
            half_to_the(
                Fraction((age - youngest) // timedelta(microseconds=1)), half_life
            )
            for age in ages
        ]
    first = Fraction(parse_number(model["firstshare"]))
    last = Fraction(parse_number(model["lastshare"]))
    if count == 2:
        return [first, last]
    middle = (1 - first - last) / (count - 2)
    return [first, *[middle] * (count - 2), last]


def half_to_the(age: Fraction, half_life: Fraction) -> Fraction:
    """2 to the power of -age/half-life, to twelve decimals like a weight."""
    with localcontext() as context:
        context.prec = 60
        lives = Decimal(age.numerator * half_life.denominator) / Decimal(
            age.denominator * half_life.numerator
        )
        power = Decimal(2) ** -lives
        return Fraction(int((power * UNIT + Decimal("0.5")) // 1), UNIT)


def weights(parts: list[Fraction]) -> list[int]:
    """In units that make exactly one."""
    total = sum(parts)
    units = [floor(part / total * UNIT) for part in parts]
    largest = min(range(len(parts)), key=lambda i: (-parts[i], i))
    units[largest] += UNIT - sum(units)
    return units


# The calculation -------------------------------------------------------


class Calculation:
    def __init__(
        self,
        landing: Path,
        reference: Reference,
        result: Result,
        settings: dict,
        loads: Mapping[str, int],
    ) -> None:
        self.landing = Path(landing)
        self.reference = reference
        self.lifecycles = result.lifecycles
        self.loads = loads
        self.tables = reference.definition.tables
        self.settings = settings
        self.currency = reference.reporting_currency
        self.zone = reference.reporting_timezone
        self.window = settings.get("attribution_window_days", 90)
        self.periods = [
            (
                parse_instant(row["startdate"]).date(),
                parse_instant(row["enddate"]).date(),
                row["fiscalperiodid"],
            )
            for row in self.tables["fiscal_periods"]
        ]
        self.models = {
            row["attributionmodel"]: row for row in self.tables["attribution_models"]
        }
        self.rules = {
            same_text(row["account"]): same_text(row["rule"])
            for row in self.tables["cost_allocation_rules"]
        }
        self.rates: dict[str, list[tuple[date, Decimal]]] = defaultdict(list)
        for row in self.tables["fx_rates"]:
            wanted = given(row.get("reportingcurrency")) or self.currency
            if wanted.upper() == self.currency:
                self.rates[row["currency"].strip().upper()].append(
                    (parse_instant(row["ratedate"]).date(), parse_number(row["rate"]))
                )

    def run(self) -> Finance:
        finance = Finance(lines=[*self.ad_lines(), *self.ledger_lines()])
        finance.shares = list(self.shares())
        self.fill_mart(finance)
        self.fill_returns(finance)
        return finance

    # Spend

    def period(self, day: date) -> str:
        for start, end, name in self.periods:
            if start <= day <= end:
                return name
        return f"{day:%Y-%m}"

    def local_day(self, instant: datetime) -> date:
        return to_local(instant, self.zone).date()

    def rate(self, currency: str, day: date) -> Decimal:
        if currency == self.currency:
            return Decimal(1)
        past = [rate for rate in self.rates[currency] if rate[0] <= day]
        if not past:
            raise MissingRate(f"{currency} {day}")
        return max(past)[1]

    def line(
        self,
        source: str,
        day: date,
        campaign: str | None,
        account: str | None,
        currency: str | None,
        amount: Decimal,
    ) -> Line:
        money = amount.quantize(CENT, ROUND_HALF_UP)
        paid = (
            given(currency)
            or self.settings.get("source_currencies", {}).get(source, self.currency)
        ).upper()
        converted = to_cent(Fraction(money) * Fraction(self.rate(paid, day)))
        return Line(
            source, day, self.period(day), campaign, account, paid, money, converted
        )

    def rows(self, system: str, table: str) -> Iterable[tuple[Arrival, Row]]:
        folder = self.landing / system
        for path in sorted(folder.rglob("*")) if folder.is_dir() else ():
            inside = str(path.relative_to(folder))
            if path.is_file() and inside.split("/")[0].split(".")[0] == table:
                changed = int(path.stat().st_mtime)
                arrival = (self.loads.get(inside, 0), changed, inside)
                for row in read_file(path):
                    yield arrival, row

    def campaign_of(self, platform: str, row: Row) -> str | None:
        campaign = given(row.get("campaignid"))
        for column in ("campaign_id", "utm_campaign", "campaign_name"):
            value = same_text(row.get(column.replace("_", "")))
            for scope in (same_text(platform), "*"):
                for mapping in self.tables["campaign_mappings"]:
                    if (
                        value is not None
                        and mapping["matchon"] == column
                        and same_text(mapping["value"]) == value
                        and same_text(mapping["platform"]) == scope
                    ):
                        return mapping["campaignid"]
        return campaign

    def ad_lines(self) -> Iterable[Line]:
        rows = list(self.rows("ads", "campaign_report"))
        # Rows of one file add up; of several files the one that came last counts.
        latest: dict[tuple, Arrival] = {}
        for arrival, row in rows:
            key = self.report_key(row)
            latest[key] = max(arrival, latest.get(key, arrival))
        for arrival, row in rows:
            if arrival < latest[self.report_key(row)] or is_gone(row):
                continue
            day = parse_instant(row.get("dateday"))
            amount = parse_number(row.get("spend"))
            if day is None or amount is None:
                continue
            yield self.line(
                "ads",
                day.date(),
                self.campaign_of(row.get("platform") or "ads", row),
                given(row.get("accountid")),
                row.get("currency"),
                amount,
            )

    @staticmethod
    def report_key(row: Row) -> tuple:
        day = parse_instant(row.get("dateday"))
        return (
            day.date() if day else given(row.get("dateday")),
            same_text(row.get("platform")),
            given(row.get("accountid")),
            given(row.get("campaignid")),
        )

    def ledger_lines(self) -> Iterable[Line]:
        tables = {("ledger", "cost"): [row for _, row in self.rows("ledger", "cost")]}
        folder = Folder("ledger", tables, "UTC", Inputs())
        for cost in folder.survivors("cost", ("costid",)):
            row = cost.values
            day = parse_instant(row.get("costdate"))
            amount = parse_number(row.get("amount"))
            if cost.is_key_missing or cost.is_gone or day is None or amount is None:
                continue
            yield self.line(
                "ledger",
                day.date(),
                self.campaign_of("ledger", row),
                given(row.get("account")),
                row.get("currency"),
                amount,
            )

    # Attribution

    def shares(self) -> Iterable[Share]:
        touches = {
            person.person_id: found
            for person, found in self.reference.campaign_touches.items()
        }
        for row in self.lifecycles:
            for stage, (column, _) in STAGES.items():
                reached_at = row[column]
                if reached_at is None or (
                    stage == "won" and row["exit_stage"] != "won"
                ):
                    continue
                for name, model in self.models.items():
                    own = parse_number(model.get("windowdays"))
                    window = self.window if own is None else own
                    seen = [
                        (at, campaign)
                        for at, _, campaign in touches.get(row["person_id"], [])
                        if reached_at - timedelta(days=int(window)) <= at <= reached_at
                    ]
                    yield from self.share(row, stage, name, model, reached_at, seen)

    def share(
        self,
        row: dict,
        stage: str,
        name: str,
        model: Row,
        reached_at: datetime,
        seen: list[tuple[datetime, str]],
    ) -> Iterable[Share]:
        lifecycle = row["lifecycle_id"]
        if not seen:
            yield Share(lifecycle, stage, name, None, None, UNIT)
            return
        parts = proportions(model, [reached_at - at for at, _ in seen])
        for (at, campaign), units in zip(seen, weights(parts), strict=True):
            if units:
                yield Share(lifecycle, stage, name, campaign, at, units)

    # The marts

    def fill_mart(self, finance: Finance) -> None:
        rows = {row["lifecycle_id"]: row for row in self.lifecycles}
        counts: Counter = Counter()
        won: dict[tuple, Fraction] = defaultdict(Fraction)
        for share in finance.shares:
            row = rows[share.lifecycle_id]
            column, name = STAGES[share.stage]
            period = self.period(self.local_day(row[column]))
            key = (period, share.campaign, "campaign", share.model)
            counts[key, name] += share.units
            amount = row["won_amount_reporting"]
            if share.stage == "won" and amount is not None:
                won[key] += Fraction(amount) * share.units / UNIT
        spend = self.bear(finance, counts)
        keys = {key for key, _ in counts} | set(spend)
        for key in keys:
            told = spend.get(key, Decimal(0))
            row = {"spend_reporting": told}
            for name, cost in COSTS.items():
                units = counts[key, name]
                row[name] = Decimal(units) / UNIT
                row[cost] = to_cent(Fraction(told) * UNIT / units) if units else None
            row["attributed_won_amount_reporting"] = to_cent(won.get(key, Fraction(0)))
            finance.mart[key] = row
        self.round_won(finance, won)
        self.load_campaigns(finance, counts)

    def bear(self, finance: Finance, counts: Counter) -> dict[tuple, Decimal]:
        """Who bears what: own lines, rules of accounts, nobody."""
        spend: dict[tuple, Decimal] = defaultdict(Decimal)
        own: dict[tuple, Decimal] = defaultdict(Decimal)
        pools: dict[tuple, list[Line]] = defaultdict(list)
        for line in finance.lines:
            if line.campaign is not None:
                own[line.period, line.campaign] += line.reporting
                for model in self.models:
                    spend[line.period, line.campaign, "campaign", model] += (
                        line.reporting
                    )
                    finance.borne[line.source, line.currency, line.period, model] += (
                        line.amount
                    )
            else:
                place = (line.period, line.source, line.account, line.currency)
                pools[place].append(line)
        for (period, source, account, currency), lines in pools.items():
            rule = self.rules.get(same_text(account), "unallocated")
            amount = sum(line.amount for line in lines)
            reporting = sum(line.reporting for line in lines)
            for model in self.models:
                finance.borne[source, currency, period, model] += amount
                bases: dict[str | None, int] = {}
                if rule == "by_accepted_leads":
                    bases = {
                        key[1]: units
                        for (key, name), units in counts.items()
                        if name == "attributed_sals"
                        and (key[0], key[3]) == (period, model)
                    }
                elif rule == "by_spend":
                    bases = {
                        campaign: int(told * 100)
                        for (when, campaign), told in own.items()
                        if when == period and told > 0
                    }
                if not bases:
                    spend[period, None, "unallocated", model] += reporting
                    continue
                for bearer, part in spread(reporting, bases).items():
                    spend[period, bearer, "allocated", model] += part
        return spend

    def round_won(self, finance: Finance, won: dict[tuple, Fraction]) -> None:
        """Won amounts add up, too."""
        groups: dict[tuple, list[tuple]] = defaultdict(list)
        for key in finance.mart:
            groups[key[0], key[3]].append(key)
        for keys in groups.values():
            total = sum((won.get(key, Fraction(0)) for key in keys), Fraction(0))
            column = "attributed_won_amount_reporting"
            told = sum(finance.mart[key][column] for key in keys)
            largest = min(
                keys,
                key=lambda k: (
                    -won.get(k, Fraction(0)), k[1] is None, (k[1] or "").encode(),
                    [-ord(c) for c in k[2]],
                ),
            )  # fmt: skip
            finance.mart[largest][column] += to_cent(total) - told

    def load_campaigns(self, finance: Finance, counts: Counter) -> None:
        for (period, campaign, kind, model), row in finance.mart.items():
            row["spend_with_allocated_reporting"] = None
            row["cost_per_sal_with_allocated_reporting"] = None
            if kind != "campaign":
                continue
            allocated = finance.mart.get((period, campaign, "allocated", model), {})
            loaded = row["spend_reporting"] + allocated.get(
                "spend_reporting", Decimal(0)
            )
            row["spend_with_allocated_reporting"] = loaded
            units = counts[(period, campaign, kind, model), "attributed_sals"]
            if units:
                row["cost_per_sal_with_allocated_reporting"] = to_cent(
                    Fraction(loaded) * UNIT / units
                )

    def fill_returns(self, finance: Finance) -> None:
        """Per cohort of accepted leads: pipeline, won, and when it paid."""
        rows = {row["lifecycle_id"]: row for row in self.lifecycles}
        pipeline: dict[tuple, Fraction] = defaultdict(Fraction)
        won: dict[tuple, dict[date, Fraction]] = defaultdict(
            lambda: defaultdict(Fraction)
        )
        customers: Counter = Counter()
        for share in finance.shares:
            if share.stage != "sal":
                continue
            row = rows[share.lifecycle_id]
            period = self.period(self.local_day(row["accepted_at"]))
            key = (period, share.campaign, share.model)
            weight = Fraction(share.units, UNIT)
            if row["opportunity_amount_reporting"] is not None:
                pipeline[key] += Fraction(row["opportunity_amount_reporting"]) * weight
            if row["exit_stage"] == "won":
                customers[key] += share.units
                if row["won_amount_reporting"] is not None:
                    day = self.local_day(row["exited_at"])
                    won[key][day] += Fraction(row["won_amount_reporting"]) * weight
        for (period, campaign, kind, model), row in finance.mart.items():
            loaded = row["spend_with_allocated_reporting"]
            if kind != "campaign" or (not loaded and not row["attributed_sals"]):
                continue
            key = (period, campaign, model)
            by_period: dict[str, Fraction] = defaultdict(Fraction)
            first_day: dict[str, date] = {}
            for day in sorted(won[key]):
                name = self.period(day)
                by_period[name] += won[key][day]
                first_day.setdefault(name, day)
            payback, earned = None, Fraction(0)
            for name in sorted(by_period, key=lambda n: first_day[n]):
                earned += by_period[name]
                if payback is None and loaded > 0 and earned >= Fraction(loaded):
                    payback = name
            finance.returns[key] = {
                "attributed_customers": Decimal(customers[key]) / UNIT,
                "attributed_opportunity_amount_reporting": to_cent(pipeline[key]),
                "attributed_won_amount_reporting": to_cent(
                    sum(won[key].values(), Fraction(0))
                ),
                "payback_period_id": payback,
            }


def compute_finance(
    landing: Path,
    seeds: Path,
    definition: Path | None = None,
    settings: dict | None = None,
    loaded_at: datetime | None = None,
    loads: Mapping[str, int] | None = None,
) -> Finance:
    """What finance's tables must hold for a folder.

    `loads` says in which order files (below their system) were loaded, where
    they were not loaded at once.
    """
    settings = settings or {}
    reference = Reference(landing, seeds, definition, settings, loaded_at)
    result = reference.result()
    return Calculation(landing, reference, result, settings, loads or {}).run()
