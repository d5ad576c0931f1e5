"""The workbook that finance audits: every line, every weight, and formulas that
work the sums out once more."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

from orchestration.commands.finance.published import known_period, opened, rows
from orchestration.errors import LeadFunnelError
from orchestration.project import Project
from orchestration.publication import publications

MOST_ROWS = 1_048_575
"""What a sheet holds below its head."""

SPEND = """
select
    spend_id, spend_date, source, source_key, platform,
    coalesce(account, '(none)') as account,
    coalesce(campaign_id, '(no campaign)') as campaign_id, campaign_match,
    vendor, memo, currency, amount, rate, amount_reporting
from marts.fct_spend
where fiscal_period_id = ?
order by spend_date, source, source_key, spend_id
"""

SHARES = """
select
    source, coalesce(account, '(none)') as account, currency,
    coalesce(campaign_id, '(no campaign)') as campaign_id, cost_kind, rule,
    attribution_model, amount, amount_reporting
from marts.fct_spend_shares
where fiscal_period_id = ?
order by attribution_model, cost_kind, campaign_id, source, account, currency
"""

WEIGHTS = """
select
    lifecycle_id, person_id, accepted_at, origin, attribution_model,
    coalesce(campaign_id, '(no campaign)') as campaign_id, touched_at, weight
from marts.fct_attributed_acceptances
where fiscal_period_id = ?
order by attribution_model, accepted_at, lifecycle_id, touched_at
"""

SUMMARY = """
select
    attribution_model, coalesce(campaign_id, '(no campaign)') as campaign_id,
    campaign_name, cost_kind, spend_reporting, attributed_sals,
    cost_per_sal_reporting, attributed_inquiries, attributed_mqls,
    attributed_handoffs, attributed_sqls, attributed_opportunities,
    attributed_customers, attributed_won_amount_reporting
from marts.mart_spend_per_sal
where fiscal_period_id = ?
order by attribution_model, cost_kind desc, campaign_id
"""

TIE_OUT = """
select distinct source, currency, attribution_model
from marts.fct_spend_shares
where fiscal_period_id = ?
order by 3, 1, 2
"""


def write(
    project: Project, period: str, to: Path | None = None, *, cached: bool = True
) -> Path:
    """Write the workbook of a period; the path of the file.

    Formulas carry the results that they will have, worked out of the rows that
    are written, for programs that show a workbook without working it out;
    without `cached` they carry none.
    """
    import xlsxwriter

    with opened(project) as connection:
        described = known_period(connection, period)
        sheets = {
            name: rows(connection, query, period)
            for name, query in (
                ("Spend", SPEND),
                ("Shares", SHARES),
                ("Weights", WEIGHTS),
                ("Summary", SUMMARY),
                ("Tie-out", TIE_OUT),
            )
        }
    for name, found in sheets.items():
        if len(found) > MOST_ROWS:
            raise LeadFunnelError(
                f"{name} has {len(found):,} rows, and a sheet holds {MOST_ROWS:,}: "
                "read the Parquet files of OUT/published instead."
            )
    path = (to or project.out / f"spend-{period}.xlsx").expanduser().resolve()
    done = publications.published(project)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        book = xlsxwriter.Workbook(str(path), {"remove_timezone": True})
        _Book(book, sheets, cached).fill(described, done)
        book.close()
    except (OSError, xlsxwriter.exceptions.FileCreateError) as error:
        raise LeadFunnelError(
            f"{path} cannot be written ({error}): close the workbook where it is "
            "open, or name another file with --to."
        ) from error
    return path


class _Book:
    def __init__(self, book: Any, sheets: dict[str, list[dict]], cached: bool) -> None:
        self.book, self.data, self.cached = book, sheets, cached
        self.bold = book.add_format({"bold": True})
        self.head = book.add_format({"bold": True, "bottom": 1, "text_wrap": True})
        self.money = book.add_format({"num_format": "#,##0.00"})
        self.rate = book.add_format({"num_format": "#,##0.00000000"})
        self.weight = book.add_format({"num_format": "0.000000000000"})
        self.day = book.add_format({"num_format": "yyyy-mm-dd"})
        self.instant = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})

    def fill(self, period: dict, done: publications.Publication | None) -> None:
        # Summary and tie-out are read first, so they stand first.
        summary = self.book.add_worksheet("Summary")
        tie_out = self.book.add_worksheet("Tie-out")
        self._spend(self.book.add_worksheet("Spend"))
        self._plain(self.book.add_worksheet("Shares"), "Shares")
        self._plain(self.book.add_worksheet("Weights"), "Weights")
        self._tie_out(tie_out, period)
        self._summary(summary, period, done)

    # Sheets

    def _spend(self, sheet: Any) -> None:
        """Every line, converted once more from its amount and its rate."""
        names = self._plain(sheet, "Spend", ["amount at rate", "difference"])
        amount, rate, told = (
            _column(names.index(name))
            for name in ("amount", "rate", "amount_reporting")
        )
        for number, row in enumerate(self.data["Spend"], start=1):
            at = number + 1
            again = _column(len(names))
            found = _rounded(_number(row["amount"]) * _number(row["rate"]), 2)
            self._formula(
                sheet, number, len(names), f"=ROUND({amount}{at}*{rate}{at},2)", found
            )
            self._formula(
                sheet, number, len(names) + 1, f"=ROUND({told}{at}-{again}{at},2)",
                _rounded(_number(row["amount_reporting"]) - found, 2),
            )  # fmt: skip

    def _tie_out(self, sheet: Any, period: dict) -> None:
        """Platforms and ledger against what is borne, by formulas alone."""
        sheet.write(0, 0, f"Tie-out of {period['fiscal_period_id']}", self.bold)
        head = [
            "source", "currency", "attribution model", "told by platforms and ledger",
            "borne in all rows", "difference",
        ]  # fmt: skip
        for place, name in enumerate(head):
            sheet.write(3, place, name, self.head)
        first = 4
        told_by = self._sums("Spend", "amount", ("source", "currency"))
        borne_by = self._sums(
            "Shares", "amount", ("source", "currency", "attribution_model")
        )
        ties_out = True
        for number, row in enumerate(self.data["Tie-out"], start=first):
            at = number + 1
            for place, name in enumerate(("source", "currency", "attribution_model")):
                sheet.write(number, place, row[name])
            of = row["source"], row["currency"], row["attribution_model"]
            told, borne = _rounded(told_by(*of[:2]), 2), _rounded(borne_by(*of), 2)
            ties_out = ties_out and told == borne
            self._formula(
                sheet, number, 3,
                f"=ROUND(SUMIFS({self._range('Spend', 'amount')},"
                f"{self._range('Spend', 'source')},A{at},"
                f"{self._range('Spend', 'currency')},B{at}),2)",
                told,
            )  # fmt: skip
            self._formula(
                sheet, number, 4,
                f"=ROUND(SUMIFS({self._range('Shares', 'amount')},"
                f"{self._range('Shares', 'source')},A{at},"
                f"{self._range('Shares', 'currency')},B{at},"
                f"{self._range('Shares', 'attribution_model')},C{at}),2)",
                borne,
            )  # fmt: skip
            self._formula(sheet, number, 5, f"=ROUND(D{at}-E{at},2)", told - borne)
        last = first + len(self.data["Tie-out"])
        if last > first:
            self._formula(
                sheet, 1, 0,
                f'=IF(SUMPRODUCT(ABS(F{first + 1}:F{last}))=0,"ties out",'
                '"DOES NOT TIE OUT")',
                "ties out" if ties_out else "DOES NOT TIE OUT",
            )  # fmt: skip
        sheet.set_column(0, 2, 18)
        sheet.set_column(3, 5, 24)
        sheet.freeze_panes(4, 0)

    def _summary(
        self, sheet: Any, period: dict, done: publications.Publication | None
    ) -> None:
        """Each row of mart_spend_per_sal beside what the other sheets make of it."""
        currency = (done.vars if done else {}).get("reporting_currency", "JPY")
        sheet.write(
            0, 0,
            f"Spend to accepted leads in {period['name']}, {currency}, as of "
            f"{done.as_of if done else ''}",
            self.bold,
        )  # fmt: skip
        names = list(SUMMARY_COLUMNS)
        added = ["spend by Shares", "SALs by Weights", "cost per SAL by formula"]
        for place, name in enumerate([*names, *added]):
            sheet.write(3, place, name.replace("_", " "), self.head)
        column = {name: _column(place) for place, name in enumerate(names)}
        spend_by = self._sums(
            "Shares", "amount_reporting",
            ("campaign_id", "attribution_model", "cost_kind"),
        )  # fmt: skip
        weight_by = self._sums(
            "Weights", "weight", ("campaign_id", "attribution_model")
        )
        for number, row in enumerate(self.data["Summary"], start=4):
            at = number + 1
            for place, name in enumerate(names):
                self._cell(sheet, number, place, name, row[name])
            key = (
                f"{{campaign}},{column['campaign_id']}{at},"
                f"{{model}},{column['attribution_model']}{at}"
            )
            spend = (
                f"=ROUND(SUMIFS({self._range('Shares', 'amount_reporting')},"
                + key.format(
                    campaign=self._range("Shares", "campaign_id"),
                    model=self._range("Shares", "attribution_model"),
                )
                + f",{self._range('Shares', 'cost_kind')},{column['cost_kind']}{at}),2)"
            )
            of = row["campaign_id"], row["attribution_model"]
            spent = _rounded(spend_by(*of, row["cost_kind"]), 2)
            self._formula(sheet, number, len(names), spend, spent)
            sals = (
                f'=IF({column["cost_kind"]}{at}<>"campaign",0,'
                f"ROUND(SUMIFS({self._range('Weights', 'weight')},"
                + key.format(
                    campaign=self._range("Weights", "campaign_id"),
                    model=self._range("Weights", "attribution_model"),
                )
                + "),9))"
            )
            is_campaign = row["cost_kind"] == "campaign"
            weighed = _rounded(weight_by(*of), 9) if is_campaign else Decimal(0)
            self._formula(sheet, number, len(names) + 1, sals, weighed, self.weight)
            by_shares, by_weights = _column(len(names)), _column(len(names) + 1)
            cost = (
                f'=IF({by_weights}{at}=0,"",'
                f"ROUND({by_shares}{at}/{column['attributed_sals']}{at},2))"
            )
            told = _number(row["attributed_sals"])
            each: Decimal | str = ""
            if weighed:
                each = _rounded(spent / told, 2) if told else "#DIV/0!"
            self._formula(sheet, number, len(names) + 2, cost, each)
        sheet.set_column(0, 3, 22)
        sheet.set_column(4, len(names) + 2, 18)
        sheet.freeze_panes(4, 2)

    def _plain(self, sheet: Any, name: str, added: Sequence[str] = ()) -> list[str]:
        """A table as it is; its columns."""
        names = COLUMNS[name]
        for place, column in enumerate([*names, *added]):
            sheet.write(0, place, column.replace("_", " "), self.head)
        for number, row in enumerate(self.data[name], start=1):
            for place, column in enumerate(names):
                self._cell(sheet, number, place, column, row[column])
        sheet.set_column(0, len(names) + len(added) - 1, 18)
        sheet.freeze_panes(1, 0)
        return names

    # Cells

    def _cell(self, sheet: Any, row: int, place: int, name: str, value: Any) -> None:
        if value is None:
            return
        if name.endswith("_date"):
            sheet.write_datetime(row, place, value, self.day)
        elif name.endswith("_at"):
            sheet.write_datetime(row, place, value, self.instant)
        elif isinstance(value, Decimal):
            style = {"rate": self.rate, "weight": self.weight}.get(name, self.money)
            if name.startswith("attributed_") and not name.endswith("_reporting"):
                style = self.weight
            # A sheet knows no other number than a double.
            sheet.write_number(row, place, float(value), style)
        else:
            # As text, whatever it looks like: a memo may begin with "=".
            sheet.write_string(row, place, str(value))

    def _formula(
        self,
        sheet: Any,
        row: int,
        place: int,
        formula: str,
        result: Decimal | int | str,
        style: Any = None,
    ) -> None:
        told = result if isinstance(result, str) else float(result)
        sheet.write_formula(
            row, place, formula, style or self.money, told if self.cached else ""
        )

    def _sums(
        self, sheet: str, column: str, keys: Sequence[str]
    ) -> Callable[..., Decimal]:
        """What SUMIFS gives of a column, by the values of the key columns."""
        sums: defaultdict[tuple[Any, ...], Decimal] = defaultdict(Decimal)
        for row in self.data[sheet]:
            sums[tuple(row[key] for key in keys)] += _number(row[column])
        return lambda *key: sums.get(key, Decimal(0))

    def _range(self, sheet: str, column: str) -> str:
        letter = _column(COLUMNS[sheet].index(column))
        last = max(2, len(self.data[sheet]) + 1)
        return f"{sheet}!${letter}$2:${letter}${last}"


def _number(value: Decimal | None) -> Decimal:
    """A blank cell counts as 0."""
    return Decimal(0) if value is None else value


def _rounded(value: Decimal, places: int) -> Decimal:
    """As ROUND does: a half goes away from zero."""
    return value.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)


def _column(place: int) -> str:
    """0 is A, 26 is AA."""
    name = ""
    place += 1
    while place:
        place, rest = divmod(place - 1, 26)
        name = chr(ord("A") + rest) + name
    return name


COLUMNS = {
    "Spend": [
        "spend_id", "spend_date", "source", "source_key", "platform", "account",
        "campaign_id", "campaign_match", "vendor", "memo", "currency", "amount",
        "rate", "amount_reporting",
    ],
    "Shares": [
        "source", "account", "currency", "campaign_id", "cost_kind", "rule",
        "attribution_model", "amount", "amount_reporting",
    ],
    "Weights": [
        "lifecycle_id", "person_id", "accepted_at", "origin", "attribution_model",
        "campaign_id", "touched_at", "weight",
    ],
}  # fmt: skip

SUMMARY_COLUMNS = [
    "attribution_model", "campaign_id", "campaign_name", "cost_kind",
    "spend_reporting", "attributed_sals", "cost_per_sal_reporting",
    "attributed_inquiries", "attributed_mqls", "attributed_handoffs",
    "attributed_sqls", "attributed_opportunities", "attributed_customers",
    "attributed_won_amount_reporting",
]  # fmt: skip
